"""JSON read record by record, in memory for one record: one document, JSON Lines, or documents one after another.

A document is a list of records; an object of records, each under its number; an object with either in a field
(`LISTS`); or itself a record, as in JSON Lines.
"""

import codecs
import json
import re
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from climbpath.data.importers import pieces
from climbpath.data.importers.pieces import LONGEST, MOST_FIELDS, Source
from climbpath.errors import ClimbpathError

LISTS = frozenset({"data", "problems"})
"""Fields, in lower case, in which files keep their records."""
DEEPEST = 64
"""Levels of nesting in a record."""
CHUNK = 1 << 19
"""Bytes that are read at a time."""

_SPACE = re.compile(r"[ \t\r\n]*")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\Z)|[\[\]{}]', re.DOTALL)
_PAGE = re.compile(r"\n[{\[]")


class Raw(NamedTuple):
    """A record as its file has it."""

    value: Any
    """Mostly a dict; anything in a damaged file."""
    key: str | None
    """Its name, where the file is an object of records."""
    header: dict[str, Any]
    """What the document says before its records: texts, numbers and the like by name in lower case."""


class _BreakError(Exception):
    """The document cannot be read on from here; another may begin later."""


class _NewPageError(_BreakError):
    """The document breaks off where another begins."""


class _LostError(_BreakError):
    """Nothing of the file can be read from here on."""


class _TooDeepError(Exception):
    """A value that is whole is nested too deep."""


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{text[:20]} is too large a number")
    return number


_decoder = json.JSONDecoder(parse_float=_finite, parse_constant=lambda _: None)


def records(path: Source, fields: Collection[str] = ()) -> Iterator[Raw | ClimbpathError]:
    """The records, of these fields if any are given; for what cannot be read, the ClimbpathError that words it.

    Where a document breaks off, the rest of it is lost, and the next begins where a line or text starts as one.
    """
    return _Reader(path).records(fields)


def lists(path: Source) -> set[str | None]:
    """The field, in lower case, that holds the list of records; None in it where the document is itself a list."""
    reader = _Reader(path)
    reader.need(0)
    return reader.container()


