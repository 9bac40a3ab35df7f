"""Commands that tell of problems: grade, beta, show, harder, easier."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from climbpath import grades
from climbpath.cli.common import (
    FILE,
    climber_flags,
    climber_of,
    model_flag,
    names_file,
    one_grade,
    problem_flags,
    read_problem,
    read_problems,
    write_json,
)
from climbpath.errors import ClimbpathError

if TYPE_CHECKING:
    from climbpath.beta import Beta, Climber
    from climbpath.grader import Verdict
    from climbpath.problem import Problem

BAR = 32
"""Characters of a bar for a probability of 1."""
LEAST_SHOWN = 0.005
"""Probability below which a grade has no bar."""


@click.command()
@click.argument("problem")
@problem_flags
@click.option("--start", help="The start holds, where PROBLEM in notation leaves them open: F5 or F5,G6.")
@click.option("--finish", help="The finish holds, in the same way: G18.")
@click.option("--grader", "file", type=FILE, help="A grader of 'climbpath train-grader'. [default: the bundled one]")
@click.option("--out", type=FILE, help="A .json file for all that is found.")
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
    """Tell how hard PROBLEM is: the grade that fits best, how likely every grade is, and which holds make it so.

    PROBLEM is in notation, a file of problems (JSON, CSV or Parquet, each is graded), or - for standard input, a
    problem on every line.

    \b
    climbpath grade "F5 D9 G13 I16 G18"
    climbpath grade "F5 G6 D9 G13 G18" --start F5,G6
    climbpath grade out/7A/problems.json --out graded.json

    Grades are opinions: the grader's is the probability of each, learned from what climbers said of other problems.
    """
    from climbpath.files import refuse_overwrite
    from climbpath.grader import influence, load_grader, verdicts

    if out:
        refuse_overwrite([out], force)
    if start or finish:
        problem = _marked(problem, board, start or "", finish or "")
    problems = read_problems(problem, board, angle)
    grader = load_grader(file)
    found = verdicts(grader.probabilities(problems))
    results = []
    for number, (one, verdict) in enumerate(zip(problems, found, strict=True), 1):
        told = {"problem": one.to_dict(), "v_grade": grades.v_grade(verdict.grade), **_rounded(verdict)}
        if len(problems) == 1:
            changes = influence(grader, one)
            told["influence"] = {label: round(change, 3) for label, change in changes.items()}
            click.echo(_verdict_text(one, verdict, changes))
        else:
            click.echo(f"{number:>4}. {_verdict_line(verdict)}  {one.notation}")
        results.append(told)
    if out:
        write_json(out, results)
        click.echo(f"wrote {out}")


def _marked(notation: str, board: str, start: str, finish: str) -> str:
    """A problem in notation with start and finish holds marked. Raises ClimbpathError where it lacks one of them."""
    from climbpath import board as boards

    if notation == "-" or names_file(notation):
        raise ClimbpathError("--start and --finish are for a PROBLEM in notation: a file says it for each of its own")
    layout = boards.load(board)
    marks = dict.fromkeys(layout.parse_holds(start), "s") | dict.fromkeys(layout.parse_holds(finish), "e")
    words = [word.rstrip("SEFsef").upper() for word in notation.replace(",", " ").split()]
    if missing := [label for label in marks if label not in words]:
        raise ClimbpathError(f"{missing[0]} is not among the holds of {notation!r}")
    typed = notation.replace(",", " ").split()
    return " ".join(word + marks[word] if word in marks else old for word, old in zip(words, typed, strict=True))


def _rounded(verdict: "Verdict") -> dict[str, Any]:
    return {
        "grade": verdict.grade,
        "expected": round(verdict.expected, 3),
        "probabilities": {name: round(value, 4) for name, value in verdict.probabilities.items()},
    }


def _verdict_line(verdict: "Verdict") -> str:
    return f"{grades.show(verdict.grade):<9} {verdict.probabilities[verdict.grade]:4.0%}"


def _near(steps: float) -> str:
    """An expected step of the ladder in words: 'a little above 7A'."""
    from climbpath.grader import nearest_grade

    nearest = nearest_grade(steps)
    off = steps - grades.rank(nearest)
    side = "" if abs(off) < 0.15 else "a little above " if off > 0 else "a little below "
    return f"{side}{nearest}"


def _verdict_text(problem: "Problem", verdict: "Verdict", changes: dict[str, float]) -> str:
    given = f"   (it says {grades.show(problem.grade)})" if problem.grade else ""
    lines = [problem.notation, f"Grade:     {grades.show(verdict.grade)}{given}"]
    lines.append(f"Expected:  {verdict.expected:.2f} steps above 5+, {_near(verdict.expected)}")
    for name, value in verdict.probabilities.items():
        if value >= LEAST_SHOWN:
            lines.append(f"  {grades.show(name):<10} {value:5.1%}  {'█' * max(1, round(BAR * value))}")
    lines.append("Without a hold, in steps of the ladder:")
    lines += [f"  {label:<4} {change:+.2f}" for label, change in list(changes.items())[:5]]
    return "\n".join(lines)


@click.command()
@click.argument("problem")
@problem_flags
@climber_flags
@click.option("--out", type=FILE, help="Folder for files. [default: a new out/beta]")
@click.option("--format", "formats", help="Files to write: any of png,svg,gif,json.")
@click.option("--force", is_flag=True, help="Overwrite files in --out.")
def beta(
    problem: str,
    board: str,
    angle: int,
    height: float | None,
    ape: float | None,
    out: Path | None,
    formats: str | None,
    force: bool,
) -> None:
    """Find out how PROBLEM is climbed: the hand moves, the crux, and whether a climber reaches everything.

    PROBLEM is in notation, a share link, a file of problems (its first is taken), or - for standard input.

    \b
    climbpath beta "F5 D9 G13 I16 G18"
    climbpath beta "F5 D9 G13 I16 G18" --height 165 --ape -3
    climbpath beta out/7A/problems.json --format png,gif,json

    A move is where the hand goes from its last hold. Holds that no hand needs serve as feet.
    """
    from climbpath import beta as solver
    from climbpath import files

    chosen = [part.strip().lower() for part in (formats or ("png" if out else "")).split(",") if part.strip()]
    for name in chosen:
        if name not in BETA_FORMATS:
            raise ClimbpathError(f"there is no format {name!r}: choose from {', '.join(BETA_FORMATS)}")
    if out and out.is_file():
        raise ClimbpathError(f"{out} is a file: name a folder with --out")
    (found,) = solver.solve([read_problem(problem, board, angle)], climber_of(height, ape))
    click.echo(found.problem.notation)
    click.echo(beta_text(found))
    if chosen:
        folder = out or files.new_folder(Path("out") / "beta")
        paths = {name: folder / f"beta.{name}" for name in chosen}
        files.refuse_overwrite(list(paths.values()), force)
        for name, path in paths.items():
            with files.replacing(path) as temporary:
                temporary.write_bytes(BETA_FORMATS[name](found))
            click.echo(f"wrote {path}")


def beta_text(found: "Beta") -> str:
    """A beta in words, with what no hand needs and what is out of reach."""
    from climbpath.beta import lines

    told = lines(found)
    if found.no_hand:
        told.append(f"for the feet or as intermediates: {', '.join(found.no_hand)}")
    if found.too_far:
        told.append(f"out of reach for {_climber_words(found.climber)}: {_failure(found)}")
    return "\n".join(told)


def _failure(found: "Beta") -> str:
    if found.start_too_far == found.too_far:
        return f"the start holds are {max(1, round(found.too_far))} cm too far apart"
    number, move = max(enumerate(found.moves, 1), key=lambda item: item[1].too_far)
    return f"move {number}, {move.hand} → {move.hold}, by {max(1, round(move.too_far))} cm"


def _climber_words(climber: "Climber") -> str:
    ape = f" with an ape index of {climber.ape:+g} cm" if climber.ape else ""
    return f"a climber of {climber.height:g} cm{ape}"


def _png(found: "Beta") -> bytes:
    from climbpath import draw_beta

    return draw_beta.png(found)


def _svg(found: "Beta") -> bytes:
    from climbpath import draw_beta

    return draw_beta.svg(found).encode()


def _gif(found: "Beta") -> bytes:
    from climbpath import draw_beta

    return draw_beta.gif(found)


def _json(found: "Beta") -> bytes:
    return (json.dumps(found.to_dict(), indent=1, ensure_ascii=False) + "\n").encode()


BETA_FORMATS = {"png": _png, "svg": _svg, "gif": _gif, "json": _json}


@click.command()
@click.argument("problem")
@problem_flags
@climber_flags
@click.option("--data", type=FILE, help="A file of known problems, to show the most similar ones.")
def show(problem: str, board: str, angle: int, height: float | None, ape: float | None, data: Path | None) -> None:
    """Show PROBLEM: picture, grade, beta with its crux, and the most similar known problems.

    \b
    climbpath show "F5 D9 G13 I16 G18"
    climbpath show out/7A/problems.json --height 165 --data problems.parquet
    """
    from climbpath import beta as solver
    from climbpath import draw
    from climbpath.api import bundled_grader, load
    from climbpath.grader import verdicts

    one = read_problem(problem, board, angle)
    climber = climber_of(height, ape)
    click.echo(draw.text(one, colour=sys.stdout.isatty()) + "\n")
    grader = bundled_grader()
    if one.place in grader.evidence:
        (verdict,) = verdicts(grader.probabilities([one]))
        click.echo(f"Grade: {_verdict_line(verdict)}, expected {_near(verdict.expected)}")
    (found,) = solver.solve([one], climber)
    click.echo("\nBeta:\n" + beta_text(found))
    if data:
        click.echo("\nMost similar known problems:\n" + _similar(one, data))
        return
    model = load().model
    if one.place not in model.evidence:
        return
    if one.key in model.known:
        click.echo("\nIts holds are those of a known problem.")
    else:
        click.echo("\nNo known problem has just these holds. (--data FILE shows the most similar ones.)")


def _similar(problem: "Problem", data: Path, number: int = 3) -> str:
    """The known problems that share most of their holds with a problem, a line each."""
    from climbpath import board as boards
    from climbpath.features import presence, similarity

    known = [p for p in read_problems(str(data), problem.board, problem.angle) if p.board == problem.board]
    known = [p for p in known if not p.partial]
    if not known:
        raise ClimbpathError(f"{data} has no problem on {problem.board}")
    layout = boards.load(problem.board)
    alike = similarity(presence([problem.holds], layout), presence([p.holds for p in known], layout))[0]
    lines = []
    for i in (-alike).argsort(kind="stable")[:number].tolist():
        name = f"{known[i].name}  " if known[i].name else ""
        told = grades.show(known[i].grade or "") if known[i].grade else "ungraded"
        lines.append(f"  {alike[i]:4.0%} of the holds shared  {name}{told}  {known[i].notation}")
    return "\n".join(lines)


def _moving(steps: int, words: str) -> click.Command:
    """The command that moves a problem by some steps of the ladder."""

    @click.command(
        words,
        help=f"""Make PROBLEM one grade {words} with as few hold changes as it takes.

        The model proposes other holds, and the grader judges: what counts is that the grade it expects moves by one.
        PROBLEM is in notation, a share link, a file of problems (its first is taken), or - for standard input.

        \b
        climbpath {words} "F5 D9 G13 I16 G18"
        """,
    )
    @click.argument("problem")
    @problem_flags
    @click.option("--grade", help="Grade of the problem, where PROBLEM does not tell it. [default: the grader's]")
    @click.option("--num-samples", type=click.IntRange(1), default=3, help="How many versions at most.")
    @model_flag
    @click.option("--seed", type=click.IntRange(0), default=0, help="The same seed gives the same versions.")
    @click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder for files.")
    @click.option("--format", "formats", help="Files to write: any of png,svg,json,csv,app.")
    @click.option("--force", is_flag=True, help="Overwrite files in --out.")
    def command(
        problem: str,
        board: str,
        angle: int,
        grade: str | None,
        num_samples: int,
        model: Path | None,
        seed: int,
        out: Path | None,
        formats: str | None,
        force: bool,
    ) -> None:
        from dataclasses import replace

        from climbpath import exporters, files
        from climbpath.api import bundled_grader, load
        from climbpath.setter import moved

        writers = exporters.parse_formats(formats or ("png" if out else ""))
        one = read_problem(problem, board, angle)
        if grade:
            one = replace(one, grade=one_grade(grade))
        versions = moved(
            load(model).model,
            bundled_grader(),
            one,
            steps,
            num_samples,
            seed,
            tell=lambda stage: click.echo(f"… {stage}", err=True),
        )
        click.echo(f"  of {one.notation}")
        for number, version in enumerate(versions, 1):
            click.echo(f"{number:>3}. {_version_line(one, version.problem, version.steps)}")
        if writers:
            problems = [version.problem for version in versions]
            for path in exporters.write(problems, out or files.new_folder(Path("out") / words), writers, force):
                click.echo(f"wrote {path}")

    return command


def _version_line(before: "Problem", after: "Problem", steps: float) -> str:
    gone = [label for label in before.holds if label not in after.holds]
    new = [label for label in after.holds if label not in before.holds]
    changes = [f"without {', '.join(gone)}"] * bool(gone) + [f"with {', '.join(new)}"] * bool(new)
    return f"{grades.show(after.grade or '')}  {after.notation}   {', '.join(changes)}; grader {steps:+.1f} steps"


harder, easier = _moving(1, "harder"), _moving(-1, "easier")
