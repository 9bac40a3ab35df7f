"""The text in which an app keeps the holds of a climb: 'p1073r12p1078r15', a placement and its role for every hold."""

import re
from collections.abc import Mapping

from climbpath.errors import ClimbpathError

MOST_HOLDS = 200
"""Holds that a climb may have: more than half of a board at once is no climb."""
_HOLD = re.compile(r"p(\d{1,9})r(\d{1,9})")
_FRAMES = re.compile(r"(?:p\d{1,9}r\d{1,9})+")


def parse(text: object, roles: Mapping[int, str]) -> dict[str, list[str]]:
    """The labels of each role, in the order of the text. A placement named twice in one role counts once.

    `roles` are the board's role numbers. Raises ClimbpathError where the text is damaged, a role is none of the
    board's, or a placement has two.
    """
    if not isinstance(text, str) or not _FRAMES.fullmatch(text):
        raise ClimbpathError("its holds cannot be read: the text of frames is damaged")
    found: dict[str, str] = {}
    for placement, number in _HOLD.findall(text):
        label, role = str(int(placement)), roles.get(int(number))
        if role is None:
            raise ClimbpathError("a hold has a role that the board does not have")
        if found.setdefault(label, role) != role:
            raise ClimbpathError("a hold has two roles")
    if len(found) > MOST_HOLDS:
        raise ClimbpathError(f"it has over {MOST_HOLDS} holds")
    holds: dict[str, list[str]] = {}
    for label, role in found.items():
        holds.setdefault(role, []).append(label)
    return holds
