"""Whatever a file holds, an import takes little memory beyond the problems that it keeps."""

import gzip
import json
import struct
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from climbpath.data import importers
from climbpath.data.importers import Failure, Rejection, climbpath_parquet
from support.commands import run
from support.making import write_json

MOST_MB = 300
MEASURED = """
import sys
from climbpath.cli import main
try:
    main()
finally:
    print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")), file=sys.stderr)
"""
SIX = '{"start": ["F5"], "hands": ["E8"], "finish": ["G18"], "grade": "6C", "ids": ["a:%d"]}'


def deep(path: Path, size: int) -> None:
    path.write_bytes(gzip.compress(b'{"problems": ' + b"[" * (40 * size), 1))


def bad_lines(path: Path, size: int) -> None:
    path.write_bytes(b"notation\n" + b"x\n" * (size // 10))


def different_bad_lines(path: Path, size: int) -> None:
    path.write_text("notation\n" + "".join(f"x{i}\n" for i in range(size // 10)))


def one_line(path: Path, size: int) -> None:
    path.write_bytes(gzip.compress(b"notation\n" + b"F5 " * (30 * size), 1))


def one_text(path: Path, size: int) -> None:
    path.write_bytes(gzip.compress(b'[{"start": ["' + b"x" * (100 * size), 1))


def one_problem(path: Path, size: int) -> None:
    path.write_text("".join(SIX % i + "\n" for i in range(size // 10)))


def many_fields(path: Path, size: int) -> None:
    path.write_text("[{" + ",".join(f'"f{i}":[[],[]]' for i in range(size)) + "}]")


def small_lists(path: Path, size: int) -> None:
    path.write_bytes(gzip.compress(b'{"problems": [' + b"[[[[[[[1]]]]]]]," * (size // 10), 1))


def long_list_of_files(path: Path, size: int) -> None:
    entry = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"x"
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 65535, 65535, len(entry) * size, 0, 0)
    path.write_bytes(b"PK\x03\x04"[:0] + entry * size + end)
    with path.open("r+b") as file:
        file.write(b"PK\x03\x04")  # looks like a zip from its first byte on


def bomb(path: Path, size: int) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in range(5):
            archive.writestr(f"{name}.csv", b"notation\n" + b"0" * (20 * size))


def written(path: Path, names: "pa.Array", hands: "pa.Array | None" = None, **options: Any) -> None:
    """A Parquet file of problems with these names, and with these hands."""
    schema, rows = climbpath_parquet.schema(), len(names)
    columns = {field.name: pa.nulls(rows, field.type) for field in schema}
    table = pa.table({**columns, "name": names, **({} if hands is None else {"hands": hands})}, schema=schema)
    parquet.write_table(table, path, **{"compression": "zstd", **options})


def long_name_meant_often(path: Path, size: int) -> None:
    written(path, pa.array(["x" * 300_000] * 1000))


def long_texts(path: Path, size: int) -> None:
    written(path, pa.array([f"{i}" + "x" * (size // 4) for i in range(100)]))


def list_of_nothing(path: Path, size: int) -> None:
    items = pa.nulls(2 * size, pa.string())
    written(path, pa.nulls(1, pa.string()), pa.ListArray.from_arrays(pa.array([0, len(items)], pa.int32()), items))


def texts_made_of_the_one_before(path: Path, size: int) -> None:
    names = pa.array([f"{'x' * 50_000}{i}" for i in range(size // 1000)])
    written(path, names, use_dictionary=False, column_encoding={"name": "DELTA_BYTE_ARRAY"})


def footer(path: Path, schema: bytes, columns: bytes) -> None:
    """A Parquet file with nothing but a footer, in Thrift's compact protocol, of these parts."""
    whole = b"\x15\4" + schema + b"\x16\0" + b"\x19\x1c" + columns + b"\x16\0\x16\0\0" + b"\0"
    path.write_bytes(b"PAR1" + whole + struct.pack("<I", len(whole)) + b"PAR1")


def long(kind: bytes, count: int, items: bytes) -> bytes:
    """A list of so many structs, with its field."""
    digits = bytearray()
    while count > 127:
        digits.append(count & 127 | 128)
        count >>= 7
    return kind + b"\xfc" + bytes([*digits, count]) + items


def many_columns(path: Path, size: int) -> None:
    footer(path, b"\x19\x1c\x48\1s\x15\0\0", long(b"\x19", size // 10, b"\x26\0\0" * (size // 10)))


def deep_schema(path: Path, size: int) -> None:
    footer(path, long(b"\x19", size // 10, b"\x48\1s\x15\2\0" * (size // 10)), b"\x19\x0c")


def lists_of_lists(path: Path, size: int) -> None:
    footer(path, b"\x19" + b"\x19" * (size // 100), b"\x19\x0c")


HOSTILE: tuple[Callable[[Path, int], None], ...] = (
    *(deep, bad_lines, different_bad_lines, one_line, one_text, one_problem, many_fields, small_lists),
    *(long_list_of_files, bomb, long_name_meant_often, long_texts, list_of_nothing, texts_made_of_the_one_before),
    *(many_columns, deep_schema, lists_of_lists),
)


def most_memory(path: Path, folder: Path) -> float:
    """Import a file in a process of its own: the most memory that it took, in MB."""
    done = run(sys.executable, "-c", MEASURED, "data", "import", path, "-o", "out.parquet", "--force", cwd=folder)
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode in (0, 2), done.stderr
    assert (folder / "out.report.json").stat().st_size < 2_000_000
    return int(done.stderr.rpartition("VmHWM:")[2].split()[0]) / 1024


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how much memory a process took at most")
@pytest.mark.parametrize("write", HOSTILE, ids=lambda write: write.__name__)
def test_an_import_takes_little_memory_whatever_the_file(write: Callable[[Path, int], None], tmp_path: Path) -> None:
    write(tmp_path / "file", 100_000)
    assert most_memory(tmp_path / "file", tmp_path) < MOST_MB


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how much memory a process took at most")
@pytest.mark.parametrize("write", HOSTILE, ids=lambda write: write.__name__)
def test_an_import_takes_little_memory_however_large_the_file(
    write: Callable[[Path, int], None], tmp_path: Path
) -> None:
    write(tmp_path / "file", 10_000_000)
    most = most_memory(tmp_path / "file", tmp_path)
    print(f"\n{write.__name__}: {most:.0f} MB at most")
    assert most < MOST_MB


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({f"f{i}": 1 for i in range(2000)}, "more than 1,000 fields"),
        ({"start": ["F5"] * 600, "finish": ["G18"] * 600}, "more than 1,000 holds"),
    ],
)
def test_a_record_has_so_many_fields_and_holds(tmp_path: Path, record: object, words: str) -> None:
    good = {"start": ["F5"], "finish": ["G18"]}
    items = list(importers.read(write_json(tmp_path / "x", [good, record, good])))
    assert [type(item).__name__ for item in items] == ["Problem", "Rejection", "Problem"]
    assert isinstance(items[1], Rejection)
    assert words in items[1].reason


def test_a_first_line_has_so_many_fields(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("notation," + ",".join(f"f{i}" for i in range(2000)) + "\n")
    (item,) = importers.read(tmp_path / "x")
    assert isinstance(item, Failure)


def test_a_zip_with_an_endless_list_of_files_is_refused_unread(tmp_path: Path) -> None:
    long_list_of_files(tmp_path / "x", 200_000)
    (item,) = importers.read(tmp_path / "x")
    assert isinstance(item, Failure)
    assert "the zip lists more than 10,000 files" in item.reason


def test_the_ids_of_a_thousand_records_of_a_problem_are_kept(tmp_path: Path) -> None:
    one_problem(tmp_path / "x", 5000)
    from climbpath.data.merge import gather

    gathered = gather([("x", importers.read(tmp_path / "x"))])
    (problem,) = gathered.problems
    assert set(problem.ids) == {f"a:{i}" for i in range(500)}
    assert gathered.tallies[0].merged == 499
    assert json.dumps(problem.to_dict())


def test_a_zip_whose_names_are_no_text_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x", "w") as archive:
        archive.writestr("é.csv", "notation\n")
    path = tmp_path / "x"
    path.write_bytes(path.read_bytes().replace("é".encode(), b"\xce\xff"))
    (item,) = importers.read(path)
    assert isinstance(item, Failure)
    assert "the zip is damaged" in item.reason


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (long_name_meant_often, "more than 16,777,216 bytes of texts: write it again in row groups of 10,000"),
        (list_of_nothing, "more than 1,000,000 values"),
        (texts_made_of_the_one_before, "a column is encoded as climbpath encodes none"),
        (long_texts, "more than 16,777,216 bytes: write it again"),
        (many_columns, "its footer has too many parts"),
        (deep_schema, "its footer has too many parts"),
        (lists_of_lists, "its footer has too many parts"),
    ],
)
def test_parquet_that_unpacks_to_more_than_it_states_is_refused_before_it_is_unpacked(
    write: Callable[[Path, int], None], words: str, tmp_path: Path
) -> None:
    write(tmp_path / "x", 1_000_000)
    (item,) = importers.read(tmp_path / "x")
    assert isinstance(item, Rejection)
    assert words in item.reason


@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "brotli", "lz4", "zstd"])
@pytest.mark.parametrize("page_version", ["1.0", "2.0"])
def test_climbpath_s_parquet_that_another_program_wrote_again_is_read(
    compression: str, page_version: str, tiny: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again.parquet"
    parquet.write_table(
        parquet.read_table(tiny), again, compression=compression, data_page_version=page_version, row_group_size=200
    )
    assert list(importers.read(again)) == list(importers.read(tiny))


def test_parquet_in_a_zip_is_read_and_a_damaged_zip_costs_that_file_only(tiny: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(tiny, "problems.parquet")
    assert list(importers.read(tmp_path / "x.zip")) == list(importers.read(tiny))
    content = bytearray((tmp_path / "x.zip").read_bytes())
    for at in range(2000, 2100):
        content[at] ^= 255
    (tmp_path / "x.zip").write_bytes(content)
    items = list(importers.read(tmp_path / "x.zip"))
    assert [type(item) for item in items] in ([Rejection], [Failure])
