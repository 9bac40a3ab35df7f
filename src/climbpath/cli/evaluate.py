"""Command that measures a model: evaluate."""

from collections import defaultdict
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from climbpath.cli.common import (
    FILE,
    MOST_LISTED,
    PLACE,
    SEED,
    Command,
    cluster_flag,
    data_files,
    data_flags,
    distinct,
    model_flag,
    on_cluster,
    tell_written,
    write_json,
)
from climbpath.errors import ClimbpathError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from climbpath.board import Setup
    from climbpath.problem import Problem


@click.command(cls=Command)
@model_flag
@data_flags(
    "Parquet file of 'climbpath data import', with --cluster also s3://bucket/file.parquet; more may follow it.",
    PLACE,
    required=True,
)
@click.option(
    "--split",
    type=click.Choice(["test", "validation", "all"]),
    help="What is held out. [default: test; all, where the model was trained on none of the data]",
)
@click.option(
    "--samples", type=click.IntRange(10, MOST_LISTED), default=5000, help="Problems to generate for each setting."
)
@click.option(
    "--compare",
    type=FILE,
    multiple=True,
    help="A list of problems from elsewhere, measured in the same way; repeatable.",
)
@click.option("--report", type=FILE, help="Folder for report.html and report.json. [default: a new out/evaluate]")
@click.option("--seed", type=SEED, default=0, help="Seed of samples, folds and resamples.")
@cluster_flag
@click.option("--force", is_flag=True, help="Overwrite a report that exists.")
def evaluate(
    model: Path | None,
    data: tuple[Path, ...],
    more: tuple[Path, ...],
    split: str | None,
    samples: int,
    compare: tuple[Path, ...],
    report: Path | None,
    seed: int,
    cluster: str | None,
    force: bool,
) -> None:
    """Measure a model against real problems that it never saw; without --model, each bundled one on its boards.

    Begins with the result in three sentences: whether generated problems can be told from real ones, keep to their
    grades, and are new. Tables follow, with the reason of every dash below them. Takes a few minutes, and needs the
    extra train.

    Lists from elsewhere (--compare) are JSON [[hold, ...], ...], CSV with one problem per line, or any format of
    'climbpath data import'. They are compared on the board and angle with the most held-out problems.

    With --cluster every board and angle is measured by a worker of its own.

    \b
    climbpath evaluate --data problems.parquet --report out/evaluate
    climbpath evaluate --data moon.parquet kilter.parquet tension.parquet
    climbpath evaluate --model best.pt --data problems.parquet --compare theirs.json
    climbpath evaluate --data all.parquet --cluster auto
    """
    from climbpath import board as boards
    from climbpath import files
    from climbpath.evaluation import evaluate as evaluation
    from climbpath.evaluation import report as reports
    from climbpath.evaluation.hold_lists import read_hold_lists
    from climbpath.evaluation.results import to_json
    from climbpath.model.checkpoint import bundled_model, load_model

    folder = report or files.new_folder(Path("out") / "evaluate")
    page, numbers = folder / "report.html", folder / "report.json"
    files.refuse_overwrite([page, numbers], force)
    known = distinct(data_files(data, more))
    if model:
        trained = load_model(model)
        models = {model.name: (trained, evaluation.held_out(trained, known, split))}
    else:
        models = {
            name: (bundled_model(name), evaluation.held_out(bundled_model(name), known, split, setups))
            for name, setups in _by_bundled_model(known).items()
        }
    setup = evaluation.main_setup([held for _, held in models.values()])
    board = boards.load(setup.board)
    stems = [path.stem for path in compare]
    lists = [
        read_hold_lists(path, board)._replace(name=path.stem if stems.count(path.stem) == 1 else str(path))
        for path in compare
    ]
    with on_cluster(cluster) if cluster else nullcontext(map) as each:
        result = evaluation.evaluate(
            models,
            samples=samples,
            compare={setup: lists},
            seed=seed,
            tell=lambda stage: click.echo(f"… {stage}", err=True),
            each=each,
        )
    click.echo(f"{reports.text(result)}\n")
    write_json(numbers, to_json(result))
    with files.replacing(page) as temporary:
        temporary.write_text(reports.page(result), encoding="utf-8")
    tell_written(page, note=", which says what the columns mean")
    tell_written(numbers)


def _by_bundled_model(problems: "Sequence[Problem]") -> "dict[str, set[Setup]]":
    """Name of a bundled model -> the setups of some problems that it is the model of. The first has those, too, that
    none has learned, so that they are counted. Raises ClimbpathError where no setup is learned."""
    from climbpath.model.checkpoint import bundled_model_of

    found: defaultdict[str, set[Setup]] = defaultdict(set)
    refused: dict[Setup, ClimbpathError] = {}
    for setup in dict.fromkeys(problem.setup for problem in problems):
        try:
            found[bundled_model_of(setup)].add(setup)
        except ClimbpathError as error:
            refused[setup] = error
    if not found:
        raise next(iter(refused.values()), ClimbpathError("the data holds no problems"))
    next(iter(found.values())).update(refused)
    return found
