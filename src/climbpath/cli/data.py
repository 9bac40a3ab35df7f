"""climbpath data: import, stats, export, filter, split."""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from climbpath.angles import UNKNOWN
from climbpath.cli.common import ANGLE, FILE, Command, Group, tell_written, warn, write_json
from climbpath.errors import ClimbpathError

if TYPE_CHECKING:
    from climbpath.data.importers import Item, Tallied, Wanted

SOME_UNREAD = 3
"""Exit code where some files could not be read and others could."""


class ImportCommand(Command):
    """The import, whose help lists the formats as the importers describe themselves."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write every format with its example, which loads the importers only where help is asked for."""
        from climbpath.data.importers import FORMATS

        formatter.write("\nFormats:\n")
        for one in FORMATS:
            formatter.write(f"\n  {one.TITLE}\n" + "".join(f"    {line}\n" for line in one.EXAMPLE))


@click.group(cls=Group)
def data() -> None:
    """Import, inspect, export, filter and split files of problems."""


@data.command("import", cls=ImportCommand)
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("-o", "--output", required=True, type=FILE, help="The Parquet file to write.")
@click.option("--report", type=FILE, help="The JSON file for the report. [default: beside the output]")
@click.option("--layout", help="Of databases: climbs of this layout or board only; a wrong one lists all.")
@click.option(
    "--min-ascents",
    type=click.IntRange(0),
    default=5,
    help="Of databases: only climbs with so many ascents at their angle, where their number is known.",
)
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
def import_problems(
    files: tuple[Path, ...], output: Path, report: Path | None, layout: str | None, min_ascents: int, force: bool
) -> None:
    """Read FILES of problems in any known format, clean them and merge them into one.

    Formats are detected by content, never by name. Files may be compressed with gzip or zip, and a folder stands for
    its files. Every record is kept, merged, rejected or left out, and the report says which and why. The exit code is 3
    where some files could not be read.

    \b
    Example:
      climbpath data import guide.csv scrape.json.gz -o problems.parquet
      climbpath data import kilter.sqlite3 --layout "Kilter Board Original" -o kilter.parquet
    """
    from climbpath.data import importers, parquet, stats
    from climbpath.data.merge import Tally, gather
    from climbpath.data.merge import report as account_of
    from climbpath.files import refuse_ending, refuse_overwrite

    refuse_ending(output, ".parquet")
    refuse_overwrite([output], force)
    report = report or output.with_suffix(".report.json")
    refuse_ending(report, ".json")
    refuse_overwrite([output, report], force or _of_nothing(report))
    for file in files:
        if not file.exists():
            raise ClimbpathError(f"{file}: there is no such file")
    notes = importers.Tallied()
    wanted = importers.Wanted(layout, min_ascents)
    gathered = gather(_sources(files, [output, report], notes, wanted))
    if not gathered.failures and not any(tally.read for tally in gathered.tallies):
        what = "problems" if layout is None else f"climbs of the layout {layout!r}"
        raise ClimbpathError(f"there are no {what} in {', '.join(map(str, files))}")
    account = account_of(gathered, notes)
    write_json(report, account)
    if gathered.tallies:
        total = ("all", *(sum(counts) for counts in list(zip(*gathered.tallies, strict=True))[1:]))
        header = [name.replace("_", " ") for name in Tally._fields]
        click.echo(stats.table(header, [*gathered.tallies, total]))
    failures = [f"{failure.file}: {failure.reason}" for failure in gathered.failures]
    _list_some("not read", failures, len(failures), report)
    rejected = [f"{r.file}, record {r.record}: {r.reason}" for r in gathered.rejections]
    _list_some("rejected", rejected, gathered.reasons.total(), report)
    _list_counts("left out", gathered.left_out, report)
    _list_counts("notes", notes, report)
    _list_some("grade conflicts", gathered.conflicts, len(gathered.conflicts), report)
    if not gathered.problems:
        has_few = any("ascents" in reason for reason in gathered.left_out)
        way_out = "; --min-ascents 0 takes climbs with any number of ascents" * has_few
        raise ClimbpathError(
            f"nothing in {', '.join(map(str, files))} can be used; the reasons are in {report}{way_out}"
        )
    parquet.write(output, gathered.problems)
    setups = [(one["board"], _degrees(one["angle"]), one["problems"]) for one in account["problems"]]
    click.echo(f"\n{stats.table(('board', 'angle', 'problems'), setups)}\n")
    for path in (output, report):
        tell_written(path)
    if failures:
        warn(f"{len(failures)} of the files could not be read; the reasons are above and in {report}")
        sys.exit(SOME_UNREAD)


