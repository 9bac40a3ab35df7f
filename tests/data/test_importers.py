import csv
import gzip
import json
import tracemalloc
from contextlib import suppress
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from climbpath import board as boards
from climbpath.data import importers, parquet
from climbpath.data.importers import (
    Rejection,
    api_dump,
    climbpath_json,
    climbpath_parquet,
    documents,
    guide_csv,
    hand_sequences,
    pieces,
    site_scrape,
)
from climbpath.data.importers.records import read_board
from climbpath.errors import ClimbpathError
from climbpath.grades import parse_grades, v_grade
from climbpath.problem import DEFAULT_METHOD, Problem, parse_notation
from support.making import DATA, api_record, guide_row, problems, scrape_record, write_csv, write_json

SIX = parse_notation("F5s E8 G11 E13 H15 G18e", grade="6C")
MASTERS = parse_notation("C5s F6s D9 G12 E15 F18e", "moonboard-masters-2017", 25, "6A")

HANDS = {"hands": ["F5-LH", "F5-RH", "E8-LH", "G11-RH", "E13-LH", "H15-RH", "G18-LH", "G18-RH"], "v_grade": 5}

in_one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)


def read(path: Path) -> tuple[list[Problem], list[Rejection]]:
    items = list(importers.read(path))
    rejections = [item for item in items if isinstance(item, Rejection)]
    assert all(rejection.file == str(path) for rejection in rejections)
    return [item for item in items if isinstance(item, Problem)], rejections


def noted(path: Path) -> tuple[list[Problem], importers.Tallied]:
    """The problems of a file of which every record is kept, and the notes on them."""
    notes = importers.Tallied()
    items = list(importers.read(path, notes.note))
    assert all(isinstance(item, Problem) for item in items), items
    return items, notes  # type: ignore[return-value]


def only_reason(path: Path) -> str:
    """The reason for the one record of a file, which must be rejected."""
    found, (rejection,) = read(path)
    assert found == []
    assert rejection.record == 0
    return rejection.reason


# Files in their shapes


def test_guide_csv() -> None:
    found, (rejection,) = read(DATA / "guide.csv")
    assert found[0] == replace(SIX, grade="6B+", ids=("guide-csv:1",), repeats=137, benchmark=True)
    assert [problem.grade for problem in found] == ["6B+", "7A", "6C"]
    assert [problem.repeats for problem in found] == [137, 12, None]
    assert rejection == Rejection(str(DATA / "guide.csv"), 3, "there is no hold 'A6' on MoonBoard 2016")


def test_site_scrape() -> None:
    found, (rejection,) = read(DATA / "site_scrape.json")
    assert found[0] == replace(SIX, name="First light", ids=("site-scrape:1",))
    assert found[2].name is None
    assert found[2].hands == ("C8", "B11", "D13", "A16")
    assert rejection.record == 3
    assert rejection.reason == "3 start holds (G2, B3, F5); a problem has one or two"


def test_api_dump() -> None:
    found, (rejection,) = read(DATA / "api_dump.json")
    steep, gentle = found
    assert (steep.angle, steep.user_grade, steep.repeats, steep.benchmark) == (40, "6C+", 7, True)
    assert (gentle.angle, gentle.user_grade, gentle.repeats, gentle.benchmark) == (25, None, 0, False)
    assert gentle.method == "Footless + kickboard"
    assert steep.key == gentle.key
    assert rejection.record == 2
    assert rejection.reason == "there is no hold 'L19' on MoonBoard Masters 2017"


def test_hand_sequences(tmp_path: Path) -> None:
    """The harder of the V grade's two Font grades is taken, and some holds of the problem may be missing."""
    two_starts = {"hands": ["F5-LH", "G6-RH", "E8-LH", "G18-RH"], "v_grade": 6, "moves": 3}
    records = {"12": HANDS, "7": two_starts}
    found, rejections = read(write_json(tmp_path / "sequences.json", records))
    assert rejections == []
    assert found == [
        replace(SIX, grade="6C+", ids=("hand-sequence:12",), partial=True),
        replace(parse_notation("F5s G6s E8 G18e", grade="7A"), ids=("hand-sequence:7",), partial=True),
    ]


@in_one_folder
@given(st.lists(problems(["moonboard-2016"], feet=False, angles=(40,)), min_size=1, max_size=5))
def test_what_is_written_as_hand_sequences_is_read_again(tmp_path: Path, written: list[Problem]) -> None:
    records = {str(i): {"hands": hands_of(problem), "v_grade": v_number(problem)} for i, problem in enumerate(written)}
    found, rejections = read(write_json(tmp_path / "sequences", records))
    assert rejections == []
    assert [problem.identity for problem in found] == [problem.identity for problem in written]
    assert [problem.ids for problem in found] == [(f"hand-sequence:{i}",) for i in range(len(written))]
    assert [problem.grade for problem in found] == [parse_grades(v_grade(p.grade or ""))[-1] for p in written]
    assert all(problem.partial for problem in found)


def hands_of(problem: Problem) -> list[str]:
    """A hand sequence that uses every hold of a problem, hand over hand."""
    return [f"{label}-{'LR'[i % 2]}H" for i, label in enumerate(problem.sequence)]


