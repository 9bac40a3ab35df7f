"""Problems as files for other programs: pictures, JSON, CSV and the format of the MoonBoard app."""

import csv
import io
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from climbpath import board as boards
from climbpath.data.cells import guarded
from climbpath.drawing import problem as drawing
from climbpath.drawing.themes import DARK, Theme
from climbpath.errors import ClimbpathError
from climbpath.files import refuse_overwrite, replacing
from climbpath.grades import v_grade
from climbpath.naming import file_stem
from climbpath.problem import Problem
from climbpath.wall import Wall


def to_json(problems: Iterable[Problem]) -> str:
    """A JSON list of problems as Problem.from_dict reads them."""
    return "".join(json_pieces(problems))


def json_pieces(problems: Iterable[Problem]) -> Iterator[str]:
    """The same in pieces, a problem each."""
    before = "["
    for problem in problems:
        text = json.dumps(problem.to_dict(), indent=1, ensure_ascii=False).replace("\n", "\n ")
        yield f"{before}\n {text}"
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"


COLUMNS = (
    *("board", "angle", "grade", "v_grade", "start", "hands", "finish", "notation", "feet", "name", "repeats"),
    *("benchmark", "method", "user_grade", "ids", "partial", "asked_grade"),
)
"""Of the CSV; importers/climbpath_csv.py reads all of a problem back from them."""


def to_csv(problems: Iterable[Problem]) -> str:
    """One row per problem; holds separated by spaces, ids as a row of CSV of their own."""
    return "".join(csv_pieces(problems))


def csv_pieces(problems: Iterable[Problem]) -> Iterator[str]:
    """The same in pieces, a row each."""
    yield csv_row(COLUMNS) + "\n"
    for problem in problems:
        yield csv_row(csv_values(problem)) + "\n"


def csv_row(values: Iterable[object]) -> str:
    """A row of CSV without its end, in which a spreadsheet finds no formula."""
    return row_in_cell(guarded(value) if isinstance(value, str) else value for value in values)


def row_in_cell(values: Iterable[object]) -> str:
    """A row of CSV without its end, as it stands in a single cell of another."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(values)  # which has every line break in a field quoted
    return out.getvalue().removesuffix("\r\n")


def csv_values(p: Problem) -> list[object]:
    """A problem under these columns."""
    v = v_grade(p.grade) if p.grade else ""
    start, hands, finish, feet = (" ".join(labels) for labels in (p.start, p.hands, p.finish, p.feet))
    flags = ["true" if flag else "" for flag in (p.benchmark, p.partial)]
    repeats = "" if p.repeats is None else p.repeats
    return [
        *(p.board, p.angle, p.grade or "", v, start, hands, finish, p.notation, feet, p.name or "", repeats),
        *(flags[0], p.method, p.user_grade or "", row_in_cell(p.ids) if p.ids else "", flags[1], p.asked_grade or ""),
    ]


def to_app(problems: Sequence[Problem]) -> str:
    """The JSON of the MoonBoard app's API (importers/api_dump.py reads it back), which problems of `in_app` have."""
    return "".join(app_pieces(problems))


def in_app(problem: Problem) -> bool:
    """Whether the MoonBoard app knows the problem's board."""
    return boards.load(problem.board).family == "moonboard"


def app_pieces(problems: Iterable[Problem], more: Callable[[], dict[str, object]] = dict) -> Iterator[str]:
    """The same in pieces, a problem to a line; `more` are fields that are known when all problems are written."""
    number = 0
    yield '{"Data": ['
    for number, problem in enumerate(problems, 1):
        yield ("\n" if number == 1 else ",\n") + json.dumps(_app_record(problem))
    yield "\n], " + json.dumps({"Total": number} | more())[1:] + "\n"