def _of_nothing(report: Path) -> bool:
    """Whether a file is the report of an import that found no problems, and wrote nothing else."""
    try:
        account = json.loads(report.read_text(encoding="utf-8"))
        return bool(account["problems"] == [] and account.keys() >= {"files", "failures"})
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return False


def _degrees(angle: int | None) -> int | str:
    """An angle in a table."""
    return UNKNOWN if angle is None else angle


def _sources(
    files: Iterable[Path], outputs: Sequence[Path], notes: "Tallied", wanted: "Wanted"
) -> Iterator[tuple[str, Iterable["Item"]]]:
    """Every file, also those in folders and zips, with what becomes of its records."""
    from climbpath.data import importers
    from climbpath.progress import counted

    for file in files:
        for name, source in importers.sources(file, outputs):
            if isinstance(source, importers.Failure):
                yield name, [source]
            else:
                yield name, counted(importers.read_file(name, source, notes.note, wanted), Path(name).name, "records")


@data.command("stats")
@click.argument("file", type=FILE)
@click.option("--png", type=FILE, help="Also draw a chart to this file.")
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
def show_stats(file: Path, png: Path | None, force: bool) -> None:
    """Summarise a FILE of problems: grades, lengths, repeats, reaches and methods.

    \b
    Example:
      climbpath data stats problems.parquet --png stats.png
    """
    from climbpath.data import parquet, stats
    from climbpath.files import refuse_ending, refuse_overwrite

    if png:
        refuse_ending(png, ".png")
        refuse_overwrite([png], force)
    problems = parquet.load(file)
    if not problems:
        raise ClimbpathError(f"{file} holds no problems")
    click.echo(stats.describe(problems))
    if png:
        stats.chart(problems, png)
        click.echo()
        tell_written(png)


@data.command("export")
@click.argument("file", type=FILE)
@click.option("-o", "--output", required=True, type=FILE, help="The file to write, .csv or .json.")
@click.option("--app", is_flag=True, help="JSON as the MoonBoard app's API has it, for MoonBoards.")
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
def export_problems(file: Path, output: Path, app: bool, force: bool) -> None:
    """Write the problems of a Parquet FILE as CSV or JSON, with all that climbpath knows of them.

    'climbpath data import' reads the same problems back.

    \b
    Example:
      climbpath data export problems.parquet -o problems.csv
      climbpath data export problems.parquet -o app.json --app
    """
    from climbpath.data import exporters, parquet
    from climbpath.files import refuse_ending, refuse_overwrite, replacing
    from climbpath.progress import counted

    chosen = "app" if app else "csv" if output.suffix.lower() == ".csv" else "json"
    if chosen != "csv":
        refuse_ending(output, ".json")
    refuse_overwrite([output], force)
    if app:
        exporters.check_formats(parquet.read(file), [chosen])
    with replacing(output) as temporary, temporary.open("w", encoding="utf-8", newline="") as target:
        for piece in exporters.PIECES[chosen](counted(parquet.read(file), output.name, "problems")):
            target.write(piece)
    tell_written(output)


