"""The logbook: what is confirmed is saved, whoever else writes and whenever a process is killed."""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from itertools import islice, product
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from hypothesis import given, settings

from climbpath import board as boards
from climbpath.errors import ClimbpathError
from climbpath.problem import Problem, parse_notation
from climbpath.wall import Wall
from climbpath.web.logbook import store
from climbpath.web.logbook.database import UnusableError
from climbpath.web.logbook.records import (
    Entry,
    LeftOut,
    LoggedTick,
    Profile,
    Tick,
    identity_of,
    key_of_identity,
)
from climbpath.web.logbook.search import ORDERS, Search
from climbpath.web.logbook.store import Logbook, NotFoundError
from climbpath.web.logbook.tables import META
from climbpath.web.logbook.tokens import climbers_of
from support.making import DATA, problems

KIM, ALEX = Profile("kim", "Kim", 158, -2, "6B", "7A"), Profile("alex", "Alex")
HERON = replace(parse_notation("F5s D9 G13 G18e", grade="7A"), name="Slow Heron")
LEDGE = replace(parse_notation("F5s E8 G11 E13 H15 G18e", grade="6C"), name="ledge")
BARE = parse_notation("C5s F6s D9 G12 E15 F18e", "moonboard-masters-2017", 25)
T0, T1, T2 = (f"00000000-0000-4000-8000-{number:012}" for number in range(3))
FLASH = Tick(T1, "2026-05-31")


