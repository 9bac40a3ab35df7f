"""Shared by several commands: flags, PROBLEM arguments, files, notes."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

import click
from click.core import ParameterSource

from climbpath import grades, terminal
from climbpath.angles import UNKNOWN
from climbpath.errors import ClimbpathError

if TYPE_CHECKING:
    from climbpath.beta.body import Climber
    from climbpath.data.importers import Item
    from climbpath.parts import Each
    from climbpath.problem import Problem
    from climbpath.wall import Wall

Decorated = Callable[..., None]
LONGEST_NAME = 255
"""Bytes of the longest file name that systems allow."""
SEED = click.IntRange(0, 2**32 - 1)
"""What every generator of random numbers that is used takes."""
THREADS = click.IntRange(1, 1024)
MOST_LISTED = 100_000
"""Problems that a command holds in memory and lists one by one."""


class _FilePath(click.Path):
    """A path that names something."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("it is empty: name a file or folder", param, ctx)
        return super().convert(value, param, ctx)


class _PlacePath(_FilePath):
    """A path, or with --cluster the URL of a place in a store of objects, s3://bucket/folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str) or "://" not in value:
            return super().convert(value, param, ctx)
        if ctx and not isinstance(ctx.params.get("cluster"), str):
            self.fail(f"{value} is not on this machine: add --cluster auto, or name a path", param, ctx)
        return place(value)


FILE = _FilePath(path_type=Path)
PLACE = _PlacePath(path_type=Path)
FOLDER = _FilePath(path_type=Path, file_okay=False)
SUFFIXES = (".json", ".jsonl", ".csv", ".parquet", ".gz", ".zip")
"""Endings of the names of files with problems."""
PROBLEM_LENGTH = 1 << 20
"""Most characters that are read of a PROBLEM argument."""


class Command(click.Command):
    """A command that does not silently forget the first of two values of an option that takes one."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments. Raises UsageError for a text or file that is given twice."""
        _, _, order = self.make_parser(ctx).parse_args(list(args))
        for param, times in Counter(order).items():
            is_single = isinstance(param, click.Option) and not (param.multiple or param.is_flag)
            if times > 1 and is_single and isinstance(param.type, click.Path | click.types.StringParamType):
                name = max(param.opts, key=len)
                raise click.UsageError(f"{name} is given {times} times: give it once; commas separate several", ctx)
        return super().parse_args(ctx, args)


class Group(click.Group):
    """Commands below a command."""

    command_class = Command


def warn(message: str) -> None:
    """Print a note on standard error that something may not be as expected."""
    click.echo(terminal.tinted(f"Note: {message}", "33", sys.stderr), err=True)


def write_json(path: Path, content: object) -> None:
    """Write plain JSON types to a file, completely or not at all."""
    from climbpath.files import replacing

    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def tell_written(path: Path, what: str = "", note: str = "") -> None:
    """Say that a file was written, or `what` to it, as in '12 problems'; `note` follows its name."""
    click.echo(f"wrote {what + ' to ' if what else ''}{path}{note}")


def refuse_options(names: Collection[str], why: str) -> None:
    """Raises ClimbpathError, naming them, where parameters of the running command were typed that do not apply; `why`
    is what keeps them from it: '--cluster writes Parquet files'."""
    context = click.get_current_context()
    typed = [
        max(one.opts, key=len)
        for one in context.command.params
        if one.name in names and context.get_parameter_source(one.name) is ParameterSource.COMMANDLINE
    ]
    if typed:
        raise ClimbpathError(f"{why}: leave out {', '.join(typed)}")


model_flag = click.option("--model", type=FILE, help="A model or a checkpoint. [default: the bundled model]")


cluster_flag = click.option(
    "--cluster",
    is_flag=False,
    flag_value="auto",
    is_eager=True,  # where it is set, places may be URLs
    metavar="ADDRESS",
    help="Work on a Ray cluster. auto: the one that this machine is in, or else local; local: a new one on all its "
    "cores; or an address, ray://host:10001.",
)

device_flag = click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda", "mps"]),
    default="auto",
    help="What to train on. auto: a GPU where there is one.",
)

theme_flag = click.option(
    "--theme", type=click.Choice(["dark", "light"]), default="dark", help="How pictures look, as in the web app."
)