@data.command("filter")
@click.argument("file", type=FILE)
@click.option("-o", "--output", required=True, type=FILE, help="The Parquet file to write.")
@click.option("--board", multiple=True, help="On this board; repeatable.")
@click.option("--angle", multiple=True, type=ANGLE, help=f"At this angle in degrees, or {UNKNOWN}; repeatable.")
@click.option("--method", multiple=True, help="With this foot rule; repeatable.")
@click.option("--grades", help="Of these grades: 7A, V5, 6C..7B or 6C,7A+.")
@click.option("--min-repeats", type=click.IntRange(min=0), default=0, help="With at least this many repeats.")
@click.option("--benchmarks", is_flag=True, help="Benchmarks only.")
@click.option("--max-holds", type=click.IntRange(min=1), help="With at most this many holds.")
@click.option("--hold-sets", help="Only with holds of these sets: A,Original.")
@click.option("--shortest", type=click.IntRange(min=1), help="Of what is left, this many with the fewest holds.")
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
def filter_file(
    file: Path,
    output: Path,
    board: tuple[str, ...],
    angle: tuple[int | str, ...],
    method: tuple[str, ...],
    grades: str | None,
    min_repeats: int,
    benchmarks: bool,
    max_holds: int | None,
    hold_sets: str | None,
    shortest: int | None,
    force: bool,
) -> None:
    """Write the problems of FILE that pass every filter given.

    \b
    Examples:
      climbpath data filter problems.parquet -o known.parquet --grades 6C..7B --min-repeats 10
      climbpath data filter problems.parquet -o small.parquet --hold-sets A,Original --shortest 5000
    """
    from climbpath.data import parquet, stats
    from climbpath.data.filter import filter_problems
    from climbpath.files import refuse_ending, refuse_overwrite

    refuse_ending(output, ".parquet")
    refuse_overwrite([output], force)
    kept, left_out = filter_problems(
        parquet.load(file),
        board_names=board,
        angles=[None if one == UNKNOWN else int(one) for one in angle],
        methods=method,
        grades=grades,
        min_repeats=min_repeats,
        benchmarks=benchmarks,
        max_holds=max_holds,
        hold_sets=hold_sets,
        shortest=shortest,
    )
    click.echo(f"{stats.table(('filter', 'left out'), left_out.items())}\n")
    if not kept:
        raise ClimbpathError(f"no problem of {file} passes these filters")
    parquet.write(output, kept)
    tell_written(output, f"{len(kept):,} problems")


@data.command("split")
@click.argument("file", type=FILE)
@click.option("-o", "--output", required=True, type=FILE, help="The folder for the three files.")
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
def split_file(file: Path, output: Path, force: bool) -> None:
    """Split a FILE of problems into train.parquet, validation.parquet and test.parquet, 85/5/10.

    Problems on the same holds stay together, every grade is split in the same proportions, and the same problems are
    always split in the same way.

    \b
    Example:
      climbpath data split problems.parquet -o split
    """
    from climbpath.data import parquet, stats
    from climbpath.data.split import SPLITS, split
    from climbpath.files import refuse_overwrite

    paths = {name: output / f"{name}.parquet" for name in SPLITS}
    refuse_overwrite(list(paths.values()), force)
    parts = split(parquet.load(file))
    for name, path in paths.items():
        parquet.write(path, parts[name])
    click.echo(f"{stats.table(('grade', *parts), stats.grade_rows(parts.values()))}\n")
    for path in paths.values():
        tell_written(path)


def _list_some(what: str, lines: Sequence[str], count: int, report: Path) -> None:
    """Print the first twenty of some lines; `count` is how many there are, of which not all may be in `lines`."""
    if lines:
        click.echo(f"\n{count:,} {what}:")
        click.echo("\n".join(f"  {line}" for line in lines[:20]))
    if count > 20:
        click.echo(f"  … and {count - 20:,} more in {report}")


def _list_counts(what: str, counts: "Counter[str]", report: Path) -> None:
    """Print the twenty most frequent of some reasons with their numbers."""
    lines = [f"{count:,} × {text}" for text, count in counts.most_common()]
    if lines:
        click.echo(f"\n{counts.total():,} {what}:")
        click.echo("\n".join(f"  {line}" for line in lines[:20]))
    if len(lines) > 20:
        click.echo(f"  … and {len(lines) - 20:,} more reasons in {report}")