def v_number(problem: Problem) -> int:
    return int(v_grade(problem.grade or "").removeprefix("V"))


@in_one_folder
@given(st.lists(problems(["moonboard-2016"], feet=False, angles=(40,)), min_size=1, max_size=5))
def test_what_is_written_as_csv_is_read_again(tmp_path: Path, written: list[Problem]) -> None:
    path = write_csv(tmp_path / "guide", (guide_row(problem, i) for i, problem in enumerate(written)))
    found, rejections = read(path)
    assert rejections == []
    assert found == [
        replace(problem, name=None, method=DEFAULT_METHOD, user_grade=None, ids=(f"guide-csv:{i}",))
        for i, problem in enumerate(written)
    ]


@in_one_folder
@given(st.lists(problems(["moonboard-2016"], feet=False, angles=(40,)), min_size=1, max_size=5), st.booleans())
def test_what_is_written_as_scrape_is_read_again(tmp_path: Path, written: list[Problem], packed: bool) -> None:
    records = [scrape_record(problem, i) for i, problem in enumerate(written)]
    found, rejections = read(write_json(tmp_path / "scrape", {"date": "today", "problems": records}, packed))
    assert rejections == []
    assert [(p.identity, p.grade, p.name, p.ids) for p in found] == [
        (p.identity, p.grade, p.name, (f"site-scrape:{i}",)) for i, p in enumerate(written)
    ]


@in_one_folder
@given(st.lists(problems(feet=False), min_size=1, max_size=5), st.booleans())
def test_what_is_written_as_api_dump_is_read_again(tmp_path: Path, written: list[Problem], packed: bool) -> None:
    records = [api_record(problem, i) for i, problem in enumerate(written)]
    found, rejections = read(write_json(tmp_path / "dump", {"Total": len(records), "Data": records}, packed))
    assert rejections == []
    assert found == [replace(problem, ids=(f"api-dump:{i}",)) for i, problem in enumerate(written)]


@in_one_folder
@given(st.lists(problems(partial=True), min_size=1, max_size=5), st.booleans())
def test_climbpath_s_own_json_and_parquet_are_read_again(tmp_path: Path, written: list[Problem], packed: bool) -> None:
    path = write_json(tmp_path / "json", [problem.to_dict() for problem in written], packed)
    assert read(path) == (written, [])
    parquet.write(tmp_path / "parquet", written)
    assert read(tmp_path / "parquet") == (written, [])


# Telling formats


def test_formats_are_told_by_content_and_never_by_name(tmp_path: Path) -> None:
    parquet.write(tmp_path / "a.csv", [SIX])
    write_csv(tmp_path / "b.json.gz", [guide_row(SIX)])
    write_json(tmp_path / "c.parquet", {"problems": [scrape_record(SIX)]}, packed=True)
    write_json(tmp_path / "d.csv", {"Total": 1, "Data": [api_record(SIX)]})
    write_json(tmp_path / "e", [SIX.to_dict()])
    write_json(tmp_path / "f.csv", {"12": HANDS})
    write_json(tmp_path / "g", {"12": HANDS}, packed=True)
    assert [importers.detect(path) for path in sorted(tmp_path.iterdir())] == [
        climbpath_parquet,
        guide_csv,
        site_scrape,
        api_dump,
        climbpath_json,
        hand_sequences,
        hand_sequences,
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (gzip.compress(b"", mtime=0), "it is empty"),
        ("grade,start_holds,mid_holds,end_holds\n".encode("utf-16"), "save it as UTF-8"),
        (json.dumps({"problems": []}).encode("utf-16-le"), "save it as UTF-8"),
        (json.dumps({"problems": []}).encode("utf-16-be"), "save it as UTF-8"),
        (
            b'{"routes": []}',
            "in no format that climbpath reads. It is JSON; a record has routes; climbpath reads:",
        ),
        (b'{"12": {"hands": ["F5-LH", "G18-RH"]}}', "in no format"),
        (b'[{"hands": ["F5-LH", "G18-RH"], "v_grade": 5}]', "in no format"),
        (b'{"problems": null}', "in no format"),
        (b'{"nested": {"problems": []}}', "in no format"),
        (b'[["F5", "G18"]]', "in no format"),
        (b"[]", "in no format"),
        (b'[{"id": 1}]', "in no format"),
        (b'"problems"', "in no format"),
        (b"X_coord,Y_coord,Difficulties\n0,17,5\n", "in no format"),
        (b"\x89PNG\r\n\x1a\n", "it is a picture"),
        (b"PK\x03\x04 a zip", "the zip is damaged or cut off"),
        (b"\x1f\x8b\x08\x00 no gzip after all", "damaged"),
        (b"\x1f\x8b", "damaged"),
        (b"[" * 60_000, "in no format"),
        (b'{"a":' * 12_000, "in no format"),
    ],
)
def test_a_file_that_cannot_be_told_is_named_once_with_the_reason(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "input"
    path.write_bytes(content)
    (failure,) = importers.read(path)
    assert isinstance(failure, importers.Failure)
    assert failure.file == str(path)
    assert words in failure.reason
    assert str(path) not in failure.reason


def test_files_that_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ClimbpathError, match="there is no such file"):
        importers.detect(tmp_path / "missing.csv")
    with pytest.raises(ClimbpathError, match="it is a folder"):
        importers.detect(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(ClimbpathError, match="it cannot be read: Not a directory"):
        importers.detect(tmp_path / "file" / "x.csv")
    monkeypatch.setattr(Path, "open", _denied)
    with pytest.raises(ClimbpathError, match="it cannot be read: Permission denied"):
        importers.detect(tmp_path / "file")


def _denied(*_: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_a_pipe_is_not_read_twice() -> None:
    with pytest.raises(ClimbpathError, match="a pipe or a device"):
        importers.detect(Path("/dev/null"))


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b""])
def test_a_utf_8_mark_makes_no_difference(tmp_path: Path, mark: bytes) -> None:
    for name in ("guide.csv", "site_scrape.json"):
        (tmp_path / name).write_bytes(mark + (DATA / name).read_bytes())
        assert read(tmp_path / name)[0] == read(DATA / name)[0]