class _Reader:
    """A window on the text of a file: `text` from `at` on is what was not read yet."""

    def __init__(self, path: Source) -> None:
        self.text, self.at, self.ended = "", 0, False
        self.fault: ClimbpathError | None = None
        self._pieces = pieces.pieces(path)
        self._decode = codecs.getincrementaldecoder("utf-8")()

    def more(self, size: int = CHUNK) -> bool:
        """Read on; false at the end of the file. A file that breaks off ends there, and `fault` says why."""
        parts, got = [self.text[self.at :]], 0
        try:
            while got < size and not self.ended:
                piece = next(self._pieces, None)
                if piece is None:
                    self.ended = True
                    parts.append(self._decode.decode(b"", final=True))
                else:
                    got += len(piece)
                    parts.append(self._decode.decode(piece))
        except UnicodeDecodeError as error:
            self.ended = True
            parts.append(error.object[: error.start].decode("utf-8"))
            self.fault = ClimbpathError("the text is not UTF-8: save the file as UTF-8; the rest is lost")
        except ClimbpathError as error:
            self.ended, self.fault = True, error
        self.text, self.at = "".join(parts), 0
        return got > 0

    def need(self, size: int) -> None:
        """Have at least so many characters in the window, or the whole rest of the file."""
        while len(self.text) - self.at <= size and not self.ended:
            self.more()

    def char(self) -> str:
        """The next character that is not white space, not yet taken; empty at the end of the file."""
        while True:
            self.at = _SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]
            if self.at < len(self.text) or not self.more():
                return self.text[self.at : self.at + 1]

    def value(self) -> Any:
        """The next JSON value. Raises ClimbpathError for one too deep, which is passed over, and _BreakError."""
        size = CHUNK
        while True:
            try:
                found, end = _decoder.raw_decode(self.text, self.at)
                if end == len(self.text) and not self.ended and found.__class__ not in (dict, list, str):
                    raise ValueError  # a number may go on
                if end - self.at > LONGEST:
                    raise _BreakError(f"a record of over {LONGEST:,} characters stands here")
                if self.text.count("[", self.at, end) + self.text.count("{", self.at, end) > DEEPEST:
                    _check_depth(self.text, self.at, end)
                self.at = end
                if found.__class__ is dict and len(found) > MOST_FIELDS:
                    raise ClimbpathError(f"the record has more than {MOST_FIELDS:,} fields")
                return found
            except RecursionError:
                self.skip()
                raise ClimbpathError(f"the record is nested more than {DEEPEST} levels deep") from None
            except _TooDeepError:
                self.at = end
                raise ClimbpathError(f"the record is nested more than {DEEPEST} levels deep") from None
            except ValueError as error:
                if self._is_damaged(error):
                    raise _BreakError(_reason(error)) from None
                if len(self.text) - self.at > LONGEST:
                    raise _BreakError(f"a record of over {LONGEST:,} characters stands here") from None
                self.more(size)
                size *= 2

    def _is_damaged(self, error: ValueError) -> bool:
        """Whether more text would not help: the file is at its end, or the fault lies well before the window's."""
        if self.ended:
            return True
        if not isinstance(error, json.JSONDecodeError):
            return bool(str(error))
        return error.pos < len(self.text) - 16 and not error.msg.startswith("Unterminated string")

    def skip(self) -> None:
        """Pass over the next value however deep it is. Raises _BreakError where it does not end in time."""
        self.need(LONGEST)
        depth = 0
        for token in _TOKEN.finditer(self.text, self.at):
            mark = token[0][0]
            depth += (mark in "[{") - (mark in "]}")
            if depth == 0 or token.end() - self.at > LONGEST:
                break
        else:
            raise _LostError("brackets are opened here and not closed")
        if depth:
            raise _LostError(f"a record of over {LONGEST:,} characters stands here")
        self.at = token.end()

    def container(self) -> set[str | None]:
        """Where the document's records are: {None} in a list or under their names, the name of the field, or
        nothing where the document is itself a record. Moves nothing."""
        text, at = self.text, _SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]
        if text[at : at + 1] == "[":
            return {None}
        kinds, numbered = [], True
        try:
            at = _after(text, at, "{")
            while text[at : at + 1] != "}":
                name, at = _decoder.raw_decode(text, at)
                at = _after(text, at, ":")
                kind = text[at : at + 1]
                if kind in ("[", "{") and isinstance(name, str) and name.lower() in LISTS:
                    return {name.lower()}
                kinds.append(kind)
                numbered = numbered and isinstance(name, str) and name.isdecimal()
                _, at = _decoder.raw_decode(text, at)
                at = _SPACE.match(text, at).end()  # type: ignore[union-attr]
                if text[at : at + 1] == ",":
                    at = _after(text, at, ",")
        except (ValueError, RecursionError):
            pass
        keyed = kinds[:1] == ["{"] and (numbered or set(kinds) <= {"{", "n"})
        return {None} if keyed else set()

    def records(self, fields: Collection[str] = ()) -> Iterator[Raw | ClimbpathError]:
        """See `records` of the module."""
        self.need(LONGEST)
        char = self.char()
        where: set[str | None] = {*fields} or self.container()
        opening = _opening(self.text[self.at : self.at + 200])
        while char:
            try:
                if char == "[" and None in where:
                    yield from self._members({}, opening)
                elif char == "{" and where:
                    yield from self._fields(where, opening)
                else:
                    yield Raw(self.value(), None, {})
            except _BreakError as error:
                lost = isinstance(error, _LostError) or not self._next_page(opening, isinstance(error, _NewPageError))
                rest = "the rest" if lost else "the rest of this page"
                fault = ClimbpathError(f"the JSON is damaged or cut off here; {rest} is lost ({error})")
                if lost:
                    raise self.fault or fault from None
                yield fault
            except ClimbpathError as error:
                yield error
            char = self.char()
            if char == ",":  # records one after another with commas between them
                self.at += 1
                char = self.char()
        if self.fault:
            raise self.fault

    def _members(self, header: dict[str, Any], opening: str) -> Iterator[Raw | ClimbpathError]:
        """The members of a list that begins here."""
        self.at += 1
        char, first = self.char(), True
        while char != "]":
            if not first and opening and self._at_page(opening):
                raise _NewPageError("a new page begins before this one ends")
            if first and self._at_page(opening):
                opening = ""  # the records themselves start as the file does
            try:
                yield Raw(self.value(), None, header)
            except ClimbpathError as error:
                yield error
            char, first = self._comma("]"), False
        self.at += 1

    def _fields(self, where: set[str | None], opening: str) -> Iterator[Raw | ClimbpathError]:
        """The records of an object that begins here."""
        self.at += 1
        char = self.char()
        header: dict[str, Any] = {}
        while char != "}":
            if char != '"':
                raise _BreakError("a name in quotes should stand here")
            name = self.value()
            if self.char() != ":":
                raise _BreakError("a colon should stand here")
            self.at += 1
            char = self.char()
            if char == "[" and name.lower() in where:
                yield from self._members(header, opening)
            elif char == "{" and name.lower() in where:
                yield from self._fields({None}, opening)
            else:
                try:
                    value = self.value()
                    if None in where:
                        yield Raw(value, name, header)
                    elif not isinstance(value, dict | list):
                        header[name.lower()] = value
                except ClimbpathError as error:
                    if None in where:
                        yield error
            char = self._comma("}")
        self.at += 1

    def _comma(self, end: str) -> str:
        """Pass over the comma behind a value: the character after it, or the end bracket."""
        char = self.char()
        if char == ",":
            self.at += 1
            return self.char()
        if char != end:
            raise _BreakError(f"a comma or {end} should stand here" if char else "the text ends here")
        return char

    def _at_page(self, opening: str) -> bool:
        if len(self.text) - self.at < len(opening):
            self.need(len(opening))
        return bool(opening) and self.text.startswith(opening, self.at)

    def _next_page(self, opening: str, is_here: bool) -> bool:
        """Go on to where another document begins; false where none does."""
        if is_here:
            return True
        self.at += 1
        while True:
            page = _PAGE.search(self.text, self.at)
            end = page.start() + 1 if page else len(self.text)
            same = self.text.find(opening, self.at, end + len(opening)) if opening else -1
            if page or same >= 0:
                self.at = same if same >= 0 else end
                return True
            self.at = max(self.at, len(self.text) - 200)
            if not self.more():
                return False


def _check_depth(text: str, start: int, end: int) -> None:
    depth = 0
    for token in _TOKEN.finditer(text, start, end):
        mark = token[0][0]
        depth += (mark in "[{") - (mark in "]}")
        if depth > DEEPEST:
            raise _TooDeepError


def _opening(text: str) -> str:
    """How the file starts, up to its first name in quotes: '{"Data"'. Empty where no name comes soon."""
    match = re.match(r'[\[{\s]*"[^"\\]{1,100}"', text)
    return match[0] if match else ""


def _after(text: str, at: int, mark: str) -> int:
    """Where the text goes on behind a mark that must stand here. Raises ValueError where it does not."""
    at = _SPACE.match(text, at).end()  # type: ignore[union-attr]
    if text[at : at + 1] != mark:
        raise ValueError
    return _SPACE.match(text, at + 1).end()  # type: ignore[union-attr]


def _reason(error: ValueError) -> str:
    """A parser's message in one line."""
    if isinstance(error, json.JSONDecodeError):
        return "the text ends here" if error.pos >= len(error.doc) else error.msg
    return str(error).partition("\n")[0].partition("; use")[0]
