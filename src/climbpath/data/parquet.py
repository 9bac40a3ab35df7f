"""The Parquet files that hold sets of problems."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from climbpath.data.importers import climbpath_parquet, detect
from climbpath.errors import ClimbpathError
from climbpath.files import replacing
from climbpath.problem import Problem, check_sound

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = 10_000
"""Problems in a row group of a Parquet file."""
OPTIONS: dict[str, Any] = {"compression": "zstd", "write_page_checksum": True}


def write(path: Path, problems: Iterable[Problem]) -> int:
    """Write problems to a Parquet file, one batch in memory at a time, and return how many there were.

    The file is written completely or not at all. Raises ClimbpathError where it cannot be written, or a problem is not
    sound.
    """
    from pyarrow import parquet

    written = 0
    try:
        with (
            replacing(path) as temporary,
            parquet.ParquetWriter(temporary, climbpath_parquet.schema(), **OPTIONS) as file,
        ):
            checksum = climbpath_parquet.Checksum()
            remaining = iter(problems)
            while batch := list(islice(remaining, BATCH)):
                for problem in batch:
                    check_sound(problem)
                rows = rows_of(batch)
                checksum.add(rows)
                file.write_batch(rows)
                written += len(batch)
            file.add_key_value_metadata({climbpath_parquet.CHECKSUM: checksum.value()})
    except UnicodeEncodeError as error:
        raise ClimbpathError(f"cannot write {path}: {error.object!r} is not Unicode text") from error
    return written


def rows_of(problems: Sequence[Problem]) -> "pa.RecordBatch":
    """Problems as rows of a Parquet file."""
    import pyarrow as pa

    schema = climbpath_parquet.schema()
    columns = [[getattr(problem, name) for problem in problems] for name in schema.names]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.record_batch(arrays, schema=schema)


def concatenate(path: Path, files: Iterable[tuple[Path, NDArray[np.bool_]]]) -> None:
    """Put the problems of Parquet files that `write` wrote into one, those of each that are to be kept, a few batches
    in memory at a time.

    Raises ClimbpathError where it cannot be written.
    """
    from pyarrow import parquet

    with replacing(path) as temporary, parquet.ParquetWriter(temporary, climbpath_parquet.schema(), **OPTIONS) as out:
        checksum = climbpath_parquet.Checksum()
        for batch in _full(_kept(files)):
            checksum.add(batch)
            out.write_batch(batch)
        out.add_key_value_metadata({climbpath_parquet.CHECKSUM: checksum.value()})


def _kept(files: Iterable[tuple[Path, NDArray[np.bool_]]]) -> Iterator["pa.RecordBatch"]:
    """The rows of files that are to be kept, in batches."""
    import pyarrow as pa

    for file, kept in files:
        first = 0
        for batch in climbpath_parquet.batches(file, BATCH):
            yield batch.filter(pa.array(kept[first : first + len(batch)]))
            first += len(batch)


def _full(batches: Iterable["pa.RecordBatch"]) -> Iterator["pa.RecordBatch"]:
    """The same rows in batches of BATCH: a row group each, of which a file can have some hundreds."""
    import pyarrow as pa

    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        while sum(map(len, waiting)) >= BATCH:
            (whole,) = pa.Table.from_batches(waiting).combine_chunks().to_batches()
            yield whole.slice(0, BATCH)
            waiting = [whole.slice(BATCH)]
    if any(map(len, waiting)):
        yield from pa.Table.from_batches(waiting).combine_chunks().to_batches()


def read(path: Path, batch_size: int = BATCH, group: int | None = None) -> Iterator[Problem]:
    """The problems of a Parquet file that climbpath wrote, or of one of its row groups, one batch in memory at a time.

    Raises ClimbpathError, naming the file and what to do, where it is not one or is damaged.
    """
    _check_format(path)
    index = 0
    try:
        for record in climbpath_parquet.records(path, batch_size, group):
            yield check_sound(Problem.from_dict(record))
            index += 1
    except ClimbpathError as error:
        raise ClimbpathError(
            f"{path}, record {index}: {error}: create the file again with climbpath data import"
        ) from error


class RowGroups:
    """Parquet files that climbpath wrote, kept open: sets of problems that need not fit in memory.

    Raises ClimbpathError, naming the file and what to do, where it is not one or is damaged.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = paths
        self.files: list[climbpath_parquet.OpenFile] = []
        for path in paths:
            _check_format(path)
            with _naming(path):
                self.files.append(climbpath_parquet.OpenFile(path.open("rb")))
        sizes = [rows for file in self.files for rows in file.rows]
        self.first = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
        """The number of the first row of each group, and of all rows, [groups + 1]."""
        self.places = [(file, number) for file in range(len(paths)) for number in range(len(self.files[file].rows))]
        """The file of each group, and its number there."""

    def __len__(self) -> int:
        return int(self.first[-1])

    def records(self, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """The values of some columns of all rows, in order; what is read is checked to the last byte."""
        for path in self.paths:
            with _naming(path):
                for batch in climbpath_parquet.batches(path, BATCH):
                    yield from zip(*(batch.column(name).to_pylist() for name in columns), strict=True)

    def problems(self, rows: NDArray[np.int64], columns: Sequence[str]) -> Iterator[Problem]:
        """Problems by their rows, which rise, with what some columns know of them."""
        groups = np.searchsorted(self.first, rows, side="right") - 1
        for group in np.unique(groups).tolist():
            file, number = self.places[group]
            wanted = rows[groups == group] - self.first[group]
            with _naming(self.paths[file]):
                table = self.files[file].group(number, columns).take(wanted)
                for record in table.to_pylist():
                    yield check_sound(Problem.from_dict(record))


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Raises ClimbpathError, naming the file and the way out, for what is wrong with one."""
    import pyarrow as pa

    try:
        yield
    except (ClimbpathError, pa.ArrowException, OSError, ValueError) as error:
        raise ClimbpathError(f"{path}: {error}: create the file again with climbpath data import") from error


def _check_format(path: Path) -> None:
    """Raises ClimbpathError, naming it, where a file is not Parquet."""
    try:
        if detect(path) is not climbpath_parquet:
            raise ClimbpathError("it is not Parquet: convert it with climbpath data import")
    except ClimbpathError as error:
        raise ClimbpathError(f"{path}: {error}") from error


def load(path: str | Path) -> list[Problem]:
    """All problems of a Parquet file that climbpath wrote. Raises ClimbpathError as `read` does."""
    return list(read(Path(path)))
