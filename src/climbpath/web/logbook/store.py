"""The logbook's operations: climbers, entries, ticks, lists, search and import.

Every change is one transaction. Deleted entries are only marked as deleted, and can be restored. A problem is in a
climber's logbook once, by its identity, and every write can be repeated without further effect: an app that was offline
sends again whatever it has not seen confirmed. A row that cannot be read is left out of what is returned, and reported;
it stays in the database. Changes of one climber's logbook come one after the other, because each begins with a lock on
the climber's row; SQLite has one lock for all.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import Connection, Row, RowMapping, Table, bindparam, case, delete, func, select, update

from climbpath.errors import ClimbpathError
from climbpath.grades import rank
from climbpath.problem import Problem
from climbpath.wall import Wall
from climbpath.web.logbook.database import open_database
from climbpath.web.logbook.records import Entry, LeftOut, LoggedTick, Profile, Tick, check_tick, key_of_identity
from climbpath.web.logbook.search import SENT, TRIED, Search, find
from climbpath.web.logbook.tables import entries, insert, lists, not_found, profiles, ticks

Thing = TypeVar("Thing")

NO_PROFILE, NO_ENTRY = "there is no such climber", "this problem is no longer in the logbook"
BATCH = 500
"""Entries that are read at once."""
MOST_TICKS = 5000
"""Ticks that an entry may have."""


class NotFoundError(ClimbpathError):
    """The climber or the problem is not in the logbook."""


class Found(NamedTuple):
    """The entries on a page of a search, what was left out of it, how many it has with that, and how many match."""

    entries: list[Entry]
    left_out: list[LeftOut]
    read: int
    total: int


class Logbook:
    """The logbook in an SQLite file or, by its URL, in PostgreSQL, which is created if it does not exist.

    The constructor and every method raise UnusableError if the database cannot be used.
    """

    def __init__(self, where: Path | str) -> None:
        self.where = where
        self.database = open_database(where)

    def check(self) -> None:
        """Ask the database for nothing: whether it can be read."""
        with self.database.reading() as db:
            db.execute(select(profiles.c.id).limit(1))

    def profiles(self) -> list[Profile]:
        """The climbers, in the order in which they were added."""
        query = select(profiles).where(~profiles.c.deleted).order_by(profiles.c.made, profiles.c.rowid)
        with self.database.reading() as db:
            return [_profile(row) for row in db.execute(query).mappings()]

    def profile(self, profile: str) -> Profile:
        """One climber. Raises NotFoundError."""
        with self.database.reading() as db:
            return _profile(_profile_row(db, profile))

    def put_profile(self, profile: Profile) -> Profile:
        """Add a climber, or change the one with this id; a removed one is restored."""
        changed = profile._asdict() | {"deleted": False}
        if profile.walls is None:
            del changed["walls"]
        else:
            changed["walls"] = json.dumps([wall._asdict() for wall in profile.walls])
        with self.database.transaction() as db:
            db.execute(
                insert(db, profiles)
                .values(changed | {"made": now()})
                .on_conflict_do_update(index_elements=["id"], set_=changed)
            )
            return _profile(_profile_row(db, profile.id))

    def remove_profile(self, profile: str) -> None:
        """Remove a climber; adding the same id again restores the logbook as well. Raises NotFoundError."""
        with self.database.transaction() as db:
            _lock(db, profile)
            db.execute(update(profiles).where(profiles.c.id == profile).values(deleted=True))

    def save(self, profile: str, problem: Problem) -> tuple[Entry, bool]:
        """Save a problem; an existing entry stays as it is, a deleted one is restored.

        Returns the entry, and whether it is new or restored. Raises NotFoundError for an unknown climber.
        """
        with self.database.transaction() as db:
            _lock(db, profile)
            entry = Entry(problem)
            (number,), added = _add(db, profile, {entry.identity: entry})
            return _load_entry(db, number), added > 0

    def update(self, profile: str, identity: str, **fields: Any) -> Entry:
        """Change the given fields, of name, stars, notes, felt, lists and deleted. Raises NotFoundError."""
        with self.database.transaction() as db:
            number = _entry_number(db, profile, identity, include_deleted="deleted" in fields)
            if "lists" in fields:
                db.execute(delete(lists).where(lists.c.entry == number))
                _add_rows(db, lists, [{"entry": number, "name": name} for name in dict.fromkeys(fields.pop("lists"))])
            if "name" in fields:
                text = db.scalar(select(entries.c.problem).where(entries.c.number == number))
                fields["problem"] = json.dumps(json.loads(text or "") | {"name": fields["name"] or None})
            if fields:
                db.execute(update(entries).where(entries.c.number == number).values(fields))
            return _load_entry(db, number)

    def tick(self, profile: str, identity: str, tick: Tick) -> Entry:
        """Add a day's tries, or correct those with this id. Raises NotFoundError; ClimbpathError for a hold that
        the problem does not have, an angle that it cannot be tried at, and where the entry has MOST_TICKS already.
        """
        with self.database.transaction() as db:
            number = _entry_number(db, profile, identity)
            if tick.reached or tick.angle is not None:
                check_tick(tick, _load_entry(db, number).problem)
            others = select(func.count()).select_from(ticks).where(ticks.c.entry == number, ticks.c.id != tick.id)
            if (db.scalar(others) or 0) >= MOST_TICKS:
                raise ClimbpathError(f"this problem has {MOST_TICKS:,} ticks already, which is as many as there can be")
            row = _tick_row(number, tick)
            db.execute(insert(db, ticks).values(row).on_conflict_do_update(index_elements=["entry", "id"], set_=row))
            return _load_entry(db, number)

    def untick(self, profile: str, identity: str, tick: str) -> Entry:
        """Remove a day's tries, if there are any with this id. Raises NotFoundError."""
        with self.database.transaction() as db:
            number = _entry_number(db, profile, identity)
            db.execute(delete(ticks).where(ticks.c.entry == number, ticks.c.id == tick))
            return _load_entry(db, number)

    def search(self, profile: str, search: Search) -> Found:
        """The entries on the page that a search asks for. Raises NotFoundError."""
        with self.database.reading() as db:
            _profile_row(db, profile)
            numbers, total = find(db, profile, search)
            return Found(*_load_entries(db, numbers), len(numbers), total)

    def lists(self, profile: str) -> dict[str, int]:
        """A climber's lists, with the number of problems in each."""
        query = (
            select(lists.c.name, func.count())
            .join(entries)
            .where(entries.c.profile == profile, ~entries.c.deleted)
            .group_by(lists.c.name)
            .order_by(lists.c.name)
        )
        with self.database.reading() as db:
            return dict(tuple(row) for row in db.execute(query))

    def boards(self, profile: str) -> dict[str, int]:
        """The boards of a climber's problems, with how many there are of each, the most first."""
        query = (
            select(entries.c.board, func.count())
            .where(entries.c.profile == profile, ~entries.c.deleted)
            .group_by(entries.c.board)
            .order_by(func.count().desc(), entries.c.board)
        )
        with self.database.reading() as db:
            return dict(tuple(row) for row in db.execute(query))

    def entries(self, profile: str) -> list[Entry]:
        """All entries of a climber that can be read, the oldest first. Raises NotFoundError."""
        return [entry for entry in self.each(profile) if isinstance(entry, Entry)]

    def each(self, profile: str, *, ticked: bool = False) -> Iterator[Entry | LeftOut]:
        """All entries of a climber, the oldest first, or only those with ticks; read in batches, as they are asked for.

        Raises NotFoundError.
        """
        query = select(entries.c.number).where(entries.c.profile == profile, ~entries.c.deleted)
        if ticked:
            query = query.where(TRIED)
        with self.database.reading() as db:
            _profile_row(db, profile)
            numbers = db.scalars(query.order_by(entries.c.number)).all()
        return self._in_batches(numbers)

    def _in_batches(self, numbers: Sequence[int]) -> Iterator[Entry | LeftOut]:
        for first in range(0, len(numbers), BATCH):
            with self.database.reading() as db:
                found, left_out = _load_entries(db, numbers[first : first + BATCH])
            yield from found
            yield from left_out

    def sent_keys(self, profile: str) -> frozenset[int]:
        """The keys of the problems that a climber has sent. Raises NotFoundError."""
        query = select(entries.c.identity).where(entries.c.profile == profile, ~entries.c.deleted, SENT)
        with self.database.reading() as db:
            _profile_row(db, profile)
            return frozenset(map(key_of_identity, db.scalars(query)))

    def merge(self, profile: str, merged: Sequence[Entry]) -> tuple[int, int]:
        """Add entries; existing ones gain ticks with another day, number of attempts or outcome, lists, and any of
        stars, notes and felt grade that are still empty. Returns how many were added and how many existed. Raises
        NotFoundError.
        """
        # a problem that is there twice is merged first
        together: dict[str, Entry] = {}
        for entry in merged:
            before = together.get(entry.identity)
            together[entry.identity] = _merged(before, entry) if before else entry
        added = 0
        with self.database.transaction() as db:
            _lock(db, profile)
            for some in _pieces(list(together.items())):
                added += _merge(db, profile, dict(some))
        return added, len(merged) - added

    def not_found(self, profile: str) -> list[LoggedTick | LeftOut]:
        """A climber's imported ticks whose problems were not found. Raises NotFoundError."""
        query = select(not_found.c.tick).where(not_found.c.profile == profile).order_by(not_found.c.rowid)
        with self.database.reading() as db:
            _profile_row(db, profile)
            return [_logged(text) for text in db.scalars(query)]

    def change_not_found(self, profile: str, found: Collection[LoggedTick], missing: Sequence[LoggedTick]) -> None:
        """Take ticks whose problems were found by now out of those not found, and add others. Raises NotFoundError."""
        with self.database.transaction() as db:
            _lock(db, profile)
            mine = not_found.c.profile == profile
            for text in db.scalars(select(not_found.c.tick).where(mine)).all():
                if _logged(text) in found:
                    db.execute(delete(not_found).where(mine, not_found.c.tick == text))
            _add_rows(db, not_found, [{"profile": profile, "tick": json.dumps(one._asdict())} for one in missing])


