"""Tokens that open one climber's logbook, on a server that is shared by many. The database has their hashes only."""

import hashlib
import secrets
from collections.abc import Sequence

from sqlalchemy import delete, select

from climbpath.web.logbook.database import Database
from climbpath.web.logbook.store import now
from climbpath.web.logbook.tables import insert, profiles, tokens


def climbers_of(database: Database, given: Sequence[str]) -> dict[str, str]:
    """The climbers whose logbooks these tokens open, each with its token. Removed ones are among them, so that they can
    be restored.
    """
    hashes = {_hash(token): token for token in given}
    if not hashes:
        return {}
    query = select(tokens.c.profile, tokens.c.hash).where(tokens.c.hash.in_(list(hashes)))
    with database.reading() as db:
        return {row.profile: hashes[row.hash] for row in db.execute(query)}


def is_climber(database: Database, profile: str) -> bool:
    """Whether there is such a climber, or was before they were removed."""
    with database.reading() as db:
        return db.scalar(select(profiles.c.id).where(profiles.c.id == profile)) is not None


def new_token(database: Database, profile: str, *, only: bool = False) -> str:
    """A new token of a climber; with `only`, those before it open nothing any more."""
    token = secrets.token_urlsafe(24)
    with database.transaction() as db:
        if only:
            db.execute(delete(tokens).where(tokens.c.profile == profile))
        db.execute(insert(db, tokens).values(hash=_hash(token), profile=profile, made=now()))
    return token


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
