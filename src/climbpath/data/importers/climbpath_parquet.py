"""Climbpath's own Parquet, as `climbpath data import` writes it: one row a problem, a column for every field."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from climbpath.errors import ClimbpathError
from climbpath.problem import Problem, sound

if TYPE_CHECKING:
    import pyarrow as pa

TITLE = "climbpath's own Parquet"
VERSION = "2"
"""Of the schema; it stands in the file's metadata."""


def schema() -> "pa.Schema":
    """The columns: the fields of Problem, each with its type, none left out."""
    import pyarrow as pa

    labels = pa.list_(pa.string())
    return pa.schema(
        [
            ("board", pa.string()),
            ("angle", pa.int16()),
            ("grade", pa.string()),
            ("start", labels),
            ("hands", labels),
            ("feet", labels),
            ("finish", labels),
            ("name", pa.string()),
            ("ids", pa.list_(pa.string())),
            ("repeats", pa.int32()),
            ("benchmark", pa.bool_()),
            ("method", pa.string()),
            ("user_grade", pa.string()),
            ("partial", pa.bool_()),
        ],
        metadata={"climbpath.problems": VERSION},
    )


def recognises(start: bytes) -> bool:
    """Whether a file that starts with these bytes is one, or another program's Parquet."""
    return start.startswith(b"PAR1")


def records(path: Path, batch_size: int = 10_000) -> Iterator[dict[str, Any]]:
    """The rows as dicts of plain Python values, in memory for one batch.

    Raises ClimbpathError where the file is damaged, or not one of climbpath's.
    """
    import pyarrow as pa
    from pyarrow import parquet

    with path.open("rb") as file:
        if not recognises(file.read(4)):
            raise ClimbpathError("it is Parquet packed by gzip: unpack it first")
    try:
        with parquet.ParquetFile(path, page_checksum_verification=True) as table:
            _check(table.schema_arrow)
            for batch in table.iter_batches(batch_size):
                columns = [column.to_pylist() for column in batch.columns]
                for values in zip(*columns, strict=True):
                    yield dict(zip(batch.schema.names, values, strict=True))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise ClimbpathError(f"the Parquet is damaged or cut off here, the rest is lost ({error})") from error


def problem(record: dict[str, Any]) -> Problem:
    """The problem of one row. Raises ClimbpathError with the reason where it holds none."""
    return sound(Problem.from_dict(record))


def _check(found: "pa.Schema") -> None:
    version = (found.metadata or {}).get(b"climbpath.problems", b"").decode("utf-8", "replace")
    if not version:
        raise ClimbpathError("it is Parquet, but not a file of climbpath's")
    if version != VERSION:
        raise ClimbpathError(f"it is of version {version}, and this climbpath reads version {VERSION}")
    if not found.equals(schema()):
        raise ClimbpathError("its columns are not those of a file of climbpath's")
