"""What every importer yields, a problem or a rejection, and how fields of raw records are read."""

import reprlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from climbpath.errors import ClimbpathError
from climbpath.problem import Problem, check_sound

Kind = TypeVar("Kind", str, bool, list[Any], dict[str, Any])

_KINDS = {str: "text", bool: "true or false", list: "a list", dict: "an object"}


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that cannot be used."""

    file: str
    """The file's path."""
    record: int
    """Its index in the file; 0 is the first."""
    reason: str
    """Why it cannot be used."""


def take(record: Any, field: str, kind: type[Kind]) -> Kind:
    """A field of a raw record. Raises ClimbpathError where the record lacks it or it is of another kind."""
    if not isinstance(record, dict):
        raise ClimbpathError(f"a record is an object with fields, not {_shown(record)}")
    if field not in record:
        raise ClimbpathError(f"the field {field!r} is missing")
    value = record[field]
    if not isinstance(value, kind):
        raise ClimbpathError(f"the field {field!r} is {_shown(value)} where {_KINDS[kind]} should be")
    return value


def source_ids(source: str, value: Any) -> tuple[str, ...]:
    """The id of a record as 'source:id', none for None. Raises ClimbpathError where it is not text or a number."""
    if value is None:
        return ()
    if not isinstance(value, str | int):
        raise ClimbpathError(f"the id is {_shown(value)} where text or a number should be")
    return (f"{source}:{value}",)


def clean_problem(start: Iterable[str], hands: Iterable[str], finish: Iterable[str], **fields: Any) -> Problem:
    """The problem of a raw record.

    Real records repeat holds: a hold in several lists has one role, start before finish before hand.

    Raises ClimbpathError with the reason where the problem is not sound.
    """
    start, hands, finish = tuple(start), tuple(hands), tuple(finish)
    for label in start + hands + finish:
        if not isinstance(label, str):
            raise ClimbpathError(f"a hold is text such as F5, not {_shown(label)}")
    return check_sound(
        Problem.from_dict(
            {
                "start": start,
                "finish": [label for label in finish if label not in start],
                "hands": [label for label in hands if label not in start + finish],
                **fields,
            }
        )
    )


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    return _KINDS[type(value)] if isinstance(value, list | dict) else reprlib.repr(value)
