"""The formats: their examples, what detects them, round trips through ours, broken and hostile files."""

import gzip
import json
import pickle
import random
import sqlite3
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from climbpath.data import exporters, importers, parquet
from climbpath.data.importers import FORMATS, Failure, Importer, LeftOut, Rejection, aurora, climbpath_parquet
from climbpath.errors import ClimbpathError
from climbpath.problem import Problem, parse_notation
from support.commands import ROOT, climbpath
from support.making import ANGLES, EVERY_BOARD, api_record, problems, write_json
from support.mutation import mutated

SIX = parse_notation("F5s E8 G11 E13 H15 G18e", grade="6C")
OTHER = parse_notation("C5s F6s D9 G12 E15 F18e", "moonboard-masters-2017", 25, "6A")
EXAMPLES = [one for one in FORMATS if one not in (climbpath_parquet, aurora)]  # which are no text

in_one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)


def name_of(importer: Importer) -> str:
    return importer.__name__.rpartition(".")[2]  # type: ignore[attr-defined]


# The table of formats


@pytest.mark.parametrize("importer", EXAMPLES, ids=name_of)
def test_the_example_of_a_format_is_read_by_its_importer(tmp_path: Path, importer: Importer) -> None:
    path = tmp_path / "example"
    path.write_text("\n".join(importer.EXAMPLE) + "\n", encoding="utf-8")
    assert importers.detect(path) is importer
    (problem,) = importers.read(path)
    assert isinstance(problem, Problem)
    assert (problem.start, problem.finish) == (("F5",), ("G18",))
    assert problem.grade == ("6C+" if problem.partial else "6C")


def test_help_lists_every_format_with_its_example() -> None:
    done = climbpath("data", "import", "--help", cwd=ROOT)
    assert done.returncode == 0
    for one in FORMATS:
        assert one.TITLE in done.stdout
        assert all(line in done.stdout for line in one.EXAMPLE)


def test_the_documentation_lists_every_format_with_its_example() -> None:
    text = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    for one in FORMATS:
        assert f"**{one.TITLE}**" in text
        assert "\n".join(one.EXAMPLE) in text
    assert text.count("\n**") - text.count("\n**Kept") >= len(FORMATS)


# Round trips


def only_problems(path: Path) -> list[Problem]:
    items = list(importers.read(path))
    assert [item for item in items if not isinstance(item, Problem)] == []
    return items  # type: ignore[return-value]


EXPORTS: dict[str, Callable[[list[Problem]], str]] = {
    "json": exporters.to_json,
    "csv": exporters.to_csv,
    "app": exporters.to_app,
    "jsonl": lambda some: "".join(json.dumps(problem.to_dict()) + "\n" for problem in some),
}


@in_one_folder
@given(st.lists(problems(partial=True), min_size=1, max_size=4))
def test_no_format_of_ours_loses_anything(tmp_path: Path, written: list[Problem]) -> None:
    written[0] = replace(written[0], grade=None)
    for name, export in EXPORTS.items():
        path = tmp_path / name
        path.write_text(export(written), encoding="utf-8", newline="")
        assert only_problems(path) == written, name
    parquet.write(tmp_path / "parquet", written)
    assert only_problems(tmp_path / "parquet") == written


@in_one_folder
@given(st.lists(problems(EVERY_BOARD, angles=ANGLES), min_size=1, max_size=4))
def test_problems_of_every_board_at_every_angle_come_back(tmp_path: Path, written: list[Problem]) -> None:
    """An unknown angle stays unknown. The app's shape is MoonBoards' alone."""
    for name in ("json", "csv", "jsonl"):
        path = tmp_path / name
        path.write_text(EXPORTS[name](written), encoding="utf-8", newline="")
        assert only_problems(path) == written, name


@given(problems())
def test_notation_keeps_holds_and_roles(problem: Problem) -> None:
    again = parse_notation(problem.notation, problem.board, problem.angle, problem.grade)
    assert (again.identity, again.grade) == (problem.identity, problem.grade)


