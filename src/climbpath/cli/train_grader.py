"""Command that trains a grader: train-grader."""

from pathlib import Path

import click

from climbpath.cli.common import (
    FILE,
    SEED,
    THREADS,
    Command,
    data_files,
    data_flags,
    device_flag,
    distinct,
    tell_written,
)


@click.command("train-grader", cls=Command)
@data_flags("Parquet file of 'climbpath data import'; more may follow it.", required=True)
@click.option("--out", type=FILE, default=Path("grader.safetensors"), help="The file to write.")
@click.option(
    "--num-epochs", type=click.IntRange(1, 10_000), default=10, help="Times through the data, for each member."
)
@click.option("--members", type=click.IntRange(1, 100), default=3, help="Networks whose predictions are averaged.")
@device_flag
@click.option("--threads", type=THREADS, help="CPU threads. [default: all cores]")
@click.option("--seed", type=SEED, default=0, help="Seed of weights, data order and dropout.")
@click.option("--use", is_flag=True, help="Keep a copy where every command and the page find it, before bundled ones.")
@click.option("--force", is_flag=True, help="Overwrite the file, and the copy.")
def train_grader(
    data: tuple[Path, ...],
    more: tuple[Path, ...],
    out: Path,
    num_epochs: int,
    members: int,
    device: str,
    threads: int | None,
    seed: int,
    use: bool,
    force: bool,
) -> None:
    """Train a grader on the train part of files of problems, and measure it on the test part.

    One grader learns all boards and angles that the data has. Takes some ten minutes for 36,000 problems.

    \b
    climbpath train-grader --data problems.parquet --out my-grader.safetensors
    climbpath grade "F5 D9 G13 I16 G18" --grader my-grader.safetensors
    climbpath train-grader --data my-board.parquet --use
    """
    import shutil

    import torch

    from climbpath.data import stats
    from climbpath.files import refuse_ending, refuse_overwrite, replacing
    from climbpath.folders import graders_folder
    from climbpath.grader.metrics import table
    from climbpath.training import grader as grader_training
    from climbpath.training.machine import resolve_device

    refuse_ending(out, ".safetensors")
    copy = graders_folder() / f"{out.stem}.safetensors"
    refuse_overwrite([out, copy] if use else [out], force)
    if threads:
        torch.set_num_threads(threads)
    resolve_device(device)  # before the data is read
    problems = distinct(data_files(data, more))
    grader = grader_training.train_grader(problems, out, num_epochs, members, seed, click.echo, device)
    test = grader_training.learnable(problems)[0]["test"]
    click.echo(f"\n{stats.table(*table(grader, test))}\n")
    tell_written(out)
    if use:
        with replacing(copy) as temporary:
            shutil.copyfile(out, temporary)
        tell_written(copy, note=", which every command grades with from now on; remove it to end that")
