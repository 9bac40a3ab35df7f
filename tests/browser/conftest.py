"""A server and a Chromium for all tests of a process."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from dev import CHROMIUMS
from support.server import Server
from support.visits import DEVICES, Visit, visits

MISSING = (
    "there is no Chromium: on Debian run 'apt-get install chromium-headless-shell', else 'playwright install chromium'"
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
    """Start a Chromium, with more arguments where wanted."""
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
    """The app that tests share; each has climbers of its own."""
    running = Server(tmp_path_factory.mktemp("served"))
    yield running
    running.kill()


@pytest.fixture
def own_server(chromium: Browser, tmp_path: Path) -> Iterator[Server]:
    """An app that a test may kill."""
    running = Server(tmp_path)
    yield running
    running.kill()


@pytest.fixture(params=list(DEVICES))
def device(request: pytest.FixtureRequest) -> str:
    """A test that asks for it runs on a phone and on a desktop, or on one of them."""
    return str(request.param)


@pytest.fixture
def visit(chromium: Browser, server: Server) -> Iterator[Visit]:
    """Opens pages of the server; whatever goes wrong in them fails the test."""
    yield from visits(chromium, server)


@pytest.fixture
def own_visit(chromium: Browser, own_server: Server) -> Iterator[Visit]:
    """The same for the server that a test may kill; that it cannot be reached then is no error."""
    for visit in visits(chromium, own_server):
        visit.allow("net::ERR_")
        yield visit
