"""Lists of problems from elsewhere, of which only the holds count."""

import csv
import gzip
import json
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from climbpath import board as boards
from climbpath.data import parquet
from climbpath.errors import ClimbpathError
from climbpath.evaluation.hold_lists import HoldLists, read_hold_lists
from climbpath.problem import parse_notation
from support.making import DATA, random_problems, write_json

BOARD = boards.load("moonboard-2016")
SIX = parse_notation("F5s E8 G11 E13 H15 G18e", grade="6C")
HOLDS = frozenset(SIX.holds)
OTHER = frozenset({"G6", "D9", "G13", "E18"})


def lists_of(path: Path) -> HoldLists:
    return read_hold_lists(path, BOARD)


def test_json_lists_of_holds(tmp_path: Path) -> None:
    lists = [list(SIX.holds), ["g6", " D9", "G13", "E18 "], ["F5", "F5"], [], ["F5", "L19"], ["A6", "F5", "G18"]]
    name, kept, left_out = lists_of(write_json(tmp_path / "theirs.json", lists))
    assert "theirs.json" in name
    assert kept == [HOLDS, OTHER]
    assert left_out == {
        "with fewer than two holds": 2,
        "with holds that are not on MoonBoard 2016": 2,
    }


def test_a_list_may_hold_one_problem_twice_but_no_hold(tmp_path: Path) -> None:
    doubled = [[*SIX.holds, *SIX.holds], list(SIX.holds)]
    assert lists_of(write_json(tmp_path / "x", doubled)).problems == [HOLDS, HOLDS]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "marked"])
@pytest.mark.parametrize("separator", [",", ";", " ", "\t", ", "], ids=["comma", "semicolon", "space", "tab", "both"])
def test_csv_with_one_problem_to_a_line(tmp_path: Path, separator: str, mark: bytes) -> None:
    path = tmp_path / "theirs.csv"
    rows = [separator.join(["name", "holds"]), separator.join(SIX.holds), "", separator.join(sorted(OTHER)).lower()]
    path.write_bytes(mark + "\r\n".join(rows).encode())
    assert lists_of(path).problems == [HOLDS, OTHER]


def test_csv_with_quoted_lists_and_other_columns(tmp_path: Path) -> None:
    path = tmp_path / "theirs.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["number", "holds", "grade"])
        writer.writerow([1, str(list(SIX.holds)), "7A"])
        writer.writerow([2, json.dumps(sorted(OTHER)), "6B+"])
    assert lists_of(path).problems == [HOLDS, OTHER]


NUMBERED = boards.load("tension-1")
FOUR = NUMBERED.labels[:4]


@pytest.mark.parametrize(
    "content",
    [
        " ".join(FOUR),
        ",".join(FOUR),
        f'id,holds,grade,repeats\n17,"{" ".join(FOUR)}",V5,120',
        f"id;holds\n17;{' '.join(FOUR)}",
        '17,"' + json.dumps(FOUR).replace('"', '""') + '"',
        json.dumps([FOUR]),
        json.dumps([list(map(int, FOUR))]),
    ],
    ids=["spaces", "commas", "columns", "semicolons", "quoted JSON", "JSON", "JSON numbers"],
)
def test_lists_of_a_board_whose_holds_are_numbers(tmp_path: Path, content: str) -> None:
    path = tmp_path / "theirs"
    path.write_text(content)
    assert read_hold_lists(path, NUMBERED) == HoldLists(str(path), [frozenset(FOUR)], Counter())


@pytest.mark.parametrize(
    ("content", "line", "other"),
    [
        (f"id,a,b,c,d\n17,{','.join(FOUR)}", 2, 1),
        (f"{';'.join(FOUR)}\n17;{';'.join(FOUR)};V5\n", 1, 2),
    ],
    ids=["a header", "a grade"],
)
def test_where_holds_are_numbers_no_other_column_is_taken_for_one(
    tmp_path: Path, content: str, line: int, other: int
) -> None:
    path = tmp_path / "theirs.csv"
    path.write_text(content)
    with pytest.raises(ClimbpathError, match=f"line {line}: which of its numbers are holds.* Line {other} .* one cell"):
        read_hold_lists(path, NUMBERED)
    path.write_text("id,a,b\n17,F5,G18")  # where they are not, one is told from the other
    assert lists_of(path).problems == [{"F5", "G18"}]


def test_a_cell_that_lists_holds_is_the_problem_whatever_else_looks_like_a_hold(tmp_path: Path) -> None:
    path = tmp_path / "theirs.csv"
    path.write_text('A1,"F5 E8 G11 E13 H15 G18"\nA2,"G6, D9, G13, E18"\nA3,"F5 E8","G11 G18"\n')
    kept, left_out = lists_of(path)[1:]
    assert kept == [HOLDS, OTHER]
    assert left_out == {"with several lists of holds in one line": 1}