@pytest.fixture(params=["in a file", "in PostgreSQL"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where a new logbook is."""
    in_file: Path | str = tmp_path / "logbook.sqlite3"
    return in_file if request.param == "in a file" else request.getfixturevalue("in_postgres")


@pytest.fixture
def logbook(where: Path | str) -> Logbook:
    """A logbook with three problems of Kim's, saved one after the other, and none of Alex's."""
    return filled(where)


@pytest.fixture
def in_file(tmp_path: Path) -> Logbook:
    """The same one, in a file."""
    return filled(tmp_path / "logbook.sqlite3")


def filled(where: Path | str) -> Logbook:
    logbook = Logbook(where)
    for profile in (KIM, ALEX):
        logbook.put_profile(profile)
    for problem in (HERON, LEDGE, BARE):
        logbook.save("kim", problem)
    return logbook


def file_of(logbook: Logbook) -> Path:
    assert logbook.database.path
    return logbook.database.path


def found(logbook: Logbook, **filters: object) -> list[Problem]:
    """Kim's problems that match the filters."""
    return [entry.problem for entry in logbook.search("kim", Search(**filters)).entries]  # type: ignore[arg-type]


# climbers


def test_climbers_are_listed_in_the_order_in_which_they_were_added(tmp_path: Path) -> None:
    logbook = Logbook(tmp_path / "new" / "folder" / "logbook.sqlite3")
    assert logbook.profiles() == []
    profiles = [Profile(str(number), f"Climber {number}") for number in (3, 1, 2)]
    assert [logbook.put_profile(profile) for profile in profiles] == profiles
    assert logbook.profiles() == profiles
    assert logbook.profile("1") == profiles[1]


def test_a_climber_is_changed_by_putting_the_same_id(logbook: Logbook) -> None:
    taller = KIM._replace(name="Kim Ä 🧗", height=160.5, ape=3.0, easiest="6C", hardest="8A")
    logbook.put_profile(taller)
    assert logbook.profiles() == [taller, ALEX]
    assert found(logbook)  # the logbook stays


def test_a_removed_climber_is_restored_with_the_logbook(logbook: Logbook) -> None:
    logbook.remove_profile("kim")
    assert logbook.profiles() == [ALEX]
    identity = identity_of(HERON)
    for call in (
        lambda: logbook.profile("kim"),
        lambda: logbook.remove_profile("kim"),
        lambda: logbook.save("kim", HERON),
        lambda: logbook.update("kim", identity, stars=1),
        lambda: logbook.tick("kim", identity, FLASH),
        lambda: logbook.untick("kim", identity, FLASH.id),
        lambda: logbook.search("kim", Search()),
        lambda: logbook.entries("kim"),
        lambda: logbook.merge("kim", [Entry(HERON)]),
    ):
        with pytest.raises(NotFoundError, match="there is no such climber"):
            call()
    logbook.put_profile(KIM)
    assert [entry.problem for entry in logbook.entries("kim")] == [HERON, LEDGE, BARE]


def test_climbers_do_not_see_each_others_entries(logbook: Logbook) -> None:
    logbook.save("alex", HERON)
    logbook.update("alex", identity_of(HERON), stars=5, lists=["mine"])
    assert logbook.entries("kim")[0].stars == 0
    assert (logbook.lists("kim"), logbook.lists("alex")) == ({}, {"mine": 1})
    assert logbook.search("alex", Search()).total == 1


# entries


@given(problems(partial=True))
@settings(max_examples=30, deadline=None)
def test_a_saved_problem_is_the_same_problem(tmp_path_factory: pytest.TempPathFactory, problem: Problem) -> None:
    logbook = Logbook(tmp_path_factory.mktemp("book") / "logbook.sqlite3")
    logbook.put_profile(KIM)
    saved, is_new = logbook.save("kim", problem)
    assert is_new
    assert saved == Entry(problem, saved=saved.saved)
    assert Logbook(logbook.where).entries("kim") == [saved]


def test_saving_again_changes_nothing(logbook: Logbook) -> None:
    """Nor does saving the same holds under another name and grade."""
    noted = logbook.update("kim", identity_of(HERON), stars=4, notes="left heel")
    again, is_new = logbook.save("kim", replace(HERON, name="Other", grade="8A", repeats=9))
    assert (again, is_new) == (noted, False)
    assert len(logbook.entries("kim")) == 3


def test_a_deleted_entry_can_be_restored(logbook: Logbook) -> None:
    identity = identity_of(HERON)
    noted = logbook.update("kim", identity, stars=4, lists=["projects"])
    for _ in range(2):  # deleting twice has no further effect
        logbook.update("kim", identity, deleted=True)
        assert HERON not in found(logbook)
        assert logbook.lists("kim") == {}
    with pytest.raises(NotFoundError, match="this problem is no longer in the logbook"):
        logbook.update("kim", identity, stars=1)
    with pytest.raises(NotFoundError, match="this problem is no longer in the logbook"):
        logbook.tick("kim", identity, FLASH)
    assert logbook.update("kim", identity, deleted=False) == noted
    logbook.update("kim", identity, deleted=True)
    assert logbook.save("kim", HERON) == (noted, True)
    assert logbook.lists("kim") == {"projects": 1}


def test_only_the_given_fields_change(logbook: Logbook) -> None:
    identity = identity_of(HERON)
    expected = logbook.entries("kim")[0]
    changes: dict[str, object] = {
        "stars": 3,
        "notes": "one\ntwo; \"three\" 'four' \\ % _ ünï 🧗",
        "felt": "7A+",
        "lists": ("a", "ö"),
    }
    for field, value in changes.items():
        expected = expected._replace(**{field: value})  # type: ignore[arg-type]
        assert logbook.update("kim", identity, **{field: value}) == expected
    named = expected._replace(problem=replace(HERON, name="Fast Heron"))
    assert logbook.update("kim", identity, name="Fast Heron") == named
    assert logbook.update("kim", identity, name="").problem == replace(HERON, name=None)
    assert logbook.update("kim", identity) == named._replace(problem=replace(HERON, name=None))
    assert logbook.update("kim", identity, felt=None, lists=[], stars=0, notes="", name="Slow Heron") == Entry(
        HERON, saved=expected.saved
    )
    with pytest.raises(NotFoundError, match="this problem is no longer in the logbook"):
        logbook.update("kim", "moonboard-2016@40:F5s-K18e", stars=1)


def test_a_list_given_twice_is_one_list(logbook: Logbook) -> None:
    logbook.update("kim", identity_of(HERON), lists=["b", "a", "b"])
    logbook.update("kim", identity_of(LEDGE), lists=["a"])
    assert logbook.entries("kim")[0].lists == ("a", "b")
    assert logbook.lists("kim") == {"a": 2, "b": 1}


def test_ascents_are_added_corrected_and_removed(logbook: Logbook) -> None:
    identity = identity_of(HERON)
    earlier = Tick(T0, "2026-05-01", 7)
    logbook.tick("kim", identity, FLASH)
    assert logbook.tick("kim", identity, FLASH).ticks == (FLASH,)  # sent again
    assert logbook.tick("kim", identity, earlier).ticks == (earlier, FLASH)
    corrected = FLASH._replace(attempts=3)
    assert logbook.tick("kim", identity, corrected).ticks == (earlier, corrected)
    assert logbook.untick("kim", identity, T0).ticks == (corrected,)
    assert logbook.untick("kim", identity, T0).ticks == (corrected,)
    logbook.tick("kim", identity_of(LEDGE), FLASH)  # ids are unique within an entry only
    assert [entry.ticks for entry in logbook.entries("kim")] == [(corrected,), (FLASH,), ()]
    for call in (lambda: logbook.tick("kim", "nothing", FLASH), lambda: logbook.untick("kim", "nothing", T1)):
        with pytest.raises(NotFoundError, match="this problem is no longer in the logbook"):
            call()


def test_tries_without_a_send_are_kept_with_how_far_they_got(logbook: Logbook) -> None:
    identity = identity_of(HERON)
    tries = Tick(T0, "2026-05-30", 4, False, "G13")
    assert logbook.tick("kim", identity, tries).ticks == (tries,)
    assert not logbook.entries("kim")[0].is_sent
    sent = tries._replace(attempts=5, sent=True)
    assert logbook.tick("kim", identity, sent).ticks == (sent,)
    assert logbook.entries("kim")[0].is_sent
    with pytest.raises(ClimbpathError, match="the problem has no hold A9"):
        logbook.tick("kim", identity, tries._replace(reached="A9"))


def test_a_tick_has_the_walls_angle_where_that_of_the_problem_is_not_known(logbook: Logbook) -> None:
    number = boards.load("tension-1").labels
    climb = Problem(board="tension-1", angle=None, start=number[50:51], hands=number[90:91], finish=number[-1:])
    identity = logbook.save("kim", climb)[0].identity
    steep, gentle = Tick(T0, "2026-05-30", 4, angle=45), Tick(T1, "2026-05-30", 4, angle=0)
    logbook.tick("kim", identity, steep)
    assert logbook.tick("kim", identity, gentle).ticks == (steep, gentle)
    logbook.merge("kim", [Entry(climb, ticks=(gentle._replace(id=T2), gentle._replace(id=T2, angle=20)))])
    assert [tick.angle for tick in logbook.entries("kim")[-1].ticks] == [45, 0, 20]
    with pytest.raises(ClimbpathError, match="Tension Board 1 can be set to 0° to 70° in steps of 5°, not 33°"):
        logbook.tick("kim", identity, steep._replace(angle=33))
    with pytest.raises(ClimbpathError, match="the problem is at 40°: its ticks have no angle of their own"):
        logbook.tick("kim", identity_of(HERON), steep)


def test_only_a_send_at_the_first_try_of_all_is_a_flash() -> None:
    flash, later = Tick(T0, "2026-05-30"), Tick(T1, "2026-05-31")
    assert Entry(HERON, ticks=(flash, later)).is_flash
    assert not Entry(HERON, ticks=(flash._replace(attempts=2),)).is_flash
    assert not Entry(HERON, ticks=(flash._replace(sent=False), later)).is_flash
    assert not Entry(HERON, ticks=(flash, flash._replace(id=T2, sent=False))).is_flash
    assert Entry(HERON, ticks=(flash, flash._replace(id=T2))).is_flash
    assert not Entry(HERON, ticks=(flash, flash._replace(id=T2, attempts=3))).is_flash
    assert not Entry(HERON).is_flash


def test_an_entry_has_a_most_of_ticks(logbook: Logbook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_TICKS", 2)
    identity = identity_of(HERON)
    for tick in (FLASH, Tick(T2, "2026-05-30"), FLASH):
        logbook.tick("kim", identity, tick)
    with pytest.raises(ClimbpathError, match="2 ticks already"):
        logbook.tick("kim", identity, Tick(T0, "2026-05-30"))
    logbook.merge("kim", [Entry(HERON, ticks=(Tick(T0, "2026-05-29"),))])
    assert len(logbook.entries("kim")[0].ticks) == 2


def test_a_climbers_own_grade_is_never_overwritten(logbook: Logbook) -> None:
    """Neither by saving the problem again with another grade, nor by an import."""
    identity = identity_of(HERON)
    logbook.update("kim", identity, felt="7B")
    for again in (replace(HERON, grade="6B"), replace(HERON, user_grade="6A+")):
        assert logbook.save("kim", again)[0].felt == "7B"
    logbook.merge("kim", [Entry(replace(HERON, grade="6B"), felt="6C"), Entry(HERON)])
    entry = logbook.entries("kim")[0]
    assert (entry.felt, entry.problem) == ("7B", HERON)


def test_the_keys_of_sent_problems(logbook: Logbook) -> None:
    assert logbook.sent_keys("kim") == frozenset()
    logbook.tick("kim", identity_of(HERON), FLASH)
    logbook.tick("kim", identity_of(BARE), FLASH)
    logbook.tick("kim", identity_of(LEDGE), FLASH._replace(sent=False))
    assert logbook.sent_keys("kim") == {HERON.key, BARE.key}
    logbook.update("kim", identity_of(BARE), deleted=True)
    assert logbook.sent_keys("kim") == {HERON.key}
    assert logbook.sent_keys("alex") == frozenset()


@given(problems())
@settings(deadline=None)
def test_the_key_of_an_identity_is_the_problems(problem: Problem) -> None:
    assert key_of_identity(identity_of(problem)) == problem.key


# search


def test_each_filter_keeps_the_entries_that_match(logbook: Logbook) -> None:
    logbook.update("kim", identity_of(HERON), stars=4, lists=["projects"])
    logbook.tick("kim", identity_of(LEDGE), FLASH)
    assert found(logbook) == [BARE, LEDGE, HERON]
    assert found(logbook, board="moonboard-masters-2017") == [BARE]
    assert found(logbook, board="moonboard-mini-2020") == []
    assert found(logbook, easiest="7A") == [HERON]
    assert found(logbook, hardest="6C+") == [LEDGE]
    assert found(logbook, easiest="6C", hardest="7A") == [LEDGE, HERON]
    assert found(logbook, easiest="8A", hardest="5+") == []
    assert found(logbook, in_list="projects") == [HERON]
    assert found(logbook, in_list="project") == []
    assert found(logbook, progress="sent") == [LEDGE]
    assert found(logbook, progress="unsent") == [BARE, HERON]
    logbook.tick("kim", identity_of(BARE), FLASH._replace(sent=False))
    assert found(logbook, progress="tried") == [BARE]
    assert found(logbook, progress="unsent") == [BARE, HERON]
    assert found(logbook, text="heron", board="moonboard-2016", progress="unsent", easiest="5+") == [HERON]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", [BARE, LEDGE, HERON]),
        ("  ", [BARE, LEDGE, HERON]),
        ("HERON", [HERON]),
        ("heron slow", [HERON]),
        ("heron ledge", []),
        ("g13", [HERON]),
        ("masters", [BARE]),
        ("100%", [HERON]),
        ("%", [HERON]),
        ("a_b", [LEDGE]),
        ("_", [LEDGE]),
        ("\\", [LEDGE]),
        ("\\_", []),
        ("'; DROP TABLE entries; --", []),
        ("ÜBER", [LEDGE]),
        ("\0", []),
    ],
)
def test_every_word_is_in_name_notes_or_holds(logbook: Logbook, text: str, wanted: list[Problem]) -> None:
    """Literally: the wildcards of SQL match only themselves."""
    logbook.update("kim", identity_of(HERON), notes="100% sure")
    logbook.update("kim", identity_of(LEDGE), notes="a_b c\\d über")
    assert found(logbook, text=text) == wanted


def test_each_order_sorts_by_what_its_name_says(logbook: Logbook) -> None:
    logbook.update("kim", identity_of(LEDGE), stars=5)
    logbook.update("kim", identity_of(BARE), stars=2, name="Über")
    orders = {
        "newest": [BARE, LEDGE, HERON],
        "easiest": [LEDGE, HERON, BARE],  # entries without a grade come last
        "hardest": [HERON, LEDGE, BARE],
        "stars": [LEDGE, BARE, HERON],
        "name": [LEDGE, HERON, BARE],  # upper and lower case sort together
    }
    named = replace(BARE, name="Über")
    assert set(orders) == set(ORDERS)
    for order, wanted in orders.items():
        assert found(logbook, order=order) == [named if problem is BARE else problem for problem in wanted]


def test_pages_have_no_gap_or_overlap(logbook: Logbook) -> None:
    for order in ORDERS:
        everything = found(logbook, order=order)
        pages = [logbook.search("kim", Search(order=order, limit=2, offset=offset)) for offset in (0, 2, 4)]
        assert [entry.problem for page in pages for entry in page.entries] == everything
        assert [page.total for page in pages] == [3, 3, 3]
    assert logbook.search("kim", Search(text="heron", limit=1, offset=5)) == ([], [], 0, 1)


def many(count: int) -> list[Problem]:
    """`count` different problems, up to 1331: one hold in each of three rows."""
    columns = "ABCDEFGHIJK"
    between = islice(product(columns, columns, columns), count)
    return [parse_notation(f"F5s {a}9 {b}11 {c}13 G18e", grade="7A") for a, b, c in between]


def test_more_entries_than_fit_in_one_statement_are_complete(tmp_path: Path) -> None:
    logbook = Logbook(tmp_path / "logbook.sqlite3")
    logbook.put_profile(KIM)
    entries = [Entry(problem, lists=("all",), ticks=(FLASH,), saved="2026-05-31") for problem in many(1200)]
    assert logbook.merge("kim", entries) == (1200, 0)
    assert logbook.entries("kim") == entries
    assert logbook.lists("kim") == {"all": 1200}
    assert logbook.search("kim", Search(limit=1200)) == (entries[::-1], [], 1200, 1200)


# merging


NOTED = Entry(HERON, 4, "left heel", "7A+", ("projects",), (FLASH,), "2026-01-02T03:04:05.678+00:00")


def test_merged_entries_are_added_unchanged(logbook: Logbook) -> None:
    assert logbook.merge("alex", [NOTED]) == (1, 0)
    assert logbook.entries("alex") == [NOTED]
    assert logbook.merge("alex", [NOTED, NOTED]) == (0, 2)
    assert logbook.entries("alex") == [NOTED]


def test_merging_adds_what_is_missing_and_overwrites_nothing(logbook: Logbook) -> None:
    identity = identity_of(HERON)
    logbook.update("kim", identity, stars=2, notes="mine", lists=["a"])
    logbook.tick("kim", identity, Tick(T0, FLASH.day, FLASH.attempts))
    second = Tick(T2, FLASH.day, 2)
    assert logbook.merge("kim", [NOTED._replace(ticks=(FLASH, second)), Entry(parse_notation("F5s G18e"))]) == (1, 1)
    merged = logbook.entries("kim")[0]
    assert (merged.stars, merged.notes, merged.felt) == (2, "mine", "7A+")
    assert merged.lists == ("a", "projects")
    assert [(tick.day, tick.attempts) for tick in merged.ticks] == [(FLASH.day, 1), (FLASH.day, 2)]


def test_merging_restores_deleted_entries(logbook: Logbook) -> None:
    logbook.update("kim", identity_of(HERON), deleted=True)
    assert logbook.merge("kim", [NOTED]) == (1, 0)
    assert found(logbook, text="heron") == [HERON]


def test_a_failed_merge_changes_nothing(logbook: Logbook) -> None:
    before = logbook.entries("kim")
    with pytest.raises(ValueError, match="surrogates not allowed"):
        logbook.merge("kim", [NOTED, Entry(LEDGE, notes="half a character \ud83e")])
    assert logbook.entries("kim") == before


# rows that cannot be read


def spoil(logbook: Logbook, statement: str, *values: object) -> None:
    """Change the file behind the logbook's back."""
    with closing(sqlite3.connect(file_of(logbook))) as db, db:
        db.execute(statement, values)


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        ("{", "Expecting property name"),
        ("[]", "a problem is a JSON object"),
        ('{"board": "moonboard-2099", "start": ["F5"], "finish": ["G18"]}', "there is no board 'moonboard-2099'"),
        ('{"start": ["Z99"], "finish": ["G18"]}', "there is no hold 'Z99'"),
        ('{"start": ["F5"], "finish": ["G18"], "colour": "red"}', "has no field 'colour'"),
        ("[" * 100_000, "recursion"),
    ],
)
def test_an_entry_that_cannot_be_read_costs_only_itself(in_file: Logbook, problem: str, reason: str) -> None:
    spoil(in_file, "UPDATE entries SET problem = ? WHERE name = 'ledge'", problem)
    entries, (lost,), read, total = in_file.search("kim", Search())
    assert [entry.problem for entry in entries] == [BARE, HERON]
    assert (read, total, lost.name) == (3, 3, "ledge")
    assert reason in lost.reason
    assert [entry.problem for entry in in_file.entries("kim")] == [HERON, BARE]
    assert lost in list(in_file.each("kim"))
    with pytest.raises(ClimbpathError, match="this entry of the logbook cannot be read"):
        in_file.update("kim", identity_of(LEDGE), stars=3)
    with closing(sqlite3.connect(file_of(in_file))) as db:  # it stays in the file
        assert db.execute("SELECT problem, stars FROM entries WHERE name = 'ledge'").fetchone() == (problem, 0)


