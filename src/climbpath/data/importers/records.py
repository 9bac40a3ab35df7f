"""What every importer yields, and how it reads the fields of a raw record.

What a record must have is its holds. Everything else is optional: a field with an odd value is left out with a note,
and the record is kept.
"""

import re
import reprlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from climbpath import board as boards
from climbpath.angles import UNKNOWN
from climbpath.errors import ClimbpathError
from climbpath.grades import LADDER, parse_grades
from climbpath.problem import DEFAULT_METHOD, Problem, check_sound

Kind = TypeVar("Kind", str, bool, list[Any], dict[str, Any])
Note = Callable[[str], None]
"""What an importer calls with what it left out of a record that it kept."""

MOST_NOTES = 1000
"""Different notes, reasons and rejections that are kept apart; the rest is counted together."""
MOST_HOLDS = 1000
"""Holds in a record, repetitions included."""
MOST_LABEL = 999_999
"""The largest number that is read as a hold's label."""
LONGEST_REASON = 2000
"""Characters of a reason."""

_KINDS = {str: "text", bool: "true or false", list: "a list", dict: "an object"}


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that cannot be used: the file, its place in it (record 0 is the first) and the reason."""

    file: str
    record: int
    reason: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A record that is sound but not wanted, as a problem that its setter withdrew: where it is, and the reason."""

    file: str
    record: int
    reason: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that cannot be read at all, and the reason."""

    file: str
    reason: str


class LeftOutError(ClimbpathError):
    """The record is to be left out; the message says why."""


class Tallied(Counter[str]):
    """How often each text came, in memory for at most `MOST_NOTES` different ones."""

    def note(self, text: str) -> None:
        """Count a text."""
        text = shortened(text, 300)
        self[text if text in self or len(self) < MOST_NOTES else "others"] += 1


def unnoted(_: str) -> None:
    """A Note that goes nowhere."""


def shortened(text: str, longest: int = LONGEST_REASON) -> str:
    """A text with its end cut off where it is too long."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


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


def lower_keys(record: Any) -> dict[str, Any]:
    """A raw record with its names in lower case: some programs write `Grade`, others `grade`.

    Raises ClimbpathError where it is no object.
    """
    if not isinstance(record, dict):
        raise ClimbpathError(f"a record is an object with fields, not {_shown(record)}")
    return {name.lower(): value for name, value in record.items()}


def source_ids(source: str, value: Any, note: Note = unnoted) -> tuple[str, ...]:
    """The id of a record with its source before it; none for None, nothing, or what is no id."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if value is None or value == "":
        return ()
    if not isinstance(value, str | int) or isinstance(value, bool):
        note(f"id left out: it is {_shown(value)}")
        return ()
    return (f"{source}:{value}",)


def clean_problem(
    start: Iterable[Any],
    hands: Iterable[Any],
    finish: Iterable[Any],
    *,
    feet: Iterable[Any] = (),
    board: str,
    angle: int | None,
    grade: Any = None,
    asked_grade: Any = None,
    user_grade: Any = None,
    name: Any = None,
    ids: tuple[str, ...] = (),
    repeats: Any = None,
    benchmark: Any = False,
    method: Any = None,
    partial: bool = False,
    note: Note = unnoted,
) -> Problem:
    """The problem of a raw record. A hold named again in a later list keeps its first role: start before finish
    before hand before foot (real records repeat holds).

    Raises ClimbpathError with the reason where no sound problem is left.
    """
    start, finish = _labels(start), _labels(finish)
    hands, feet = _labels(hands), _labels(feet)
    if len(start) + len(finish) + len(hands) + len(feet) > MOST_HOLDS:
        raise ClimbpathError(f"the record has more than {MOST_HOLDS:,} holds")
    finish = [label for label in finish if label not in start]
    hands = [label for label in hands if label not in start and label not in finish]
    feet = [label for label in feet if label not in start and label not in finish and label not in hands]
    layout = boards.load(board)
    if angle in MOONBOARD_ANGLES and angle not in layout.angles:
        raise ClimbpathError(f"{layout.title} at {angle}° is not supported yet")
    problem = Problem(
        board=board,
        angle=angle,
        grade=read_grade(grade, note, ladder=layout.ladder),
        asked_grade=read_grade(asked_grade, note, "asked grade", layout.ladder),
        start=tuple(start),
        hands=tuple(hands),
        feet=tuple(feet),
        finish=tuple(finish),
        name=read_text("name", name, note),
        ids=ids,
        repeats=read_count("repeats", repeats, note),
        benchmark=read_flag("benchmark", benchmark, note),
        method=_method(method, note),
        user_grade=read_grade(user_grade, note, "user grade", layout.ladder),
        partial=partial,
    )
    return check_sound(problem)


def _labels(labels: Iterable[Any]) -> list[str]:
    """Labels in upper case. Raises ClimbpathError for what is none."""
    found = []
    for label in labels:
        is_number = isinstance(label, int) and not isinstance(label, bool) and 0 <= label <= MOST_LABEL
        if not isinstance(label, str) and not is_number:
            raise ClimbpathError(f"a hold is text such as F5, or a number such as 1149, not {_shown(label)}")
        found.append(str(label).strip().upper())
    return found


# Optional fields


def read_grade(value: Any, note: Note = unnoted, what: str = "grade", ladder: tuple[str, ...] = LADDER) -> str | None:
    """The grade of a field, None where it holds none: '7a+', 'V5', '6B+/V4' and '7A (V6)' are read.

    On a Font ladder, of a V grade that spans two Font grades the harder one is taken. Notes a grade that is not on the
    ladder, and for the field `grade` that there is none.
    """
    if value is None or isinstance(value, str | int | float):
        grade, odd = _grade("" if value is None else str(value), ladder)
    else:
        grade, odd = None, f"grade {_shown(value)} is not on the ladder"
    if odd and what == "grade":
        note(f"ungraded: {odd}")
    elif odd and odd != NO_GRADE:
        note(f"{what.removesuffix('grade')}{odd}: left out")
    return grade


NO_GRADE = "no grade"


@lru_cache(1000)
def _grade(text: str, ladder: tuple[str, ...]) -> tuple[str | None, str | None]:
    """The grade of a text, and what is odd about it."""
    words = [word for word in re.split(r"[\s/()|]+", text.strip()[:100].upper()) if word]
    if not words or words[0] in ("NAN", "NONE", "NULL"):
        return None, NO_GRADE
    # as the ladder's own strings, so that a million problems share them
    known = [ladder[ladder.index(word)] for word in words if word in ladder]
    if len(known) == 1:
        return known[0], None
    if len(words) == 1:
        try:
            return ladder[ladder.index(parse_grades(words[0], ladder)[-1])], None
        except ClimbpathError:
            pass
    return None, f"grade {shortened(text, 40)!r} is not on the ladder"


def read_text(what: str, value: Any, note: Note = unnoted) -> str | None:
    """The text of a field, None for an empty one; what is no text is left out with a note."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        note(f"{what} left out: it is {_shown(value)}")
        return None
    if not value.isascii():
        value = value.encode("utf-8", "replace").decode()  # half a surrogate pair cannot be written to any file
    return value


