"""The logbook: what is written is there, whoever writes beside it and whatever kills it."""

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
from climbpath.web.logbook import (
    ORDERS,
    Entry,
    Logbook,
    MissingError,
    Profile,
    Search,
    Tick,
    UnusableError,
    identity_of,
)
from support.making import problems

KIM, ALEX = Profile("kim", "Kim", 158, -2, "6B", "7A"), Profile("alex", "Alex")
HERON = replace(parse_notation("F5s D9 G13 G18e", grade="7A"), name="Slow Heron")
LEDGE = replace(parse_notation("F5s E8 G11 E13 H15 G18e", grade="6C"), name="ledge")
BARE = parse_notation("C5s F6s D9 G12 E15 F18e", "moonboard-masters-2017", 25)
FLASH = Tick("t1", "2026-05-31")


@pytest.fixture
def book(tmp_path: Path) -> Logbook:
    """Kim's, with three problems saved one after the other, and Alex's, which is empty."""
    book = Logbook(tmp_path / "logbook.sqlite3")
    for profile in (KIM, ALEX):
        book.keep_profile(profile)
    for problem in (HERON, LEDGE, BARE):
        book.save("kim", problem)
    return book


def found(book: Logbook, **wanted: object) -> list[Problem]:
    """The problems that a search of Kim's finds."""
    entries, _ = book.search("kim", Search(**wanted))  # type: ignore[arg-type]
    return [entry.problem for entry in entries]


# climbers


def test_climbers_come_in_the_order_in_which_they_were_made(tmp_path: Path) -> None:
    book = Logbook(tmp_path / "new" / "folder" / "logbook.sqlite3")
    assert book.profiles() == []
    made = [Profile(str(number), f"Climber {number}") for number in (3, 1, 2)]
    assert [book.keep_profile(profile) for profile in made] == made
    assert book.profiles() == made
    assert book.profile("1") == made[1]


def test_a_climber_is_changed_by_keeping_the_same_id(book: Logbook) -> None:
    taller = KIM._replace(name="Kim Ä 🧗", height=160.5, ape=3.0, easiest="6C", hardest="8A")
    book.keep_profile(taller)
    assert book.profiles() == [taller, ALEX]
    assert found(book)  # the logbook stays


def test_a_removed_climber_comes_back_with_the_logbook(book: Logbook) -> None:
    book.remove_profile("kim")
    assert book.profiles() == [ALEX]
    identity = identity_of(HERON)
    for asked in (
        lambda: book.profile("kim"),
        lambda: book.remove_profile("kim"),
        lambda: book.save("kim", HERON),
        lambda: book.change("kim", identity, stars=1),
        lambda: book.tick("kim", identity, FLASH),
        lambda: book.untick("kim", identity, FLASH.id),
        lambda: book.search("kim", Search()),
        lambda: book.everything("kim"),
        lambda: book.merge("kim", [Entry(HERON)]),
    ):
        with pytest.raises(MissingError, match="there is no such climber"):
            asked()
    book.keep_profile(KIM)
    assert [entry.problem for entry in book.everything("kim")] == [HERON, LEDGE, BARE]


def test_climbers_do_not_see_each_others_entries(book: Logbook) -> None:
    book.save("alex", HERON)
    book.change("alex", identity_of(HERON), stars=5, lists=["mine"])
    assert book.everything("kim")[0].stars == 0
    assert (book.lists("kim"), book.lists("alex")) == ({}, {"mine": 1})
    assert book.search("alex", Search())[1] == 1


# entries


@given(problems(partial=True))
@settings(max_examples=30, deadline=None)
def test_a_saved_problem_is_the_same_problem(tmp_path_factory: pytest.TempPathFactory, problem: Problem) -> None:
    book = Logbook(tmp_path_factory.mktemp("book") / "book.sqlite3")
    book.keep_profile(KIM)
    saved, is_new = book.save("kim", problem)
    assert is_new
    assert saved == Entry(problem, saved=saved.saved)
    assert Logbook(book.path).everything("kim") == [saved]


def test_saving_again_changes_nothing(book: Logbook) -> None:
    """Nor does saving the same holds under another name and grade."""
    noted = book.change("kim", identity_of(HERON), stars=4, notes="left heel")
    again, is_new = book.save("kim", replace(HERON, name="Other", grade="8A", repeats=9))
    assert (again, is_new) == (noted, False)
    assert len(book.everything("kim")) == 3