@pytest.mark.parametrize(
    ("column", "value"), [("day", "yesterday"), ("day", ""), ("id", "t1"), ("attempts", 0), ("day", "2026-02-30")]
)
def test_a_tick_that_cannot_be_read_costs_only_itself(in_file: Logbook, column: str, value: object) -> None:
    for tick in (FLASH, Tick(T2, "2026-05-01")):
        in_file.tick("kim", identity_of(HERON), tick)
    spoil(in_file, f"UPDATE ticks SET {column} = ? WHERE id = '{T2}'", value)
    (entry, *_), (lost,), _, _ = in_file.search("kim", Search(order="name", text="heron"))
    assert entry.ticks == (FLASH,)
    assert lost.name == "Slow Heron"
    assert lost.reason.startswith("a tick is left out: ")


def test_text_that_is_not_utf_8_costs_only_itself(in_file: Logbook) -> None:
    spoil(in_file, "UPDATE entries SET notes = CAST(x'62ff64' AS TEXT) WHERE name = 'ledge'")
    assert [entry.notes for entry in in_file.entries("kim")] == ["", "b\ufffdd", ""]


def test_a_tick_not_found_that_cannot_be_read_stays_in_the_file(in_file: Logbook) -> None:
    in_file.change_not_found("kim", [], [LoggedTick(number="7")])
    for text in ("{", '{"number": 7}', '{"colour": "red"}'):
        spoil(in_file, "INSERT INTO not_found VALUES ('kim', ?)", text)
    first, *others = in_file.not_found("kim")
    assert first == LoggedTick(number="7")
    assert [type(other) for other in others] == [LeftOut] * 3
    in_file.change_not_found("kim", [LoggedTick(number="7")], [])
    assert [type(other) for other in in_file.not_found("kim")] == [LeftOut] * 3


