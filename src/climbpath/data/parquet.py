"""The Parquet files that hold sets of problems."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from climbpath.data.importers import climbpath_parquet, detect
from climbpath.errors import ClimbpathError
from climbpath.files import replacing
from climbpath.problem import Problem, check_sound

BATCH = 10_000
"""Problems in a row group of a Parquet file."""
OPTIONS: dict[str, Any] = {"compression": "zstd", "write_page_checksum": True}


def write(path: Path, problems: Iterable[Problem]) -> int:
    """Write problems to a Parquet file, one batch in memory at a time, and return how many there were.

    The file is written completely or not at all. Raises ClimbpathError where it cannot be written, or a problem is not
    sound.
    """
    import pyarrow as pa
    from pyarrow import parquet

    schema = climbpath_parquet.schema()
    written = 0
    try:
        with replacing(path) as temporary, parquet.ParquetWriter(temporary, schema, **OPTIONS) as file:
            checksum = climbpath_parquet.Checksum()
            remaining = iter(problems)
            while batch := list(islice(remaining, BATCH)):
                for problem in batch:
                    check_sound(problem)
                columns = [[getattr(problem, name) for problem in batch] for name in schema.names]
                arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
                rows = pa.record_batch(arrays, schema=schema)
                checksum.add(rows)
                file.write_batch(rows)
                written += len(batch)
            file.add_key_value_metadata({climbpath_parquet.CHECKSUM: checksum.value()})
    except UnicodeEncodeError as error:
        raise ClimbpathError(f"cannot write {path}: {error.object!r} is not Unicode text") from error
    return written


def concatenate(path: Path, files: Sequence[Path]) -> None:
    """Put the problems of Parquet files that `write` wrote into one, one batch in memory at a time.

    Raises ClimbpathError where it cannot be written.
    """
    from pyarrow import parquet

    with replacing(path) as temporary, parquet.ParquetWriter(temporary, climbpath_parquet.schema(), **OPTIONS) as out:
        checksum = climbpath_parquet.Checksum()
        for file in files:
            for batch in climbpath_parquet.batches(file, BATCH):
                checksum.add(batch)
                out.write_batch(batch)
        out.add_key_value_metadata({climbpath_parquet.CHECKSUM: checksum.value()})


def read(path: Path, batch_size: int = BATCH) -> Iterator[Problem]:
    """The problems of a Parquet file that climbpath wrote, one batch in memory at a time.

    Raises ClimbpathError, naming the file and what to do, where it is not one or is damaged.
    """
    try:
        if detect(path) is not climbpath_parquet:
            raise ClimbpathError("it is not Parquet: convert it with climbpath data import")
    except ClimbpathError as error:
        raise ClimbpathError(f"{path}: {error}") from error
    index = 0
    try:
        for record in climbpath_parquet.records(path, batch_size):
            yield check_sound(Problem.from_dict(record))
            index += 1
    except ClimbpathError as error:
        raise ClimbpathError(
            f"{path}, record {index}: {error}: create the file again with climbpath data import"
        ) from error


def load(path: Path) -> list[Problem]:
    """All problems of a Parquet file that climbpath wrote. Raises ClimbpathError as `read` does."""
    return list(read(path))
