"""The command that plans an evening: workout."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from climbpath.cli.common import (
    FOLDER,
    SEED,
    Command,
    climber_flags,
    climber_of,
    method_flag,
    model_flag,
    problem_flags,
    tell_written,
    wall_flags,
    wall_of,
)
from climbpath.cli.output import warn_of_evidence

if TYPE_CHECKING:
    from climbpath.wall import Wall
    from climbpath.workout.plan import Workout


@click.command(cls=Command)
@click.option("--grade", required=True, help="A range, 6C..7A+ or V5..V7, or one grade.")
@click.option("--minutes", type=int, default=60, help="Length of the evening, warm-up included: 10 to 300 minutes.")
@climber_flags
@problem_flags
@wall_flags
@click.option("--ban", help="Holds that must not be used: G2,H10.")
@method_flag
@model_flag
@click.option("--seed", type=SEED, help="The same seed gives the same workout. [default: random]")
@click.option("--out", type=FOLDER, help="Folder for files. [default: a new out/workout]")
@click.option("--format", "formats", default="pdf,png,json", help="Files to write: any of pdf,png,json.")
@click.option("--force", is_flag=True, help="Overwrite files in --out.")
def workout(
    grade: str,
    minutes: int,
    height: str | None,
    ape: str | None,
    board: str,
    angle: int | None,
    size: str | None,
    hold_sets: str | None,
    ban: str | None,
    method: str | None,
    model: Path | None,
    seed: int | None,
    out: Path | None,
    formats: str,
    force: bool,
) -> None:
    """Plan an evening on the board: warm-up, pyramid and projects, with a sheet to print or to read on the phone.

    \b
    climbpath workout --grade 6C..7A+ --minutes 60 --height 172
    climbpath workout --grade V4..V6 --minutes 90 --height 165 --ape -3 --hold-sets A,B --out tuesday
    climbpath workout --grade 6A..6C --board moonboard-masters-2017 --angle 25 --format pdf

    The climber can reach every move of every problem. The problems are chosen to share few holds, to lie on different
    parts of the board and to differ in style.
    """
    from climbpath import api, files
    from climbpath.board import Setup
    from climbpath.generator.request import seed_or_random
    from climbpath.problem import DEFAULT_METHOD
    from climbpath.workout import plan as planner

    chosen = files.parse_formats(formats, FORMATS)
    folder = out or files.new_folder(Path("out") / "workout")
    paths = {name: folder / f"workout.{name}" for name in chosen}
    if paths:
        files.refuse_overwrite(list(paths.values()), force)
    wall = wall_of(board, size, hold_sets)
    generator = api.load(model, Setup(board, angle))
    evening = planner.plan(
        generator,
        grade,
        minutes,
        climber_of(height, ape),
        board=board,
        angle=angle,
        size=wall.size,
        hold_sets=wall.hold_sets,
        ban=ban,
        method=method or DEFAULT_METHOD,
        seed=seed_or_random(seed),
        shown=True,
    )
    planned = dict.fromkeys(slot.problem.grade or "" for section in evening.sections for slot in section.slots)
    warn_of_evidence(generator, Setup(board, angle), tuple(planned))
    click.echo(planner.text(evening))
    for name, path in paths.items():
        with files.replacing(path) as temporary:
            temporary.write_bytes(FORMATS[name](evening, wall))
        tell_written(path)


def _pdf(evening: "Workout", wall: "Wall | None") -> bytes:
    from climbpath.workout import sheet

    return sheet.pdf(evening, wall)


def _png(evening: "Workout", wall: "Wall | None") -> bytes:
    from climbpath.workout import sheet

    return sheet.png(evening, wall)


def _json(evening: "Workout", _: "Wall | None") -> bytes:
    from climbpath.workout.plan import to_dict

    return (json.dumps(to_dict(evening), indent=1, ensure_ascii=False) + "\n").encode()


FORMATS: dict[str, Callable[["Workout", "Wall | None"], bytes]] = {"pdf": _pdf, "png": _png, "json": _json}