def test_two_imports_at_a_time_keep_each_other_s_ticks_that_were_not_found(logbook: Logbook) -> None:
    one, other = LoggedTick(number="7"), LoggedTick(number="8")
    logbook.change_not_found("kim", [], [one])
    logbook.change_not_found("kim", [], [other])  # by an import that began before the first one ended
    assert logbook.not_found("kim") == [one, other]


# files


def test_a_logbook_of_version_1_is_brought_to_this_version_in_place(tmp_path: Path) -> None:
    """The file was written by the release before ticks without a send; all of its ticks are sends."""
    path = tmp_path / "logbook.sqlite3"
    shutil.copy(DATA / "logbook-version-1.sqlite3", path)
    logbook = Logbook(path)
    kim, alex = logbook.profiles()
    assert (kim.name, kim.height, alex.name) == ("Kim", 158, "Alex")
    heron, ledge = logbook.entries(kim.id)
    assert (heron.problem, heron.stars, heron.notes, heron.felt) == (HERON, 4, "left heel", "7A+")
    assert heron.lists == ("Warm-up", "projects")
    assert [tick[1:] for tick in heron.ticks] == [("2026-05-30", 3, True, "", None), ("2026-05-31", 1, True, "", None)]
    assert (ledge.notes, ledge.ticks) == ("project: 5 attempts on 2020-01-27", ())
    assert [tick.attempts for entry in logbook.entries(alex.id) for tick in entry.ticks] == [12]
    assert logbook.not_found(kim.id) == [LoggedTick(number="7", grade="6B+", day="2020-01-28", attempts=4)]
    assert logbook.update(kim.id, identity_of(BARE), deleted=False).problem == BARE
    tries = Tick(T0, "2026-06-01", 4, False, "H15")
    assert tries in logbook.tick(kim.id, ledge.identity, tries).ticks
    assert Logbook(path).entries(kim.id) == logbook.entries(kim.id)
    check_integrity(path)


