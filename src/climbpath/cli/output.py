"""Output of the commands that make problems: what they print and the files that they write."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from climbpath import terminal
from climbpath.cli.common import tell_written, warn
from climbpath.errors import ClimbpathError
from climbpath.grades import show

if TYPE_CHECKING:
    from climbpath.api import Generator, Problems
    from climbpath.board import Setup
    from climbpath.grader.grader import Grader
    from climbpath.problem import Problem
    from climbpath.wall import Wall


def parse_writers(formats: str | None, visualize: bool, out: Path | None) -> list[str]:
    """The formats of the files to write. Raises ClimbpathError for an unknown format, or where --out is a file."""
    from climbpath.data import exporters
    from climbpath.files import parse_formats

    if out and out.is_file():
        raise ClimbpathError(f"{out} is a file: name a folder with --out (a file is for --format parquet)")
    return parse_formats(formats or ("png" if visualize or out else ""), exporters.FORMATS)


def warn_of_evidence(generator: "Generator", setup: "Setup", grades: tuple[str, ...]) -> None:
    """A note where problems are drawn as on another board, or at another angle, than was asked for, and one for each
    grade that the model learned from few problems."""
    from climbpath import board as boards

    uncertain = generator.thin_evidence(setup, grades)  # raises for what was not learned
    board = boards.drawn_as(setup, generator.evidence, grades).board
    if setup.board != board:
        title, other = boards.load(setup.board).title, boards.load(board).title
        warn(f"the model had no problems on {title} to learn from: these are drawn as on {other}, which has its holes")
    lacking = [one for one in grades if setup.angle != boards.drawn_as(setup, generator.evidence, [one]).angle]
    is_learned = setup._replace(board=board) in generator.evidence
    warn_of_angle(setup, is_learned, "these problems and their grades are", lacking)
    for thin, count in uncertain.items():
        warn(f"{thin} is uncertain: the model learned it from only {count} problems")


def warn_of_angle(setup: "Setup", is_learned: bool, what: str, lacking: Sequence[str]) -> None:
    """A note where an unknown angle stands in for a setup that was not learned, or for grades that it lacks; `what` is
    so: 'the grade is'."""
    if not is_learned and setup.angle is not None:
        warn(f"{setup.words} has not been learned: {what} as if the angle were unknown")
    elif lacking:
        named = ", ".join(show(one) for one in dict.fromkeys(lacking))
        warn(f"too few problems of {named} were learned on {setup.words}: {what} as if the angle were unknown")


def warn_of_grades(grader: "Grader", setup: "Setup", what: str, found: Sequence[str]) -> None:
    """The same of grades that a grader found, and where no grade there rests on enough problems."""
    from climbpath.board import LEAST_EVIDENCE, as_learned

    elsewhere = grader.lacking(setup)
    learned = as_learned(setup, grader.evidence)
    known = grader.evidence.get(learned, {})
    if known and max(known.values()) < LEAST_EVIDENCE:
        number = sum(known.values())
        warn(f"{what} uncertain: the grader learned from only {number} problem{'s' * (number != 1)} on {learned.words}")
    warn_of_angle(setup, setup in grader.evidence, what, [grade for grade in found if grade in elsewhere])


def print_and_write(
    problems: "Problems",
    wanted: int,
    seed: int,
    visualize: bool,
    out: Path | None,
    writers: list[str],
    name: str,
    force: bool,
    theme: str,
    wall: "Wall | None",
) -> None:
    """Print generated problems, and write the files asked for. Raises ClimbpathError before anything is printed where a
    format is not for these problems."""
    from climbpath import files
    from climbpath.data import exporters
    from climbpath.drawing import problem as drawing
    from climbpath.drawing.themes import THEMES
    from climbpath.naming import title

    exporters.check_formats(problems, writers)
    notes = grade_notes(problems)
    for number, (problem, note) in enumerate(zip(problems, notes, strict=True), 1):
        if visualize:
            picture = drawing.text(problem, terminal.has_colours(sys.stdout), wall, terminal.width())
            click.echo("\n".join(filter(None, [terminal.coloured(picture), note])) + "\n")
        else:
            grade = show(problem.grade or "")
            click.echo(f"{number:>3}. {grade}  {title(problem)}  {problem.notation}  {note}".rstrip())
    if len(problems) < wanted:
        reason = problems.reason or "these conditions allow no more new ones"
        warn(f"only {len(problems)} of {wanted} problems: {reason}")
    click.echo(f"{len(problems)} problem{'s' * (len(problems) != 1)}, seed {seed}")
    if writers:
        folder = out or files.new_folder(Path("out") / name)
        for path in exporters.write(problems, folder, writers, force, THEMES[theme], wall):
            tell_written(path)


def grade_notes(problems: Sequence["Problem"]) -> list[str]:
    """What to say beside the grade of each new problem: 'perhaps 6C', 'asked for 6C+', 'no grader for this board'."""
    from climbpath.grader.grader import grader_of

    grader = grader_of(problems[0].setup) if problems else None
    if not grader:
        return ["as asked for: there is no grader for this board"] * len(problems)
    notes = []
    for problem, prediction in zip(problems, grader.predict(problems), strict=True):
        note = [f"perhaps {prediction.perhaps}"] if prediction.perhaps else []
        if problem.asked_grade not in (None, problem.grade):
            note.append(f"asked for {problem.asked_grade}")
        notes.append(", ".join(note))
    return notes
