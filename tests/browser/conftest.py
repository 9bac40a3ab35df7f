"""Servers and visits for the tests of the web app."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from support.server import Server
from support.visits import DEVICES, Visit, visits


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