class _Angle(click.ParamType):  # type: ignore[type-arg]  # generic in later versions of click alone
    """An angle: 40, 40° or unknown."""

    name = "degrees"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == UNKNOWN or isinstance(value, int):
            return value
        try:
            return int(str(value).removesuffix("°"))
        except ValueError:
            return self.fail(f"{value!r} is no angle: write degrees, as in 40, or {UNKNOWN}", param, ctx)


ANGLE = _Angle()
ALL = "all"
"""What is typed for the whole board, or all its hold sets, where others are remembered."""


def problem_flags(command: Decorated) -> Decorated:
    """Adds the flags for the board of a PROBLEM in notation; without them it is the board that is remembered."""
    for flag in (
        click.option(
            "--angle",
            type=ANGLE,
            callback=_angle,
            help=f"Angle of the board in degrees, or {UNKNOWN}. [default: as climbpath board use, else the usual one]",
        ),
        click.option(
            "--board",
            callback=_board,
            is_eager=True,  # the other flags depend on it
            help="Name of the board; a wrong one lists all. [default: as climbpath board use, else moonboard-2016]",
        ),
    ):
        command = flag(command)
    return command


def data_flags(help: str, kind: click.Path = FILE, required: bool = False) -> Callable[[Decorated], Decorated]:
    """`data` and `more`: files of problems, behind one --data or with one each."""

    def flagged(command: Decorated) -> Decorated:
        command = click.argument("more", nargs=-1, type=kind, metavar="[MORE_DATA]...")(command)
        return click.option("--data", type=kind, multiple=True, required=required, help=help)(command)

    return flagged


def data_files(data: tuple[Path, ...], more: tuple[Path, ...]) -> tuple[Path, ...]:
    """The files of `data_flags`, none where the demo problems are meant. Raises UsageError for one without --data."""
    if more and not data:
        raise click.UsageError(f"{more[0]}: name files of problems behind --data")
    return data + more


LEARNED_FROM = "Parquet file of 'climbpath data import'; more may follow it. [default: the bundled demo problems]"
"""What --data says of the files that a model learns from."""


def distinct(files: tuple[Path, ...]) -> "list[Problem]":
    """The problems of Parquet files; those that several have are one problem, and a note says how many."""
    from climbpath.data import merge

    found = merge.distinct(files)
    if found.merged:
        warn(f"{found.merged:,} problems are in several of the files: each counts once")
    return found.problems


def method_flag(command: Decorated) -> Decorated:
    """Adds --method, the foot rule."""
    words = "The foot rule, on MoonBoards: 'No kickboard'. [default: Feet follow hands]"
    return click.option("--method", help=words)(command)


def wall_flags(command: Decorated) -> Decorated:
    """Adds the flags for what is there of a board; without them it is what is remembered of it."""
    for flag in (
        click.option(
            "--hold-sets",
            help=f"Only holds of these sets: A,Original; or {ALL}. [default: as climbpath board use, else all]",
        ),
        click.option(
            "--size",
            help=f"Only holds of this size: '12 x 14'; or {ALL}. [default: as climbpath board use, else all]",
        ),
    ):
        command = flag(command)
    return command


def _board(context: click.Context, _: click.Parameter, value: str | None) -> str:
    from climbpath.problem import DEFAULT_BOARD

    wall = None if value else _remembered(context)
    return value or (wall.board if wall else DEFAULT_BOARD)


def _angle(context: click.Context, _: click.Parameter, value: int | str | None) -> int | None:
    from climbpath import board as boards

    if value == UNKNOWN:
        return None
    if isinstance(value, int):
        return value
    if wall := _remembered(context):
        return wall.angle
    return boards.load(context.params["board"]).usual_angle


def wall_of(board: str, size: str | None, hold_sets: str | None) -> "Wall":
    """The wall of `wall_flags` on a board: what is given, else what is remembered of it. Raises ClimbpathError for
    what the board does not have."""
    from climbpath.settings import remembered
    from climbpath.wall import parse_wall

    known = remembered()
    if known and known.board == board:
        size = known.size if size is None else size
        hold_sets = ",".join(known.hold_sets) if hold_sets is None and known.hold_sets else hold_sets
    return parse_wall(board, unless_all(size), unless_all(hold_sets))


