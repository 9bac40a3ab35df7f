"""Servers and visits for the tests of the web app."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from climbpath.model.checkpoint import save_checkpoint
from support.server import Server
from support.untrained import checkpoint
from support.visits import DEVICES, Visit, visits


@pytest.fixture(scope="session")
def server(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app, shared by the tests; each test has its own climbers."""
    running = Server(tmp_path_factory.mktemp("served"))
    yield running
    running.kill()


@pytest.fixture(scope="session")
def old_server(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app with a model of random weights that has learned the MoonBoards 2016 and Masters 2017 alone."""
    folder = tmp_path_factory.mktemp("old")
    content = checkpoint()
    content["evidence"] = {
        text: counts
        for text, counts in content["evidence"].items()
        if text.startswith(("moonboard-2016@", "moonboard-masters-2017@"))
    }
    save_checkpoint(folder / "model.pt", content)
    running = Server(folder, "--model", str(folder / "model.pt"))
    yield running
    running.kill()


@pytest.fixture
def old_visit(chromium: Browser, old_server: Server) -> Iterator[Visit]:
    """Opens pages of a server whose model has not learned every board."""
    yield from visits(chromium, old_server)


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
