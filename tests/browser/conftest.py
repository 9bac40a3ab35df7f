"""One server and one Chromium for all tests of a process."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from support.server import Server
from support.visits import DEVICES, Visit, visits

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = (
    "there is no Chromium: on Debian or Ubuntu run 'sudo apt-get install chromium', else 'playwright install chromium'"
)


def chromium_path(playwright: Playwright) -> str | None:
    """The system's Chromium, or Playwright's own."""
    own = playwright.chromium.executable_path
    found = [path for name in CHROMIUMS if (path := shutil.which(name))]
    return next((path for path in [*found, own] if Path(path).exists()), None)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def launch(playwright: Playwright) -> Callable[..., Browser]:
    """A function that starts a Chromium, with optional arguments."""
    path = chromium_path(playwright)
    if not path:
        pytest.skip(MISSING)

    def start(*arguments: str) -> Browser:
        sandbox = ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
        return playwright.chromium.launch(executable_path=path, args=[*sandbox, *arguments])

    return start


@pytest.fixture(scope="session")
def chromium(launch: Callable[..., Browser]) -> Iterator[Browser]:
    browser = launch()
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def server(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app, shared by the tests; each test has its own climbers."""
    running = Server(tmp_path_factory.mktemp("served"))
    yield running
    running.kill()


@pytest.fixture
def own_server(chromium: Browser, tmp_path: Path) -> Iterator[Server]:
    """A separate app, which a test may kill."""
    running = Server(tmp_path)
    yield running
    running.kill()


@pytest.fixture(params=list(DEVICES))
def device(request: pytest.FixtureRequest) -> str:
    """Runs a test on a phone and on a desktop; `on_phone` and `on_desktop` choose one of them."""
    return str(request.param)


@pytest.fixture
def visit(chromium: Browser, server: Server) -> Iterator[Visit]:
    """Opens pages of the server; any error in them fails the test."""
    yield from visits(chromium, server)


@pytest.fixture
def own_visit(chromium: Browser, own_server: Server) -> Iterator[Visit]:
    """The same for the server that a test may kill; failed connections are no error then."""
    for visit in visits(chromium, own_server):
        visit.allow("net::ERR_")
        yield visit