def unless_all(value: str | None) -> str | None:
    """A size or hold sets as typed; None where that is all."""
    return None if value is None or value.strip().lower() == ALL else value


def walls_of(problems: "list[Problem]", size: str | None, hold_sets: str | None) -> "dict[str, Wall]":
    """Board -> the wall of `wall_flags`, for all boards of some problems. Raises ClimbpathError, naming the holds,
    where a wall lacks some of a problem's."""
    from climbpath.problem import off_wall

    walls = {board: wall_of(board, size, hold_sets) for board in dict.fromkeys(one.board for one in problems)}
    for number, one in enumerate(problems, 1):
        if missing := off_wall(one, walls[one.board].size, walls[one.board].hold_sets):
            which = f"problem {number}: " if len(problems) > 1 else ""
            raise ClimbpathError(f"{which}{'; '.join(missing)}: --size {ALL} --hold-sets {ALL} takes the whole board")
    return walls


def _remembered(context: click.Context) -> "Wall | None":
    """The wall that is remembered, where no other board was named."""
    from climbpath.settings import remembered

    wall = remembered()
    return wall if wall and context.params.get("board", wall.board) == wall.board else None


def climber_flags(command: Decorated) -> Decorated:
    """Adds the flags that describe the climber."""
    for flag in (
        click.option("--ape", help="The climber's arm span minus height, in cm or inches (3, -1.5 in). [default: 0]"),
        click.option("--height", help="The climber's height: 165, 1.65 m or 5'5\". [default: 175]"),
    ):
        command = flag(command)
    return command


def climber_of(height: str | None, ape: str | None) -> "Climber":
    """The climber of the flags. Raises ClimbpathError for measurements that nobody has."""
    from climbpath.beta.body import DEFAULT_CLIMBER, Climber, parse_ape, parse_height

    return Climber(
        DEFAULT_CLIMBER.height if height is None else parse_height(height),
        DEFAULT_CLIMBER.ape if ape is None else parse_ape(ape),
    )


def read_problem(
    text: str, board: str, angle: int | None, size: str | None = None, hold_sets: str | None = None
) -> "Problem":
    """A PROBLEM argument: notation, a share link, a file of problems (the first is used), or - for standard input."""
    return read_problems(text, board, angle, size, hold_sets)[0]


def read_problems(
    text: str, board: str, angle: int | None, size: str | None = None, hold_sets: str | None = None
) -> list["Problem"]:
    """The problems of an argument: notation, a share link, a file in any format that can be imported, or - for standard
    input.

    Raises ClimbpathError as `problems_in`, and where --board or --angle is typed beside a link or a file, which have
    their own.
    """
    from climbpath.share import is_link

    if is_link(text) or (text != "-" and names_file(text)):
        refuse_options(("board", "angle"), "a link or file says its board and angle itself")
    return problems_in(text, board, angle, size, hold_sets)


def problems_in(
    text: str, board: str, angle: int | None, size: str | None = None, hold_sets: str | None = None
) -> list["Problem"]:
    """The problems of an argument, whatever options are typed beside it.

    Standard input is JSON as in a file, or a problem in notation on every line. `size` and `hold_sets` are those of
    `wall_flags`, which notation is for. Raises ClimbpathError, naming the source, where there is none or one cannot be
    read.
    """
    from climbpath.share import is_link, read_link

    if is_link(text):
        return [read_link(text)]
    if text != "-" and names_file(text):
        return read_file(Path(text))
    source, content = ("standard input", _standard_input()) if text == "-" else (repr(text), text)
    if _is_json(content):
        return _of_json(content, source)
    lines = {number: line for number, line in enumerate(content.splitlines(), 1) if line.strip()}
    if not lines:
        raise ClimbpathError(f"{source} holds no problem: write its holds, for example 'F5s D9 G13 I16 G18e'")
    if size is not None or hold_sets is not None:  # a wall that does not exist is named before a fault of the problem
        wall_of(board, size, hold_sets)
    is_typed = text != "-" and len(lines) == 1  # and needs no name
    return [_of_line(line, board, angle, "" if is_typed else f"{source}, line {n}: ") for n, line in lines.items()]


