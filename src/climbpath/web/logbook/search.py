"""Searching a climber's entries: filters, order and pages as a query."""

from typing import NamedTuple

from sqlalchemy import Connection, false, func, select

from climbpath.grades import rank
from climbpath.web.logbook.tables import entries, folded, lists, ticks

ORDERS = {
    "newest": (entries.c.saved.desc(), entries.c.number.desc()),
    "easiest": (entries.c.step.is_(None), entries.c.step, entries.c.number),
    "hardest": (entries.c.step.is_(None), entries.c.step.desc(), entries.c.number),
    "stars": (entries.c.stars.desc(), entries.c.number.desc()),
    "name": (folded(entries.c.name), entries.c.number),
}
"""Orders in which entries can be listed."""

TRIED = entries.c.number.in_(select(ticks.c.entry))
SENT = entries.c.number.in_(select(ticks.c.entry).where(ticks.c.sent))
PROGRESS = {"sent": SENT, "tried": TRIED & ~SENT, "unsent": ~SENT}
"""How far the climber has got: sent, tried without a send, or either tried or not, without a send."""


class Search(NamedTuple):
    """Filters for entries: words in name, notes or holds, a board, a range of grades, a list, sent or not."""

    text: str = ""
    board: str | None = None
    easiest: str | None = None
    hardest: str | None = None
    in_list: str | None = None
    progress: str | None = None
    order: str = "newest"
    limit: int = 50
    offset: int = 0


def find(db: Connection, profile: str, search: Search) -> tuple[list[int], int]:
    """The numbers of the entries on the page that a search asks for, and how many entries match in all."""
    conditions = [entries.c.profile == profile, ~entries.c.deleted]
    words = folded(entries.c.name + " " + entries.c.notes + " " + entries.c.identity)
    for word in search.text.split():
        # nothing has a NUL, which ends a pattern
        conditions.append(false() if "\0" in word else words.contains(word.lower(), autoescape=True))
    if search.board:
        conditions.append(entries.c.board == search.board)
    if search.easiest:
        conditions.append(entries.c.step >= rank(search.easiest))
    if search.hardest:
        conditions.append(entries.c.step <= rank(search.hardest))
    if search.in_list:
        conditions.append(entries.c.number.in_(select(lists.c.entry).where(lists.c.name == search.in_list)))
    if search.progress:
        conditions.append(PROGRESS[search.progress])
    total = db.scalar(select(func.count()).select_from(entries).where(*conditions)) or 0
    page = select(entries.c.number).where(*conditions).order_by(*ORDERS[search.order])
    return list(db.scalars(page.limit(search.limit).offset(search.offset))), total