def test_what_is_deleted_can_be_brought_back(book: Logbook) -> None:
    identity = identity_of(HERON)
    noted = book.change("kim", identity, stars=4, lists=["projects"])
    for _ in range(2):  # deleting twice is deleting
        book.change("kim", identity, deleted=True)
        assert HERON not in found(book)
        assert book.lists("kim") == {}
    with pytest.raises(MissingError, match="not in the logbook"):
        book.change("kim", identity, stars=1)
    with pytest.raises(MissingError, match="not in the logbook"):
        book.tick("kim", identity, FLASH)
    assert book.change("kim", identity, deleted=False) == noted
    book.change("kim", identity, deleted=True)
    assert book.save("kim", HERON) == (noted, True)
    assert book.lists("kim") == {"projects": 1}


def test_only_what_is_named_changes(book: Logbook) -> None:
    identity = identity_of(HERON)
    expected = book.everything("kim")[0]
    changes: dict[str, object] = {
        "stars": 3,
        "notes": "one\ntwo; \"three\" 'four' \\ % _ ünï 🧗",
        "felt": "7A+",
        "lists": ("a", "ö"),
    }
    for field, value in changes.items():
        expected = expected._replace(**{field: value})  # type: ignore[arg-type]
        assert book.change("kim", identity, **{field: value}) == expected
    named = expected._replace(problem=replace(HERON, name="Fast Heron"))
    assert book.change("kim", identity, name="Fast Heron") == named
    assert book.change("kim", identity, name="").problem == replace(HERON, name=None)
    assert book.change("kim", identity) == named._replace(problem=replace(HERON, name=None))
    assert book.change("kim", identity, felt=None, lists=[], stars=0, notes="", name="Slow Heron") == Entry(
        HERON, saved=expected.saved
    )
    with pytest.raises(MissingError, match="not in the logbook"):
        book.change("kim", "moonboard-2016@40:F5s-K18e", stars=1)


def test_a_list_that_is_named_twice_is_one(book: Logbook) -> None:
    book.change("kim", identity_of(HERON), lists=["b", "a", "b"])
    book.change("kim", identity_of(LEDGE), lists=["a"])
    assert book.everything("kim")[0].lists == ("a", "b")
    assert book.lists("kim") == {"a": 2, "b": 1}


def test_ascents_are_noted_corrected_and_taken_back(book: Logbook) -> None:
    identity = identity_of(HERON)
    earlier = Tick("t0", "2026-05-01", 7)
    book.tick("kim", identity, FLASH)
    assert book.tick("kim", identity, FLASH).ticks == (FLASH,)  # sent again
    assert book.tick("kim", identity, earlier).ticks == (earlier, FLASH)
    corrected = FLASH._replace(attempts=3)
    assert book.tick("kim", identity, corrected).ticks == (earlier, corrected)
    assert book.untick("kim", identity, "t0").ticks == (corrected,)
    assert book.untick("kim", identity, "t0").ticks == (corrected,)
    book.tick("kim", identity_of(LEDGE), FLASH)  # an id is an entry's own
    assert [entry.ticks for entry in book.everything("kim")] == [(corrected,), (FLASH,), ()]
    for asked in (lambda: book.tick("kim", "nothing", FLASH), lambda: book.untick("kim", "nothing", "t1")):
        with pytest.raises(MissingError, match="not in the logbook"):
            asked()


# search


def test_each_filter_keeps_what_it_tells(book: Logbook) -> None:
    book.change("kim", identity_of(HERON), stars=4, lists=["projects"])
    book.tick("kim", identity_of(LEDGE), FLASH)
    assert found(book) == [BARE, LEDGE, HERON]
    assert found(book, board="moonboard-masters-2017") == [BARE]
    assert found(book, board="moonboard-mini-2020") == []
    assert found(book, easiest="7A") == [HERON]
    assert found(book, hardest="6C+") == [LEDGE]
    assert found(book, easiest="6C", hardest="7A") == [LEDGE, HERON]
    assert found(book, easiest="8A", hardest="5+") == []
    assert found(book, in_list="projects") == [HERON]
    assert found(book, in_list="project") == []
    assert found(book, ticked=True) == [LEDGE]
    assert found(book, ticked=False) == [BARE, HERON]
    assert found(book, stars=4) == [HERON]
    assert found(book, stars=5) == []
    assert found(book, text="heron", board="moonboard-2016", stars=1, ticked=False, easiest="5+") == [HERON]


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
def test_every_word_stands_in_name_notes_or_holds(book: Logbook, text: str, wanted: list[Problem]) -> None:
    """Letter by letter: what SQL takes for a pattern is no pattern here."""
    book.change("kim", identity_of(HERON), notes="100% sure")
    book.change("kim", identity_of(LEDGE), notes="a_b c\\d über")
    assert found(book, text=text) == wanted


