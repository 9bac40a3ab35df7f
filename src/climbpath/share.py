"""Share links: a complete problem in the query of a web address, as the web page writes them.

`?board=moonboard-2016&angle=40&grade=7A&name=Slow+Heron&problem=F5s-D9-G13-G18e`, and `&method=No+kickboard` where the
foot rule is not the usual one.
"""

from urllib.parse import parse_qs, urlsplit

from climbpath.angles import UNKNOWN
from climbpath.errors import ClimbpathError
from climbpath.problem import DEFAULT_BOARD, DEFAULT_METHOD, Problem, parse_notation

LONGEST_NAME = 80
"""Most characters of a problem's name in a link, and of its foot rule."""


def is_link(text: str) -> bool:
    """Whether a PROBLEM argument is a share link, or the query of one with its question mark."""
    return text.lstrip().startswith(("http://", "https://", "?"))


def read_link(text: str) -> Problem:
    """The problem of a share link, or of its query alone.

    Raises ClimbpathError where the link has no problem, or an impossible one.
    """
    try:
        query = urlsplit(text.strip()).query if is_link(text) else text.strip()
    except ValueError as error:
        raise ClimbpathError(f"this is not a link: {error}") from None
    fields = {name: values[0] for name, values in parse_qs(query).items()}
    if "problem" not in fields:
        raise ClimbpathError("this link has no problem: its problem= is missing")
    angle = fields.get("angle", "40")
    if angle != UNKNOWN and (not angle.isascii() or not angle.isdigit() or len(angle) > 3):
        raise ClimbpathError(f"this link's angle {angle[:20]!r} is not a number of degrees")
    record = parse_notation(
        fields["problem"].replace("-", " "),
        fields.get("board", DEFAULT_BOARD),
        None if angle == UNKNOWN else int(angle),
        fields.get("grade"),
    ).to_dict()
    name, method = (fields.get(field, "")[:LONGEST_NAME] for field in ("name", "method"))
    return Problem.from_dict(record | {"name": name or None, "method": method or DEFAULT_METHOD})