# Broken files


@pytest.mark.parametrize("name", ["guide.csv", "site_scrape.json", "api_dump.json"])
def test_wherever_a_file_is_cut_its_good_records_are_kept(tmp_path: Path, name: str) -> None:
    whole, _ = read(DATA / name)
    content = (DATA / name).read_bytes()
    path = tmp_path / name
    counts = set()
    for end in range(200, len(content) - 3, 7):
        path.write_bytes(content[:end])
        found, rejections = read(path)
        assert found == whole[: len(found)]
        assert rejections or name == "guide.csv"  # a CSV may be cut between rows, which nothing shows
        counts.add(len(found))
    assert counts == set(range(len(whole) + 1))


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.999])
def test_the_good_records_of_a_truncated_gzip_are_kept(tmp_path: Path, share: float) -> None:
    records = [scrape_record(SIX, i) for i in range(5000)]
    path = write_json(tmp_path / "scrape.gz", {"problems": records}, packed=True)
    packed = path.read_bytes()
    path.write_bytes(packed[: int(share * len(packed))])
    found, (rejection,) = read(path)
    assert len(found) > 0.9 * share * 5000
    assert rejection.record == len(found)
    assert "the gzip data break off or are damaged here; the rest is lost" in rejection.reason


def test_the_good_rows_of_a_damaged_gzip_are_kept(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "guide.csv", (guide_row(SIX, i) for i in range(5000)))
    packed = bytearray(gzip.compress(path.read_bytes()))
    packed[len(packed) // 2] ^= 0xFF
    path.write_bytes(packed)
    found, rejections = read(path)
    assert len(found) > 1000
    assert "gzip" in rejections[-1].reason


@pytest.mark.parametrize(
    ("tail", "words"),
    [
        (b', {"site_id": "2", "name": "caf\xe9"}]}', "not UTF-8: save the file as UTF-8"),
        (b", nonsense]}", "the JSON is damaged or cut off here; the rest is lost"),
        (b"", "the JSON is damaged or cut off here; the rest is lost"),
        (b"]} trailing", "the JSON is damaged or cut off here; the rest is lost"),
        (b", " + b"9" * 5000 + b"]}", "the JSON is damaged or cut off here; the rest is lost"),
        (b", 1e999]}", "the JSON is damaged or cut off here; the rest is lost"),
    ],
)
def test_json_that_breaks_keeps_the_records_before(tmp_path: Path, tail: bytes, words: str) -> None:
    path = tmp_path / "scrape.json"
    path.write_bytes(b'{"problems": [' + json.dumps(scrape_record(SIX)).encode() + tail)
    found, (rejection,) = read(path)
    assert [problem.identity for problem in found] == [SIX.identity]
    assert rejection.record == 1
    assert words in rejection.reason
    assert "\n" not in rejection.reason


def test_a_damaged_parquet_keeps_the_batches_before(tmp_path: Path) -> None:
    path = tmp_path / "problems.parquet"
    parquet.write(path, (replace(SIX, name=f"{i:x}", ids=(str(i * i),)) for i in range(30_000)))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 200] = bytes(200)
    path.write_bytes(content)
    found, (rejection,) = read(path)
    assert len(found) == 10_000 == rejection.record
    assert "the Parquet is damaged or cut off here" in rejection.reason


# Rows of CSV