def test_a_logbook_of_version_2_is_brought_to_this_version_in_place(tmp_path: Path) -> None:
    """The file was written by the last release that knew SQLite only."""
    path = tmp_path / "logbook.sqlite3"
    shutil.copy(DATA / "logbook-version-2.sqlite3", path)
    logbook = Logbook(path)
    kim, alex = logbook.profiles()
    assert kim[1:] == ("Kim Ä 🧗", 158.5, -2, "6B", "7A", ())
    heron, ledge = logbook.entries(kim.id)
    assert (heron.problem, heron.stars, heron.notes, heron.felt) == (HERON, 4, "left heel, 100 % über", "7A+")
    assert heron.lists == ("Warm-up", "projects")
    assert [tick[1:] for tick in heron.ticks] == [
        ("2026-05-30", 4, False, "G13", None),
        ("2026-05-31", 1, True, "", None),
    ]
    assert (ledge.problem, ledge.ticks) == (LEDGE, ())
    assert logbook.sent_keys(alex.id) == {HERON.key}
    assert [tick.number for tick in logbook.not_found(kim.id) if isinstance(tick, LoggedTick)] == ["8", "7"]
    # what was deleted is there, too
    assert logbook.update(kim.id, identity_of(BARE), deleted=False).problem == BARE
    logbook.put_profile(Profile(T0[:-1] + "3", "Gone"))
    assert [entry.problem for entry in logbook.entries(T0[:-1] + "3")] == [LEDGE]
    assert logbook.merge(kim.id, [Entry(HERON, 1, "other")]) == (0, 1)
    assert Logbook(path).entries(kim.id) == logbook.entries(kim.id)
    check_integrity(path)