@pytest.mark.parametrize("content", [json.dumps([SIX.holds]), " ".join(SIX.holds)], ids=["JSON", "text"])
def test_lists_may_be_packed(tmp_path: Path, content: str) -> None:
    path = tmp_path / "theirs.gz"
    path.write_bytes(gzip.compress(content.encode()))
    assert lists_of(path).problems == [HOLDS]
    path.write_bytes(gzip.compress(content.encode())[:-9])
    with pytest.raises(ClimbpathError, match=r"theirs\.gz.*break off"):
        lists_of(path)


def test_records_that_importers_leave_out_are_counted_with_the_reason(tmp_path: Path) -> None:
    record = {"Id": 1, "Grade": "6C", "Holdsetup": {"Description": "MoonBoard 2016"}, "DateDeleted": "2020-01-01"}
    record["Moves"] = [{"Description": one, "IsStart": one == "F5", "IsEnd": one == "G18"} for one in ("F5", "G18")]
    path = write_json(tmp_path / "x", {"Data": [record]})
    with pytest.raises(ClimbpathError, match=r"no problem in it can be compared \(1 withdrawn by its setter"):
        lists_of(path)


def test_every_format_of_problems_is_a_list_of_holds(tmp_path: Path) -> None:
    problems = random_problems(4)
    expected = [frozenset(problem.holds) for problem in problems]
    own = write_json(tmp_path / "own.json", [problem.to_dict() for problem in problems])
    parquet.write(tmp_path / "own.parquet", problems)
    assert lists_of(own).problems == lists_of(tmp_path / "own.parquet").problems == expected
    kept, left_out = lists_of(DATA / "guide.csv")[1:]
    assert kept[0] == HOLDS
    assert left_out == {"rejected: there is no hold 'A6' on MoonBoard 2016": 1}


def test_problems_of_another_board_are_left_out_though_it_has_their_holds(tmp_path: Path) -> None:
    elsewhere = replace(SIX, board="moonboard-masters-2017")
    kept, left_out = lists_of(write_json(tmp_path / "x", [elsewhere.to_dict(), SIX.to_dict()]))[1:]
    assert kept == [HOLDS]
    assert left_out == {"on moonboard-masters-2017": 1}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it lists no holds"),
        (b"no climbing here\n", "it lists no holds"),
        (b"[]", "it lists no holds"),
        (b"[[]]", "1 with fewer than two holds"),
        (b'[["F5"], ["L19", "F5"]]', "1 with fewer than two holds; 1 with holds that are not on"),
        (b'[["F5", "G18"]', "it is not valid JSON"),
        (b'["F5", "G18"]', "record 0: it is not a list of holds"),
        (b'[["F5", "G18"], {"holds": []}]', "record 1: it is not a list of holds"),
        (b'[["F5", 18]]', "1 with holds that are not on"),
        (b'[["F5", 1.5]]', "record 0: it is not a list of holds"),
        (b'[["F5", true]]', "record 0: it is not a list of holds"),
        (b"[null]", "record 0: it is not a list of holds"),
        (b"\xff\xfe[\x00", "it is not UTF-8 text"),
        (b"\x89PNG\r\n\x1a\n", r"it is not UTF-8 text \(it is a picture"),
        (b"[" * 100_000, "JSON"),
        (b'"' + b"F5 " * 60_000 + b'"', "or CSV"),
    ],
    ids=lambda value: None if isinstance(value, str) else repr(value[:24]),
)
def test_what_lists_no_holds_is_named_with_the_way_out(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "theirs"
    path.write_bytes(content)
    with pytest.raises(ClimbpathError, match=words) as caught:
        lists_of(path)
    assert str(path) in str(caught.value)


pieces_of_lists = st.sampled_from(["[", "]", '"F5"', '"G18"', "L19 ", "E8 ", ",", '"', "\n", "{", ":"])
noise = st.binary(max_size=40) | st.lists(pieces_of_lists, max_size=12).map(lambda parts: "".join(parts).encode())


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(noise)
def test_any_file_lists_holds_of_the_board_or_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "theirs"
    path.write_bytes(content)
    with suppress(ClimbpathError):
        found = lists_of(path).problems
        assert found
        assert all(len(labels) >= 2 and labels <= set(BOARD.labels) for labels in found)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.json", tmp_path):
        with pytest.raises(ClimbpathError, match="there is no such file"):
            lists_of(path)


def test_what_lists_leave_out_does_not_hide_problems(tmp_path: Path) -> None:
    """A rejected record of a known format is counted with its reason, and the rest is kept."""
    bad = replace(SIX, name=None).to_dict() | {"start": ["D9"]}
    kept, left_out = lists_of(write_json(tmp_path / "x", [SIX.to_dict(), bad]))[1:]
    assert kept == [HOLDS]
    assert left_out == {"rejected: start hold D9 is not in rows 2 to 6": 1}