GOOD_ROW = b'1,6C,"[[5, 4]]","[[4, 7], [6, 10]]","[[6, 17]]"'


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (b'1,6C,"[[5, 4]]","[]"', "the row has 4 fields where the header names 5"),
        (GOOD_ROW + b",more", "the row has 6 fields where the header names 5"),
        (b"\xff\xfe" + GOOD_ROW, "byte 0 of the row, 0xff, is not UTF-8 text: save the file as UTF-8"),
        (b"caf\xe9" + GOOD_ROW, "byte 3 of the row, 0xe9, is not UTF-8 text"),
        (b'1,6C,"[[5, 4]],[],[[6, 17]]', "the row is not CSV"),
        (b"1,6C," + b"5" * 2_000_000 + b",[],[]", "the row is longer than 1,048,576 bytes"),
        (b"1,6C," + b"5" * 200_000 + b",[],[]", "the row is not CSV: field larger than field limit"),
        (b'1,6C,"[[5, 4]]","[[11, 3]]","[[6, 17]]"', "cannot read holds from '[[11, 3]]': they look like"),
        (b'1,6C,"[[5, 4]]","[[-1, 3]]","[[6, 17]]"', "cannot read holds"),
        (b'1,6C,"[[5, 4]]","[[4, 18]]","[[6, 17]]"', "no hold 'E19'"),
        (b'1,6C,"[[5, 4]]","[[4, 7.5]]","[[6, 17]]"', "no hold 'E8.5'"),
        (b'1,6C,"[[5, 4]]","[[""4"", ""7""]]","[[6, 17]]"', "cannot read holds"),
        (b'1,6C,"[[5, 4]]","[[4, NaN]]","[[6, 17]]"', "no hold"),
        (b'1,6C,"[[5, 4]]","[[NaN, 4]]","[[6, 17]]"', "cannot read holds"),
        (b'1,6C,"[[5, 4]]","[4, 7]","[[6, 17]]"', "cannot read holds"),
        (b'1,6C,"[[5, 4]]","[[4]]","[[6, 17]]"', "cannot read holds"),
        (b'1,6C,"[[5, 4]]","null","[[6, 17]]"', "no hold 'NULL'"),
        (b'1,6C,"[[5, 4]]","' + b"[" * 100_000 + b'","[[6, 17]]"', "cannot read holds"),
        (b'1,6C,"[]","[]","[]"', "the problem has no start hold"),
        (b'1,6C,"[[5, 4]]","[]","[]"', "the problem has no finish hold"),
    ],
)
def test_a_bad_row_is_rejected_and_reading_goes_on(tmp_path: Path, row: bytes, words: str) -> None:
    path = tmp_path / "guide.csv"
    header = b"problem_id,grade,start_holds,mid_holds,end_holds"
    path.write_bytes(b"\r\n".join([header, GOOD_ROW, row, b"", GOOD_ROW]))
    found, (rejection,) = read(path)
    assert len(found) == 2
    assert rejection.record == 1
    assert words in rejection.reason
    assert len(rejection.reason) <= 2000


@pytest.mark.parametrize(
    ("repeats", "count"), [("", None), ("nan", None), ("NaN", None), ("0", 0), ("12", 12), ("137.0", 137), ("12.", 12)]
)
def test_repeats_as_spreadsheets_and_pandas_write_them(tmp_path: Path, repeats: str, count: int | None) -> None:
    path = write_csv(tmp_path / "guide.csv", [{**guide_row(SIX), "repeats": repeats, "is_benchmark": "TRUE"}])
    (problem,) = read(path)[0]
    assert problem.repeats == count
    assert problem.benchmark


@pytest.mark.parametrize("repeats", ["many", "-3", "12.5", "9" * 5000, "١٢"])
def test_repeats_that_are_no_number_are_left_out_with_a_note(tmp_path: Path, repeats: str) -> None:
    path = write_csv(tmp_path / "x", [{**guide_row(SIX), "repeats": repeats}])
    (problem,), notes = noted(path)
    assert problem.repeats is None
    assert [count for note, count in notes.items() if note.startswith("repeats left out: it is ")] == [1]


def test_a_huge_line_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "guide.csv"
    with path.open("wb") as file:
        file.write(b"problem_id,grade,start_holds,mid_holds,end_holds\n")
        for _ in range(50):
            file.write(b"9" * 1_000_000)
        file.write(b"\n" + GOOD_ROW)
    tracemalloc.start()
    found, rejections = read(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (len(found), len(rejections)) == (1, 1)
    assert most < 10_000_000


# Records of JSON


def changed(record: dict[str, Any], *path_and_value: Any) -> dict[str, Any]:
    """A copy of a record with one value, found by a path of keys, replaced; Ellipsis leaves it out."""
    *path, last, value = path_and_value
    record = json.loads(json.dumps(record))
    place = record
    for step in path:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return record


SCRAPED, DUMPED, OWN = scrape_record(SIX), api_record(MASTERS), MASTERS.to_dict()


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (None, "a record is an object with fields, not null"),
        (5, "a record is an object with fields, not 5"),
        ("F5", "a record is an object with fields, not 'F5'"),
        ([SCRAPED], "a record is an object with fields, not a list"),
        ({}, "the field 'holds' is missing"),
        (changed(SCRAPED, "holds", None), "the field 'holds' is null where an object should be"),
        (changed(SCRAPED, "holds", ["F5"]), "the field 'holds' is a list where an object should be"),
        (changed(SCRAPED, "holds", "SH", ...), "the field 'SH' is missing"),
        (changed(SCRAPED, "holds", "SH", None), "the field 'SH' is null where a list should be"),
        (changed(SCRAPED, "holds", "SH", "F5"), "the field 'SH' is 'F5' where a list should be"),
        (changed(SCRAPED, "holds", "SH", {"F5": 1}), "the field 'SH' is an object where a list should be"),
        (changed(SCRAPED, "holds", "IH", [5, 6]), "no hold '5'"),
        (changed(SCRAPED, "holds", "IH", [["E8"]]), "a hold is text such as F5, or a number such as 1149, not a list"),
        (changed(SCRAPED, "holds", "IH", [None]), "a hold is text such as F5, or a number such as 1149, not null"),
        (changed(SCRAPED, "holds", "IH", ["L19"]), "no hold 'L19'"),
        (changed(SCRAPED, "holds", "IH", ["A6"]), "no hold 'A6'"),
        (changed(SCRAPED, "holds", "IH", ["x" * 1_000_000]), "no hold 'XXX"),
        (changed(SCRAPED, "holds", "IH", ["E18"]), "hand hold E18 is not in rows 2 to 17"),
        (changed(SCRAPED, "holds", {"SH": [], "IH": [], "FH": []}), "the problem has no start hold"),
    ],
)
def test_malformed_records_of_a_scrape(tmp_path: Path, record: object, words: str) -> None:
    reason = only_reason(write_json(tmp_path / "scrape", {"problems": [record]}))
    assert words in reason
    assert len(reason) <= 2000


