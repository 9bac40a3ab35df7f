"""The command that shows everything about a problem: show."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from climbpath import grades, terminal
from climbpath.cli.beta import beta_text
from climbpath.cli.common import (
    FILE,
    Command,
    climber_flags,
    climber_of,
    problem_flags,
    read_file,
    read_problem,
    wall_flags,
    walls_of,
)
from climbpath.cli.grade import grade_line
from climbpath.cli.output import warn_of_grades
from climbpath.errors import ClimbpathError

if TYPE_CHECKING:
    from climbpath.problem import Problem


@click.command(cls=Command)
@click.argument("problem")
@problem_flags
@wall_flags
@click.option("--mirror", is_flag=True, help="Show the mirror image, on a board that has mirror partners.")
@climber_flags
@click.option("--data", type=FILE, help="A file of known problems, to show the most similar ones.")
def show(
    problem: str,
    board: str,
    angle: int | None,
    size: str | None,
    hold_sets: str | None,
    mirror: bool,
    height: str | None,
    ape: str | None,
    data: Path | None,
) -> None:
    """Show PROBLEM: its picture, grade, beta with the crux, and the most similar known problems.

    \b
    climbpath show "F5 D9 G13 I16 G18"
    climbpath show out/7A/problems.json --height 165 --data problems.parquet
    """
    from dataclasses import replace

    from climbpath.beta.solver import solve
    from climbpath.drawing import problem as drawing
    from climbpath.grader.grader import grader_of
    from climbpath.model.checkpoint import bundled_model, learned_by

    one = read_problem(problem, board, angle, size, hold_sets)
    if mirror:
        one = one.mirrored
    wall = walls_of([one], size, hold_sets)[one.board]
    known = _known(one.board, data) if data else None
    climber = climber_of(height, ape)
    grader = grader_of(one.setup)
    prediction = grader.predict([one])[0] if grader and grader.reads(one) else None
    drawn = replace(one, grade=prediction.grade) if prediction and not one.grade else one
    picture = drawing.text(drawn, terminal.has_colours(sys.stdout), wall, terminal.width())
    click.echo(terminal.coloured(picture) + "\n")
    if grader and prediction:
        warn_of_grades(grader, one.setup, "the grade is", [prediction.grade])
        click.echo(f"Grade: {grade_line(one, prediction)}")
    else:
        given = f"{grades.show(one.grade)} as given; " if one.grade else ""
        why = "the grader reads no problem as long as this" if grader else f"no grader has learned {one.setup.words}"
        click.echo(f"Grade: {given}{why}")
    (solved,) = solve([one], climber)
    click.echo("\nBeta:\n" + beta_text(solved))
    if known:
        click.echo("\nMost similar known problems:\n" + _similar(one, known))
        return
    model = learned_by(one.setup)
    if model and one.key in bundled_model(model).known:
        click.echo("\nA known problem has exactly these holds.")
    else:
        click.echo("\nNo known problem has exactly these holds. (--data FILE shows the most similar ones.)")


def _known(board: str, data: Path) -> "list[Problem]":
    """The whole problems of a board in a file. Raises ClimbpathError where it has none."""
    known = [one for one in read_file(data) if one.board == board and not one.partial]
    if not known:
        raise ClimbpathError(f"{data} has no problems on {board}")
    return known


def _similar(problem: "Problem", known: "list[Problem]", count: int = 3) -> str:
    """The known problems that are most similar to a problem, a line each."""
    from climbpath.data.similar import most_similar
    from climbpath.naming import title

    lines = []
    for other, similarity in most_similar(problem, known, count):
        grade = grades.show(other.grade) if other.grade else "ungraded"
        lines.append(f"  {similarity:4.0%} similar  {title(other)}  {grade}  {other.notation}")
    return "\n".join(lines)
