"""The command that grades problems: grade."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from climbpath import grades
from climbpath.cli.common import FILE, names_file, problem_flags, read_problems, write_json
from climbpath.errors import ClimbpathError

if TYPE_CHECKING:
    from climbpath.grader.grader import GradePrediction
    from climbpath.problem import Problem

BAR = 32
"""Width in characters of the bar of a probability of 1."""
LEAST_SHOWN = 0.005
"""Probability below which a grade is not listed."""


@click.command()
@click.argument("problem")
@problem_flags
@click.option("--start", help="Start holds, where PROBLEM in notation does not mark them: F5 or F5,G6.")
@click.option("--finish", help="Finish holds, likewise: G18.")
@click.option("--grader", "file", type=FILE, help="A grader of 'climbpath train-grader'. [default: the bundled one]")
@click.option("--out", type=FILE, help="A .json file for the results.")
@click.option("--force", is_flag=True, help="Overwrite the file of --out.")
def grade(
    problem: str,
    board: str,
    angle: int,
    start: str | None,
    finish: str | None,
    file: Path | None,
    out: Path | None,
    force: bool,
) -> None:
    """Grade PROBLEM: the best grade, how likely every grade is, and which holds make it easier or harder.

    PROBLEM is in notation, a share link, a file of problems (JSON, CSV or Parquet; all are graded), or - for standard
    input with a problem on each line.

    \b
    climbpath grade "F5 D9 G13 I16 G18"
    climbpath grade "F5 G6 D9 G13 G18" --start F5,G6
    climbpath grade out/7A/problems.json --out graded.json

    Grades are opinions, so the grader gives each a probability. It learned from the grades of other problems.
    """
    from climbpath.files import refuse_overwrite
    from climbpath.grader.grader import influence, load_grader, predictions

    if out:
        refuse_overwrite([out], force)
    if start or finish:
        problem = _marked(problem, board, start or "", finish or "")
    problems = read_problems(problem, board, angle)
    grader = load_grader(file)
    results = []
    predicted = predictions(grader.probabilities(problems))
    for number, (one, prediction) in enumerate(zip(problems, predicted, strict=True), 1):
        result = {"problem": one.to_dict(), "v_grade": grades.v_grade(prediction.grade), **prediction.to_dict()}
        if len(problems) == 1:
            changes = influence(grader, one)
            result["influence"] = {label: round(change, 3) for label, change in changes.items()}
            click.echo(_prediction_text(one, prediction, changes))
        else:
            click.echo(f"{number:>4}. {prediction_line(prediction)}  {one.notation}")
        results.append(result)
    if out:
        write_json(out, results)
        click.echo(f"wrote {out}")


def _marked(notation: str, board: str, start: str, finish: str) -> str:
    """A problem in notation with start and finish holds marked. Raises ClimbpathError where it lacks one of them."""
    from climbpath import board as boards

    if notation == "-" or names_file(notation):
        raise ClimbpathError(
            "--start and --finish are for a PROBLEM in notation: the problems of a file have their own"
        )
    layout = boards.load(board)
    marks = dict.fromkeys(layout.parse_holds(start), "s") | dict.fromkeys(layout.parse_holds(finish), "e")
    words = [word.rstrip("SEFsef").upper() for word in notation.replace(",", " ").split()]
    if missing := [label for label in marks if label not in words]:
        raise ClimbpathError(f"{missing[0]} is not among the holds of {notation!r}")
    typed = notation.replace(",", " ").split()
    return " ".join(word + marks[word] if word in marks else old for word, old in zip(words, typed, strict=True))


def prediction_line(prediction: "GradePrediction") -> str:
    """The best grade, and how likely it is: '7A (V6)   41%'."""
    return f"{grades.show(prediction.grade):<9} {prediction.probabilities[prediction.grade]:4.0%}"


def expected_text(steps: float) -> str:
    """An expected step of the ladder as text: 'a little above 7A'."""
    from climbpath.grader.grader import nearest_grade

    nearest = nearest_grade(steps)
    off = steps - grades.rank(nearest)
    side = "" if abs(off) < 0.15 else "a little above " if off > 0 else "a little below "
    return f"{side}{nearest}"


def _prediction_text(problem: "Problem", prediction: "GradePrediction", changes: dict[str, float]) -> str:
    label = f"   (labelled {grades.show(problem.grade)})" if problem.grade else ""
    lines = [problem.notation, f"Grade:     {grades.show(prediction.grade)}{label}"]
    lines.append(f"Expected:  {prediction.expected:.2f} steps above 5+, {expected_text(prediction.expected)}")
    for name, value in prediction.probabilities.items():
        if value >= LEAST_SHOWN:
            lines.append(f"  {grades.show(name):<10} {value:5.1%}  {'█' * max(1, round(BAR * value))}")
    lines.append("Without a hold, in steps of the ladder:")
    lines += [f"  {label:<4} {change:+.2f}" for label, change in list(changes.items())[:5]]
    return "\n".join(lines)
