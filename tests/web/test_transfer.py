"""Export and import of a logbook: what is exported can be imported again unchanged."""

import csv
import gzip
import io
import json
import tracemalloc
from dataclasses import replace
from datetime import UTC
from itertools import repeat
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from climbpath import board as boards
from climbpath.data import parquet
from climbpath.data.cells import guarded, unguarded
from climbpath.data.importers import Tallied
from climbpath.errors import ClimbpathError
from climbpath.grades import LADDER
from climbpath.problem import Problem, parse_notation
from climbpath.web import transfer
from climbpath.web.logbook.records import Entry, LeftOut, Profile, Tick
from climbpath.web.logbook.store import MOST_TICKS, Logbook
from climbpath.web.transfer import FORMATS
from support.making import DATA, api_record, guide_row, problems, scrape_record, write_csv
from support.transfers import exported, read

HERON = replace(parse_notation("F5s D9 G13 G18e", grade="7A"), name="Slow Heron")
BARE = parse_notation("C5s F6s D9 G12 E15 F18e", "moonboard-masters-2017", 25)
ANY = st.characters(exclude_categories=["Cs"])
TICKS = st.builds(
    Tick,
    st.uuids().map(str),
    st.dates().map(str),
    st.integers(1, 999),
    st.booleans(),
    st.just(""),
    st.none(),
)
ENTRIES = st.builds(
    Entry,
    problem=problems(partial=True),
    stars=st.integers(0, 5),
    notes=st.text(ANY, max_size=200),
    felt=st.none() | st.sampled_from(LADDER),
    lists=st.lists(st.text(ANY, min_size=1, max_size=40), max_size=4, unique=True).map(tuple),
    ticks=st.lists(TICKS, max_size=3).map(tuple),
    saved=st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.isoformat(timespec="milliseconds")),
)
NOTED = Entry(
    HERON,
    stars=4,
    notes='one line,\nanother "quoted"; \r\nthe third\r=1+1',
    felt="7A+",
    lists=('comma, quote"', "projects", "semi; colon"),
    ticks=(
        Tick(str(uuid4()), "2026-05-29", 5, False, "G13"),
        Tick(str(uuid4()), "2026-05-30", 3),
        Tick(str(uuid4()), "2026-05-31"),
    ),
    saved="2026-01-02T03:04:05.678+00:00",
)


def entries_of(content: str | bytes) -> list[Entry]:
    """The entries in a file, none of which may be rejected."""
    found = read(content)
    assert [item for item in found if isinstance(item, str)] == []
    return found  # type: ignore[return-value]


def without_ids(entry: Entry) -> Entry:
    return entry._replace(ticks=tuple(tick._replace(id="") for tick in entry.ticks))


# export and import again


@given(st.lists(ENTRIES, max_size=3))
@settings(deadline=None)
def test_json_keeps_everything(entries: list[Entry]) -> None:
    assert entries_of(exported(entries)) == entries
    assert json.loads(exported(entries))["format"] == "climbpath logbook"


@given(st.lists(ENTRIES, max_size=3))
@settings(deadline=None)
def test_csv_keeps_what_the_climber_noted(entries: list[Entry]) -> None:
    wanted = [without_ids(entry) for entry in entries]
    assert list(map(without_ids, entries_of(exported(entries, "csv")))) == wanted


@pytest.mark.parametrize("name", ["json", "csv"])
def test_how_hard_a_problem_felt_is_a_grade_of_its_boards_ladder(name: str) -> None:
    v3 = replace(parse_notation("95s 182s 139 143e", "tension-1", None), grade="V4")
    easy = replace(parse_notation("1155s 1204 1383e", "kilter-original", 40), grade="5C")
    entries = [Entry(v3, felt="V3"), Entry(v3, felt="V0"), Entry(easy, felt="5C"), Entry(easy, felt="4A")]
    for entry in entries:
        assert [found.felt for found in entries_of(exported([entry], name))] == [entry.felt]


