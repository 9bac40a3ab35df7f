"""The command that finds how a problem is climbed: beta."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from climbpath.cli.common import FILE, climber_flags, climber_of, problem_flags, read_problem, theme_flag
from climbpath.errors import ClimbpathError

if TYPE_CHECKING:
    from climbpath.beta.solver import Beta, Climber
    from climbpath.drawing.themes import Theme


@click.command()
@click.argument("problem")
@problem_flags
@climber_flags
@click.option("--out", type=FILE, help="Folder for files. [default: a new out/beta]")
@click.option("--format", "formats", help="Files to write: any of png,svg,gif,json.")
@theme_flag
@click.option("--force", is_flag=True, help="Overwrite files in --out.")
def beta(
    problem: str,
    board: str,
    angle: int,
    height: float | None,
    ape: float | None,
    out: Path | None,
    formats: str | None,
    theme: str,
    force: bool,
) -> None:
    """Find how PROBLEM is climbed: the hand moves, the crux, and whether the climber can reach everything.

    PROBLEM is in notation, a share link, a file of problems (the first is used), or - for standard input.

    \b
    climbpath beta "F5 D9 G13 I16 G18"
    climbpath beta "F5 D9 G13 I16 G18" --height 165 --ape -3
    climbpath beta out/7A/problems.json --format png,gif,json

    A move's distance and direction are from the hand's last hold. Holds that no hand needs serve as feet.
    """
    from climbpath import files
    from climbpath.beta import solver
    from climbpath.drawing.themes import THEMES
    from climbpath.naming import file_stem, title

    chosen = files.parse_formats(formats or ("png" if out else ""), BETA_FORMATS)
    if out and out.is_file():
        raise ClimbpathError(f"{out} is a file: name a folder with --out")
    (solved,) = solver.solve([read_problem(problem, board, angle)], climber_of(height, ape))
    click.echo(f"{title(solved.problem)}  {solved.problem.notation}")
    click.echo(beta_text(solved))
    if chosen:
        folder = out or files.new_folder(Path("out") / "beta")
        paths = {name: folder / f"{file_stem(solved.problem)}-beta.{name}" for name in chosen}
        files.refuse_overwrite(list(paths.values()), force)
        for name, path in paths.items():
            with files.replacing(path) as temporary:
                temporary.write_bytes(BETA_FORMATS[name](solved, THEMES[theme]))
            click.echo(f"wrote {path}")


def beta_text(solved: "Beta") -> str:
    """A beta as text, with the holds that no hand needs and what is out of reach."""
    from climbpath.beta.solver import describe

    lines = describe(solved)
    if solved.no_hand:
        lines.append(f"for the feet or as intermediates: {', '.join(solved.no_hand)}")
    if solved.too_far:
        lines.append(f"out of reach for {_climber_text(solved.climber)}: {_farthest(solved)}")
    return "\n".join(lines)


def _farthest(solved: "Beta") -> str:
    """What is furthest out of reach."""
    if solved.start_too_far == solved.too_far:
        return f"the start holds are {max(1, round(solved.too_far))} cm too far apart"
    number, move = max(enumerate(solved.moves, 1), key=lambda item: item[1].too_far)
    return f"move {number}, {move.hand} → {move.hold}, by {max(1, round(move.too_far))} cm"


def _climber_text(climber: "Climber") -> str:
    ape = f" with an ape index of {climber.ape:+g} cm" if climber.ape else ""
    return f"a climber of {climber.height:g} cm{ape}"


def _png(solved: "Beta", theme: "Theme") -> bytes:
    from climbpath.beta import drawing as beta_drawing

    return beta_drawing.png(solved, theme=theme)


def _svg(solved: "Beta", theme: "Theme") -> bytes:
    from climbpath.beta import drawing as beta_drawing

    return beta_drawing.svg(solved, theme).encode()


def _gif(solved: "Beta", theme: "Theme") -> bytes:
    from climbpath.beta import drawing as beta_drawing

    return beta_drawing.gif(solved, theme=theme)


def _json(solved: "Beta", _: "Theme") -> bytes:
    return (json.dumps(solved.to_dict(), indent=1, ensure_ascii=False) + "\n").encode()


BETA_FORMATS = {"png": _png, "svg": _svg, "gif": _gif, "json": _json}