def test_a_record_can_name_any_board_by_its_title(tmp_path: Path) -> None:
    holds = [
        {"Description": "1164", "IsStart": True, "IsEnd": False},
        {"Description": "1302", "IsStart": False, "IsEnd": True},
    ]
    named = changed(DUMPED, "Holdsetup", "Description", "Kilter board  Original") | {"Moves": holds}
    (problem,), rejections = read(write_json(tmp_path / "dump", {"Data": [named]}))
    assert (problem.board, problem.start, rejections) == ("kilter-original", ("1164",), [])


def test_the_boards_that_are_listed_as_known_are_known() -> None:
    for name in boards.shipped_names():
        assert read_board(boards.load(name).title) == name
    with pytest.raises(ClimbpathError, match=r"unknown hold setup 'Kilter': known are ") as raised:
        read_board("Kilter")
    titles = str(raised.value).partition("known are ")[2].split(", ")
    assert [read_board(title) for title in titles] == boards.names()


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (None, "a record is an object with fields, not null"),
        (changed(DUMPED, "Moves", ...), "the field 'Moves' is missing"),
        (changed(DUMPED, "Moves", None), "the field 'Moves' is null where a list should be"),
        (changed(DUMPED, "Moves", []), "the problem has no start hold"),
        (changed(DUMPED, "Moves", 0, None), "a record is an object with fields, not null"),
        (changed(DUMPED, "Moves", 0, "Description", 55), "the field 'Description' is 55 where text should be"),
        (changed(DUMPED, "Moves", 0, "IsStart", "false"), "'IsStart' is 'false' where true or false should be"),
        (changed(DUMPED, "Moves", 0, "IsEnd", ...), "the field 'IsEnd' is missing"),
        (changed(DUMPED, "Moves", 0, "Description", "L19"), "no hold 'L19' on MoonBoard Masters 2017"),
        (changed(DUMPED, "Holdsetup", None), "the record does not name its board"),
        (changed(DUMPED, "Holdsetup", "Description", "Kilter"), "unknown hold setup 'Kilter'"),
        (changed(DUMPED, "MoonBoardConfiguration", "Description", "steep"), "cannot read an angle from 'steep'"),
        (changed(DUMPED, "MoonBoardConfiguration", "Description", "70° MoonBoard"), "not 70°"),
    ],
)
def test_malformed_records_of_an_api_dump(tmp_path: Path, record: object, words: str) -> None:
    assert words in only_reason(write_json(tmp_path / "dump", {"Data": [record]}))