def test_csv_is_as_spreadsheets_read_it() -> None:
    """Tested with Python's own reader, which knows nothing about climbpath."""
    (row, bare) = csv.DictReader(io.StringIO(exported([NOTED, Entry(BARE)], "csv"), newline=""), strict=True)
    assert (row["board"], row["angle"], row["grade"], row["v_grade"]) == ("moonboard-2016", "40", "7A", "V6")
    assert (row["start"], row["hands"], row["finish"], row["notation"]) == ("F5", "D9 G13", "G18", "F5s D9 G13 G18e")
    assert (row["name"], row["stars"], row["notes"], row["felt"]) == ("Slow Heron", "4", NOTED.notes, "7A+")
    assert next(csv.reader([row["lists"]])) == list(NOTED.lists)
    assert row["ticks"] == "2026-05-29/5/not-sent/G13 2026-05-30/3 2026-05-31/1"
    assert (bare["grade"], bare["name"], bare["stars"], bare["felt"], bare["ticks"]) == ("", "", "0", "", "")


@pytest.mark.parametrize("name", ["json", "csv"])
def test_the_angle_of_a_tick_is_kept_where_the_problem_has_none(name: str) -> None:
    number = boards.load("kilter-original").labels
    climb = Problem(board="kilter-original", angle=None, start=number[90:91], hands=number[200:202], finish=number[-1:])
    done = tuple(
        Tick(str(uuid4()), "2026-05-29", 5, sent, reached, angle)
        for sent, reached, angle in ((False, number[200], 45), (False, "", 0), (True, "", 20), (True, "", None))
    )
    (entry,) = entries_of(exported([Entry(climb, ticks=done)], name))
    assert without_ids(entry).ticks == without_ids(Entry(climb, ticks=done)).ticks
    # one that the board lacks, and one at a problem with an angle of its own, is left out
    odd = Tick(str(uuid4()), "2026-05-29", angle=33)
    for problem in (climb, HERON):
        (entry,) = entries_of(exported([Entry(problem, ticks=(odd,))], name))
        assert entry.ticks[0].angle is None


def test_an_angle_of_a_tick_that_is_none_is_left_out_with_a_note() -> None:
    notes = Tallied()
    text = exported([Entry(HERON, ticks=(Tick(str(uuid4()), "2026-05-29"),))], "csv").replace(
        "05-29/1", "05-29/1@steep"
    )
    (entry,) = read(text, notes.note)
    assert isinstance(entry, Entry)
    assert (entry.ticks[0].day, entry.ticks[0].angle) == ("2026-05-29", None)
    assert dict(notes) == {"angle left out: 'steep'": 1}


@given(st.lists(ENTRIES, max_size=3))
@settings(deadline=None)
def test_the_apps_shape_keeps_the_problems_and_how_hard_they_felt(entries: list[Entry]) -> None:
    found = [entry.problem for entry in entries_of(exported(entries, "app"))]
    assert found == [replace(e.problem, user_grade=e.felt or e.problem.user_grade) for e in entries]


def test_the_apps_shape_counts_the_problems_of_boards_that_the_app_does_not_know() -> None:
    other = parse_notation("1164s 1233 1302e", "kilter-original")
    content = exported([NOTED, Entry(other), Entry(BARE), Entry(other)], "app")
    assert [entry.problem.board for entry in entries_of(content)] == [HERON.board, BARE.board]
    assert json.loads(content)["LeftOut"] == ["Kilter Board Original: the MoonBoard app does not know it (2 left out)"]


@pytest.mark.parametrize("kind", FORMATS)
def test_an_empty_logbook_can_be_exported(kind: str) -> None:
    name, media, _ = FORMATS[kind]
    assert name.startswith("logbook.")
    assert media in ("application/json", "text/csv")
    assert entries_of(exported([], kind)) == []


@pytest.mark.parametrize(("before", "kind"), [("\ufeff", "json"), ("\ufeff", "csv"), ("\n ", "json")])
def test_what_editors_put_before_a_file_is_ignored(before: str, kind: str) -> None:
    (entry,) = entries_of(before + exported([NOTED], kind))
    assert without_ids(entry) == without_ids(NOTED)


# into a logbook


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_reading_a_file_twice_changes_nothing(tmp_path: Path, kind: str) -> None:
    logbook = Logbook(tmp_path / "logbook.sqlite3")
    logbook.put_profile(Profile("kim", "Kim"))
    content = exported([NOTED, Entry(BARE)], kind)
    assert logbook.merge("kim", entries_of(content)) == (2, 0)
    first = logbook.entries("kim")
    assert without_ids(first[0]) == without_ids(NOTED)
    assert logbook.merge("kim", entries_of(content)) == (0, 2)
    assert logbook.entries("kim") == first
    assert logbook.merge("kim", entries_of(exported(first, kind))) == (0, 2)
    assert logbook.entries("kim") == first