def test_each_order_comes_as_it_is_called(book: Logbook) -> None:
    book.change("kim", identity_of(LEDGE), stars=5)
    book.change("kim", identity_of(BARE), stars=2, name="Über")
    orders = {
        "newest": [BARE, LEDGE, HERON],
        "easiest": [LEDGE, HERON, BARE],  # what has no grade comes last
        "hardest": [HERON, LEDGE, BARE],
        "stars": [LEDGE, BARE, HERON],
        "name": [LEDGE, HERON, BARE],  # small letters are not behind capitals
    }
    named = replace(BARE, name="Über")
    assert set(orders) == set(ORDERS)
    for order, wanted in orders.items():
        assert found(book, order=order) == [named if problem is BARE else problem for problem in wanted]


def test_pages_join_without_gap_or_overlap(book: Logbook) -> None:
    for order in ORDERS:
        everything = found(book, order=order)
        pages = [book.search("kim", Search(order=order, limit=2, offset=offset)) for offset in (0, 2, 4)]
        assert [entry.problem for entries, _ in pages for entry in entries] == everything
        assert [total for _, total in pages] == [3, 3, 3]
    assert book.search("kim", Search(text="heron", limit=1, offset=5)) == ([], 1)


def many(count: int) -> list[Problem]:
    """So many problems, up to 1331: one hold of each of three rows."""
    columns = "ABCDEFGHIJK"
    between = islice(product(columns, columns, columns), count)
    return [parse_notation(f"F5s {a}9 {b}11 {c}13 G18e", grade="7A") for a, b, c in between]


def test_many_entries_are_found_whole(tmp_path: Path) -> None:
    book = Logbook(tmp_path / "book.sqlite3")
    book.keep_profile(KIM)
    entries = [Entry(problem, lists=("all",), ticks=(FLASH,), saved="2026-05-31") for problem in many(1200)]
    assert book.merge("kim", entries) == (1200, 0)
    assert book.everything("kim") == entries
    assert book.lists("kim") == {"all": 1200}
    assert book.search("kim", Search(limit=1200)) == (entries[::-1], 1200)


# merging


NOTED = Entry(HERON, 4, "left heel", "7A+", ("projects",), (FLASH,), "2026-01-02T03:04:05.678+00:00")


def test_merged_entries_are_added_as_they_are(book: Logbook) -> None:
    assert book.merge("alex", [NOTED]) == (1, 0)
    assert book.everything("alex") == [NOTED]
    assert book.merge("alex", [NOTED, NOTED]) == (0, 2)
    assert book.everything("alex") == [NOTED]


def test_merging_adds_what_is_missing_and_keeps_what_is_there(book: Logbook) -> None:
    identity = identity_of(HERON)
    book.change("kim", identity, stars=2, notes="mine", lists=["a"])
    book.tick("kim", identity, Tick("other id", FLASH.day, FLASH.attempts))
    second = Tick("t2", FLASH.day, 2)
    assert book.merge("kim", [NOTED._replace(ticks=(FLASH, second)), Entry(parse_notation("F5s G18e"))]) == (1, 1)
    merged = book.everything("kim")[0]
    assert (merged.stars, merged.notes, merged.felt) == (2, "mine", "7A+")
    assert merged.lists == ("a", "projects")
    assert [(tick.day, tick.attempts) for tick in merged.ticks] == [(FLASH.day, 1), (FLASH.day, 2)]


def test_merging_brings_back_what_was_deleted(book: Logbook) -> None:
    book.change("kim", identity_of(HERON), deleted=True)
    assert book.merge("kim", [NOTED]) == (1, 0)
    assert found(book, text="heron") == [HERON]


def test_a_merge_that_fails_leaves_nothing(book: Logbook) -> None:
    before = book.everything("kim")
    with pytest.raises(ValueError, match="surrogates not allowed"):
        book.merge("kim", [NOTED, Entry(LEDGE, notes="half a character \ud83e")])
    assert book.everything("kim") == before


