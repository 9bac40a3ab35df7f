"""Fixtures of all tests: a small data set, and one Playwright and one Chromium for all tests of a process."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import mkdtemp
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from climbpath.data import parquet
from dev import CHROMIUMS, postgres_programs
from support.making import random_problems
from support.postgres import MISSING as NO_POSTGRES
from support.postgres import Postgres, postgres

MISSING = (
    "there is no Chromium: on Debian run 'apt-get install chromium-headless-shell', else 'playwright install chromium'"
)


def pytest_configure() -> None:
    """One thread, as in the processes that tests start, before torch is imported: both compute the same bits. And a
    home of the tests' own, without the developer's boards and settings. And Ctrl-C for the processes that tests start,
    which a shell makes all that runs in its background ignore."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ["CLIMBPATH_HOME"] = mkdtemp(prefix="climbpath-tests-")
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_unconfigure() -> None:
    """The home of the tests goes with them."""
    shutil.rmtree(os.environ["CLIMBPATH_HOME"], ignore_errors=True)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Parquet file of 300 random problems on MoonBoard 2016."""
    path = tmp_path_factory.mktemp("data") / "tiny.parquet"
    parquet.write(path, random_problems(300))
    return path


@pytest.fixture(scope="session")
def database_server() -> Iterator[Postgres]:
    """A PostgreSQL of these tests' own."""
    if not postgres_programs():
        pytest.skip(NO_POSTGRES)
    with postgres() as server:
        yield server


@pytest.fixture
def in_postgres(database_server: Postgres) -> str:
    """The URL of a logbook in PostgreSQL that nobody has opened yet."""
    schema = f"test_{uuid4().hex}"
    database_server.sql(f"CREATE SCHEMA {schema}")
    return database_server.url(schema)


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