def test_an_ascent_changed_in_a_spreadsheet_is_added(tmp_path: Path) -> None:
    logbook = Logbook(tmp_path / "logbook.sqlite3")
    logbook.put_profile(Profile("kim", "Kim"))
    content = exported([NOTED], "csv")
    logbook.merge("kim", entries_of(content))
    logbook.merge("kim", entries_of(content.replace("2026-05-31/1", "2026-05-31/2")))
    (saved,) = logbook.entries("kim")
    assert {(tick.day, tick.attempts) for tick in saved.ticks} == {
        ("2026-05-29", 5),
        ("2026-05-30", 3),
        ("2026-05-31", 1),
        ("2026-05-31", 2),
    }


def test_a_cell_is_no_formula_for_a_spreadsheet_and_comes_back_unchanged() -> None:
    names = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "'=1", "''@", "'plain", "plain", "＝1"]
    entries = [
        Entry(replace(HERON, name=name, method=name), notes=name, lists=(name,), saved=NOTED.saved) for name in names
    ]
    content = exported(entries, "csv")
    for row in csv.DictReader(io.StringIO(content, newline=""), strict=True):
        assert all(cell[:1] not in "=+-@\t\r＝" for cell in row.values() if cell)
    assert entries_of(content) == entries


@given(st.text(ANY, max_size=40))
def test_any_cell_comes_back_unchanged(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_what_cannot_be_read_is_named_in_every_export() -> None:
    lost = LeftOut(7, "=Gone", "there is no board 'x'")
    as_json, as_csv, as_app = ("".join(FORMATS[kind][2]([NOTED, lost], ())) for kind in FORMATS)
    assert json.loads(as_json)["left_out"] == ["=Gone: there is no board 'x'"]
    assert json.loads(as_app)["LeftOut"] == ["=Gone: there is no board 'x'"]
    *_, row = csv.DictReader(io.StringIO(as_csv, newline=""), strict=True)
    assert (row["name"], row["notes"]) == ("'=Gone", "left out: there is no board 'x'")
    assert [entries_of(content)[0].problem.name for content in (as_json, as_app)] == ["Slow Heron"] * 2
    entry, rejected = read(as_csv)
    assert (isinstance(entry, Entry), isinstance(rejected, str)) == (True, True)


def test_an_export_of_more_than_16_mb_is_imported_again_in_little_memory(tmp_path: Path) -> None:
    """Only a few entries at a time."""
    path = tmp_path / "export.json"
    entry = Entry(replace(HERON, name="n" * 80), notes="x" * 2000)
    with path.open("w") as file:
        file.writelines(transfer.to_json(repeat(entry, 9000)))
    assert path.stat().st_size > 16 << 20
    tracemalloc.start()
    try:
        count = sum(isinstance(record, Entry) for record in transfer.read(path).records)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 9000
    assert most < 16 << 20


def test_an_entry_with_as_many_ticks_as_there_can_be_is_imported_again() -> None:
    many = tuple(Tick(str(UUID(int=i)), "2026-05-31", 999, False, "G13") for i in range(MOST_TICKS))
    (entry,) = entries_of(exported([NOTED._replace(ticks=many)]))
    assert len(entry.ticks) == MOST_TICKS


# other formats


def test_every_format_that_climbpath_reads_can_be_imported(tmp_path: Path) -> None:
    parquet.write(tmp_path / "x.parquet", [HERON])
    as_csv = write_csv(tmp_path / "guide.csv", [guide_row(HERON)]).read_bytes()
    contents: list[bytes] = [
        json.dumps([HERON.to_dict()]).encode(),
        json.dumps({"problems": [scrape_record(HERON)]}).encode(),
        json.dumps({"Data": [api_record(HERON)]}).encode(),
        gzip.compress(json.dumps({"Data": [api_record(HERON)]}).encode()),
        as_csv,
        gzip.compress(as_csv),
        b"notation\nF5s D9 G13 G18e\n",
        (tmp_path / "x.parquet").read_bytes(),
    ]
    for content in contents:
        (entry,) = entries_of(content)
        assert entry.problem.identity == HERON.identity
        assert (entry.stars, entry.notes, entry.ticks) == (0, "", ())


def test_every_record_of_a_file_is_accounted_for() -> None:
    for name in ("guide.csv", "site_scrape.json", "api_dump.json"):
        found = read((DATA / name).read_bytes())
        assert any(isinstance(item, Entry) for item in found)
        assert all(item for item in found)


# files and records that cannot be read


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty"),
        (b"hello", "it is in no format that climbpath reads"),
        (b"\0" * 1000, "UTF-16"),
        (b"%PDF-1.7", "it is a PDF"),
        (b'{"format": "climbpath logbook"}', "this logbook is damaged: it has no list of entries"),
        (b'{"format": "climbpath logbook", "entries": {}}', "this logbook is damaged: it has no list of entries"),
        (b'{"format": "climbpath logbook", "entries": null}', "this logbook is damaged: it has no list of entries"),
    ],
)
def test_a_file_without_a_logbook_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(ClimbpathError, match=message) as refused:
        read(content)
    assert "/tmp" not in str(refused.value)


