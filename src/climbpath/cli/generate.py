"""The command that generates problems: generate."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from climbpath.cli.common import (
    FILE,
    MOST_LISTED,
    PLACE,
    SEED,
    Command,
    climber_flags,
    climber_of,
    cluster_flag,
    method_flag,
    on_cluster,
    problem_flags,
    refuse_options,
    tell_written,
    theme_flag,
    wall_flags,
    wall_of,
    warn,
)
from climbpath.cli.output import parse_writers, print_and_write, warn_of_evidence
from climbpath.errors import ClimbpathError

if TYPE_CHECKING:
    from climbpath.api import Generator
    from climbpath.generator.request import Request


@click.command(cls=Command)
@click.option(
    "--grade", required=True, help="'7A', 'V5', '6C..7B' or '6C,7A'; several grades get equally many problems."
)
@click.option("--num-samples", type=click.IntRange(1, 1_000_000_000), default=10, help="How many problems.")
@problem_flags
@click.option(
    "--model",
    "--checkpoint",
    "model",
    type=FILE,
    help="A model or a checkpoint. [default: the bundled model]",
)
@click.option("--temperature", type=float, default=1.0, help="Above 1 more adventurous, below 1 more conventional.")
@click.option("--top-p", type=float, default=1.0, help="Nucleus sampling: probability mass of the holds considered.")
@click.option(
    "--seed", type=SEED, help="The same seed gives the same problems, with --format parquet others. [default: random]"
)
@click.option(
    "--guidance",
    type=float,
    help="Above 1: closer to what is typical of the grade. [default: 1; 1.25 with --any-grade, if possible]",
)
@click.option("--pin", help="Holds that every problem uses: F5,E12; F5s as a start, E12h hand, F2f foot, E18e finish.")
@click.option("--start", help="Exactly these start holds: F5 or F5,G6.")
@click.option("--finish", help="Exactly these finish holds: E18.")
@click.option("--ban", help="Holds that must not be used: G2,H10.")
@wall_flags
@click.option("--min-holds", type=int, help="Fewest holds for hands, with start and finish. [default: the board's]")
@click.option("--max-holds", type=int, help="Most of them. [default: the board's]")
@click.option("--max-feet", type=int, help="Most foot holds, where problems have such. [default: the board's]")
@method_flag
@click.option("--max-reach", type=float, help="Longest move in cm. [default: the board's reach]")
@click.option("--any-grade", is_flag=True, help="Keep problems, too, to which the grader gives another grade.")
@click.option("--mirror", is_flag=True, help="Mirror every problem, on a board that has mirror partners.")
@climber_flags
@click.option("--visualize", is_flag=True, help="Draw the problems here, and write PNGs and a contact sheet.")
@click.option(
    "--out",
    type=PLACE,
    help="Folder for files, or one file for parquet; with --cluster a folder or s3://bucket/folder. "
    "[default: a new out/GRADE; of parquet out/GRADE.parquet, of a cluster out/GRADE]",
)
@click.option(
    "--format", "formats", help="Files to write: any of png,svg,json,csv,app; or parquet (needs the extra train) alone."
)
@theme_flag
@cluster_flag
@click.option("--force", is_flag=True, help="Overwrite files in --out.")
def generate(
    grade: str,
    model: Path | None,
    height: str | None,
    ape: str | None,
    visualize: bool,
    out: Path | None,
    formats: str | None,
    theme: str,
    cluster: str | None,
    force: bool,
    method: str | None,
    board: str,
    size: str | None,
    hold_sets: str | None,
    **conditions: Any,
) -> None:
    """Generate new, valid problems at a grade.

    \b
    climbpath generate --grade 7A --visualize
    climbpath generate --grade 6C..7A+ --num-samples 20 --format png,json --out evening
    climbpath generate --grade 7A --pin F5,E12 --ban G2
    climbpath generate --grade V5 --start F5 --hold-sets A,B --max-holds 8
    climbpath generate --grade 7A --height 165 --ape -3
    climbpath generate --grade 6C..7B --num-samples 1000000 --format parquet --out million.parquet
    climbpath generate --grade 6C..7B --num-samples 10000000 --cluster auto --out s3://bucket/many --seed 1
    climbpath generate --grade 7A --checkpoint checkpoints/climb_path_cpu/best.pt

    Every problem is valid, and different from the known problems and from the others. With --height or --ape, the
    climber can reach every move. A problem's grade is the grader's, and only problems come whose grade was asked for;
    on a board that the grader does not know, it is the grade asked for.
    """
    from dataclasses import replace

    from climbpath import api
    from climbpath.problem import DEFAULT_METHOD

    to_parquet = _is_parquet(formats)
    if cluster:
        others = () if to_parquet else ("formats",)
        refuse_options(("visualize", "theme", "force", *others), "--cluster writes Parquet files")
    elif to_parquet:
        refuse_options(("visualize", "theme"), "--format parquet draws nothing")
    climber = None if height is None and ape is None else climber_of(height, ape)
    wall = wall_of(board, size, hold_sets)
    conditions |= {"board": board, "size": wall.size, "hold_sets": wall.hold_sets}
    request = api.parse_request(grade, climber=climber, method=method or DEFAULT_METHOD, **conditions)
    generator = api.load(model, request.setup)
    request = replace(request, grades=generator.grades_of(grade, request.setup))
    warn_of_evidence(generator, request.setup, request.grades)
    if cluster:
        _generate_on_cluster(generator, model, request, out or Path("out") / _file_name(grade), cluster)
        return
    if to_parquet:
        _generate_to_parquet(generator, model, request, out or Path("out") / f"{_file_name(grade)}.parquet", force)
        return
    if request.number > MOST_LISTED:
        raise ClimbpathError(f"more than {MOST_LISTED:,} problems go to one file: --format parquet")
    writers = parse_writers(formats, visualize, out)
    problems = generator.run(request, shown=True)
    name = _file_name(grade)
    print_and_write(problems, request.number, request.seed, visualize, out, writers, name, force, theme, wall)


def _is_parquet(formats: str | None) -> bool:
    """Whether the format is parquet. Raises ClimbpathError where others are named with it, and for an unknown one."""
    from climbpath.data import exporters
    from climbpath.files import parse_formats

    named = parse_formats(formats or "", (*exporters.FORMATS, "parquet"))
    if "parquet" in named and len(named) > 1:
        raise ClimbpathError("parquet is for many problems in one file: write it alone, without other formats")
    return named == ["parquet"]


def _generate_to_parquet(
    generator: "Generator", model: Path | None, request: "Request", path: Path, force: bool
) -> None:
    """Generate any number of problems into one Parquet file."""
    from climbpath.files import refuse_ending, refuse_overwrite
    from climbpath.generator import bulk

    refuse_ending(path, ".parquet")
    refuse_overwrite([path], force)
    try:
        written, reason = bulk.generate_to_parquet(
            generator.model_of(request.setup), request, path, str(model) if model else None
        )
    except KeyboardInterrupt:
        click.echo(
            f"\nStopped; finished problems are kept. Continue with the same command and --seed {request.seed}", err=True
        )
        sys.exit(130)
    _tell_how_many(written, request, reason, path)


def _generate_on_cluster(
    generator: "Generator", model: Path | None, request: "Request", folder: Path, cluster: str
) -> None:
    """Generate any number of problems into Parquet files of a folder, on a cluster."""
    from climbpath.generator import bulk

    with on_cluster(cluster, f"--seed {request.seed}") as each:
        written, reason = bulk.generate_to_folder(
            generator.model_of(request.setup), request, folder, each, str(model) if model else None
        )
    _tell_how_many(written, request, reason, folder)


def _tell_how_many(written: int, request: "Request", reason: str | None, place: Path) -> None:
    if written < request.number:
        warn(f"only {written:,} of {request.number:,} problems: {reason}")
    tell_written(place, f"{written:,} problems", f", seed {request.seed}")


def _file_name(grade: str) -> str:
    return grade.replace("..", "-").replace(",", "_").replace("/", "_")
