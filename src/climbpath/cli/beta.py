"""The command that finds how problems are climbed: beta."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from climbpath.cli.common import (
    PLACE,
    Command,
    climber_flags,
    climber_of,
    cluster_flag,
    on_cluster,
    place,
    problem_flags,
    read_problems,
    refuse_options,
    tell_written,
    theme_flag,
    wall_flags,
    walls_of,
)
from climbpath.errors import ClimbpathError

if TYPE_CHECKING:
    from climbpath.beta.body import Climber
    from climbpath.beta.moves import Beta
    from climbpath.drawing.themes import Theme
    from climbpath.problem import Problem
    from climbpath.wall import Wall

AT_A_TIME = 500
"""Problems that are solved before the progress bar moves on."""
NOT_ON_CLUSTER = ("board", "angle", "size", "hold_sets", "formats", "theme", "force")
"""Parameters that are for notation, for pictures, or for files that are written at once."""


@click.command(cls=Command)
@click.argument("problem")
@problem_flags
@wall_flags
@climber_flags
@click.option(
    "--out", type=PLACE, help="Folder for files; with --cluster also s3://bucket/folder. [default: a new out/beta]"
)
@click.option("--format", "formats", help="Files to write: any of png,svg,gif,json.")
@theme_flag
@cluster_flag
@click.option("--force", is_flag=True, help="Overwrite files in --out.")
def beta(
    problem: str,
    board: str,
    angle: int | None,
    size: str | None,
    hold_sets: str | None,
    height: str | None,
    ape: str | None,
    out: Path | None,
    formats: str | None,
    theme: str,
    cluster: str | None,
    force: bool,
) -> None:
    """Find how PROBLEM is climbed: the hand moves, the crux, and whether the climber can reach everything.

    PROBLEM is in notation, a share link, a file of problems (JSON, CSV or Parquet; all are climbed), or - for standard
    input with a problem on each line.

    \b
    climbpath beta "F5 D9 G13 I16 G18"
    climbpath beta "F5 D9 G13 I16 G18" --height 165 --ape -3
    climbpath beta "F5 D9 G13 I16 G18" --height "5 ft 5"
    climbpath beta out/7A/problems.json --format png,gif,json
    climbpath beta million.parquet --height 165 --cluster auto --out betas

    A move's distance and direction are from the hand's last hold. Holds that no hand needs serve as feet. Of
    several problems, betas.json has all betas, and pictures are numbered.
    """
    from climbpath import files
    from climbpath.drawing.themes import THEMES
    from climbpath.naming import title

    if cluster:
        refuse_options(NOT_ON_CLUSTER, "--cluster reads and writes Parquet files")
        _beta_on_cluster(problem, climber_of(height, ape), out or Path("out") / "betas", cluster)
        return
    chosen = files.parse_formats(formats or ("png" if out else ""), (*PICTURES, "json"))
    if out and out.is_file():
        raise ClimbpathError(f"{out} is a file: name a folder with --out")
    problems = read_problems(problem, board, angle, size, hold_sets)
    if chosen:
        problems = _graded(problems)
    walls = walls_of(problems, size, hold_sets)
    solved = _solve(problems, climber_of(height, ape))
    if len(solved) == 1:
        click.echo(f"{title(solved[0].problem)}  {solved[0].problem.notation}")
        click.echo(beta_text(solved[0]))
    else:
        for number, one in enumerate(solved, 1):
            click.echo(f"{number:>4}. {title(one.problem)}  {one.problem.notation}\n      {_one_line(one)}")
    if chosen:
        folder = out or files.new_folder(Path("out") / "beta")
        paths = {name: _paths(folder, name, solved) for name in chosen}
        files.refuse_overwrite([path for some in paths.values() for path in some], force)
        for name, some in paths.items():
            drawn = (PICTURES[name](one, THEMES[theme], walls[one.problem.board]) for one in solved)
            contents = [_json(solved)] if name == "json" else drawn
            for path, content in zip(some, contents, strict=True):
                with files.replacing(path) as temporary:
                    temporary.write_bytes(content)
            tell_written(some[0], note=f" to {some[-1].name}" * (len(some) > 1))


def _graded(problems: "Sequence[Problem]") -> "list[Problem]":
    """The problems with the grader's grade where they have none, as files show it."""
    from climbpath.grader.grader import grader_of

    found = list(problems)
    for setup in dict.fromkeys(one.setup for one in problems if not one.grade):
        if grader := grader_of(setup):
            rows = [i for i, one in enumerate(problems) if one.setup == setup and not one.grade and grader.reads(one)]
            for i, graded in zip(rows, grader.graded([problems[i] for i in rows]), strict=True):
                found[i] = graded
    return found


