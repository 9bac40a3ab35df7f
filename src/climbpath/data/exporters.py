"""Problems as files for other programs: pictures, JSON, CSV and the format of the MoonBoard app."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from climbpath import board as boards
from climbpath.drawing import problem as drawing
from climbpath.files import refuse_overwrite, replacing
from climbpath.grades import v_grade
from climbpath.problem import Problem


def to_json(problems: Sequence[Problem]) -> str:
    """A JSON list of problems as Problem.from_dict reads them."""
    return json.dumps([problem.to_dict() for problem in problems], indent=1, ensure_ascii=False) + "\n"


def to_csv(problems: Sequence[Problem]) -> str:
    """One row per problem; holds separated by spaces."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["board", "angle", "grade", "v_grade", "start", "hands", "finish", "notation"])
    for p in problems:
        v = v_grade(p.grade) if p.grade else ""
        holds = (" ".join(labels) for labels in (p.start, p.hands, p.finish))
        writer.writerow([p.board, p.angle, p.grade or "", v, *holds, p.notation])
    return out.getvalue()


def to_app(problems: Sequence[Problem]) -> str:
    """The JSON of the MoonBoard app's API (importers/api_dump.py reads it back)."""
    return json.dumps({"Data": [_app_record(p) for p in problems], "Total": len(problems)}, indent=1) + "\n"


def _app_record(problem: Problem) -> dict[str, object]:
    return {
        "Name": problem.name,
        "Grade": problem.grade,
        "UserGrade": problem.user_grade,
        "Method": problem.method,
        "IsBenchmark": problem.benchmark,
        "Repeats": problem.repeats or 0,
        "MoonBoardConfiguration": {"Description": f"{problem.angle}° MoonBoard"},
        "Holdsetup": {"Description": boards.load(problem.board).title},
        "Moves": [
            {"Description": label, "IsStart": label in problem.start, "IsEnd": label in problem.finish}
            for label in problem.start + problem.hands + problem.finish
        ],
    }


Files = dict[str, Callable[[], bytes]]
"""Name -> what makes the content, so that pictures are drawn one at a time."""


def _pictures(problems: Sequence[Problem], ending: str, picture: Callable[[Problem], bytes]) -> Files:
    digits = len(str(len(problems)))
    return {
        f"{number:0{digits}}-{problem.grade or 'ungraded'}.{ending}": partial(picture, problem)
        for number, problem in enumerate(problems, 1)
    }


def _png(problems: Sequence[Problem]) -> Files:
    pictures = _pictures(problems, "png", drawing.png)
    return pictures | {"sheet.png": lambda: drawing.sheet(problems[:SHEET])} if len(problems) > 1 else pictures


SHEET = 48
"""Most problems on a contact sheet."""
FORMATS: dict[str, Callable[[Sequence[Problem]], Files]] = {
    "png": _png,
    "svg": lambda problems: _pictures(problems, "svg", lambda problem: drawing.svg(problem).encode()),
    "json": lambda problems: {"problems.json": lambda: to_json(problems).encode()},
    "csv": lambda problems: {"problems.csv": lambda: to_csv(problems).encode()},
    "app": lambda problems: {"problems.app.json": lambda: to_app(problems).encode()},
}


def write(problems: Sequence[Problem], folder: Path, formats: Sequence[str], force: bool) -> Iterator[Path]:
    """Write problems into a folder in all these formats, and yield each path as it is written.

    Raises ClimbpathError before anything is written where one of the files exists, unless force.
    """
    files = {folder / name: content for chosen in formats for name, content in FORMATS[chosen](problems).items()}
    refuse_overwrite(list(files), force)
    for path, content in files.items():
        with replacing(path) as temporary:
            temporary.write_bytes(content())
        yield path
