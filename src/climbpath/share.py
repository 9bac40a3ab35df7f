"""Share links: a whole problem in the query of a web address, so that opening it anywhere shows exactly that problem.

`?board=moonboard-2016&angle=40&grade=7A&name=Slow+Heron&problem=F5s-D9-G13-G18e`. The web app writes the same links.
"""

from urllib.parse import parse_qs, urlencode, urlsplit

from climbpath.errors import ClimbpathError
from climbpath.problem import Problem, parse_notation

LONGEST_NAME = 80
"""Characters of a problem's name in a link."""


def query_of(problem: Problem) -> str:
    """The query that tells a problem's board, angle, holds with roles, and grade and name where it has them."""
    fields = {"board": problem.board, "angle": str(problem.angle)}
    if problem.grade:
        fields["grade"] = problem.grade
    if problem.name:
        fields["name"] = problem.name[:LONGEST_NAME]
    return urlencode(fields | {"problem": problem.notation.replace(" ", "-")}, errors="replace")


def is_link(text: str) -> bool:
    """Whether a PROBLEM argument is a share link."""
    return text.lstrip().startswith(("http://", "https://"))


def read_link(text: str) -> Problem:
    """The problem of a share link, or of its query alone.

    Raises ClimbpathError where the link tells no problem, or one that cannot be.
    """
    try:
        query = urlsplit(text.strip()).query if is_link(text) else text.strip().removeprefix("?")
    except ValueError as error:
        raise ClimbpathError(f"this is no link: {error}") from None
    fields = {name: values[0] for name, values in parse_qs(query).items()}
    if "problem" not in fields:
        raise ClimbpathError("this link tells no problem: its problem= is missing")
    angle = fields.get("angle", "40")
    if not angle.isascii() or not angle.isdigit() or len(angle) > 3:
        raise ClimbpathError(f"this link's angle {angle[:20]!r} is no number of degrees")
    record = parse_notation(
        fields["problem"].replace("-", " "),
        fields.get("board", "moonboard-2016"),
        int(angle),
        fields.get("grade"),
    ).to_dict()
    return Problem.from_dict(record | {"name": fields.get("name", "")[:LONGEST_NAME] or None})
