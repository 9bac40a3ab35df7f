"""The MoonBoard app's API: {"Data": [{Id, Name, Grade, Method, MoonBoardConfiguration, Holdsetup, Moves, …}]}.

The same records also come as a bare list, one after another as JSON Lines, in pages one after another, and in one
object under their ids; a record of the site's logbook has its problem in a field `Problem`.
"""

from collections.abc import Iterator
from typing import Any

from climbpath.data.importers import documents
from climbpath.data.importers.documents import Raw
from climbpath.data.importers.pieces import Source
from climbpath.data.importers.records import (
    Note,
    check_present,
    clean_problem,
    lower_keys,
    read_angle,
    read_board,
    source_ids,
    take,
    unnoted,
)
from climbpath.data.importers.sample import Sample
from climbpath.errors import ClimbpathError
from climbpath.problem import Problem

TITLE = "the app's API dump"
EXAMPLE = (
    '{"Data": [{"Id": 305445, "Name": "Slab", "Grade": "6C", "Holdsetup": {"Description": "MoonBoard 2016"}, '
    '"MoonBoardConfiguration": {"Description": "40° MoonBoard"},',
    '"Moves": [{"Description": "F5", "IsStart": true, "IsEnd": false}, '
    '{"Description": "G18", "IsStart": false, "IsEnd": true}], "Repeats": 12}], "Total": 1}',
)
NAMES = frozenset({"moves", "holdsetup", "grade", "moonboardconfiguration", "isbenchmark", "repeats", "name"})
NEEDS = "every record needs Moves, a list of {Description, IsStart, IsEnd}, and a Holdsetup"


def recognises(sample: Sample) -> bool:
    """Whether a file that starts like this sample is in this format."""
    record = sample.record
    if not record:
        return sample.container == "data"
    logged = record.get("problem")
    if isinstance(logged, dict):
        record = {name.lower(): value for name, value in logged.items()}
    return ("moves" in record and not isinstance(record["moves"], str)) or sample.container == "data"


def records(path: Source) -> Iterator[Raw | ClimbpathError]:
    """The raw records."""
    return documents.records(path)


def problem(record: Raw, note: Note = unnoted) -> Problem:
    """The problem of one API record. Raises ClimbpathError with the reason where there is none."""
    fields = lower_keys(record.value)
    if "moves" not in fields and isinstance(fields.get("problem"), dict):
        fields = lower_keys(fields["problem"])
    check_present(fields)
    start: list[str] = []
    hands: list[str] = []
    feet: list[str] = []
    finish: list[str] = []
    if not isinstance(fields.get("moves"), list):
        take({"Moves": fields["moves"]} if "moves" in fields else {}, "Moves", list)
    for move in fields["moves"]:
        try:
            label, starts, ends = move["Description"], move["IsStart"], move["IsEnd"]
        except (KeyError, TypeError, IndexError):
            label, starts, ends = _move(move)
        if starts.__class__ is not bool or ends.__class__ is not bool or label.__class__ is not str:
            label, starts, ends = _move(move)
        if starts:
            start.append(label)
        if ends:
            finish.append(label)
        elif not starts:
            (feet if move.get("IsFoot") is True else hands).append(label)
    return clean_problem(
        start,
        hands,
        finish,
        feet=feet,
        board=_board(fields),
        angle=_angle(fields),
        grade=fields.get("grade"),
        asked_grade=fields.get("askedgrade"),
        user_grade=fields.get("usergrade"),
        name=fields.get("name"),
        ids=_ids(fields, record.key, note),
        repeats=fields.get("repeats"),
        benchmark=fields.get("isbenchmark"),
        method=fields.get("method"),
        partial=fields.get("ispartial") is True,
        note=note,
    )


def _move(move: Any) -> tuple[str, bool, bool]:
    """The label of a move, and whether it starts and ends the problem, in any case of names."""
    named = lower_keys(move)
    shown = {name: named[name.lower()] for name in ("Description", "IsStart", "IsEnd") if name.lower() in named}
    return take(shown, "Description", str), take(shown, "IsStart", bool), take(shown, "IsEnd", bool)


def _board(fields: dict[str, Any]) -> str:
    setup = fields.get("holdsetup")
    if isinstance(setup, dict):
        if words := setup.get("Description"):
            return read_board(words)
        named = lower_keys(setup)
        number = named.get("apiid")
        return read_board(named.get("description"), named.get("id") if number is None else number)
    if isinstance(setup, str):
        return read_board(setup)
    if "holdsetup" not in fields:
        raise ClimbpathError("the field 'Holdsetup' is missing")
    return read_board(None, setup)


def _angle(fields: dict[str, Any]) -> int:
    words, number = fields.get("moonboardconfiguration"), fields.get("moonboardconfigurationid")
    if isinstance(words, dict):
        if isinstance(described := words.get("Description"), str):
            return read_angle(described)
        named = lower_keys(words)
        words, number = named.get("description"), named.get("id", number)
    return read_angle(words, number)


def _ids(fields: dict[str, Any], key: str | None, note: Note) -> tuple[str, ...]:
    """The ids of climbpath's own export, which keeps all, or the record's own, or the name that it stands under."""
    own = fields.get("ids")
    if isinstance(own, list) and all(isinstance(one, str) for one in own):
        return tuple(own)
    number = fields.get("id")
    if number is None:
        number = fields.get("apiid") or key  # the site writes "ApiId": 0 for none
    return source_ids("api-dump", number, note)