def _app_record(problem: Problem) -> dict[str, object]:
    """A record of the API, and in fields that the app does not have what only climbpath knows."""
    record: dict[str, object] = {
        "Name": problem.name,
        "Grade": problem.grade,
        "AskedGrade": problem.asked_grade,
        "UserGrade": problem.user_grade,
        "Method": problem.method,
        "IsBenchmark": problem.benchmark,
        "MoonBoardConfiguration": {"Description": f"{problem.angle}° MoonBoard"},
        "Holdsetup": {"Description": boards.load(problem.board).title},
        "Moves": [_app_move(problem, label) for label in problem.holds],
    }
    if problem.repeats is not None:
        record["Repeats"] = problem.repeats
    if problem.ids:
        record["Ids"] = list(problem.ids)
    if problem.partial:
        record["IsPartial"] = True
    return record


def _app_move(problem: Problem, label: str) -> dict[str, object]:
    foot = {"IsFoot": True} if label in problem.feet else {}
    return {"Description": label, "IsStart": label in problem.start, "IsEnd": label in problem.finish, **foot}


Files = dict[str, Callable[[], bytes]]
"""Name -> what makes the content, so that pictures are drawn one at a time."""


def _pictures(problems: Sequence[Problem], ending: str, picture: Callable[[Problem], bytes]) -> Files:
    digits = len(str(len(problems)))
    return {
        f"{number:0{digits}}-{file_stem(problem)}.{ending}": partial(picture, problem)
        for number, problem in enumerate(problems, 1)
    }


def _png(problems: Sequence[Problem], theme: Theme, wall: Wall | None) -> Files:
    pictures = _pictures(problems, "png", partial(drawing.png, theme=theme, wall=wall))
    sheet: Files = {"sheet.png": lambda: drawing.sheet(problems[:SHEET], theme=theme, wall=wall)}
    return pictures | sheet if len(problems) > 1 else pictures


def _svg(problems: Sequence[Problem], theme: Theme, wall: Wall | None) -> Files:
    return _pictures(problems, "svg", lambda problem: drawing.svg(problem, theme=theme, wall=wall).encode())


SHEET = 48
"""Most problems on a contact sheet."""
FORMATS: dict[str, Callable[[Sequence[Problem], Theme, Wall | None], Files]] = {
    "png": _png,
    "svg": _svg,
    "json": lambda problems, *_: {"problems.json": lambda: to_json(problems).encode()},
    "csv": lambda problems, *_: {"problems.csv": lambda: to_csv(problems).encode()},
    "app": lambda problems, *_: {"problems.app.json": lambda: to_app(problems).encode()},
}


PIECES: dict[str, Callable[[Iterable[Problem]], Iterator[str]]] = {
    "json": json_pieces,
    "csv": csv_pieces,
    "app": app_pieces,
}
"""The formats that hold any number of problems in one file of text, in pieces."""


def check_formats(problems: Iterable[Problem], formats: Collection[str]) -> None:
    """Raises ClimbpathError where one of the formats is not for the boards of all these problems."""
    if "app" in formats and (other := next((problem for problem in problems if not in_app(problem)), None)):
        title = boards.load(other.board).title
        raise ClimbpathError(f"the format app is the MoonBoard app's, which has no {title}: write json or csv")


def write(
    problems: Sequence[Problem],
    folder: Path,
    formats: Sequence[str],
    force: bool,
    theme: Theme = DARK,
    wall: Wall | None = None,
) -> Iterator[Path]:
    """Write problems into a folder in all these formats, pictures in this theme and of this wall, and
    yield each path as it is written.

    Raises ClimbpathError before anything is written where one of the files exists, unless force, and where a format
    is not for these problems.
    """
    check_formats(problems, formats)
    files = {
        folder / name: content for chosen in formats for name, content in FORMATS[chosen](problems, theme, wall).items()
    }
    refuse_overwrite(list(files), force)
    for path, content in files.items():
        with replacing(path) as temporary:
            temporary.write_bytes(content())
        yield path