@pytest.mark.parametrize(
    ("record", "fields", "note"),
    [
        (changed(DUMPED, "UserGrade", ""), {"user_grade": None}, ""),
        (changed(DUMPED, "UserGrade", "5"), {"user_grade": None}, "user grade '5' is not on the ladder: left out"),
        (changed(DUMPED, "UserGrade", "V4"), {"user_grade": "6B+"}, ""),
        (changed(DUMPED, "Grade", "7Z"), {"grade": None}, "ungraded: grade '7Z' is not on the ladder"),
        (changed(DUMPED, "Grade", "5A"), {"grade": None}, "ungraded: grade '5A' is not on the ladder"),
        (changed(DUMPED, "Grade", "V1"), {"grade": None}, "ungraded: grade 'V1' is not on the ladder"),
        (changed(DUMPED, "Grade", "7A/7A+"), {"grade": None}, "ungraded: grade '7A/7A+' is not on the ladder"),
        (changed(DUMPED, "Grade", ["7A"]), {"grade": None}, "ungraded: grade a list is not on the ladder"),
        (changed(DUMPED, "Grade", 5), {"grade": None}, "ungraded: grade '5' is not on the ladder"),
        (changed(DUMPED, "Grade", ""), {"grade": None}, "ungraded: no grade"),
        (changed(DUMPED, "Grade", None), {"grade": None}, "ungraded: no grade"),
        (changed(DUMPED, "Grade", ...), {"grade": None}, "ungraded: no grade"),
        (changed(DUMPED, "Grade", "6B+/V4"), {"grade": "6B+"}, ""),
        (changed(DUMPED, "Grade", "v4"), {"grade": "6B+"}, ""),
        (changed(DUMPED, "Grade", " 7a+ (V7)"), {"grade": "7A+"}, ""),
        (changed(DUMPED, "Repeats", "12"), {"repeats": 12}, ""),
        (changed(DUMPED, "Repeats", 12.0), {"repeats": 12}, ""),
        (changed(DUMPED, "Repeats", -1), {"repeats": None}, "repeats left out: it is -1"),
        (changed(DUMPED, "Repeats", 2**31), {"repeats": None}, "repeats left out: it is 2147483648"),
        (changed(DUMPED, "IsBenchmark", "yes"), {"benchmark": True}, ""),
        (changed(DUMPED, "IsBenchmark", "maybe"), {"benchmark": False}, "benchmark left out: it is 'maybe'"),
        (changed(DUMPED, "Method", ["Footless"]), {"method": DEFAULT_METHOD}, "method left out: it is a list"),
        (changed(DUMPED, "Method", "No kickboard"), {"method": "No kickboard"}, ""),
        (changed(DUMPED, "Name", True), {"name": None}, "name left out: it is True"),
        (changed(DUMPED, "Name", 5), {"name": "5"}, ""),
        (changed(DUMPED, "Name", "half \ud800"), {"name": "half ?"}, ""),
        (changed(DUMPED, "Id", {"a": 1}), {"ids": ()}, "id left out: it is an object"),
        (changed(DUMPED, "Moves", 2, "Description", "d9"), {}, ""),
        (changed(DUMPED, "MoonBoardConfiguration", None), {"angle": 40}, ""),
        (changed(DUMPED, "MoonBoardConfiguration", "Description", None), {"angle": 40}, ""),
        (changed(DUMPED, "MoonBoardConfiguration", {"Id": 2}), {"angle": 25}, ""),
        (changed(DUMPED, "Holdsetup", {"Id": 15}), {}, ""),
        (changed(DUMPED, "Holdsetup", {"Id": 1, "Description": "MoonBoard Masters 2017"}), {}, ""),
        (changed(DUMPED, "Holdsetup", 15), {}, ""),
        (changed(DUMPED, "Holdsetup", "Masters 2017"), {}, ""),
    ],
)
def test_an_odd_optional_field_never_costs_a_record(
    tmp_path: Path, record: dict[str, Any], fields: dict[str, Any], note: str
) -> None:
    (problem,), notes = noted(write_json(tmp_path / "dump", {"Data": [record]}))
    assert problem == replace(MASTERS, **{"ids": ("api-dump:1",), **fields})
    assert dict(notes) == ({note: 1} if note else {})


@pytest.mark.parametrize(
    ("setup", "words"),
    [
        ({"Id": 99}, "unknown hold setup number 99: known are 1 = MoonBoard 2016, 15 = MoonBoard Masters 2017"),
        ({"Id": 23}, "MoonBoard 2010 is not supported yet"),
        ({"Id": 1, "Description": "MoonBoard 2010"}, "MoonBoard 2010 is not supported yet"),
        ({}, "the record does not name its board"),
        ({"Id": "one"}, "the record does not name its board"),
    ],
)
def test_boards_that_are_not_known(tmp_path: Path, setup: dict[str, Any], words: str) -> None:
    assert words in only_reason(write_json(tmp_path / "dump", {"Data": [{**DUMPED, "Holdsetup": setup}]}))


@pytest.mark.parametrize(
    ("words", "board"),
    [
        ("MoonBoard 2016", "moonboard-2016"),
        ("moon2016", "moonboard-2016"),
        ("moonboard masters 2017", "moonboard-masters-2017"),
        ("moon2017", "moonboard-masters-2017"),
        ("MoonBoard Masters 2019", "moonboard-masters-2019"),
        ("Masters-2019", "moonboard-masters-2019"),
        ("Mini MoonBoard 2020", "moonboard-mini-2020"),
        ("MoonBoard Mini 2020", "moonboard-mini-2020"),
        ("moonmini2020", "moonboard-mini-2020"),
        ("MoonBoard 2024", "moonboard-2024"),
        ("MoonBoard Mini 2025", "moonboard-mini-2025"),
    ],
)
def test_names_of_boards(words: str, board: str) -> None:
    assert read_board(words) == board


def test_an_unknown_configuration_is_told_and_not_guessed(tmp_path: Path) -> None:
    record = {**DUMPED, "MoonBoardConfiguration": None, "MoonBoardConfigurationId": 7}
    assert "unknown configuration 7" in only_reason(write_json(tmp_path / "dump", {"Data": [record]}))


def test_withdrawn_problems_are_left_out(tmp_path: Path) -> None:
    for name, record in (("DateDeleted", DUMPED), ("dateDeleted", DUMPED)):
        path = write_json(tmp_path / "dump", {"Data": [{**record, name: "2020-01-01"}, {**record, name: None}]})
        left_out, kept = importers.read(path)
        assert isinstance(kept, Problem)
        assert isinstance(left_out, importers.LeftOut)
        assert (left_out.record, left_out.reason) == (0, "withdrawn by its setter (it has a date of deletion)")