def test_unknown_repeats_stay_unknown_in_the_shape_of_the_app() -> None:
    (record,) = json.loads(exporters.to_app([SIX]))["Data"]
    assert "Repeats" not in record
    assert json.loads(exporters.to_app([replace(SIX, repeats=0)]))["Data"][0]["Repeats"] == 0


KILTER = parse_notation("1164s 1233 1083f 1117f 1302e", "kilter-original", 40, "6C")


def test_the_shape_of_the_app_is_for_moonboards(tmp_path: Path) -> None:
    with pytest.raises(ClimbpathError, match=r"which has no Kilter Board Original: write json or csv") as raised:
        list(exporters.write([SIX, KILTER], tmp_path / "out", ["json", "app"], False))
    assert "MoonBoard app" in str(raised.value)
    assert not (tmp_path / "out").exists()
    assert len(list(exporters.write([SIX, OTHER], tmp_path / "out", ["json", "app"], False))) == 2


# Documents one after another, and cut off


def pages(count: int, size: int = 3, indent: int | None = None) -> list[str]:
    return [
        json.dumps({"Data": [api_record(SIX, size * i + j) for j in range(size)], "Total": 9}, indent=indent)
        for i in range(count)
    ]


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("between", ["\n", "", "\n\n", ",\n"])
def test_pages_one_after_another(tmp_path: Path, indent: int | None, between: str) -> None:
    (tmp_path / "pages").write_text(between.join(pages(4, indent=indent)))
    assert [p.ids for p in only_problems(tmp_path / "pages")] == [(f"api-dump:{i}",) for i in range(12)]


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("between", ["\n", ""])
def test_a_cut_off_page_loses_that_page_alone(tmp_path: Path, indent: int | None, between: str) -> None:
    first, second, third = pages(3, indent=indent)
    for cut in range(20, len(second), 37):
        (tmp_path / "pages").write_text(between.join([first, second[:cut], third]))
        items = list(importers.read(tmp_path / "pages"))
        found = [item.ids[0] for item in items if isinstance(item, Problem)]
        assert found[:3] == ["api-dump:0", "api-dump:1", "api-dump:2"]
        assert found[-3:] == ["api-dump:6", "api-dump:7", "api-dump:8"], cut
        (lost,) = [item for item in items if isinstance(item, Rejection)]
        assert "the rest of this page is lost" in lost.reason


def test_json_lines_lose_only_the_line_that_is_damaged(tmp_path: Path) -> None:
    lines = [json.dumps(api_record(SIX, i)) for i in range(5)]
    lines[2] = lines[2][:200]
    (tmp_path / "lines").write_text("\n".join(lines))
    items = list(importers.read(tmp_path / "lines"))
    assert [item.ids[0][9:] if isinstance(item, Problem) else "lost" for item in items] == ["0", "1", "lost", "3", "4"]


def test_records_under_their_numbers_and_in_a_bare_list(tmp_path: Path) -> None:
    record = {name: value for name, value in api_record(SIX).items() if name != "Id"}
    assert [p.ids for p in only_problems(write_json(tmp_path / "keyed", {"7": record, "8": record}))] == [
        ("api-dump:7",),
        ("api-dump:8",),
    ]
    assert [p.ids for p in only_problems(write_json(tmp_path / "field", {"total": 1, "data": {"9": record}}))] == [
        ("api-dump:9",)
    ]
    assert len(only_problems(write_json(tmp_path / "list", [record, record]))) == 2
    assert len(only_problems(write_json(tmp_path / "one", record))) == 1


@pytest.mark.parametrize("size", [(1 << 19) - 3, 1 << 19, (1 << 20) + 7])
def test_records_across_the_borders_of_what_is_read_at_once(tmp_path: Path, size: int) -> None:
    long = {**api_record(SIX, 1), "Comment": "x" * size}
    path = write_json(tmp_path / "dump", {"Data": [api_record(SIX, 0), long, api_record(SIX, 2)]})
    items = list(importers.read(path))
    assert isinstance(items[0], Problem)
    assert isinstance(items[-1], Problem if size < 1 << 20 else Rejection)


