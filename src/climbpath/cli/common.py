"""What several commands share: types of arguments, PROBLEM arguments, files, notes."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from climbpath import grades
from climbpath.errors import ClimbpathError

if TYPE_CHECKING:
    from climbpath.problem import Problem

FILE = click.Path(path_type=Path)
PROBLEM_LENGTH = 1 << 20
"""Characters of a PROBLEM argument that are read."""


def warn(message: str) -> None:
    """A note on standard error that something is not as the user may expect."""
    click.secho(f"Note: {message}", fg="yellow", err=True)


def write_json(path: Path, content: object) -> None:
    """Write plain JSON types to a file, whole or not at all."""
    from climbpath.files import replacing

    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def read_problem(text: str, board: str, angle: int) -> "Problem":
    """A PROBLEM argument: notation, a JSON file, or - for either on standard input."""
    from climbpath.problem import Problem, parse_notation

    source = "standard input" if text == "-" else text
    if text == "-":
        text = sys.stdin.read(PROBLEM_LENGTH)
    elif text.endswith(".json") or Path(text).is_file():
        try:
            text = Path(text).read_text(encoding="utf-8")[:PROBLEM_LENGTH]
        except (OSError, UnicodeDecodeError) as error:
            raise ClimbpathError(f"{source} cannot be read: {error}") from None
    if not text.lstrip().startswith(("{", "[")):
        return parse_notation(text, board, angle)
    try:
        content = json.loads(text)
    except ValueError as error:
        raise ClimbpathError(f"{source} is not whole JSON: {error}") from None
    if isinstance(content, list) and not content:
        raise ClimbpathError(f"{source} holds no problem")
    return Problem.from_dict(content[0] if isinstance(content, list) else content)


def one_grade(text: str) -> str:
    """A grade as a user types it. Raises ClimbpathError for several."""
    found = grades.parse_grades(text)
    if len(found) > 1:
        raise ClimbpathError(f"--grade {text} is {' and '.join(found)}: name one of them")
    return found[0]
