"""Commands that make problems: generate, vary."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from climbpath import grades
from climbpath.cli.common import (
    FILE,
    climber_flags,
    climber_of,
    model_flag,
    one_grade,
    problem_flags,
    read_problem,
    warn,
)
from climbpath.errors import ClimbpathError

if TYPE_CHECKING:
    from climbpath.api import Generator
    from climbpath.problem import Problem


@click.command()
@click.option("--grade", required=True, help="'7A', 'V5', '6C..7B' or '6C,7A'; several share the number evenly.")
@click.option("--num-samples", type=click.IntRange(1), default=10, help="How many problems.")
@problem_flags
@click.option(
    "--model",
    "--checkpoint",
    "model",
    type=click.Path(path_type=Path),
    help="A model or a checkpoint. [default: the bundled model]",
)
@click.option("--temperature", type=float, default=1.0, help="Above 1 more adventurous, below 1 more usual.")
@click.option("--top-p", type=float, default=1.0, help="Nucleus sampling: share of likely holds that are considered.")
@click.option("--seed", type=click.IntRange(0), help="The same seed gives the same problems. [default: random]")
@click.option(
    "--guidance", type=float, help="Above 1 truer to the grade. [default: 1.25; 2 with --check-grade; 1 if not learned]"
)
@click.option("--pin", help="Holds that every problem uses, in any role: F5,E12.")
@click.option("--start", help="Exactly these start holds: F5 or F5,G6.")
@click.option("--finish", help="Exactly these finish holds: E18.")
@click.option("--ban", help="Holds that must not be used: G2,H10.")
@click.option("--hold-sets", help="Only holds of these sets: A,Original.")
@click.option("--min-holds", type=int, default=3, help="Fewest holds.")
@click.option("--max-holds", type=int, default=14, help="Most holds.")
@click.option("--max-reach", type=float, help="Longest move in cm. [default: the board's reach]")
@click.option("--check-grade", is_flag=True, help="Keep only what the grader finds within half a grade of --grade.")
@climber_flags
@click.option("--visualize", is_flag=True, help="Draw the problems here, and write PNGs and a contact sheet.")
@click.option("--out", type=FILE, help="Folder for files, or one file for parquet. [default: a new out/GRADE]")
@click.option(
    "--format", "formats", help="Files to write: any of png,svg,json,csv,app; or parquet (of climbpath[train]) alone."
)
@click.option("--force", is_flag=True, help="Overwrite files in --out.")
def generate(
    grade: str,
    num_samples: int,
    board: str,
    angle: int,
    model: Path | None,
    seed: int | None,
    height: float | None,
    ape: float | None,
    check_grade: bool,
    visualize: bool,
    out: Path | None,
    formats: str | None,
    force: bool,
    **conditions: Any,
) -> None:
    """Generate new, valid problems at a grade.

    \b
    climbpath generate --grade 7A --visualize
    climbpath generate --grade 6C..7A+ --num-samples 20 --format png,json --out evening
    climbpath generate --grade 7A --pin F5,E12 --ban G2
    climbpath generate --grade V5 --start F5 --hold-sets A,B --max-holds 8
    climbpath generate --grade 7A --height 165 --ape -3 --check-grade
    climbpath generate --grade 6C..7B --num-samples 1000000 --format parquet --out million.parquet
    climbpath generate --grade 7A --checkpoint checkpoints/climb_path_cpu/best.pt

    Every problem is valid, not among the problems the model knows, and distinct from the others. With --height or
    --ape only problems come whose every move that climber reaches. The grader's opinion stands beside each.
    """
    import secrets

    from climbpath import api

    generator = api.load(model)
    seed = secrets.randbelow(2**32) if seed is None else seed
    climber = None if height is None and ape is None else climber_of(height, ape)
    conditions |= {"climber": climber, "check_grade": check_grade}
    if formats and "parquet" in formats.lower():
        _generate_to_parquet(generator, model, grade, num_samples, board, angle, seed, out, formats, force, conditions)
        return
    writers = _writers(formats, visualize, out)
    problems = generator.generate(grade, num_samples, board=board, angle=angle, seed=seed, **conditions)
    _warn_of_thin_evidence(generator, grade, board, angle)
    _show(problems, num_samples, seed, visualize, out, writers, _file_name(grade), force)


def _writers(formats: str | None, visualize: bool, out: Path | None) -> list[str]:
    from climbpath import exporters

    if out and out.is_file():
        raise ClimbpathError(f"{out} is a file: name a folder with --out (a file is for --format parquet)")
    return exporters.parse_formats(formats or ("png" if visualize or out else ""))


def _warn_of_thin_evidence(generator: "Generator", grade: str, board: str, angle: int) -> None:
    for thin, count in generator.thin_evidence(grade, board, angle).items():
        warn(f"{thin} rests on thin evidence: the model learned it from {count} problems")


def _generate_to_parquet(
    generator: "Generator",
    model: Path | None,
    grade: str,
    number: int,
    board: str,
    angle: int,
    seed: int,
    out: Path | None,
    formats: str,
    force: bool,
    conditions: dict[str, Any],
) -> None:
    """Generate any number of problems into one file."""
    from climbpath import api, bulk, sample
    from climbpath.files import refuse_overwrite

    if formats.strip().lower() != "parquet":
        raise ClimbpathError("parquet is for many problems in one file: write it alone, without other formats")
    path = out or Path("out") / f"{_file_name(grade)}.parquet"
    refuse_overwrite([path], force)
    temperature, top_p, guidance = (conditions.pop(name) for name in ("temperature", "top_p", "guidance"))
    climber, check_grade = (conditions.pop(name) for name in ("climber", "check_grade"))
    request = bulk.Request(
        model=str(model) if model else None,
        board=board,
        angle=angle,
        grades=tuple(grades.parse_grades(grade)),
        number=number,
        rules=api.parse_rules(board, **conditions),
        sampling=sample.Sampling(temperature, top_p, generator.guidance(guidance, check_grade)),
        seed=seed,
        climber=climber,
        check_grade=check_grade,
    )
    accept = api.acceptance(climber, check_grade)
    try:
        written = bulk.generate_to_parquet(generator.model, request, path, accept)
    except KeyboardInterrupt:
        click.echo(f"\nStopped; what is drawn is kept. Go on with the same command and --seed {seed}", err=True)
        sys.exit(130)
    if written < number:
        warn(f"only {written:,} of {number:,} problems: the conditions leave hardly any more new ones")
    click.echo(f"wrote {written:,} problems to {path}, seed {seed}")


def _file_name(grade: str) -> str:
    return grade.replace("..", "-").replace(",", "_").replace("/", "_")


def _show(
    problems: Sequence["Problem"],
    wanted: int,
    seed: int,
    visualize: bool,
    out: Path | None,
    writers: list[str],
    name: str,
    force: bool,
) -> None:
    """Print generated problems, and write the files asked for."""
    from climbpath import draw, exporters, files

    opinions = _opinions(problems)
    for number, (problem, opinion) in enumerate(zip(problems, opinions, strict=True), 1):
        if visualize:
            click.echo("\n".join(filter(None, [draw.text(problem, colour=sys.stdout.isatty()), opinion])) + "\n")
        else:
            click.echo(f"{number:>3}. {grades.show(problem.grade or '')}  {problem.notation}  {opinion}".rstrip())
    if len(problems) < wanted:
        warn(f"only {len(problems)} of {wanted} problems: the conditions leave no more new ones")
    click.echo(f"{len(problems)} problems, seed {seed}")
    if writers:
        for path in exporters.write(problems, out or files.new_folder(Path("out") / name), writers, force):
            click.echo(f"wrote {path}")


def _opinions(problems: Sequence["Problem"]) -> list[str]:
    """What the grader finds each problem to be; '' on a board that it has not learned."""
    from climbpath.api import bundled_grader
    from climbpath.grader import verdicts

    grader = bundled_grader()
    if not problems or problems[0].place not in grader.evidence:
        return [""] * len(problems)
    found = verdicts(grader.probabilities(problems))
    return [f"grader: {verdict.grade} {verdict.probabilities[verdict.grade]:.0%}" for verdict in found]


@click.command()
@click.argument("problem")
@click.option("--keep", type=float, default=0.7, help="Share of the holds that each variation keeps.")
@click.option("--num-samples", type=click.IntRange(1), default=5, help="How many variations.")
@click.option("--grade", help="Grade of the problem, where it is not told in PROBLEM: 7A or V6.")
@problem_flags
@click.option("--ban", help="Holds that must not be used: G2,H10.")
@model_flag
@click.option("--seed", type=click.IntRange(0), help="The same seed gives the same variations. [default: random]")
@click.option("--visualize", is_flag=True, help="Draw them here, and write PNGs and a contact sheet.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder. [default: a new out/vary]")
@click.option("--format", "formats", help="Files to write: any of png,svg,json,csv,app.")
@click.option("--force", is_flag=True, help="Overwrite files in --out.")
def vary(
    problem: str,
    keep: float,
    num_samples: int,
    grade: str | None,
    board: str,
    angle: int,
    ban: str | None,
    model: Path | None,
    seed: int | None,
    visualize: bool,
    out: Path | None,
    formats: str | None,
    force: bool,
) -> None:
    """Make variations of PROBLEM: each keeps some of its holds, and the rest is made anew.

    PROBLEM is in notation, 'F5s D9 G13 I16 G18e', a JSON file that climbpath wrote (its first problem is taken),
    or - for standard input.

    \b
    climbpath vary "F5s D9 G13 I16 G18e" --grade 7A
    climbpath vary out/7A/problems.json --keep 0.5 --visualize
    """
    import secrets
    from dataclasses import replace

    from climbpath import api

    original = read_problem(problem, board, angle)
    if grade:
        original = replace(original, grade=one_grade(grade))
    if original.grade is None:
        raise ClimbpathError("which grade is it? Name one with --grade, for example --grade 7A")
    seed = secrets.randbelow(2**32) if seed is None else seed
    writers, generator = _writers(formats, visualize, out), api.load(model)
    variations = generator.vary(original, num_samples, keep=keep, seed=seed, ban=ban)
    _warn_of_thin_evidence(generator, original.grade, original.board, original.angle)
    click.echo(f"  of {grades.show(original.grade)}  {original.notation}")
    _show(variations, num_samples, seed, visualize, out, writers, "vary", force)
