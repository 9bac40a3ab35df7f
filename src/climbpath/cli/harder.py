"""Commands that make a problem harder or easier: harder, easier."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from climbpath import grades
from climbpath.cli.common import (
    model_flag,
    one_grade,
    problem_flags,
    read_problem,
)

if TYPE_CHECKING:
    from climbpath.problem import Problem


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

        from climbpath import files
        from climbpath.api import bundled_grader, load
        from climbpath.data import exporters
        from climbpath.generator.adjust import adjust

        writers = exporters.parse_formats(formats or ("png" if out else ""))
        one = read_problem(problem, board, angle)
        if grade:
            one = replace(one, grade=one_grade(grade))
        versions = adjust(
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
