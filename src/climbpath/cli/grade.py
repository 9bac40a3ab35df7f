"""The command that grades problems: grade."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from climbpath import grades
from climbpath.cli.common import (
    FILE,
    PLACE,
    Command,
    cluster_flag,
    names_file,
    on_cluster,
    place,
    problem_flags,
    read_problems,
    refuse_options,
    tell_written,
    warn,
    write_json,
)
from climbpath.cli.output import warn_of_grades
from climbpath.errors import ClimbpathError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from climbpath.board import Setup
    from climbpath.grader.grader import GradePrediction, Grader
    from climbpath.problem import Problem

BAR = 32
"""Width in characters of the bar of a probability of 1."""
LEAST_SHOWN = 0.005
"""Probability below which a grade is not listed."""
NOT_ON_CLUSTER = ("board", "angle", "start", "finish", "force")
"""Parameters that are for notation, or for a file that is written at once."""


@click.command(cls=Command)
@click.argument("problem")
@problem_flags
@click.option("--start", help="Start holds, where PROBLEM in notation does not mark them: F5 or F5,G6.")
@click.option("--finish", help="Finish holds, likewise: G18.")
@click.option("--grader", "file", type=FILE, help="A grader of 'climbpath train-grader'. [default: the bundled one]")
@click.option(
    "--out", type=PLACE, help="A .json file for the results; with --cluster a folder, also s3://bucket/folder."
)
@cluster_flag
@click.option("--force", is_flag=True, help="Overwrite the file of --out.")
def grade(
    problem: str,
    board: str,
    angle: int | None,
    start: str | None,
    finish: str | None,
    file: Path | None,
    out: Path | None,
    cluster: str | None,
    force: bool,
) -> None:
    """Grade PROBLEM: its grade, how likely every grade is, and which holds make it easier or harder.

    PROBLEM is in notation, a share link, a file of problems (JSON, CSV or Parquet; all are graded), or - for standard
    input with a problem on each line.

    \b
    climbpath grade "F5 D9 G13 I16 G18"
    climbpath grade "F5 G6 D9 G13 G18" --start F5,G6
    climbpath grade out/7A/problems.json --out graded.json
    climbpath grade million.parquet --cluster auto --out graded

    Grades are opinions, so the grader gives each a probability. It learned from the grades of other problems. A new
    problem gets the grade whose real problems it finds most alike. A problem that comes from a source with a record of
    it keeps its grade, and the grader's is an opinion beside it.
    """
    from climbpath.files import refuse_ending, refuse_overwrite
    from climbpath.grader.grader import checked_grader_of, influence, load_grader, predict

    if cluster:
        refuse_options(NOT_ON_CLUSTER, "--cluster reads and writes Parquet files")
        _grade_on_cluster(problem, file, out, cluster)
        return
    if out:
        refuse_ending(out, ".json")
        refuse_overwrite([out], force)
    if start or finish:
        problem = _marked(problem, board, start or "", finish or "")
    problems = read_problems(problem, board, angle)
    given = load_grader(file) if file else None
    graders = {setup: given or checked_grader_of(setup) for setup in dict.fromkeys(one.setup for one in problems)}
    numbers = list(_gradable(problems, graders))
    is_one, problems = len(problems) == 1, [problems[number - 1] for number in numbers]
    predicted = predict(problems, graders)
    for setup, grader in graders.items():
        found = [prediction.grade for one, prediction in zip(problems, predicted, strict=True) if one.setup == setup]
        what = "the grade is" if is_one else "these grades are"
        warn_of_grades(grader, setup, what, sorted(set(found), key=grades.rank))
    results = []
    for number, one, prediction in zip(numbers, problems, predicted, strict=True):
        result = {"problem": one.to_dict(), "v_grade": grades.v_grade(prediction.grade), **prediction.to_dict()}
        if is_one:
            changes = influence(graders[one.setup], one)
            result["influence"] = {label: round(change, 3) for label, change in changes.items()}
            click.echo(_prediction_text(one, prediction, changes))
        else:
            record = f"  on record: {grades.show(one.grade)}" if one.grade and one.is_known else ""
            click.echo(f"{number:>4}. {prediction_line(prediction)}  {one.notation}{record}")
        results.append(result)
    if out:
        write_json(out, results)
        tell_written(out)


def _gradable(problems: "list[Problem]", graders: "Mapping[Setup, Grader]") -> "Iterator[int]":
    """The numbers of the problems that can be graded, from 1, and a note for each other. Raises ClimbpathError, saying
    why, where none can."""
    reasons = []
    for number, one in enumerate(problems, 1):
        try:
            graders[one.setup].check(one)
        except ClimbpathError as error:
            if len(problems) == 1:
                raise
            reasons.append(f"problem {number}, {one.name or one.notation[:60]}, is not graded: {error}")
        else:
            yield number
    if len(reasons) == len(problems):
        raise ClimbpathError(reasons[0])
    for reason in reasons:
        warn(reason)


def _grade_on_cluster(source: str, file: Path | None, out: Path | None, cluster: str) -> None:
    """Grade the problems of Parquet files into those of a folder, on a cluster."""
    from climbpath.cluster.columns import add_columns, grade_columns
    from climbpath.grader.grader import load_grader

    folder = out or Path("out") / "graded"
    columns = grade_columns(load_grader(file) if file else None)
    asked = {"columns": "grades", "grader": str(file) if file else None}
    with on_cluster(cluster) as each:
        written = add_columns(place(source), folder, columns, asked, each, "Grade")
    tell_written(folder, f"{written:,} files")


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
    """The grade with its range, and how likely it is: '7A (V6), perhaps 7A+   41 %'."""
    return f"{_with_range(prediction):<22} {prediction.probabilities[prediction.grade]:4.0%}"


def _with_range(prediction: "GradePrediction") -> str:
    """'7A (V6), perhaps 7A+'."""
    return grades.show(prediction.grade) + (f", perhaps {prediction.perhaps}" if prediction.perhaps else "")


def grade_line(problem: "Problem", prediction: "GradePrediction") -> str:
    """A problem's grade: on record with the grader's beside it for a known problem, else the grader's."""
    words = _with_range(prediction)
    if problem.grade and problem.is_known:
        return f"{grades.show(problem.grade)} on record; the grader says {words}"
    if problem.grade and problem.grade != prediction.grade:
        return f"{words}; given as {grades.show(problem.grade)}"
    return words


def _prediction_text(problem: "Problem", prediction: "GradePrediction", changes: dict[str, float]) -> str:
    lines = [problem.notation, f"Grade: {grade_line(problem, prediction)}"]
    for name, value in prediction.probabilities.items():
        if value >= LEAST_SHOWN:
            mark = "◀" if name == prediction.grade else ""
            lines.append(f"  {grades.show(name):<10} {value:5.1%}  {'█' * max(1, round(BAR * value))} {mark}".rstrip())
    # -0.0 is none
    effects = [f"  {label:<4} {round(change, 1) + 0.0:+.1f}" for label, change in list(changes.items())[:5]]
    lines += ["Without a hold, in grades harder (+) or easier (-):", *effects] if effects else []
    return "\n".join(lines)