def test_a_logbook_of_version_3_is_brought_to_this_version_in_place(tmp_path: Path) -> None:
    """The file was written by the last release that kept the climber's walls on each device."""
    path = tmp_path / "logbook.sqlite3"
    shutil.copy(DATA / "logbook-version-3.sqlite3", path)
    logbook = Logbook(path)
    kim, alex = logbook.profiles()
    assert kim[1:] == ("Kim Ä 🧗", 158.5, -2, "6B", "7A", ())
    step, heron = logbook.entries(kim.id)
    assert (step.problem.notation, step.problem.setup) == (
        "1115s 1132s 1144 1218 1462f 1391e",
        ("kilter-original", None),
    )
    assert (step.stars, step.notes, step.lists) == (3, "left heel, 100 % über", ("projects",))
    assert [tick[1:] for tick in step.ticks] == [("2026-06-01", 4, False, "1218", None)]
    assert (heron.problem.notation, heron.felt, heron.is_sent) == ("F5s D9 G13 I16 G18e", "7A+", True)
    assert logbook.not_found(kim.id) == [LoggedTick(number="8")]
    assert set(climbers_of(logbook.database, ["4z14PB2HBZcDuii6_AYziJbe2lfvunth"])) == {alex.id}
    wall = Wall("kilter-original", "7 x 10", ("Bolt Ons",), None)
    assert logbook.put_profile(kim._replace(walls=(wall,))).walls == (wall,)
    assert Logbook(path).profiles()[0].walls == (wall,)
    check_integrity(path)


def test_walls_stay_where_a_change_says_nothing_of_them(logbook: Logbook) -> None:
    walls = (Wall("tension-1", "Short", None, 40), Wall("moonboard-2016", None, ("A", "B"), 25))
    logbook.put_profile(KIM._replace(walls=walls))
    assert logbook.put_profile(KIM._replace(name="Kimmy", walls=None)) == KIM._replace(name="Kimmy", walls=walls)
    assert logbook.profile("kim").walls == walls
    assert logbook.put_profile(KIM).walls == ()
    assert logbook.put_profile(Profile("new", "New", walls=None)).walls == ()


