"""Command that trains a generator: train."""

import sys
from collections.abc import Callable
from pathlib import Path

import click

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
    from climbpath.training import train as training
    from climbpath.training.machine import Machine, resolve_device

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
