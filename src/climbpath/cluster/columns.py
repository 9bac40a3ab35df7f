"""Problems of Parquet files with more columns: their grades, or their betas."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from climbpath.beta.body import Climber
from climbpath.beta.moves import HANDS
from climbpath.beta.solver import solve
from climbpath.data import parquet
from climbpath.data.importers import climbpath_parquet
from climbpath.errors import ClimbpathError
from climbpath.files import replacing
from climbpath.grader.grader import Grader, checked_grader_of, predict
from climbpath.grades import v_grade
from climbpath.parts import Each, claim, missing_parts, part
from climbpath.problem import Problem
from climbpath.progress import progress_bar

if TYPE_CHECKING:
    import pyarrow as pa

Columns = Callable[[Sequence[Problem]], "pa.Table"]
"""Columns for some problems, a row each."""


def add_columns(
    source: Path, folder: Path, columns: Columns, request: dict[str, Any], each: Each, description: str
) -> int:
    """Write the problems of a Parquet file, or of all in a folder, with more columns to Parquet files in a folder: one
    for each row group, unless it is there already.

    Args:
        source: the file or folder; like `folder`, it may be in a store of objects.
        folder: of these files alone.
        columns: what is added.
        request: what is asked for, in plain JSON types; the same in the same folder resumes.
        each: does the work of several row groups.
        description: of the progress bar.

    Returns how many files there are. Raises ClimbpathError where a file cannot be read, or the folder has other files.
    """
    groups = _row_groups(source)
    claim(folder, {"problems": str(source), "row groups": len(groups), **request})

    def work(number: int) -> None:
        file, group = groups[number]
        problems = list(parquet.read(file, group=group))
        _write(part(folder, number), problems, columns(problems))

    missing = missing_parts(folder, range(len(groups)))
    with progress_bar(None, description, len(groups)) as bar:
        bar.update(len(groups) - len(missing))
        for _ in each(work, missing):
            bar.update(1)
    return len(groups)


def _row_groups(source: Path) -> list[tuple[Path, int]]:
    """The row groups of a file, or of those in a folder. Raises ClimbpathError where there are none."""
    if not source.exists():
        raise ClimbpathError(f"{source}: there is no such file or folder")
    files = sorted(source.glob("*.parquet")) if source.is_dir() else [source]
    found = []
    for file in files:
        try:
            found += [(file, number) for number in range(climbpath_parquet.row_groups(file))]
        except ClimbpathError as error:
            raise ClimbpathError(f"{file}: {error}") from error
    if not found:
        raise ClimbpathError(f"{source} holds no problems in Parquet: convert other files with climbpath data import")
    return found


def _write(path: Path, problems: Sequence[Problem], added: "pa.Table") -> None:
    """Write problems and the columns that are added to them."""
    import pyarrow as pa
    from pyarrow import parquet as files

    table = pa.Table.from_batches([parquet.rows_of(problems)]).replace_schema_metadata(None)
    for name in added.column_names:
        table = table.append_column(added.schema.field(name), added[name])
    with replacing(path) as temporary:
        files.write_table(table, temporary, compression="zstd")


def grade_columns(grader: Grader | None) -> Columns:
    """The grades that a grader gives, or that of each setup: `predicted` with its `v_grade`, `perhaps` for another that
    is nearly as likely, and the `probabilities` of all; null for a problem that is longer than the grader can read.

    Raises ClimbpathError where none has learned a setup.
    """

    def columns(problems: Sequence[Problem]) -> "pa.Table":
        import pyarrow as pa

        graders = {setup: grader or checked_grader_of(setup) for setup in dict.fromkeys(one.setup for one in problems)}
        readable = [i for i, one in enumerate(problems) if graders[one.setup].reads(one)]
        found = dict(zip(readable, predict([problems[i] for i in readable], graders), strict=True))
        predictions = [found.get(i) for i in range(len(problems))]
        probabilities = [one and list(one.probabilities.items()) for one in predictions]
        return pa.table(
            {
                "predicted": pa.array([one and one.grade for one in predictions], pa.string()),
                "v_grade": pa.array([one and v_grade(one.grade) for one in predictions], pa.string()),
                "perhaps": pa.array([one and one.perhaps for one in predictions], pa.string()),
                "probabilities": pa.array(probabilities, pa.map_(pa.string(), pa.float32())),
            }
        )

    return columns


def beta_columns(climber: Climber) -> Columns:
    """The betas for a climber, with the fields of a beta in JSON; where the hands start is `hands_on`, since the start
    holds are `start`.
    """

    def columns(problems: Sequence[Problem]) -> "pa.Table":
        import pyarrow as pa

        betas = [beta.to_dict() for beta in solve(problems, climber)]
        hands = pa.struct([(hand, pa.string()) for hand in HANDS])
        texts = [(name, pa.string()) for name in ("hand", "origin", "hold", "other")]
        move = pa.struct([("number", pa.int32()), *texts, ("difficulty", pa.float32()), ("too_far", pa.float32())])
        types = {
            "hands_on": hands,
            "moves": pa.list_(move),
            "crux": pa.int32(),
            "difficulty": pa.float32(),
            "no_hand": pa.list_(pa.string()),
            "climbable": pa.bool_(),
            "too_far_cm": pa.float32(),
            "start_too_far_cm": pa.float32(),
        }
        records = [{**beta, "hands_on": beta["start"]} for beta in betas]
        return pa.table({name: pa.array([one[name] for one in records], kind) for name, kind in types.items()})

    return columns