def test_an_upgraded_logbook_has_the_tables_of_a_new_one(tmp_path: Path) -> None:
    tables = {}
    for version in ("1", "2", "3", "new"):
        path = tmp_path / f"{version}.sqlite3"
        if version != "new":
            shutil.copy(DATA / f"logbook-version-{version}.sqlite3", path)
        Logbook(path)
        with closing(sqlite3.connect(path)) as db:
            columns = db.execute(
                "SELECT t.name, c.name, c.type, c.pk > 0, t.strict"
                " FROM pragma_table_list AS t, pragma_table_info(t.name) AS c"
                " WHERE t.name NOT LIKE 'sqlite_%'"
            )
            tables[version] = set(columns)
    assert tables["1"] == tables["2"] == tables["3"] == tables["new"]
    assert {table for table, *_ in tables["new"]} == {*META.tables, "alembic_version"}


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_logbook_that_is_killed_while_it_is_upgraded_stays_at_its_version(
    tmp_path: Path, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "logbook.sqlite3"
    shutil.copy(DATA / f"logbook-version-{version}.sqlite3", path)

    def upgrade(config: Config, to: str) -> None:
        real_upgrade(config, to)
        raise RuntimeError

    real_upgrade = command.upgrade
    monkeypatch.setattr(command, "upgrade", upgrade)
    with pytest.raises(RuntimeError):
        Logbook(path)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (int(version),)
        assert not db.execute("SELECT name FROM sqlite_master WHERE name IN ('alembic_version', 'tokens')").fetchall()
    monkeypatch.undo()
    assert len(Logbook(path).entries(Logbook(path).profiles()[0].id)) == 2


@pytest.mark.skipif(os.name != "posix", reason="only POSIX has these permissions")
def test_only_its_owner_can_read_a_logbook(in_file: Logbook) -> None:
    """Also the files that SQLite keeps beside it, and a logbook of an earlier release."""
    with in_file.database.transaction() as db:
        db.execute(sa.text("UPDATE profiles SET name = 'Kim'"))
        modes = {path.stat().st_mode & 0o777 for path in file_of(in_file).parent.iterdir()}
        assert len(list(file_of(in_file).parent.iterdir())) == 3
    assert modes == {0o600}
    file_of(in_file).chmod(0o644)
    Logbook(file_of(in_file))
    assert file_of(in_file).stat().st_mode & 0o777 == 0o600


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of 512 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no small disk can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(folder: Path) -> None:
    with suppress(OSError), (folder / "rest").open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 512)


def test_readers_and_writers_at_once_never_fail(logbook: Logbook) -> None:
    """The write-ahead log comes and goes while others read."""
    with ThreadPoolExecutor(6) as pool:
        reads = [pool.submit(found, Logbook(logbook.where)) for _ in range(120)]
        writes = [pool.submit(logbook.put_profile, ALEX) for _ in range(120)]
        assert all(len(read.result()) == 3 for read in reads)
        assert [write.result() for write in writes] == [ALEX] * 120


def test_on_a_full_disk_the_logbook_can_be_opened_and_read(small_disk: Path) -> None:
    path = small_disk / "logbook.sqlite3"
    before = Logbook(path)
    before.put_profile(KIM)
    saved = before.save("kim", HERON)[0]
    fill(small_disk)
    logbook = Logbook(path)
    assert logbook.search("kim", Search()).entries == logbook.entries("kim") == [saved]
    assert before.profiles() == [KIM]
    with pytest.raises(UnusableError, match="is full: free some space; nothing that was saved is lost"):
        logbook.merge("kim", [Entry(problem) for problem in many(200)])
    assert saved in logbook.entries("kim")
    (small_disk / "rest").unlink()
    logbook.tick("kim", identity_of(HERON), FLASH)
    assert logbook.entries("kim")[0].ticks == (FLASH,)
    check_integrity(path)


def test_a_newer_logbook_is_refused(in_file: Logbook) -> None:
    with sqlite3.connect(file_of(in_file)) as db:
        db.execute("UPDATE alembic_version SET version_num = '6'")
    with pytest.raises(UnusableError, match="was written by a newer climbpath: upgrade climbpath"):
        Logbook(file_of(in_file))


