"""Commands that make a problem harder or easier: harder, easier."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from climbpath import grades
from climbpath.cli.common import (
    FOLDER,
    SEED,
    Command,
    model_flag,
    problem_flags,
    read_problem,
    tell_written,
    theme_flag,
    wall_flags,
    walls_of,
)
from climbpath.cli.output import warn_of_evidence, warn_of_grades

if TYPE_CHECKING:
    from climbpath.problem import Problem


def _adjusting(steps: int, name: str) -> click.Command:
    """The command that moves a problem by some steps of the ladder."""

    @click.command(
        name,
        cls=Command,
        help=f"""Make PROBLEM one grade {name}, changing as few holds as possible.

        The model proposes other holds; the versions shown are those to which the grader gives the next grade. Before
        and after are both the grader's, whatever grade PROBLEM has on record. PROBLEM is in notation, a share link, a
        file of problems (the first is used), or - for standard input.

        \b
        climbpath {name} "F5 D9 G13 I16 G18"
        """,
    )
    @click.argument("problem")
    @problem_flags
    @wall_flags
    @click.option("--num-samples", type=click.IntRange(1, 1000), default=3, help="Most versions to show.")
    @model_flag
    @click.option("--seed", type=SEED, default=0, help="The same seed gives the same versions.")
    @click.option("--out", type=FOLDER, help="Folder for files.")
    @click.option("--format", "formats", help="Files to write: any of png,svg,json,csv,app.")
    @theme_flag
    @click.option("--force", is_flag=True, help="Overwrite files in --out.")
    def command(
        problem: str,
        board: str,
        angle: int | None,
        size: str | None,
        hold_sets: str | None,
        num_samples: int,
        model: Path | None,
        seed: int,
        out: Path | None,
        formats: str | None,
        theme: str,
        force: bool,
    ) -> None:
        from climbpath import files
        from climbpath.api import load
        from climbpath.data import exporters
        from climbpath.drawing.themes import THEMES
        from climbpath.files import parse_formats
        from climbpath.generator.adjust import adjust
        from climbpath.generator.request import parse_rules
        from climbpath.grader.grader import checked_grader_of
        from climbpath.naming import title

        writers = parse_formats(formats or ("png" if out else ""), exporters.FORMATS)
        one = read_problem(problem, board, angle, size, hold_sets)
        exporters.check_formats([one], writers)
        wall = walls_of([one], size, hold_sets)[one.board]
        generator = load(model, one.setup)
        warn_of_evidence(generator, one.setup, ())
        grader = checked_grader_of(one.setup)
        versions = adjust(
            generator.model_of(one.setup),
            grader,
            one,
            steps,
            num_samples,
            seed,
            rules=parse_rules(one.board, size=wall.size, hold_sets=wall.hold_sets),
            progress=lambda stage: click.echo(f"… {stage}", err=True),
        )
        warn_of_grades(
            grader,
            one.setup,
            "these problems and their grades are",
            [version.problem.grade or "" for version in versions],
        )
        click.echo(f"from {grades.show(versions[0].before)}  {title(one)}  {one.notation}")
        for number, version in enumerate(versions, 1):
            click.echo(f"{number:>3}. {_version_line(one, version.problem)}")
        if writers:
            problems = [version.problem for version in versions]
            folder = out or files.new_folder(Path("out") / name)
            for path in exporters.write(problems, folder, writers, force, THEMES[theme], wall):
                tell_written(path)

    return command


def _version_line(before: "Problem", after: "Problem") -> str:
    gone = [label for label in before.holds if label not in after.holds]
    new = [label for label in after.holds if label not in before.holds]
    changes = [f"without {', '.join(gone)}"] * bool(gone) + [f"with {', '.join(new)}"] * bool(new)
    return f"{grades.show(after.grade or '')}  {after.name}  {after.notation}   {', '.join(changes)}"


harder, easier = _adjusting(1, "harder"), _adjusting(-1, "easier")
