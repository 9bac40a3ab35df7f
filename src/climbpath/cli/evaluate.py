"""Command that measures a model: evaluate."""

from collections import Counter
from pathlib import Path

import click

from climbpath.cli.common import FILE, MOST_LISTED, SEED, model_flag, write_json


@click.command()
@model_flag
@click.option("--data", type=FILE, required=True, help="Parquet file from 'climbpath data import'.")
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
@click.option("--force", is_flag=True, help="Overwrite a report that exists.")
def evaluate(
    model: Path | None,
    data: Path,
    split: str | None,
    samples: int,
    compare: tuple[Path, ...],
    report: Path | None,
    seed: int,
    force: bool,
) -> None:
    """Measure a model against real problems that it never saw.

    Begins with the result in three sentences: whether generated problems can be told from real ones, keep to their
    grades, and are new. Tables follow, with the reason of every dash below them. Takes a few minutes, and needs the
    extra train.

    Lists from elsewhere (--compare) are JSON [[hold, ...], ...], CSV with one problem per line, or any format of
    'climbpath data import'. They are compared on the board and angle with the most held-out problems.

    \b
    climbpath evaluate --data problems.parquet --report out/evaluate
    climbpath evaluate --model best.pt --data problems.parquet --compare theirs.json
    """
    from climbpath import board as boards
    from climbpath import files
    from climbpath.data import parquet
    from climbpath.evaluation import evaluate as evaluation
    from climbpath.evaluation import report as reports
    from climbpath.evaluation.hold_lists import read_hold_lists
    from climbpath.evaluation.results import to_json
    from climbpath.model.checkpoint import bundled_model, bundled_model_of, load_model

    folder = report or files.new_folder(Path("out") / "evaluate")
    page, numbers = folder / "report.html", folder / "report.json"
    files.refuse_overwrite([page, numbers], force)
    known = parquet.load(data)
    if model:
        trained = load_model(model)
    else:  # the bundled model of the setup with the most problems
        (setup, _), *_ = Counter(problem.setup for problem in known).most_common()
        trained = bundled_model(bundled_model_of(setup))
    held = evaluation.held_out(trained, known, split)
    setup = evaluation.main_setup(held)
    board = boards.load(setup.board)
    stems = [path.stem for path in compare]
    lists = [
        read_hold_lists(path, board)._replace(name=path.stem if stems.count(path.stem) == 1 else str(path))
        for path in compare
    ]
    result = evaluation.evaluate(
        trained,
        held,
        samples=samples,
        compare={setup: lists},
        seed=seed,
        tell=lambda stage: click.echo(f"… {stage}", err=True),
    )
    click.echo(reports.text(result))
    write_json(numbers, to_json(result))
    with files.replacing(page) as temporary:
        temporary.write_text(reports.page(result), encoding="utf-8")
    click.echo(f"\nWrote {page}, which says what the columns mean, and {numbers}")