def test_fields_of_climbpath_s_own_json_in_other_spellings(tmp_path: Path) -> None:
    own = changed(changed(OWN, "angle", "25"), "beta", [])
    assert noted(write_json(tmp_path / "own", [own]))[0] == [MASTERS]


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (changed(OWN, "angle", 30), "not 30°"),
        (changed(OWN, "board", "kilter"), "unknown hold setup 'kilter'"),
        (changed(OWN, "start", None), "the field 'start' is null where a list should be"),
        (changed(OWN, "start", []), "the problem has no start hold"),
        (changed(OWN, "start", ["D9"]), "start hold D9 is not in rows 1 to 6"),
        (changed(OWN, "start", ["D10"]), "start hold D10 is not in rows 1 to 6"),
        (["start"], "a record is an object with fields, not a list"),
    ],
)
def test_malformed_records_of_climbpath_s_own_json(tmp_path: Path, record: object, words: str) -> None:
    path = write_json(tmp_path / "problems.json", [OWN, record, OWN])
    found, (rejection,) = read(path)
    assert len(found) == 2
    assert rejection.record == 1
    assert words in rejection.reason


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (None, "a record is an object with fields, not null"),
        (["F5-LH"], "a record is an object with fields, not a list"),
        (changed(HANDS, "hands", ...), "the field 'hands' is missing"),
        (changed(HANDS, "hands", "F5-LH"), "the field 'hands' is 'F5-LH' where a list should be"),
        (changed(HANDS, "hands", 2, "L19-LH"), "there is no hold 'L19' on MoonBoard 2016"),
        (changed(HANDS, "hands", 2, "-LH"), "there is no hold ''"),
        (changed(HANDS, "hands", 2, "E8"), "a hand is written F5-LH or F5-RH"),
        (changed(HANDS, "hands", 2, "E8-lh"), "a hand is written F5-LH or F5-RH"),
        (changed(HANDS, "hands", 2, ["E8", "LH"]), "a hand is written F5-LH or F5-RH"),
        (changed(HANDS, "hands", 2, None), "a hand is written F5-LH or F5-RH"),
        (changed(HANDS, "hands", []), "the problem has no start hold"),
        (changed(HANDS, "hands", ["F5-LH", "F5-RH", "E8-LH"]), "the problem has no finish hold"),
        (changed(HANDS, "hands", 1, "E13-RH"), "start hold E13 is not in rows 2 to 6"),
    ],
)
def test_malformed_hand_sequences(tmp_path: Path, record: object, words: str) -> None:
    found, (rejection,) = read(write_json(tmp_path / "sequences", {"1": HANDS, "2": record, "3": HANDS}))
    assert [problem.ids for problem in found] == [("hand-sequence:1",), ("hand-sequence:3",)]
    assert rejection.record == 1
    assert words in rejection.reason


@pytest.mark.parametrize("v_grade", [..., None, "5", 5.5, True, 1, 17, -5])
def test_a_hand_sequence_without_a_grade_is_ungraded(tmp_path: Path, v_grade: object) -> None:
    (_, problem), notes = noted(
        write_json(tmp_path / "sequences", {"1": HANDS, "2": changed(HANDS, "v_grade", v_grade)})
    )
    assert (problem.grade, problem.identity) == (None, SIX.identity)
    assert [note.startswith("ungraded: ") for note in notes] == [True]


def test_hands_on_two_holds_of_the_top_row_make_two_finish_holds(tmp_path: Path) -> None:
    both = changed(HANDS, "hands", 6, "A18-LH")
    (problem,) = read(write_json(tmp_path / "sequences", {"1": both}))[0]
    assert problem.finish == ("A18", "G18")


def test_hand_sequences_cut_off_keep_those_before(tmp_path: Path) -> None:
    whole = json.dumps({str(i): HANDS for i in range(3)}).encode()
    path = tmp_path / "sequences"
    path.write_bytes(whole[: whole.rindex(b'"hands"') + 20])
    found, (rejection,) = read(path)
    assert [problem.ids for problem in found] == [("hand-sequence:0",), ("hand-sequence:1",)]
    assert "the JSON is damaged or cut off here" in rejection.reason


def test_what_an_api_dump_may_leave_out(tmp_path: Path) -> None:
    bare = {name: DUMPED[name] for name in ("Moves", "Holdsetup", "MoonBoardConfiguration", "Grade")}
    empty = dict.fromkeys(("Id", "Name", "UserGrade", "Method", "Repeats", "IsBenchmark"))
    found, rejections = read(write_json(tmp_path / "dump", {"Data": [bare, {**bare, **empty}]}))
    assert rejections == []
    assert found == [MASTERS, MASTERS]


junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@st.composite
def spoiled(pick: st.DrawFn, record: dict[str, Any]) -> object:
    """A record with junk put at some place in it."""

    def places(value: object) -> list[list[object]]:
        inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        return [[], *([key, *rest] for key, deeper in inner for rest in places(deeper))]

    path = pick(st.sampled_from(places(record)))
    return changed(record, *path, pick(junk)) if path else pick(junk)