def now() -> str:
    """The current time in ISO 8601 and UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _profile_row(db: Connection, profile: str) -> RowMapping:
    """A climber's row. Raises NotFoundError."""
    row = db.execute(select(profiles).where(profiles.c.id == profile, ~profiles.c.deleted)).mappings().one_or_none()
    if not row:
        raise NotFoundError(NO_PROFILE)
    return row


def _lock(db: Connection, profile: str) -> None:
    """Begin a change of a climber's logbook: another one waits for its end. Raises NotFoundError."""
    query = select(profiles.c.id).where(profiles.c.id == profile, ~profiles.c.deleted).with_for_update()
    if not db.scalar(query):
        raise NotFoundError(NO_PROFILE)


def _profile(row: RowMapping) -> Profile:
    fields = {field: row[field] for field in Profile._fields}
    return Profile(**fields | {"walls": tuple(_wall(**wall) for wall in json.loads(row["walls"]))})


def _wall(hold_sets: list[str] | None, **fields: Any) -> Wall:
    return Wall(hold_sets=None if hold_sets is None else tuple(hold_sets), **fields)


def _add_rows(db: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Add the rows that do not exist."""
    if rows:
        db.execute(insert(db, table).on_conflict_do_nothing(), rows)


def _add(db: Connection, profile: str, wanted: Mapping[str, Entry]) -> tuple[list[int], int]:
    """Save the problems that are not, and restore deleted ones, by identity: the numbers of their entries in this
    order, and how many are new or restored.
    """
    mine = (entries.c.profile == profile, entries.c.identity.in_(list(wanted)))
    query = select(entries.c.identity, entries.c.number, entries.c.deleted).where(*mine)
    existing = {row.identity: row for row in db.execute(query)}
    new = [_entry_row(profile, entry) for identity, entry in wanted.items() if identity not in existing]
    _add_rows(db, entries, new)
    deleted = [row.number for row in existing.values() if row.deleted]
    if deleted:
        db.execute(update(entries).where(entries.c.number.in_(deleted)).values(deleted=False))
    numbers = {row.identity: row.number for row in (db.execute(query) if new else existing.values())}
    return [numbers[identity] for identity in wanted], len(new) + len(deleted)


def _entry_row(profile: str, entry: Entry) -> dict[str, object]:
    problem = entry.problem
    return {
        "profile": profile,
        "identity": entry.identity,
        "problem": json.dumps(problem.to_dict()),
        "board": problem.board,
        "step": rank(problem.grade) if problem.grade else None,
        "name": problem.name or "",
        "saved": entry.saved or now(),
    }


def _merge(db: Connection, profile: str, wanted: Mapping[str, Entry]) -> int:
    """Merge entries, by identity: how many were added."""
    numbers, added = _add(db, profile, wanted)
    # a CSV file has no ids of ticks: what says the same is the same tick
    known: dict[int, set[tuple[str, int, bool, int | None]]] = {number: set() for number in numbers}
    for row in db.execute(select(ticks).where(ticks.c.entry.in_(numbers))):
        known[row.entry].add((row.day, row.attempts, bool(row.sent), row.angle))
    new_ticks, new_lists, notes = [], [], []
    for number, entry in zip(numbers, wanted.values(), strict=True):
        new = [tick for tick in entry.ticks if tick.said not in known[number]]
        new_ticks += [_tick_row(number, tick) for tick in new[: MOST_TICKS - len(known[number])]]
        new_lists += [{"entry": number, "name": name} for name in entry.lists]
        if entry.stars or entry.notes or entry.felt:
            notes.append({"a": number, "b": entry.stars, "c": entry.notes, "d": entry.felt})
    _add_rows(db, ticks, new_ticks)
    _add_rows(db, lists, new_lists)
    if notes:
        db.execute(FILL_IN, notes)
    return added


FILL_IN = (
    update(entries)
    .where(entries.c.number == bindparam("a"))
    .values(
        stars=case((entries.c.stars == 0, bindparam("b")), else_=entries.c.stars),
        notes=case((entries.c.notes == "", bindparam("c")), else_=entries.c.notes),
        felt=func.coalesce(entries.c.felt, bindparam("d", type_=entries.c.felt.type)),
    )
)
"""What the climber noted is never overwritten."""


def _merged(entry: Entry, other: Entry) -> Entry:
    """An entry with what another one of the same problem adds."""
    known = {tick.said for tick in entry.ticks}
    return entry._replace(
        stars=entry.stars or other.stars,
        notes=entry.notes or other.notes,
        felt=entry.felt or other.felt,
        lists=tuple(dict.fromkeys(entry.lists + other.lists)),
        ticks=entry.ticks + tuple(tick for tick in other.ticks if tick.said not in known),
    )


def _entry_number(db: Connection, profile: str, identity: str, include_deleted: bool = False) -> int:
    """Begin a change of an entry: its number. Raises NotFoundError."""
    _lock(db, profile)
    mine = (entries.c.profile == profile, entries.c.identity == identity)
    row = db.execute(select(entries.c.number, entries.c.deleted).where(*mine)).one_or_none()
    if not row or (row.deleted and not include_deleted):
        raise NotFoundError(NO_ENTRY)
    return int(row.number)


def _tick_row(number: int, tick: Tick) -> dict[str, object]:
    return tick._asdict() | {"entry": number}


def _load_entry(db: Connection, number: int) -> Entry:
    """The entry with this number. Raises ClimbpathError if it cannot be read."""
    found, left_out = _load_entries(db, [number])
    if not found:
        raise ClimbpathError(f"this entry of the logbook cannot be read: {left_out[0].reason}")
    return found[0]


def _load_entries(db: Connection, numbers: Sequence[int]) -> tuple[list[Entry], list[LeftOut]]:
    """The entries with these numbers, in this order, and what cannot be read of them: entries, and ticks."""
    found: dict[int, Entry] = {}
    left_out = []
    for some in _pieces(numbers):
        for row in db.execute(select(entries).where(entries.c.number.in_(some))):
            try:
                problem = Problem.from_dict(json.loads(row.problem))
                found[row.number] = Entry(problem, row.stars, row.notes, row.felt, saved=row.saved)
            except (ClimbpathError, ValueError, RecursionError) as error:
                left_out.append(LeftOut(row.number, row.name or row.identity, str(error)))
        for row in db.execute(select(lists).where(lists.c.entry.in_(some)).order_by(lists.c.name)):
            if entry := found.get(row.entry):
                found[row.entry] = entry._replace(lists=(*entry.lists, row.name))
        done: dict[int, list[Tick]] = {}
        for row in db.execute(select(ticks).where(ticks.c.entry.in_(some)).order_by(ticks.c.day, ticks.c.id)):
            if entry := found.get(row.entry):
                try:
                    done.setdefault(row.entry, []).append(_tick(row))
                except ValueError as error:
                    name = entry.problem.name or entry.identity
                    left_out.append(LeftOut(row.entry, name, f"a tick is left out: {error}"))
        for number, some_ticks in done.items():
            found[number] = found[number]._replace(ticks=tuple(some_ticks))
    return [found[number] for number in numbers if number in found], left_out


def _pieces(things: Sequence[Thing]) -> Iterator[Sequence[Thing]]:
    """Pieces of a list: databases limit the number of values in a statement."""
    return (things[first : first + BATCH] for first in range(0, len(things), BATCH))


def _tick(row: Row[Any]) -> Tick:
    """The tick in a row. Raises ValueError where its day, id or number of attempts is none."""
    if row.attempts < 1:
        raise ValueError(f"it has {row.attempts} attempts")
    day = date.fromisoformat(row.day).isoformat()
    return Tick(str(UUID(row.id)), day, row.attempts, bool(row.sent), row.reached, row.angle)


def _logged(text: str) -> LoggedTick | LeftOut:
    """A stored tick whose problem was not found, or why it cannot be read."""
    try:
        fields = json.loads(text)
        tick = LoggedTick(**fields)
        if any(type(value) is not type(usual) for value, usual in zip(tick, LoggedTick(), strict=True)):
            raise ValueError("a field is of another type")
        return tick
    except (TypeError, ValueError, RecursionError) as error:
        return LeftOut(0, "a tick whose problem was not found", str(error))
