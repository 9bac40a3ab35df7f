"""Whatever a file holds, an import takes little memory beyond the problems that it keeps."""

import gzip
import json
import struct
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from climbpath.data import importers
from climbpath.data.importers import Failure, Rejection
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


HOSTILE: tuple[Callable[[Path, int], None], ...] = (
    *(deep, bad_lines, different_bad_lines, one_line, one_text, one_problem, many_fields, small_lists),
    *(long_list_of_files, bomb),
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
