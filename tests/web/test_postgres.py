"""A logbook in a real PostgreSQL: what it promises beyond what tests/web/test_logbook.py tests of both databases."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from climbpath.problem import parse_notation
from climbpath.web.logbook.database import UnusableError
from climbpath.web.logbook.records import Entry, LoggedTick, Profile, Tick, identity_of
from climbpath.web.logbook.search import Search
from climbpath.web.logbook.store import Logbook
from dev import postgres_programs
from support.postgres import MISSING, Postgres, postgres

KIM = Profile("kim", "Kim")
HERON = replace(parse_notation("F5s D9 G13 G18e", grade="7A"), name="Slow Heron")
FLASH = Tick("00000000-0000-4000-8000-000000000001", "2026-05-31")


@pytest.fixture
def own_server() -> Iterator[Postgres]:
    """A PostgreSQL that a test may stop."""
    if not postgres_programs():
        pytest.skip(MISSING)
    with postgres() as server:
        yield server


def test_a_logbook_outlasts_a_restart_and_a_crash_of_the_database(own_server: Postgres) -> None:
    """In between, every method says that the database cannot be reached; afterwards the same object works."""
    logbook = Logbook(own_server.url())
    logbook.put_profile(KIM)
    saved = logbook.save("kim", HERON)[0]
    for mode in ("fast", "immediate"):
        own_server.stop(mode)
        for call in (logbook.profiles, lambda: logbook.save("kim", HERON), lambda: logbook.merge("kim", [])):
            with pytest.raises(UnusableError, match=r"cannot use the logbook postgresql://climbpath@127\.0\.0\.1"):
                call()
        own_server.start()
        assert logbook.entries("kim") == [saved]
        saved = logbook.tick("kim", saved.identity, FLASH)
    assert saved.ticks == (FLASH,)


def test_servers_that_start_at_the_same_time_make_the_tables_once(in_postgres: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        logbooks = list(pool.map(Logbook, [in_postgres] * 6))
    logbooks[0].put_profile(KIM)
    assert [logbook.profiles() for logbook in logbooks] == [[KIM]] * 6


def test_changes_of_one_entry_by_many_at_a_time_are_all_there(in_postgres: str) -> None:
    logbook = Logbook(in_postgres)
    logbook.put_profile(KIM)
    done = [Tick(FLASH.id[:-2] + f"{number:02}", "2026-05-31", number + 1) for number in range(40)]

    def change(tick: Tick) -> None:
        logbook.save("kim", HERON)
        logbook.tick("kim", identity_of(HERON), tick)
        logbook.merge("kim", [Entry(HERON, ticks=(tick,), lists=(f"list {tick.attempts}",))])

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(change, done))
    (entry,) = logbook.entries("kim")
    assert entry.ticks == tuple(done)
    assert len(entry.lists) == 40


def test_text_that_postgresql_cannot_store_costs_nothing_else(in_postgres: str) -> None:
    """It has no NUL; other signs, and words in any script, are stored and found."""
    logbook = Logbook(in_postgres)
    logbook.put_profile(Profile("kim", "Kim\0"))
    assert logbook.profile("kim").name == "Kim\ufffd"
    logbook.save("kim", HERON)
    notes = "a\0b ÄÖ ΣΊΣΥΦΟΣ Öß 🧗 % _ \\"
    logbook.update("kim", identity_of(HERON), notes=notes, name="n\0", lists=["l\0"])
    for word in ("äö", "σίσυφ", "öß", "🧗", "%", "_", "\\", "b Ä"):
        assert logbook.search("kim", Search(text=word)).total == 1, word
    logbook.change_not_found("kim", [], [LoggedTick(name="x\0")])
    assert logbook.not_found("kim") == [LoggedTick(name="x\0")]


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("CREATE TABLE {}.entries (id INTEGER)", "belongs to another program"),
        ("CREATE TABLE {}.alembic_version (version_num TEXT)", "belongs to another program"),
        ("UPDATE {}.alembic_version SET version_num = '6'", "was written by a newer climbpath"),
        ("UPDATE {}.alembic_version SET version_num = 'ae10'", "belongs to another program"),
        ("ALTER TABLE {}.ticks DROP COLUMN sent", "belongs to another program"),
    ],
)
def test_another_programs_tables_and_a_newer_logbook_are_refused(
    in_postgres: str, database_server: Postgres, statement: str, words: str
) -> None:
    if not statement.startswith("CREATE"):
        Logbook(in_postgres)
    database_server.sql(statement.format(in_postgres.rpartition("%3D")[2]))
    with pytest.raises(UnusableError, match=words):
        Logbook(in_postgres)


def test_a_logbook_may_share_its_database_with_other_tables(in_postgres: str, database_server: Postgres) -> None:
    database_server.sql(f"CREATE TABLE {in_postgres.rpartition('%3D')[2]}.bookmarks (url TEXT)")
    assert Logbook(in_postgres).profiles() == Logbook(in_postgres).profiles() == []


def test_a_database_that_does_not_store_unicode_is_refused(database_server: Postgres) -> None:
    database_server.sql("CREATE DATABASE old ENCODING 'SQL_ASCII' TEMPLATE template0")
    with pytest.raises(UnusableError, match="stores text as SQL_ASCII: create it with ENCODING 'UTF8'"):
        Logbook(database_server.url().replace("/postgres?", "/old?"))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://kim:secret@127.0.0.1:1/climbpath", "cannot use the logbook postgresql://kim:.*@127.0.0.1:1"),
        ("postgres://kim:secret@127.0.0.1:1/climbpath", "cannot use the logbook postgresql://kim:.*@127.0.0.1:1"),
        ("postgresql://kim:secret@127.0.0.1:port/climbpath", "the logbook's URL cannot be read"),
        ("postgresql://kim:secret@[::1/climbpath", "the logbook's URL cannot be read"),
        ("postgresql://kim:secret@127.0.0.1:1/c?nonsense=1", "cannot use the logbook|URL cannot be read"),
    ],
)
def test_a_wrong_url_is_refused_and_the_password_never_shown(url: str, words: str) -> None:
    with pytest.raises(UnusableError, match=words) as refused:
        Logbook(url)
    assert "secret" not in str(refused.value)


def test_without_the_driver_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(UnusableError, match=r"pip install '\.\[postgres\]'"):
        Logbook("postgresql://127.0.0.1/climbpath")
