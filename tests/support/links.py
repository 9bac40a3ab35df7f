"""Share links as the web page writes them, to compare with it and to read back."""

from urllib.parse import urlencode

from climbpath.problem import DEFAULT_METHOD, Problem
from climbpath.share import LONGEST_NAME


def query_of(problem: Problem) -> str:
    """The query with a problem's board, angle and holds with roles, and grade, name and foot rule where it has them."""
    fields = {"board": problem.board, "angle": "unknown" if problem.angle is None else str(problem.angle)}
    if problem.grade:
        fields["grade"] = problem.grade
    if problem.name:
        fields["name"] = problem.name[:LONGEST_NAME]
    if problem.method != DEFAULT_METHOD:
        fields["method"] = problem.method[:LONGEST_NAME]
    return urlencode(fields | {"problem": problem.notation.replace(" ", "-")}, errors="replace")
