"""The logbook: what is confirmed is saved, whoever else writes and whenever a process is killed."""

import os
import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from itertools import islice, product
from pathlib import Path

import pytest
from hypothesis import given, settings

from climbpath.problem import Problem, parse_notation
from climbpath.web.logbook.database import UnusableError
from climbpath.web.logbook.records import Entry, Profile, Tick, identity_of
from climbpath.web.logbook.search import ORDERS, Search
from climbpath.web.logbook.store import Logbook, NotFoundError
from support.making import problems

KIM, ALEX = Profile("kim", "Kim", 158, -2, "6B", "7A"), Profile("alex", "Alex")
HERON = replace(parse_notation("F5s D9 G13 G18e", grade="7A"), name="Slow Heron")
LEDGE = replace(parse_notation("F5s E8 G11 E13 H15 G18e", grade="6C"), name="ledge")
BARE = parse_notation("C5s F6s D9 G12 E15 F18e", "moonboard-masters-2017", 25)
T0, T1, T2 = (f"00000000-0000-4000-8000-{number:012}" for number in range(3))
FLASH = Tick(T1, "2026-05-31")


@pytest.fixture
def logbook(tmp_path: Path) -> Logbook:
    """A logbook with three problems of Kim's, saved one after the other, and none of Alex's."""
    logbook = Logbook(tmp_path / "logbook.sqlite3")
    for profile in (KIM, ALEX):
        logbook.put_profile(profile)
    for problem in (HERON, LEDGE, BARE):
        logbook.save("kim", problem)
    return logbook


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
    assert Logbook(logbook.path).entries("kim") == [saved]


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
    assert logbook.search("kim", Search(text="heron", limit=1, offset=5)) == ([], [], 1)


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
    assert logbook.search("kim", Search(limit=1200)) == (entries[::-1], [], 1200)


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


# files


def test_a_newer_logbook_is_refused(logbook: Logbook) -> None:
    with sqlite3.connect(logbook.path) as db:
        db.execute("PRAGMA user_version = 3")
    with pytest.raises(UnusableError, match="was written by a newer climbpath: upgrade climbpath"):
        Logbook(logbook.path)


@pytest.mark.parametrize("version", [0, 1, 7])
def test_another_programs_database_is_refused_and_not_changed(tmp_path: Path, version: int) -> None:
    path = tmp_path / "places.sqlite3"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE bookmarks (url TEXT)")
        db.execute(f"PRAGMA user_version = {version}")
    db.close()
    before = path.read_bytes()
    with pytest.raises(UnusableError, match="belongs to another program: choose another file with --logbook"):
        Logbook(path)
    assert path.read_bytes() == before


def test_a_file_that_is_not_a_database_is_refused_and_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("all my notes\n" * 500)
    with pytest.raises(UnusableError, match=r"notes\.txt: file is not a database; choose another file with --logbook"):
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


def test_a_file_that_is_damaged_later_is_reported_by_every_method(logbook: Logbook) -> None:
    for path in logbook.path.parent.iterdir():
        path.unlink()
    logbook.path.write_bytes(b"SQLite format 3\0" + bytes(5000))
    for call in (logbook.profiles, lambda: logbook.save("kim", HERON), lambda: logbook.search("kim", Search())):
        with pytest.raises(UnusableError, match="cannot use the logbook"):
            call()


# several processes

WRITER = """
import sys
from itertools import product
from pathlib import Path
from climbpath.problem import parse_notation
from climbpath.web.logbook.records import Profile, Tick, identity_of
from climbpath.web.logbook.store import Logbook

path, profile, first = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
logbook = Logbook(Path(path))
logbook.put_profile(Profile(profile, profile))
for a, b, c in product(first, "ABCDEFGHIJK", "ABCDEFGHIJK"):
    problem = parse_notation(f"F5s {a}9 {b}11 {c}13 G18e")
    identity = identity_of(problem)
    logbook.save(profile, problem)
    logbook.update(profile, identity, notes=identity)
    logbook.tick(profile, identity, Tick("00000000-0000-4000-8000-000000000001", "2026-05-31"))
    print(identity, flush=True)
"""


def writer(path: Path, profile: str, first: str) -> subprocess.Popen[str]:
    """A process that saves, annotates and ticks 121 problems for each letter, and prints each confirmed one."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), profile, first],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def check_integrity(path: Path) -> None:
    """Check that SQLite finds no damage in the file."""
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []


def test_processes_that_start_and_write_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    """Two write the same problems for one climber, a third writes for another; the file does not exist before."""
    path = tmp_path / "logbook.sqlite3"
    processes = [writer(path, profile, letters) for profile, letters in (("kim", "A"), ("kim", "A"), ("alex", "B"))]
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    confirmed = [set(process.communicate(timeout=120)[0].split()) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    logbook = Logbook(path)
    assert {entry.identity for entry in logbook.entries("kim")} == confirmed[0] == confirmed[1]
    assert {entry.identity for entry in logbook.entries("alex")} == confirmed[2]
    assert [len(identities) for identities in confirmed] == [121, 121, 121]
    assert all(entry.notes == entry.identity and len(entry.ticks) == 1 for entry in logbook.entries("kim"))
    check_integrity(path)


def test_nothing_confirmed_is_lost_when_the_writer_is_killed(tmp_path: Path) -> None:
    """At random moments, several times with the same file."""
    path = tmp_path / "logbook.sqlite3"
    random_moment = random.Random(0)
    confirmed: set[str] = set()
    for letter in "ABCDEF":
        process = writer(path, "kim", letter)
        assert process.stdin
        assert process.stdout
        process.stdin.write("\n")
        process.stdin.flush()
        confirmed.update(process.stdout.readline().strip() for _ in range(random_moment.randint(1, 30)))
        time.sleep(random_moment.uniform(0, 0.02))
        process.kill()
        confirmed.update(process.stdout.read().split("\n")[:-1])  # what it printed before it was killed
        process.wait()
        logbook = Logbook(path)
        check_integrity(path)
        saved = {entry.identity: entry for entry in logbook.entries("kim")}
        assert confirmed <= saved.keys()
        for identity in confirmed:
            assert saved[identity].notes == identity
            assert saved[identity].ticks == (FLASH,)
        assert len(saved) <= len(confirmed) + len("ABCDEF")  # each process may have saved one more than it printed
    logbook.save("kim", HERON)
    assert HERON in [entry.problem for entry in logbook.entries("kim")]