# Zips, and files of other kinds


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_a_zip_is_read_as_the_files_in_it(tmp_path: Path) -> None:
    parquet.write(tmp_path / "own", [OTHER])
    path = zipped(
        tmp_path / "x",
        {
            "a.json": exporters.to_json([SIX]).encode(),
            "b/c.csv": exporters.to_csv([OTHER]).encode(),
            "d.gz": gzip.compress(exporters.to_app([SIX]).encode()),
            "e.parquet": (tmp_path / "own").read_bytes(),
            "f.txt": b"hello",
            "__MACOSX/a.json": b"junk",
        },
    )
    items = list(importers.read(path))
    assert [item for item in items if isinstance(item, Problem)] == [SIX, OTHER, SIX, OTHER]
    (failure,) = [item for item in items if isinstance(item, Failure)]
    assert failure.file.endswith("f.txt")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "the zip is empty"),
        ({"xl/workbook.xml": b"<x/>"}, "it is an Excel workbook: save the sheet as CSV"),
        ({"archive/data.pkl": b"\x80\x02}q\x00."}, "it is a PyTorch file, which holds a pickle"),
        ({"inner.zip": b"PK\x03\x04more"}, "it is a zip in a zip or gzip: unpack it first"),
    ],
)
def test_zips_that_are_refused(tmp_path: Path, files: dict[str, bytes], words: str) -> None:
    (failure,) = importers.read(zipped(tmp_path / "x.zip", files))
    assert isinstance(failure, Failure)
    assert words in failure.reason


@pytest.mark.parametrize("share", [0.3, 0.7, 0.98])
def test_a_damaged_zip_is_a_failure_or_a_rejection(tmp_path: Path, share: float) -> None:
    content = exporters.to_json([replace(SIX, name=f"{i * 7919 % 10007}") for i in range(2000)]).encode()
    path = zipped(tmp_path / "x.zip", {"a.json": content})
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    (cut,) = importers.read(path)
    assert isinstance(cut, Failure)
    spoiled = bytearray(whole)
    spoiled[int(share * 0.9 * len(whole))] ^= 0xFF
    path.write_bytes(spoiled)
    assert not isinstance(list(importers.read(path))[-1], Problem)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("content", [[{"grade": "6C"}], {"grade": ["6C"]}, ("6C", "7A")])
def test_a_pickle_is_never_opened(tmp_path: Path, protocol: int, content: object) -> None:
    path = tmp_path / "problems.pkl"
    path.write_bytes(pickle.dumps(content, protocol))
    (failure,) = importers.read(path)
    assert isinstance(failure, Failure)
    assert "a Python pickle, which is never opened" in failure.reason


class Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path.touch, (Path("sprung"),))  # type: ignore[return-value]


def test_a_pickle_s_program_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x").write_bytes(pickle.dumps(Trap()))
    list(importers.read(Path("x")))
    assert not Path("sprung").exists()


def test_databases_say_which_kind_they_are(tmp_path: Path) -> None:
    for tables, words in (
        ("climbs placements", "the table 'climbs' of the database has no column 'layout_id'"),
        ("profiles entries ticks lists", "it is a logbook of climbpath's web app"),
        ("things", "it is an SQLite database with the tables things, and not one of an Aurora board"),
    ):
        path = tmp_path / tables.replace(" ", "")
        db = sqlite3.connect(path)
        for table in tables.split():
            db.execute(f"CREATE TABLE {table} (x)")
        db.close()
        (failure,) = importers.read(path)
        assert isinstance(failure, Failure)
        assert words in failure.reason


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"problems": [{"id": 1, "climbMethod": "", "configurations": []}]}', "nearest is the app's catalogue"),
        ('[{"id": 1, "mb_type": 0}]', "It is a JSON list; a record has id, mb_type; nearest is the benchmark guide's"),
        ("grade;start_holds;mid\n6C;F5;G6\n", "CSV with the columns grade, start_holds, mid; nearest is CSV with"),
        ('{"a": [1, 2]}', "It is JSON; a record has a; climbpath reads:"),
        ("just words", "It is text that begins 'just words'"),
        ("<html></html>", "it is a web page or XML"),
    ],
)
def test_a_refusal_says_what_was_found_and_what_comes_nearest(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "x").write_text(content)
    items = list(importers.read(tmp_path / "x"))
    assert any(words in item.reason for item in items if not isinstance(item, Problem)), items


