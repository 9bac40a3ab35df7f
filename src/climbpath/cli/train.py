"""Command that trains a generator: train."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from climbpath.cli.common import FILE, LEARNED_FROM, THREADS, Command, data_files, data_flags, device_flag
from climbpath.training.recipes import doc_of, find_recipe, recipe_file, type_of

RECIPE_FLAGS = (
    "batch_size",
    "num_epochs",
    "learning_rate",
    "warmup_steps",
    "max_seq_len",
    "d_model",
    "num_layers",
    "nhead",
    "dim_feedforward",
    "dropout",
    "embedding_dropout",
    "weight_decay",
    "patience",
    "seed",
)
"""Settings of a recipe that have a flag; all can be changed in a recipe file."""


def recipe_flags(command: Callable[..., None]) -> Callable[..., None]:
    """Adds a flag for each of RECIPE_FLAGS."""
    for name in reversed(RECIPE_FLAGS):
        text = f"{doc_of(name)} [default: the recipe's]"
        command = click.option(f"--{name.replace('_', '-')}", type=type_of(name), help=text)(command)
    return command


@click.command(cls=Command)
@click.option("--recipe", help="fast, guide, guide-small, or a recipe file: my.toml. [default: fast]")
@click.option("--print-recipe", is_flag=True, help="Print the recipe as a file to edit, and train nothing.")
@data_flags(LEARNED_FROM)
@click.option(
    "--teacher",
    "teachers",
    type=FILE,
    multiple=True,
    help="A checkpoint of a teacher model; may be given several times.",
)
@click.option("--resume", is_flag=True, help="Continue from latest.pt in the checkpoint folder.")
@click.option("--checkpoint-dir", type=FILE, help="[default: checkpoints/climb_path_DEVICE]")
@click.option("--log-dir", type=FILE, help="TensorBoard's folder. [default: runs/climb_path_DEVICE]")
@device_flag
@click.option(
    "--devices", type=click.IntRange(1, 1024), default=1, help="Processes (or GPUs) per machine that share each batch."
)
@click.option(
    "--num-nodes", type=click.IntRange(1, 1024), default=1, help="Machines that take part; each runs this command."
)
@click.option("--threads", type=THREADS, help="CPU threads. [default: all cores]")
@click.option("--num-workers", type=click.IntRange(0, 1024), default=0, help="Processes that prepare batches.")
@recipe_flags
def train(
    recipe: str | None,
    print_recipe: bool,
    data: tuple[Path, ...],
    more: tuple[Path, ...],
    teachers: tuple[Path, ...],
    resume: bool,
    checkpoint_dir: Path | None,
    log_dir: Path | None,
    device: str,
    devices: int,
    num_nodes: int,
    threads: int | None,
    num_workers: int,
    **settings: float | None,
) -> None:
    """Train a generator.

    \b
    climbpath train                                     the fast recipe on the demo problems
    climbpath train --data problems.parquet             on your own problems
    climbpath train --data kilter.parquet moon.parquet  on those of several files, and boards
    climbpath train --recipe guide --num-epochs 5       the guide's settings, a quick test
    climbpath train --print-recipe > my.toml            all settings, with a comment each, to edit
    climbpath train --recipe my.toml                    train with them
    climbpath train --teacher large.pt --data …         a small model learns from a large one, too
    climbpath train --resume                            continue after an interruption

    Writes best.pt, latest.pt, every tenth epoch, config.json and training_curves.png. An earlier run in the
    same folder is set aside, not overwritten. More than 200,000 problems are read from their files as they are
    learned, and need not fit in memory.
    """
    changes: dict[str, Any] = {key: value for key, value in settings.items() if value is not None}
    changes |= {"teachers": tuple(str(path.absolute()) for path in teachers)} if teachers else {}
    chosen = find_recipe(recipe) if recipe else None
    if print_recipe:
        click.echo(recipe_file(replace(chosen or find_recipe("fast"), **changes)), nl=False)
        return

    files = data_files(data, more)

    from climbpath.training import train as training
    from climbpath.training.machine import Machine, resolve_device

    machine = Machine(device, devices, num_nodes, threads, num_workers)
    name = f"climb_path_{resolve_device(device)}"
    checkpoint_dir = checkpoint_dir or Path("checkpoints") / name
    log_dir = log_dir or Path("runs") / name
    final, source = training.choose_recipe(chosen, changes, files, checkpoint_dir if resume else None)
    try:
        training.train(training.problems_of(source), final, checkpoint_dir, log_dir, machine, resume, source)
    except training.InterruptedRunError as interrupted:
        sys.exit(128 + interrupted.signal_number)
