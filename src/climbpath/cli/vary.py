"""The command that makes variations of a problem: vary."""

from pathlib import Path

import click

from climbpath import grades
from climbpath.cli.common import (
    FOLDER,
    SEED,
    Command,
    model_flag,
    one_grade,
    problem_flags,
    read_problem,
    theme_flag,
    wall_flags,
    walls_of,
)
from climbpath.cli.output import parse_writers, print_and_write, warn_of_evidence
from climbpath.errors import ClimbpathError


@click.command(cls=Command)
@click.argument("problem")
@click.option("--keep", type=float, default=0.7, help="Fraction of the holds that each variation keeps.")
@click.option("--num-samples", type=click.IntRange(1, 1000), default=5, help="How many variations.")
@click.option("--grade", help="Grade of PROBLEM: 7A or V6. [default: its own, else the grader's]")
@problem_flags
@wall_flags
@click.option("--ban", help="Holds that must not be used: G2,H10.")
@model_flag
@click.option("--seed", type=SEED, help="The same seed gives the same variations. [default: random]")
@click.option("--visualize", is_flag=True, help="Draw them here, and write PNGs and a contact sheet.")
@click.option("--out", type=FOLDER, help="Folder. [default: a new out/vary]")
@click.option("--format", "formats", help="Files to write: any of png,svg,json,csv,app.")
@theme_flag
@click.option("--force", is_flag=True, help="Overwrite files in --out.")
def vary(
    problem: str,
    keep: float,
    num_samples: int,
    grade: str | None,
    board: str,
    angle: int | None,
    size: str | None,
    hold_sets: str | None,
    ban: str | None,
    model: Path | None,
    seed: int | None,
    visualize: bool,
    out: Path | None,
    formats: str | None,
    theme: str,
    force: bool,
) -> None:
    """Make variations of PROBLEM: each keeps some of its holds, and the model generates the rest.

    PROBLEM is in notation, 'F5s D9 G13 I16 G18e', a share link, a file of problems (the first is used), or - for
    standard input.

    \b
    climbpath vary "F5s D9 G13 I16 G18e" --grade 7A
    climbpath vary out/7A/problems.json --keep 0.5 --visualize
    """
    from dataclasses import replace

    from climbpath import api
    from climbpath import board as boards
    from climbpath.generator.request import seed_or_random
    from climbpath.grader.grader import grader_of

    original = read_problem(problem, board, angle, size, hold_sets)
    wall = walls_of([original], size, hold_sets)[original.board]
    ladder = boards.load(original.board).ladder
    if grade:
        original = replace(original, grade=one_grade(grade, ladder))
    if original.grade is None:
        grader = grader_of(original.setup)
        if grader is None:
            usual = ladder[len(ladder) // 2]
            raise ClimbpathError(f"the problem has no grade: name one with --grade, for example --grade {usual}")
        original = grader.graded([original])[0]
    seed = seed_or_random(seed)
    writers, generator = parse_writers(formats, visualize, out), api.load(model, original.setup)
    variations = generator.vary(
        original, num_samples, keep=keep, seed=seed, ban=ban, size=wall.size, hold_sets=wall.hold_sets
    )
    warn_of_evidence(generator, original.setup, (original.grade or "",))
    click.echo(f"from {grades.show(original.grade or '')}  {original.notation}")
    print_and_write(variations, num_samples, seed, visualize, out, writers, "vary", force, theme, wall)
