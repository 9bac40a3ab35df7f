"""The text in which an app keeps the holds of a climb: 'p1073r12p1078r15', a placement and its role for every hold."""

import re
from collections.abc import Mapping

from climbpath.errors import ClimbpathError

MOST_HOLDS = 200
"""Holds that a climb may have: more than half of a board at once is no climb."""
PRIORITY = {"start": 0, "finish": 1, "hand": 2, "foot": 3}
"""Of a placement that is named in several roles the one that is first here counts."""
_HOLD = re.compile(r"p(\d{1,9})r(\d{1,9})")
_FRAMES = re.compile(r"(?:p\d{1,9}r\d{1,9})+")


def parse(text: object, roles: Mapping[int, str]) -> dict[str, list[str]]:
    """The labels of each role, in the order of the text; of a placement that is named again the role
    counts that is first in PRIORITY.

    `roles` are the board's role numbers. Raises ClimbpathError where the text is damaged or a role is none of the
    board's.
    """
    if not isinstance(text, str) or not _FRAMES.fullmatch(text):
        raise ClimbpathError("its holds cannot be read: the text of its frames is damaged")
    found: dict[str, str] = {}
    for placement, number in _HOLD.findall(text):
        role = roles.get(int(number))
        if role is None:
            raise ClimbpathError("a hold has a role that its board does not have")
        known = found.setdefault(placement, role)
        if known is not role and PRIORITY[role] < PRIORITY[known]:
            found[placement] = role
    if len(found) > MOST_HOLDS:
        raise ClimbpathError(f"it has over {MOST_HOLDS} holds")
    holds: dict[str, list[str]] = {role: [] for role in PRIORITY}
    for label, role in found.items():
        holds[role].append(label)
    return holds