def read_count(what: str, value: Any, note: Note = unnoted) -> int | None:
    """A number from 0 up; pandas writes 137.0 in a column with gaps, and nothing or nan for a gap."""
    if value.__class__ is int and 0 <= value < 2**31:
        return value
    text = str(value).strip().lower() if isinstance(value, str | int | float) else ""
    if value is None or text in ("", "nan", "none", "null"):
        if value is not None and text == "" and not isinstance(value, str):
            note(f"{what} left out: it is {_shown(value)}")
        return None
    match = re.fullmatch(r"([0-9]{1,10})(\.0*)?", text)
    if not match or isinstance(value, bool) or int(match[1]) >= 2**31:
        note(f"{what} left out: it is {_shown(value)}")
        return None
    return int(match[1])


_FLAGS = {"true": True, "1": True, "yes": True, "1.0": True}
_FLAGS |= {"false": False, "0": False, "no": False, "0.0": False, "": False, "none": False, "nan": False}


def read_flag(what: str, value: Any, note: Note = unnoted) -> bool:
    """Yes or no, where files write true, "True", 1, 0 or nothing."""
    if value.__class__ is bool:
        return value
    flag = _FLAGS.get(str(value).strip().lower()) if isinstance(value, str | int | float | None) else None
    if flag is None:
        note(f"{what} left out: it is {_shown(value)}")
    return bool(flag)


def _method(value: Any, note: Note) -> str:
    """The foot rule, as the file words it."""
    if value == DEFAULT_METHOD:
        return DEFAULT_METHOD
    text = read_text("method", value, note)
    return _shared(text) if text else DEFAULT_METHOD


@lru_cache(1000)
def _shared(text: str) -> str:
    """The same text as one object, so that a million problems share it."""
    return text


# Boards and angles

MOONBOARD_ANGLES = (25, 40)
"""Angles at which MoonBoards are set; climbpath does not have every board at both yet."""
UNSUPPORTED = {"2010": "MoonBoard 2010"}
"""Boards that files name and climbpath does not have, by what is left of their names."""
BY_WORDS = {
    "2016": "moonboard-2016",
    "2017": "moonboard-masters-2017",
    "masters 2017": "moonboard-masters-2017",
    "2019": "moonboard-masters-2019",
    "masters 2019": "moonboard-masters-2019",
    "2020": "moonboard-mini-2020",
    "mini 2020": "moonboard-mini-2020",
    "2024": "moonboard-2024",
    "2025": "moonboard-mini-2025",
    "mini 2025": "moonboard-mini-2025",
}
"""Boards by what is left of their names without 'MoonBoard', words in alphabetical order after the year."""
# The numbers that the MoonBoard's site and app give their hold setups, as their own records name them ("Holdsetup":
# {"Id": 15, "Description": "MoonBoard Masters 2017"}), and those of BoardLib's and boardsesh's layouts.
BY_HOLDSETUP = {1: "2016", 15: "masters 2017", 17: "masters 2019", 19: "mini 2020"}
BY_HOLDSETUP |= {21: "2024", 22: "mini 2025", 23: "2010"}
BY_LAYOUT = {2: "2016", 3: "2024", 5: "masters 2019", 6: "mini 2020"}
# The site's MoonBoardConfigurationId; records of boards with one angle have 0 or none.
ANGLES = {1: 40, 2: 25}
DEFAULT_ANGLE = 40