def _beta_on_cluster(source: str, climber: "Climber", folder: Path, cluster: str) -> None:
    """Find the betas of the problems of Parquet files into those of a folder, on a cluster."""
    from climbpath.cluster.columns import add_columns, beta_columns

    asked = {"columns": "betas", "climber": climber._asdict()}
    with on_cluster(cluster) as each:
        written = add_columns(place(source), folder, beta_columns(climber), asked, each, "Beta")
    tell_written(folder, f"{written:,} files")


def _solve(problems: "Sequence[Problem]", climber: "Climber") -> "list[Beta]":
    """The betas of problems, with a progress bar if it takes long."""
    from climbpath.beta.solver import solve
    from climbpath.progress import PATIENCE, progress_bar

    solved = []
    with progress_bar(None, "Beta", len(problems), delay=PATIENCE) as bar:
        for first in range(0, len(problems), AT_A_TIME):
            solved += solve(problems[first : first + AT_A_TIME], climber)
            bar.update(len(solved) - first)
    return solved


def _paths(folder: Path, name: str, solved: "Sequence[Beta]") -> list[Path]:
    """The files of a format: one for all betas as JSON, one for each picture."""
    from climbpath.naming import file_stem

    stems = [file_stem(one.problem) for one in solved]
    if len(solved) == 1:
        return [folder / f"{stems[0]}-beta.{name}"]
    if name == "json":
        return [folder / "betas.json"]
    digits = len(str(len(solved)))
    return [folder / f"{number:0{digits}}-{stem}-beta.{name}" for number, stem in enumerate(stems, 1)]


def _one_line(solved: "Beta") -> str:
    """A beta in a line: 'LH F5, RH G6: RH G8, LH E10 crux, …'."""
    left, right = solved.start
    start = f"both hands {left}" if left == right else f"LH {left}, RH {right}"
    moves = [f"{move.hand} {move.hold}" + " crux" * (i == solved.crux) for i, move in enumerate(solved.moves)]
    far = f"  out of reach: {_farthest(solved)}" if solved.too_far else ""
    return f"{start}: {', '.join(moves)}{far}"


def beta_text(solved: "Beta") -> str:
    """A beta as text, with the holds that no hand needs and what is out of reach."""
    from climbpath.beta.moves import describe

    lines = describe(solved)
    feet = solved.problem.feet
    if feet:
        lines.append(f"for the feet: {', '.join(feet)}")
    if idle := [label for label in solved.no_hand if label not in feet]:
        lines.append(f"for the feet or as intermediates: {', '.join(idle)}")
    if solved.too_far:
        lines.append(f"out of reach for {solved.climber.words}: {_farthest(solved)}")
    return "\n".join(lines)


def _farthest(solved: "Beta") -> str:
    """What is furthest out of reach."""
    if solved.start_too_far == solved.too_far:
        return f"the start holds are {max(1, round(solved.too_far))} cm too far apart"
    number, move = max(enumerate(solved.moves, 1), key=lambda item: item[1].too_far)
    return f"move {number}, {move.hand} → {move.hold}, by {max(1, round(move.too_far))} cm"


def _png(solved: "Beta", theme: "Theme", wall: "Wall | None") -> bytes:
    from climbpath.beta import drawing as beta_drawing

    return beta_drawing.png(solved, theme=theme, wall=wall)


def _svg(solved: "Beta", theme: "Theme", wall: "Wall | None") -> bytes:
    from climbpath.beta import drawing as beta_drawing

    return beta_drawing.svg(solved, theme, wall).encode()


def _gif(solved: "Beta", theme: "Theme", wall: "Wall | None") -> bytes:
    from climbpath.beta import drawing as beta_drawing

    return beta_drawing.gif(solved, theme=theme, wall=wall)


def _json(solved: "Sequence[Beta]") -> bytes:
    records = [one.to_dict() for one in solved]
    return (json.dumps(records if len(records) > 1 else records[0], indent=1, ensure_ascii=False) + "\n").encode()


PICTURES = {"png": _png, "svg": _svg, "gif": _gif}
