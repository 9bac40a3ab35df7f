"""Command that makes a released model of a checkpoint: export."""

from pathlib import Path

import click

from climbpath.cli.common import FILE, Command, tell_written


@click.command(cls=Command)
@click.argument("checkpoint", type=FILE)
@click.option("--to", "target", type=FILE, required=True, help="A new .safetensors file.")
@click.option("--force", is_flag=True, help="Overwrite the file.")
def export(checkpoint: Path, target: Path, force: bool) -> None:
    """Convert a checkpoint to a model file for release (weights and settings only).

    \b
    climbpath export checkpoints/climb_path_cpu/best.pt --to my-board.safetensors
    """
    from climbpath.files import refuse_ending, refuse_overwrite
    from climbpath.model.checkpoint import load_model, save_model

    refuse_ending(target, ".safetensors")
    refuse_overwrite([target], force)
    save_model(target, load_model(checkpoint))
    tell_written(target)
