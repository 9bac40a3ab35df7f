"""Climbpath's own Parquet, as `climbpath data import` writes it: one row a problem, a column for every field."""

import hashlib
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any, get_args

import numpy as np

from climbpath.data.importers.parquet_limits import check_footer, check_group
from climbpath.data.importers.pieces import Source, pieces
from climbpath.data.importers.records import Note, unnoted
from climbpath.data.importers.sample import Sample
from climbpath.errors import ClimbpathError
from climbpath.problem import FIELDS, LABELS, Problem, check_sound

if TYPE_CHECKING:
    import pyarrow as pa

TITLE = "climbpath's own Parquet"
EXAMPLE = ("a Parquet file that climbpath wrote:", "climbpath data import problems.json -o problems.parquet")
NAMES = frozenset({"a Parquet file"})
NEEDS = "it needs the columns that climbpath data import writes"
LARGEST_MEMBER = 256 << 20
"""Bytes of a Parquet file in a zip, which is unpacked to a temporary file."""
VERSION = "4"
"""Of the schema; it stands in the file's metadata."""
CHECKSUM = b"climbpath.checksum"
"""Where the checksum of the content stands in the file's metadata; files that other programs wrote again lack it."""
MAGIC = b"PAR1"
"""The first bytes of every Parquet file."""


def schema() -> "pa.Schema":
    """The columns: the fields of Problem, each with its type, none left out."""
    import pyarrow as pa

    types = {str: pa.string(), int: pa.int32(), bool: pa.bool_(), LABELS: pa.list_(pa.string())}
    required = {name: hint if hint in types else get_args(hint)[0] for name, hint in FIELDS.items()}
    columns = [(name, types[hint]) for name, hint in required.items()]
    return pa.schema(columns, metadata={"climbpath.problems": VERSION})


def recognises(sample: Sample) -> bool:
    """Whether a file that starts so is one, or another program's Parquet."""
    return sample.start.startswith(MAGIC)


def records(path: Source, batch_size: int = 10_000, group: int | None = None) -> Iterator[dict[str, Any]]:
    """The rows, or those of one row group, as dicts of plain Python values, in memory for one batch.

    Raises ClimbpathError where the file is damaged, or not one of climbpath's; what is noticed by the checksum alone
    is noticed behind the last row.
    """
    for batch in batches(path, batch_size, group):
        columns = [column.to_pylist() for column in batch.columns]
        for values in zip(*columns, strict=True):
            yield dict(zip(batch.schema.names, values, strict=True))


def batches(path: Source, batch_size: int = 10_000, group: int | None = None) -> Iterator["pa.RecordBatch"]:
    """The rows, or those of one row group, in batches. Raises ClimbpathError as `records` does."""
    import pyarrow as pa

    with path.open("rb") as file:
        if file.read(4) != MAGIC:
            raise ClimbpathError("it is Parquet compressed with gzip: decompress it first")
    checksum = Checksum()
    try:
        with _seekable(path) as file:
            opened = OpenFile(file)
            for number in range(len(opened.rows)) if group is None else (group,):
                for batch in opened.batches(number, batch_size):
                    checksum.add(batch)
                    yield batch
            stated = (opened.table.metadata.metadata or {}).get(CHECKSUM)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise ClimbpathError(f"the Parquet is damaged or cut off here; the rest is lost ({error})") from error
    if group is None and stated is not None and stated != checksum.value():
        raise ClimbpathError("the Parquet is damaged: its checksum is not that of its content")


class OpenFile:
    """An open file, whose row groups can be read in any order. Raises ClimbpathError where it is not climbpath's.

    What Arrow says of a damaged one is raised as it is.
    """

    def __init__(self, file: IO[bytes]) -> None:
        from pyarrow import parquet

        self.file, self.chunks = file, check_footer(file)
        self.table = parquet.ParquetFile(file, page_checksum_verification=True)
        _check(self.table.schema_arrow, self.table.metadata.created_by)
        self.rows = [self.table.metadata.row_group(number).num_rows for number in range(len(self.chunks))]

    def batches(self, number: int, batch_size: int) -> Iterator["pa.RecordBatch"]:
        """A row group in batches."""
        check_group(self.file, self.chunks[number])
        yield from self.table.iter_batches(batch_size, row_groups=[number])

    def group(self, number: int, columns: Sequence[str]) -> "pa.Table":
        """Some columns of a row group."""
        check_group(self.file, self.chunks[number])
        return self.table.read_row_group(number, columns)


def row_groups(path: Source) -> int:
    """How many row groups a file has. Raises ClimbpathError where its footer is damaged."""
    with _seekable(path) as file:
        return len(check_footer(file))


@contextmanager
def _seekable(path: Source) -> Iterator[IO[bytes]]:
    """A file to be read here and there; one in a zip is unpacked to a temporary file first."""
    if not isinstance(path, zipfile.Path):
        with path.open("rb") as file:
            yield file
        return
    with TemporaryFile() as file:
        for piece in pieces(path):
            file.write(piece)
            if file.tell() > LARGEST_MEMBER:
                raise ClimbpathError("it is a very large Parquet file in a zip: unpack it first")
        yield file


class Checksum:
    """A checksum of rows, whatever batches they come in: each column's nulls, lengths and values have one.

    Parquet has checksums of its pages, and none of its footer, which says how many rows and pages there are.
    """

    def __init__(self) -> None:
        self.parts: dict[str, Any] = {}

    def add(self, batch: "pa.RecordBatch") -> None:
        """Take in the next rows."""
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            self._add(name, column)

    def _add(self, name: str, column: "pa.Array") -> None:
        import pyarrow as pa
        from pyarrow import compute

        self._update(f"{name} null", column.is_null())
        if pa.types.is_list(column.type):
            self._update(f"{name} length", compute.list_value_length(column).fill_null(0))
            self._add(f"{name} item", column.flatten())
        elif pa.types.is_string(column.type):
            self._update(f"{name} length", compute.binary_length(column).fill_null(0))
            _, offsets, values = column.buffers()
            first, last = np.frombuffer(offsets, np.int32)[[column.offset, column.offset + len(column)]]
            self._part(name).update(memoryview(values or b"")[first:last])
        else:
            self._update(name, column.fill_null(pa.scalar(0).cast(column.type)))

    def _update(self, name: str, numbers: "pa.Array") -> None:
        self._part(name).update(numbers.to_numpy(zero_copy_only=False).tobytes())

    def _part(self, name: str) -> Any:
        return self.parts.setdefault(name, hashlib.blake2b(digest_size=16))

    def value(self) -> bytes:
        """The checksum of all rows so far."""
        whole = "".join(f"{name} {part.hexdigest()}\n" for name, part in sorted(self.parts.items()))
        return hashlib.blake2b(whole.encode(), digest_size=16).hexdigest().encode()


def problem(record: dict[str, Any], note: Note = unnoted) -> Problem:
    """The problem of one row. Raises ClimbpathError with the reason where there is none."""
    return check_sound(Problem.from_dict(record))


def _check(found: "pa.Schema", created_by: str) -> None:
    version = (found.metadata or {}).get(b"climbpath.problems", b"").decode("utf-8", "replace")
    if not version:
        raise ClimbpathError("it is Parquet, but not written by climbpath")
    if version != VERSION:
        raise ClimbpathError(f"it is of version {version}, and this climbpath reads version {VERSION}")
    if created_by.startswith("parquet-mr"):  # whose old files Arrow reads beyond the sizes that they state
        raise ClimbpathError("it was written again by another program: take the file that climbpath wrote")
    if not found.equals(schema()):
        raise ClimbpathError("its columns are not those that climbpath writes")
