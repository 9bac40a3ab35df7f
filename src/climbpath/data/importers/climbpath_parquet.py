"""Climbpath's own Parquet, as `climbpath data import` writes it: one row a problem, a column for every field."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from climbpath.data.importers.pieces import Source
from climbpath.data.importers.records import Note, check_supported, unnoted
from climbpath.data.importers.sample import Sample
from climbpath.errors import ClimbpathError
from climbpath.problem import FIELDS, LABELS, Problem

if TYPE_CHECKING:
    import pyarrow as pa

TITLE = "climbpath's own Parquet"
EXAMPLE = ("a Parquet file that climbpath wrote:", "climbpath data import problems.json -o problems.parquet")
NAMES = frozenset({"a Parquet file"})
NEEDS = "it needs the columns that climbpath data import writes"
LARGEST_MEMBER = 256 << 20
"""Bytes of a Parquet file in a zip, which is unpacked in memory."""
VERSION = "4"
"""Of the schema; it stands in the file's metadata."""
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


def records(path: Source, batch_size: int = 10_000) -> Iterator[dict[str, Any]]:
    """The rows as dicts of plain Python values, in memory for one batch.

    Raises ClimbpathError where the file is damaged, or not one of climbpath's.
    """
    import pyarrow as pa
    from pyarrow import parquet

    with path.open("rb") as file:
        if file.read(4) != MAGIC:
            raise ClimbpathError("it is Parquet compressed with gzip: decompress it first")
    source: Path | BytesIO
    if isinstance(path, Path):
        source = path
    else:
        with path.open("rb") as file:
            source = BytesIO(file.read(LARGEST_MEMBER + 1))
        if source.getbuffer().nbytes > LARGEST_MEMBER:
            raise ClimbpathError("it is a very large Parquet file in a zip: unpack it first")
    try:
        with parquet.ParquetFile(source, page_checksum_verification=True) as table:
            _check(table.schema_arrow)
            for batch in table.iter_batches(batch_size):
                columns = [column.to_pylist() for column in batch.columns]
                for values in zip(*columns, strict=True):
                    yield dict(zip(batch.schema.names, values, strict=True))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise ClimbpathError(f"the Parquet is damaged or cut off here; the rest is lost ({error})") from error


def problem(record: dict[str, Any], note: Note = unnoted) -> Problem:
    """The problem of one row. Raises ClimbpathError with the reason where there is none."""
    return check_supported(Problem.from_dict(record))


def _check(found: "pa.Schema") -> None:
    version = (found.metadata or {}).get(b"climbpath.problems", b"").decode("utf-8", "replace")
    if not version:
        raise ClimbpathError("it is Parquet, but not written by climbpath")
    if version != VERSION:
        raise ClimbpathError(f"it is of version {version}, and this climbpath reads version {VERSION}")
    if not found.equals(schema()):
        raise ClimbpathError("its columns are not those that climbpath writes")