# files


def test_a_newer_logbook_is_refused(book: Logbook) -> None:
    with sqlite3.connect(book.path) as db:
        db.execute("PRAGMA user_version = 2")
    with pytest.raises(UnusableError, match="is from a newer climbpath: install that"):
        Logbook(book.path)


@pytest.mark.parametrize("version", [0, 1, 7])
def test_another_programs_database_is_refused_and_left_as_it_is(tmp_path: Path, version: int) -> None:
    path = tmp_path / "places.sqlite3"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE bookmarks (url TEXT)")
        db.execute(f"PRAGMA user_version = {version}")
    db.close()
    before = path.read_bytes()
    with pytest.raises(UnusableError, match="is from another program: name another file with --logbook"):
        Logbook(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("all my notes\n" * 500)
    with pytest.raises(UnusableError, match=r"notes\.txt: file is not a database; --logbook names another file"):
        Logbook(path)
    assert path.read_text() == "all my notes\n" * 500


@pytest.mark.parametrize("name", ["folder", "file/logbook.sqlite3", "/proc/logbook.sqlite3"])
def test_a_place_where_no_file_can_be_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(UnusableError, match="cannot use the logbook"):
        Logbook(tmp_path / name)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UnusableError, match="cannot use the logbook"):
        Logbook(tmp_path / "logbook.sqlite3")


def test_a_file_that_breaks_later_is_told_by_every_method(book: Logbook) -> None:
    for path in book.path.parent.iterdir():
        path.unlink()
    book.path.write_bytes(b"SQLite format 3\0" + bytes(5000))
    for asked in (book.profiles, lambda: book.save("kim", HERON), lambda: book.search("kim", Search())):
        with pytest.raises(UnusableError, match="cannot use the logbook"):
            asked()


# several processes

WRITER = """
import sys
from itertools import product
from pathlib import Path
from climbpath.web.logbook import Logbook, Profile, Tick, identity_of
from climbpath.problem import parse_notation

path, profile, first = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
book = Logbook(Path(path))
book.keep_profile(Profile(profile, profile))
for a, b, c in product(first, "ABCDEFGHIJK", "ABCDEFGHIJK"):
    problem = parse_notation(f"F5s {a}9 {b}11 {c}13 G18e")
    identity = identity_of(problem)
    book.save(profile, problem)
    book.change(profile, identity, notes=identity)
    book.tick(profile, identity, Tick("t", "2026-05-31"))
    print(identity, flush=True)
"""


def writer(path: Path, profile: str, first: str) -> subprocess.Popen[str]:
    """A process that saves, notes and ticks 121 problems for each letter, and tells each one that is confirmed."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), profile, first],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def check_whole(path: Path) -> None:
    """SQLite finds nothing wrong in the file."""
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []


def test_processes_that_start_and_write_at_once_lose_nothing(tmp_path: Path) -> None:
    """Two for one climber, of the same problems in part, and one for another, into a file that none of them finds."""
    path = tmp_path / "logbook.sqlite3"
    processes = [writer(path, profile, letters) for profile, letters in (("kim", "A"), ("kim", "A"), ("alex", "B"))]
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    told = [set(process.communicate(timeout=120)[0].split()) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    book = Logbook(path)
    assert {entry.identity for entry in book.everything("kim")} == told[0] == told[1]
    assert {entry.identity for entry in book.everything("alex")} == told[2]
    assert [len(identities) for identities in told] == [121, 121, 121]
    assert all(entry.notes == entry.identity and len(entry.ticks) == 1 for entry in book.everything("kim"))
    check_whole(path)


def test_nothing_that_was_confirmed_is_lost_when_the_writer_is_killed(tmp_path: Path) -> None:
    """At any moment, several times over the same file."""
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
        confirmed.update(process.stdout.read().split("\n")[:-1])  # what it told before it was killed
        process.wait()
        book = Logbook(path)
        check_whole(path)
        kept = {entry.identity: entry for entry in book.everything("kim")}
        assert confirmed <= kept.keys()
        for identity in confirmed:
            assert kept[identity].notes == identity
            assert kept[identity].ticks == (Tick("t", "2026-05-31"),)
        assert len(kept) <= len(confirmed) + len("ABCDEF")  # of each process one may be kept that it did not tell
    book.save("kim", HERON)
    assert HERON in [entry.problem for entry in book.everything("kim")]