@pytest.mark.parametrize(
    ("rest", "reason"),
    [
        (b"", "the rest is lost"),
        (b"[" * 100_000, "the rest is lost"),
        (b"\xff]}", "the text is not UTF-8"),
        (b'{"problem": {"start": ["F5', "the rest is lost"),
        (b"9" * 5000 + b"]}", "the rest"),
    ],
)
def test_a_damaged_export_is_read_up_to_the_damage(rest: bytes, reason: str) -> None:
    whole = exported([NOTED]).encode()
    *found, last = read(whole[: whole.index(b"\n]")] + b",\n" + rest)
    assert found == [NOTED]
    assert isinstance(last, str)
    assert reason in last


def test_a_truncated_file_is_read_as_far_as_possible() -> None:
    packed = gzip.compress(exported([NOTED, *[Entry(BARE)] * 5000], "csv").encode())
    *found, last = read(packed[:-500])
    assert found[0] == entries_of(exported([NOTED], "csv"))[0]
    assert isinstance(last, str)
    assert "the rest is lost" in last


def test_a_small_file_that_unpacks_to_a_huge_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if it is truncated or starts with a small member; a file at the limit is read."""
    monkeypatch.setattr(transfer, "MOST_UNPACKED", 1024 * 1024)
    header, blank = b"notation\nF5s G18e\n", b"\n" * (1024 * 1024)
    bomb = gzip.compress(header + blank)
    for content in (bomb, bomb[:-1], gzip.compress(header) + gzip.compress(blank)):
        with pytest.raises(ClimbpathError, match="this file unpacks to more than 1 MB: unpack it first, or split it"):
            read(content)
    assert len(entries_of(gzip.compress(header + blank[len(header) :]))) == 1


def spoiled(**fields: Any) -> dict[str, Any]:
    """A record of a JSON export with these fields changed."""
    record = json.loads(exported([NOTED]))["entries"][0]
    return record | fields


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (None, "Input should be a valid dictionary"),
        ([], "Input should be a valid dictionary"),
        ({}, "problem: Field required"),
        (spoiled(problem={"start": ["F5"]}), "problem.finish: Field required"),
        (spoiled(problem={"start": ["F5"], "finish": ["Z9"]}), "there is no hold 'Z9'"),
        (spoiled(problem={"start": ["F5"], "finish": ["G13"]}), "finish hold G13 is not in row 18"),
        (spoiled(problem={"start": ["F5"], "finish": ["F5"]}), "hold F5 has two roles"),
        (spoiled(problem={"start": ["F5"] * 41, "finish": ["G18"]}), "problem.start: List should have at most 2"),
        (spoiled(problem={"start": ["F5"], "finish": ["G18"], "angle": 30}), "can be set to 25° or 40°, not 30°"),
        (spoiled(stars=6), "stars: Input should be less than or equal to 5"),
        (spoiled(stars="4"), "stars: Input should be a valid integer"),
        (spoiled(stars=True), "stars: Input should be a valid integer"),
        (spoiled(stars=float("nan")), "stars: Input should be a valid integer"),
        (spoiled(notes="x" * 2001), "notes: String should have at most 2000 characters"),
        (spoiled(notes="half a character \ud83e"), "notes: Input should be a valid string"),
        (spoiled(felt="9A+"), "felt: choose from"),
        (spoiled(lists=[""]), "lists.0: String should have at least 1 character"),
        (spoiled(lists=["x"] * 21), "lists: List should have at most 20 items"),
        (spoiled(ticks=[{"id": "1", "day": "2026-05-31"}]), "ticks.0.id: Input should be a valid UUID"),
        (spoiled(ticks=[{"id": str(uuid4()), "day": "31.5.2026"}]), "ticks.0.day: Invalid isoformat"),
        (spoiled(ticks=[{"id": str(uuid4()), "day": "20260531"}]), "ticks.0.day: write a day as"),
        (spoiled(ticks=[{"id": str(uuid4()), "day": 0}]), "ticks.0.day: Input should be a valid string"),
        (spoiled(ticks=[{"id": str(uuid4()), "day": "2026-05-31", "attempts": 0}]), "ticks.0.attempts: Input should"),
        (spoiled(saved="yesterday"), "saved: Invalid isoformat"),
        (spoiled(secret=1), "secret: Extra inputs are not permitted"),
        (spoiled(**{"x" * 5000: 1}), "x…"),
    ],
)
def test_a_wrong_record_is_rejected_with_a_reason_and_reading_goes_on(record: object, reason: str) -> None:
    good = json.loads(exported([NOTED]))["entries"][0]
    content = json.dumps({"format": "climbpath logbook", "entries": [good, record, good]}).encode()
    first, rejected, last = read(content)
    assert first == last == NOTED
    assert isinstance(rejected, str)
    assert reason in rejected
    assert len(rejected) <= 300


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("F5s D9 G13 G18e", "F5s Z9 G18e", "there is no hold 'Z9'"),
        (",40,", ",steep,", "cannot read an angle from 'steep'"),
        ("Slow Heron", "S" * 81, "name: String should have at most 80 characters"),
        ("Slow Heron", "Slow,Heron", "the row has"),
    ],
)
def test_a_wrong_row_is_rejected_with_a_reason_and_reading_goes_on(before: str, after: str, reason: str) -> None:
    header, row = exported([NOTED._replace(notes="", lists=())], "csv").splitlines()
    assert before in row
    first, rejected, last = read("\n".join([header, row, row.replace(before, after), row]).encode())
    assert isinstance(first, Entry)
    assert first == last
    assert isinstance(rejected, str)
    assert reason in rejected
    assert len(rejected) <= 300


@pytest.mark.parametrize(
    ("before", "after", "fields", "note"),
    [
        (",4,", ",many,", {"stars": 0}, "stars left out: it is 'many'"),
        (",4,", ",9,", {"stars": 0}, "stars left out: 9 is more than 5"),
        (",4,", "," + "9" * 5000 + ",", {"stars": 0}, "stars left out: it is '999"),
        ("7A+", "9Z", {"felt": None}, "user grade '9Z' is not on the ladder: left out"),
        ("2026-05-31/1", "yesterday", {"ticks": NOTED.ticks[:2]}, "date left out: 'yesterday'"),
        ("2026-05-31/1", "2026-05-31/often", {"ticks": NOTED.ticks[:2]}, "date left out: '2026-05-31/often'"),
        ("2026-05-31/1", "31.5.2026/1", {}, ""),
    ],
)
def test_an_odd_note_of_the_climber_is_left_out_and_the_entry_kept(
    before: str, after: str, fields: dict[str, Any], note: str
) -> None:
    bare, notes = NOTED._replace(notes="", lists=()), Tallied()
    header, row = exported([bare], "csv").splitlines()
    (entry,) = read("\n".join([header, row.replace(before, after)]).encode(), notes.note)
    assert isinstance(entry, Entry)
    assert without_ids(entry) == without_ids(bare._replace(**fields))
    assert [text.startswith(note) for text in notes] == ([True] if note else [])


def test_what_the_logbook_could_not_export_is_not_imported() -> None:
    """Other formats have no limits; a record over the logbook's limits is rejected, not cut."""
    long = replace(HERON, name="x" * 81)
    (rejected,) = read(json.dumps({"Data": [api_record(long)]}).encode())
    assert rejected == "problem.name: String should have at most 80 characters"