def _standard_input() -> str:
    """All of standard input. Raises ClimbpathError where it is closed or longer than PROBLEM_LENGTH."""
    if sys.stdin is None:
        raise ClimbpathError("standard input is closed: name a file, or write the problem itself")
    text = sys.stdin.read(PROBLEM_LENGTH + 1).removeprefix("\ufeff")
    if len(text) > PROBLEM_LENGTH:
        raise ClimbpathError(f"standard input is longer than {PROBLEM_LENGTH:,} characters: save it as a file")
    return text


def _of_line(line: str, board: str, angle: int | None, where: str) -> "Problem":
    """The problem of a line, in notation or a share link. Raises ClimbpathError that begins with where the line is."""
    from climbpath.problem import parse_notation
    from climbpath.share import is_link, read_link

    try:
        return read_link(line) if is_link(line) else parse_notation(line, board, angle)
    except ClimbpathError as error:
        raise ClimbpathError(f"{where}{error}") from None


def _of_json(text: str, source: str) -> list["Problem"]:
    """The problems of JSON, which importers read from a file. Raises ClimbpathError that begins with the source."""
    from climbpath.data import importers

    with TemporaryDirectory() as folder:
        path = Path(folder) / "problems"
        path.write_bytes(text.encode("utf-8", "replace"))
        return _usable(importers.read_file(source, path), source)


def read_file(path: Path) -> list["Problem"]:
    """The problems of a file in any format that can be imported. Raises ClimbpathError, naming the file, where there
    is none or one cannot be read.
    """
    from climbpath.data import importers

    if not path.exists():
        raise ClimbpathError(f"{path}: there is no such file")
    if path.is_dir():
        raise ClimbpathError(f"{path}: it is a folder: name a file in it")
    return _usable(importers.read(path), str(path))


def _usable(items: "Iterable[Item]", source: str) -> list["Problem"]:
    """The problems among what became of a source's records. Raises ClimbpathError, naming the record, where one cannot
    be used, and where there are none."""
    from climbpath.data import importers
    from climbpath.problem import Problem

    problems = []
    for item in items:
        if isinstance(item, importers.Failure):
            raise ClimbpathError(f"{item.file}: {item.reason}")
        if isinstance(item, importers.Rejection):
            raise ClimbpathError(f"{item.file}, record {item.record}: {item.reason}")
        if isinstance(item, Problem):
            problems.append(item)
    if not problems:
        raise ClimbpathError(f"{source} holds no problem")
    return problems


def place(text: str) -> Path:
    """The file or folder of a name: a path, or the URL of one in a store of objects, which has a Path's methods.

    Raises ClimbpathError for a URL that nothing here can open.
    """
    if "://" not in text:
        return Path(text)
    import upath

    try:
        found: Any = upath.UPath(text, use_listings_cache=False)  # other machines write there, too
        found.fs  # noqa: B018 - imports what opens it
    except (ImportError, ValueError) as error:
        raise ClimbpathError(f"cannot open {text}: {error}; s3://bucket/folder is what can be") from None
    return cast(Path, found)


@contextmanager
def on_cluster(address: str, flags: str = "") -> "Iterator[Each]":
    """What does the work of several parts on a cluster. Ctrl-C ends the command, and says how it goes on: by the same
    one, with these flags if they were not given."""
    from climbpath.cluster.engine import connected, each

    try:
        with connected(address):
            yield each
    except KeyboardInterrupt:
        way = " and ".join(filter(None, ["the same command", flags]))
        click.echo(f"\nStopped; finished parts are kept. Continue with {way}", err=True)
        sys.exit(130)


def names_file(text: str) -> bool:
    """Whether a PROBLEM argument is the name of a file, existing or not: no notation has a slash."""
    if not text.strip() or len(text.encode("utf-8", "replace")) >= LONGEST_NAME:
        return False
    return Path(text).exists() or Path(text).suffix in SUFFIXES or ("/" in text and not _is_json(text))


def _is_json(text: str) -> bool:
    return text.lstrip().startswith(("{", "["))


def one_grade(text: str, ladder: tuple[str, ...]) -> str:
    """A grade of a ladder as a user types it; of a V grade that spans two Font grades the harder one, as importers
    read it. Raises ClimbpathError for several."""
    named = grades.parse_grades(text, ladder)
    if len({grades.v_number(one) for one in named}) > 1:
        raise ClimbpathError(f"--grade {text} is {' and '.join(named)}: name one of them")
    return named[-1]