@pytest.mark.parametrize("version", [0, 1, 2, 3, 4, 5, 6])
def test_another_programs_tables_of_the_same_names_are_refused_and_not_changed(tmp_path: Path, version: int) -> None:
    path = tmp_path / "climbs.sqlite3"
    with closing(sqlite3.connect(path)) as db:
        for table in ("profiles", "entries", "ticks", "lists", "not_found"):
            db.execute(f"CREATE TABLE {table} (id INTEGER, text TEXT)")
        db.execute(f"PRAGMA user_version = {version}")
    before = path.read_bytes()
    with pytest.raises(UnusableError, match=r"another program|newer climbpath"):
        Logbook(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("version", [0, 1, 7])
def test_another_programs_database_is_refused_and_not_changed(tmp_path: Path, version: int) -> None:
    path = tmp_path / "places.sqlite3"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE bookmarks (url TEXT)")
        db.execute(f"PRAGMA user_version = {version}")
    db.close()
    before = path.read_bytes()
    with pytest.raises(UnusableError, match="belongs to another program: choose another one with --logbook"):
        Logbook(path)
    assert path.read_bytes() == before


def test_a_file_that_is_not_a_database_is_refused_and_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("all my notes\n" * 500)
    with pytest.raises(UnusableError, match=r"notes\.txt: file is not a database; choose another one with --logbook"):
        Logbook(path)
    assert path.read_text() == "all my notes\n" * 500


@pytest.mark.parametrize("name", ["folder", "file/logbook.sqlite3", "/proc/logbook.sqlite3"])
def test_a_path_where_no_file_can_be_created_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(UnusableError, match="cannot use the logbook"):
        Logbook(tmp_path / name)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root can write everywhere")
def test_a_folder_without_write_permission_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UnusableError, match="cannot use the logbook"):
        Logbook(tmp_path / "logbook.sqlite3")


def test_a_file_that_is_damaged_later_is_reported_by_every_method(in_file: Logbook) -> None:
    for path in file_of(in_file).parent.iterdir():
        path.unlink()
    file_of(in_file).write_bytes(b"SQLite format 3\0" + bytes(5000))
    for call in (in_file.profiles, lambda: in_file.save("kim", HERON), lambda: in_file.search("kim", Search())):
        with pytest.raises(UnusableError, match="cannot use the logbook"):
            call()


# several processes

WRITER = """
import sys
from itertools import product
from pathlib import Path
from climbpath.problem import parse_notation
from climbpath.web.logbook.database import is_url
from climbpath.web.logbook.records import Profile, Tick, identity_of
from climbpath.web.logbook.store import Logbook

where, profile, first = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
logbook = Logbook(where if is_url(where) else Path(where))
logbook.put_profile(Profile(profile, profile))
for a, b, c in product(first, "ABCDEFGHIJK", "ABCDEFGHIJK"):
    problem = parse_notation(f"F5s {a}9 {b}11 {c}13 G18e")
    identity = identity_of(problem)
    logbook.save(profile, problem)
    logbook.update(profile, identity, notes=identity)
    logbook.tick(profile, identity, Tick("00000000-0000-4000-8000-000000000001", "2026-05-31"))
    print(identity, flush=True)
"""


def writer(where: Path | str, profile: str, first: str) -> subprocess.Popen[str]:
    """A process that saves, annotates and ticks 121 problems for each letter, and prints each confirmed one."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(where), profile, first],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def check_integrity(path: Path | str) -> None:
    """Check that SQLite finds no damage in the file; PostgreSQL checks its own, and references at every change."""
    if isinstance(path, str):
        return
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []


def test_processes_that_start_and_write_at_the_same_time_lose_nothing(where: Path | str) -> None:
    """Two write the same problems for one climber, a third writes for another; the logbook does not exist before."""
    processes = [writer(where, profile, letters) for profile, letters in (("kim", "A"), ("kim", "A"), ("alex", "B"))]
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    confirmed = [set(process.communicate(timeout=120)[0].split()) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    logbook = Logbook(where)
    assert {entry.identity for entry in logbook.entries("kim")} == confirmed[0] == confirmed[1]
    assert {entry.identity for entry in logbook.entries("alex")} == confirmed[2]
    assert [len(identities) for identities in confirmed] == [121, 121, 121]
    assert all(entry.notes == entry.identity and len(entry.ticks) == 1 for entry in logbook.entries("kim"))
    check_integrity(where)


def test_nothing_confirmed_is_lost_when_the_writer_is_killed(where: Path | str) -> None:
    """At random moments, several times with the same logbook."""
    random_moment = random.Random(0)
    confirmed: set[str] = set()
    for letter in "ABCDEF":
        process = writer(where, "kim", letter)
        assert process.stdin
        assert process.stdout
        process.stdin.write("\n")
        process.stdin.flush()
        confirmed.update(process.stdout.readline().strip() for _ in range(random_moment.randint(1, 30)))
        time.sleep(random_moment.uniform(0, 0.02))
        process.kill()
        confirmed.update(process.stdout.read().split("\n")[:-1])  # what it printed before it was killed
        process.wait()
        logbook = Logbook(where)
        check_integrity(where)
        saved = {entry.identity: entry for entry in logbook.entries("kim")}
        assert confirmed <= saved.keys()
        for identity in confirmed:
            assert saved[identity].notes == identity
            assert saved[identity].ticks == (FLASH,)
        assert len(saved) <= len(confirmed) + len("ABCDEF")  # each process may have saved one more than it printed
    logbook.save("kim", HERON)
    assert HERON in [entry.problem for entry in logbook.entries("kim")]
