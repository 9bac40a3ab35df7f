"""The command that searches for better settings of a recipe: tune."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from climbpath.cli.common import FILE, LEARNED_FROM, Command, data_files, data_flags, on_cluster, tell_written, warn
from climbpath.training.recipes import find_recipe, recipe_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from climbpath.cluster.tune import Trial

LISTED = 10
"""Trials in the table."""


@click.command(cls=Command)
@click.option("--trials", type=click.IntRange(1, 100_000), default=50, help="How many settings are tried.")
@click.option("--recipe", default="fast", help="Where to begin: fast, guide, guide-small, or a recipe file.")
@click.option("--num-epochs", type=click.IntRange(1), help="Epochs of the longest trials. [default: the recipe's]")
@data_flags(LEARNED_FROM)
@click.option(
    "--cluster",
    default="auto",
    metavar="ADDRESS",
    help="The Ray cluster. auto: the one that this machine is in, or else local; local: a new one on all its cores; or "
    "an address, ray://host:10001.",
)
@click.option("--out", type=FILE, default=Path("out") / "tune", help="Folder for the trials and the results.")
def tune(
    trials: int,
    recipe: str,
    num_epochs: int | None,
    data: tuple[Path, ...],
    more: tuple[Path, ...],
    cluster: str,
    out: Path,
) -> None:
    """Search for settings of a recipe that train a better model: with the fewest nats per validation problem.

    \b
    climbpath tune --trials 50 --data problems.parquet
    climbpath train --recipe out/tune/best.toml --data problems.parquet
    climbpath tune --trials 8 --num-epochs 3 --out out/short      on the demo problems, in minutes

    The first trial is the recipe itself. Tried are learning rates from a quarter of the recipe's to four times as much,
    half to twice its batch size, both dropouts from 0 to 0.4, and where the recipe has them the weight of the
    future-holds task from 0 to 0.5 and an EMA decay of 0.98 to 0.998; never the size of the model, which decides how
    fast it is. Optuna chooses what to try next. Of the trials that have come as far, the best third goes on to three
    times as many epochs, and the others stop early.

    One trial runs on each core. Stopped at any time, the same command goes on. Writes best.toml, a recipe for climbpath
    train; trials.png; and a folder for each trial. Needs the extras cluster and train.
    """
    files = data_files(data, more)
    start = find_recipe(recipe)
    start = replace(start, num_epochs=num_epochs or start.num_epochs)

    from climbpath.cluster import tune as tuning
    from climbpath.drawing.charts import trials_chart
    from climbpath.files import replacing
    from climbpath.training.selection import TrainingData
    from climbpath.training.train import problems_of

    source = "\n".join(str(path.absolute()) for path in files)
    problems = problems_of(source)
    if isinstance(problems, list):
        TrainingData(problems, start)  # says what is wrong with them before anything starts
    with on_cluster(cluster):
        found = tuning.tune(start, source, out, trials, lambda line: click.echo(line, err=True))
    click.echo(f"{_table(found)}\n")
    if failed := [trial for trial in found if trial.failure]:
        warn(f"{len(failed)} of {len(found)} trials have failed: {failed[0].failure}")
    picture, best = out / "trials.png", out / "best.toml"
    trials_chart([(trial.settings, trial.history) for trial in found], picture)
    with replacing(best) as temporary:
        temporary.write_text(recipe_file(replace(start, name="tuned", **found[0].settings)), encoding="utf-8")
    tell_written(picture)
    tell_written(best, note=f": climbpath train --recipe {best}")


def _table(found: "Sequence[Trial]") -> str:
    """The best trials as a table."""
    from climbpath.data import stats

    names = list(found[0].settings)
    rows = []
    for trial in found[:LISTED]:
        epochs = trial.history[-1][0] if trial.history else 0
        rows.append((f"{trial.nats:.3f}", epochs, *(f"{trial.settings[name]:.3g}" for name in names)))
    return stats.table(("nats", "epochs", *names), rows)