@in_one_folder
@given(st.data())
def test_no_junk_escapes_as_anything_but_a_rejection(tmp_path: Path, data: st.DataObject) -> None:
    for name, record, container in (("SH", SCRAPED, "problems"), ("Moves", DUMPED, "Data"), ("own", OWN, None)):
        records: list[object] = [record, data.draw(spoiled(record)), data.draw(junk), record]
        path = write_json(tmp_path / name, {container: records} if container else records)
        assert len([*chain(*read(path))]) == 4
    numbered = {"1": HANDS, "2": data.draw(spoiled(HANDS)), "3": data.draw(junk), "4": HANDS}
    assert len([*chain(*read(write_json(tmp_path / "hands", numbered)))]) == 4


@in_one_folder
@given(st.binary(max_size=300), st.integers(0, 1000))
def test_no_bytes_escape_as_anything_but_a_rejection(tmp_path: Path, noise: bytes, place: int) -> None:
    for name in ("guide.csv", "site_scrape.json", "api_dump.json"):
        content = (DATA / name).read_bytes()
        (tmp_path / name).write_bytes(content[:place] + noise + content[place:])
        with suppress(ClimbpathError):
            read(tmp_path / name)


def test_brackets_nested_without_end_take_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "scrape.json"
    good = json.dumps(SCRAPED).encode()
    path.write_bytes(b'{"problems": [' + good + b"," + b"[" * 50_000 + b"]" * 50_000 + b"," + good + b"]}")
    found, (rejection,) = read(path)
    assert len(found) == 2
    assert rejection.reason == "the record is nested more than 64 levels deep"


def test_an_enormous_text_in_json_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "scrape.gz"
    text = b'{"problems": [' + json.dumps(SCRAPED).encode() + b', {"name": "' + b"x" * 50_000_000 + b'"}]}'
    path.write_bytes(gzip.compress(text, 1))
    found, (rejection,) = read(path)
    assert len(found) == 1
    assert rejection.record == 1
    assert "the rest is lost (a record of over 1,048,576 characters stands here)" in rejection.reason


def test_parquet_packed_by_gzip_is_to_be_unpacked(tmp_path: Path) -> None:
    parquet.write(tmp_path / "plain", [SIX])
    (tmp_path / "packed").write_bytes(gzip.compress((tmp_path / "plain").read_bytes()))
    assert only_reason(tmp_path / "packed") == "it is Parquet compressed with gzip: decompress it first"


def test_json_is_read_record_by_record(tmp_path: Path) -> None:
    path = write_json(tmp_path / "scrape.gz", {"problems": [scrape_record(SIX, i) for i in range(20_000)]}, packed=True)
    tracemalloc.start()
    count = sum(1 for _ in documents.records(path))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 20_000
    assert most < 10_000_000


def test_the_first_records_come_before_the_last_are_read(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "guide.csv", (guide_row(SIX, i) for i in range(20_000)))
    reading = importers.read(path)
    assert len(list(islice(reading, 10))) == 10


def test_a_quoted_field_goes_on_over_several_lines(tmp_path: Path) -> None:
    path = tmp_path / "notes.csv"
    path.write_bytes(b'notation,notes\r\nF5s G18e,"one\r\n\r\ntwo"\r\nF5s H18e,three\r\n')
    assert list(pieces.csv_rows(path)) == [
        {"notation": "F5s G18e", "notes": "one\r\n\r\ntwo"},
        {"notation": "F5s H18e", "notes": "three"},
    ]


def test_a_quote_that_is_never_closed_spoils_its_own_line_only(tmp_path: Path) -> None:
    """Also where another is open far below, the file is cut off, or the rest is larger than any row may be."""
    good, bad = b"F5s G18e," + b"x" * 1000 + b"\n", b'F5s G18e,"x\n'
    for after in (b"", good * 3, b"\n" + good * 3 + bad, good * 2000):
        path = tmp_path / "stray.csv"
        path.write_bytes(b"notation,notes\n" + good + bad + after)
        found, rejections = read(path)
        assert len(found) == 1 + after.count(good)
        assert len(rejections) == 1 + after.count(bad)
        assert {rejection.reason for rejection in rejections} == {"the row is not CSV: unexpected end of data"}
    packed = gzip.compress(b"notation,notes\n" + good * 5 + bad + good * 500)
    path.write_bytes(packed[:-9])
    found, (stray, cut) = read(path)
    assert len(found) > 400
    assert stray == Rejection(str(path), 5, "the row is not CSV: unexpected end of data")
    assert "the rest is lost" in cut.reason


def test_csv_of_the_guide_s_own_writer(tmp_path: Path) -> None:
    """Quoted numbers, quoted header and a field that holds commas and quotes."""
    path = tmp_path / "guide.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        row = {**guide_row(SIX), "comment": 'a "quoted", word'}
        writer.writerow(row)
        writer.writerow(row.values())
    assert [problem.identity for problem in read(path)[0]] == [SIX.identity]
