"""Commands that make models: train, train-grader, export."""

import sys
from collections.abc import Callable
from pathlib import Path

import click

from climbpath.cli.common import FILE

RECIPE_FLAGS: dict[str, tuple[type, str]] = {
    "batch_size": (int, "Problems per step."),
    "num_epochs": (int, "Times through the data."),
    "learning_rate": (float, "AdamW's highest learning rate."),
    "warmup_steps": (int, "Steps until the learning rate is reached."),
    "max_seq_len": (int, "Longest problem in tokens; longer ones are left out."),
    "d_model": (int, "Width of the model."),
    "num_layers": (int, "Layers of the model."),
    "nhead": (int, "Attention heads per layer."),
    "dim_feedforward": (int, "Width of the feed-forward part."),
    "dropout": (float, "Share of activations dropped in training."),
    "embedding_dropout": (float, "The same behind the embeddings."),
    "weight_decay": (float, "AdamW's and Muon's weight decay."),
    "patience": (int, "Epochs without improvement before training stops."),
    "seed": (int, "Seed of weights, data order and dropout."),
}


def recipe_flags(command: Callable[..., None]) -> Callable[..., None]:
    """Adds a flag for every setting of a recipe that may be overridden."""
    for name, (kind, text) in reversed(RECIPE_FLAGS.items()):
        command = click.option(f"--{name.replace('_', '-')}", type=kind, help=f"{text} [default: the recipe's]")(
            command
        )
    return command


@click.command()
@click.option("--recipe", type=click.Choice(["fast", "guide", "guide-small"]), help="Settings. [default: fast]")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Parquet file of 'climbpath data import'. [default: the bundled demo problems]",
)
@click.option(
    "--teacher",
    "teachers",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A checkpoint of a trained model to learn from, too; may be given several times.",
)
@click.option("--resume", is_flag=True, help="Go on from latest.pt in the checkpoint folder.")
@click.option("--checkpoint-dir", type=click.Path(path_type=Path), help="[default: checkpoints/climb_path_DEVICE]")
@click.option(
    "--log-dir", type=click.Path(path_type=Path), help="TensorBoard's folder. [default: runs/climb_path_DEVICE]"
)
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda", "mps"]), default="auto")
@click.option("--devices", type=click.IntRange(1), default=1, help="Processes (or GPUs) that share each batch.")
@click.option("--num-nodes", type=click.IntRange(1), default=1, help="Machines that take part.")
@click.option("--threads", type=click.IntRange(1), help="CPU threads. [default: all cores]")
@click.option("--num-workers", type=click.IntRange(0), default=0, help="Processes that prepare batches.")
@recipe_flags
def train(
    recipe: str | None,
    data: Path | None,
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
    climbpath train --recipe guide --num-epochs 5       the guide's settings, a quick test
    climbpath train --teacher large.pt --data …         a small model learns from a large one, too
    climbpath train --resume                            go on after an interruption

    Writes best.pt, latest.pt, every tenth epoch, config.json and training_curves.png. An earlier run in the
    same folder is set aside, not overwritten.
    """
    from climbpath import train as training
    from climbpath.machine import Machine, resolve_device

    machine = Machine(device, devices, num_nodes, threads, num_workers)
    name = f"climb_path_{resolve_device(device)}"
    checkpoint_dir = checkpoint_dir or Path("checkpoints") / name
    log_dir = log_dir or Path("runs") / name
    changes: dict[str, object] = {key: value for key, value in settings.items() if value is not None}
    changes |= {"teachers": tuple(str(path.resolve()) for path in teachers)} if teachers else {}
    chosen, source = training.choose_recipe(recipe, changes, data, checkpoint_dir if resume else None)
    try:
        training.train(training.read_problems(source), chosen, checkpoint_dir, log_dir, machine, resume, source)
    except training.InterruptedRunError as interrupted:
        at = interrupted.progress
        click.echo(
            f"\nStopped by {interrupted} after step {at.step} in epoch {at.epoch + 1}; all is saved. Go on with:"
        )
        click.echo(f"  climbpath train --resume --checkpoint-dir {checkpoint_dir} --log-dir {log_dir}")
        sys.exit(128 + interrupted.signal_number)


@click.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("--to", "target", type=click.Path(path_type=Path), required=True, help="A new .safetensors file.")
@click.option("--force", is_flag=True, help="Overwrite the file.")
def export(checkpoint: Path, target: Path, force: bool) -> None:
    """Make a released model (weights and settings only) of a checkpoint.

    \b
    climbpath export checkpoints/climb_path_cpu/best.pt --to my-board.safetensors
    """
    from climbpath.checkpoint import load_model, save_model
    from climbpath.files import refuse_overwrite

    refuse_overwrite([target], force)
    save_model(target, load_model(checkpoint))
    click.echo(f"wrote {target}")


@click.command("train-grader")
@click.option("--data", type=FILE, required=True, help="Parquet file of 'climbpath data import'.")
@click.option("--out", type=FILE, default=Path("grader.safetensors"), help="The file to write.")
@click.option("--num-epochs", type=click.IntRange(1), default=10, help="Times through the data, for each member.")
@click.option("--members", type=click.IntRange(1), default=3, help="Networks that answer together.")
@click.option("--threads", type=click.IntRange(1), help="CPU threads. [default: all cores]")
@click.option("--seed", type=click.IntRange(0), default=0, help="Seed of weights, data order and dropout.")
@click.option("--force", is_flag=True, help="Overwrite the file.")
def train_grader(
    data: Path, out: Path, num_epochs: int, members: int, threads: int | None, seed: int, force: bool
) -> None:
    """Train a grader on the train part of a file of problems, and measure it on the test part.

    One grader learns all boards and angles that the data has. Takes some ten minutes for 36,000 problems.

    \b
    climbpath train-grader --data problems.parquet --out my-grader.safetensors
    climbpath grade "F5 D9 G13 I16 G18" --grader my-grader.safetensors
    """
    import torch

    from climbpath import dataset, stats, train_grader
    from climbpath.files import refuse_overwrite
    from climbpath.grading import table

    refuse_overwrite([out], force)
    if threads:
        torch.set_num_threads(threads)
    problems = dataset.load(data)
    grader = train_grader.train_grader(problems, out, num_epochs, members, seed, click.echo)
    test = train_grader.learnable(problems)[0]["test"]
    click.echo("\n" + stats.table(*table(grader, test)))
    click.echo(f"\nWrote {out}")
