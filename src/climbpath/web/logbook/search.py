"""Searching a climber's entries: filters, order and pages as SQL."""

import sqlite3
from typing import NamedTuple

from climbpath.grades import rank

ORDERS = {
    "newest": "saved DESC, number DESC",
    "easiest": "step IS NULL, step, number",
    "hardest": "step IS NULL, step DESC, number",
    "stars": "stars DESC, number DESC",
    "name": "name COLLATE NOCASE, number",
}
"""Orders in which entries can be listed, as SQL."""


PROGRESS = {
    "sent": "number IN (SELECT entry FROM ticks WHERE sent)",
    "tried": "number IN (SELECT entry FROM ticks) AND number NOT IN (SELECT entry FROM ticks WHERE sent)",
    "unsent": "number NOT IN (SELECT entry FROM ticks WHERE sent)",
}
"""How far the climber has got: sent, tried without a send, or either tried or not, without a send; as SQL."""


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


def find(db: sqlite3.Connection, profile: str, search: Search) -> tuple[list[int], int]:
    """The numbers of the entries on the page that a search asks for, and how many entries match in all."""
    # every filter adds a condition; whatever the user typed is bound as a value, never written into the SQL
    conditions, values = ["profile = ?", "NOT deleted"], [profile]
    for word in search.text.split():
        conditions.append("instr(folded(name || ' ' || notes || ' ' || identity), ?)")
        values.append(word.casefold())
    if search.board:
        conditions.append("board = ?")
        values.append(search.board)
    for grade, relation in ((search.easiest, ">="), (search.hardest, "<=")):
        if grade:
            conditions.append(f"step {relation} {rank(grade)}")
    if search.in_list:
        conditions.append("number IN (SELECT entry FROM lists WHERE name = ?)")
        values.append(search.in_list)
    if search.progress:
        conditions.append(PROGRESS[search.progress])
    matching = f"FROM entries WHERE {' AND '.join(conditions)}"

    # SQLite itself compares only ASCII letters without regard to case
    db.create_function("folded", 1, str.casefold)
    (total,) = db.execute(f"SELECT count(*) {matching}", values).fetchone()
    page = f"ORDER BY {ORDERS[search.order]} LIMIT {int(search.limit)} OFFSET {int(search.offset)}"
    return [row[0] for row in db.execute(f"SELECT number {matching} {page}", values)], total