def test_a_refusal_is_not_cut_short_and_not_endless(tmp_path: Path) -> None:
    record = {f"field number {i} {'x' * 100}": i for i in range(1000)}
    (failure,) = importers.read(write_json(tmp_path / "x", [record]))
    assert isinstance(failure, Failure)
    assert "and 980 more" in failure.reason
    assert 300 < len(failure.reason) <= 2000


# Mutated files: no traceback, no hang, little memory

SECONDS, BYTES = 2.0, 500_000_000


def fuzz(path: Path, content: bytes, count: int, seed: int) -> None:
    rng = random.Random(seed)
    for number in range(count):
        data = mutated(content, rng)
        path.write_bytes(gzip.compress(data, 1) if number % 50 == 0 else data)
        begin = time.process_time()
        for item in importers.read(path):
            assert isinstance(item, Problem | Rejection | LeftOut | Failure)
            if not isinstance(item, Problem):
                assert 0 < len(item.reason) <= 2000
        assert time.process_time() - begin < SECONDS, f"seed {seed}, number {number}"


def content_of(importer: Importer, folder: Path) -> bytes:
    """A small file of a format."""
    if importer is climbpath_parquet:
        parquet.write(folder / "own", [SIX, OTHER])
        return (folder / "own").read_bytes()
    return "\n".join(importer.EXAMPLE).encode() + b"\n"


@pytest.mark.parametrize("importer", FORMATS, ids=name_of)
def test_mutated_files_give_no_traceback(tmp_path: Path, importer: Importer) -> None:
    tracemalloc.start()
    fuzz(tmp_path / "x", content_of(importer, tmp_path), 200, 1)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < BYTES


@pytest.mark.slow
@pytest.mark.parametrize("importer", FORMATS, ids=name_of)
def test_three_thousand_mutated_files_give_no_traceback(tmp_path: Path, importer: Importer) -> None:
    begin = time.perf_counter()
    fuzz(tmp_path / "x", content_of(importer, tmp_path), 3000, 2)
    took = time.perf_counter() - begin
    print(f"\n{name_of(importer)}: 3,000 tries, 0 failures, {took:.0f} s")


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 3_000_000,
        b'{"Data": ' + b"[" * 2_000_000,
        b"\n[[[[[[" * 300_000,
        (b"\n" + b"[" * 1000) * 2000,
        b'{"Data": [' + b'"\\' * 1_000_000,
        b'\n{"' * 500_000,
        b'{"Data": [' + b"1," * 500_000,
        b'{"a": 1}\n' * 200_000,
        b'"' * 3_000_000,
        b"{" * 10 + b'"a":[' * 100_000,
        b"a,b\n" + b'"\n' * 500_000,
        b"notation\n" + b"F5s " * 1_000_000,
        b"notation,grade\n" + b'"' * 1_000_000,
        b"\x80\x04" * 500_000,
        b"(lp0\n" * 500_000,
    ],
    ids=range(15),
)
def test_hostile_files_take_neither_long_nor_much_memory(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    tracemalloc.start()
    begin = time.process_time()
    count = sum(1 for _ in importers.read(tmp_path / "x"))
    took, most = time.process_time() - begin, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count
    assert most < BYTES
    assert took < 30, "tracing memory slows this down some five times"