@lru_cache(1000)
def _named_board(name: str) -> str:
    if name in boards.names():
        return name
    words = re.findall(r"[a-z]+|\d+", name.lower().replace("moonboard", " ").replace("moon", " "))
    rest = sorted((word for word in words if word != "board"), key=lambda word: word.isdigit())
    known = " ".join(rest)
    if known in UNSUPPORTED:
        raise ClimbpathError(f"{UNSUPPORTED[known]} is not supported yet")
    if known in BY_WORDS:
        return BY_WORDS[known]
    by_title = _by_title()
    if _plain(name) not in by_title:
        titles = ", ".join(boards.load(one).title for one in by_title.values())
        raise ClimbpathError(f"unknown hold setup {shortened(name, 60)!r}: known are {titles}")
    return by_title[_plain(name)]


def _by_title() -> dict[str, str]:
    """The name of every board that can be read, by its title; the first of those that share one."""
    found: dict[str, str] = {}
    for name in boards.names():
        with suppress(ClimbpathError):  # a damaged file of a board that a user imported
            found.setdefault(_plain(boards.load(name).title), name)
    return found


def _plain(title: str) -> str:
    return " ".join(title.casefold().split())


def read_board(words: Any, number: Any = None, numbers: Mapping[int, str] = BY_HOLDSETUP) -> str:
    """The board of a record that names it in words, 'Mini MoonBoard 2020' or 'Kilter Board Homewall', or else by a
    number; the words win.

    Raises ClimbpathError for an unknown or unsupported one, and where the record names none.
    """
    if isinstance(words, str) and words.strip():
        return _named_board(words.strip()[:200])
    if isinstance(number, str | float):
        number = read_count("number", number)
    if number is None:
        raise ClimbpathError("the record does not name its board")
    if not isinstance(number, int) or number not in numbers:
        known = ", ".join(f"{one} = {_title(short)}" for one, short in numbers.items())
        raise ClimbpathError(f"unknown hold setup number {_shown(number)}: known are {known}")
    return _named_board(numbers[number])


def _title(short: str) -> str:
    return UNSUPPORTED[short] if short in UNSUPPORTED else boards.load(BY_WORDS[short]).title


def read_angle(words: Any, number: Any = None) -> int:
    """The angle of a record that names it in words or degrees, '40° MoonBoard' or 40, or else by the number of its
    configuration; 40° where it names none.

    Raises ClimbpathError for what cannot be read.
    """
    if words is not None and words != "":
        match = re.match(r"\s*([0-9]{1,3})(\.0*)?\s*(°|deg|$)", words) if isinstance(words, str) else None
        if match and int(match[1]) <= 90:
            return int(match[1])
        if isinstance(words, int | float) and words in range(91) and not isinstance(words, bool):
            return int(words)
        shown = shortened(words, 60) if isinstance(words, str) else _shown(words)
        raise ClimbpathError(f"cannot read an angle from {shown!r}: it looks like 40, or '40° MoonBoard'")
    number = read_count("number", number)
    if not number:
        return DEFAULT_ANGLE
    if number not in ANGLES:
        raise ClimbpathError(f"unknown configuration {number}: 1 is 40° and 2 is 25°")
    return ANGLES[number]


def read_own_angle(value: Any, board: str) -> int | None:
    """The angle of a record that climbpath wrote: None where it has none, or an unknown one, and its board's may be so.

    Raises ClimbpathError as `read_angle` does.
    """
    is_unknown = value in (None, "") or (isinstance(value, str) and value.strip().lower() == UNKNOWN)
    if is_unknown and boards.load(board).has_angle(None):
        return None
    if is_unknown and value:
        raise ClimbpathError(f"{boards.load(board).title} has no unknown angle: name one, such as 40")
    return read_angle(value)


def check_present(record: Mapping[str, Any]) -> None:
    """Raises LeftOutError where a record, its names in lower case, says that its problem was withdrawn."""
    if record.get("datedeleted"):
        raise LeftOutError("withdrawn by its setter (it has a date of deletion)")


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    return _KINDS[type(value)] if isinstance(value, list | dict) else reprlib.repr(value)
