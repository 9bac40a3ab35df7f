"""The other side: what a board's controller makes of the bytes that it gets. The virtual board and `climbpath
led-server` show it.

Bytes come in writes of any size. A message is shown as a whole or not at all; where bytes make no sense, a fault says
so, and reading goes on at the next byte that can begin a message.
"""

import re
from typing import NamedTuple

from climbpath.lights.aurora import MARKS
from climbpath.lights.messages import MOONBOARD_COLOURS
from climbpath.lights.moonboard import NEW_LETTERS

MOST_TEXT = 4096
"""Bytes of the longest string for a MoonBoard."""
MOST_LIGHTS = 4096
"""Lights of the longest message for an Aurora board."""
ROLE_OF_LETTER = {letter: role for role, letter in NEW_LETTERS.items()} | {"P": "hand"}
FIRST, MIDDLE, LAST, ONLY = range(4)
PLACE = {mark: (level, place) for level, marks in MARKS.items() for place, mark in enumerate(marks)}
"""The first byte of a packet's data -> API level, and where the packet stands."""


class Lit(NamedTuple):
    """A LED that is on."""

    position: int
    """Its number."""
    colour: str
    """'RRGGBB'."""
    letter: str | None
    """What a MoonBoard was sent for it."""


class Shown(NamedTuple):
    """What a board shows after a message: these lights and no others."""

    lights: tuple[Lit, ...]
    extra_leds: bool = False
    mini: bool = False
    level: int | None = None
    """The API level of an Aurora board's message."""


class Fault(NamedTuple):
    """Bytes that make no sense, which a board ignores."""

    reason: str


class Receiver:
    """Reads the bytes of one connection."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.flags = ""
        self.parts: list[bytes] = []  # of an Aurora message that is not complete
        self.level = 0

    def feed(self, received: bytes) -> list[Shown | Fault]:
        """What the next bytes make the board do."""
        self.buffer += received
        found: list[Shown | Fault] = []
        while self.buffer:
            size, outcome = self._next()
            if not size:
                break
            del self.buffer[:size]
            if outcome:
                found.append(outcome)
        return found

    def _next(self) -> tuple[int, Shown | Fault | None]:
        """How many bytes are done with, 0 where more must come first, and what they mean."""
        first = self.buffer[0]
        if first == 1:
            return self._packet()
        if first == ord("l"):
            return self._text()
        if first == ord("~"):
            return self._flag()
        stray = re.match(rb"[^\x01l~]+", self.buffer)
        size = len(stray[0]) if stray else 1
        return size, Fault(f"{size} bytes that begin no message")

    def _flag(self) -> tuple[int, Fault | None]:
        if len(self.buffer) < 3:
            return 0, None
        match = re.match(rb"~([DM])\*?", self.buffer)
        if not match:
            return 1, Fault("a flag that is neither ~D nor ~M")
        self.flags += match[1].decode()
        return len(match[0]), None

    def _text(self) -> tuple[int, Shown | Fault | None]:
        """A MoonBoard's string."""
        if len(self.buffer) < 2:
            return 0, None
        if self.buffer[1] != ord("#"):
            return 1, Fault("an l without #")
        end = self.buffer.find(b"#", 2, MOST_TEXT)
        if end < 0:
            is_long = len(self.buffer) >= MOST_TEXT
            return (2, Fault(f"a string of more than {MOST_TEXT} bytes")) if is_long else (0, None)
        text, flags, self.flags = bytes(self.buffer[2:end]), self.flags, ""
        if text.endswith(b"l"):  # the next message has begun before this one ended
            return end - 1, Fault("a string that was cut off")
        lights = []
        for word in text.split(b",") if text else []:
            match = re.fullmatch(rb"([SPELRMF])(\d{1,5})", word)
            if not match:
                return end + 1, Fault(f"{word[:20].decode('ascii', 'backslashreplace')!r} is no light")
            letter = match[1].decode()
            lights.append(Lit(int(match[2]), MOONBOARD_COLOURS[ROLE_OF_LETTER[letter]], letter))
        return end + 1, Shown(tuple(lights), "D" in flags, "M" in flags)

    def _packet(self) -> tuple[int, Shown | Fault | None]:
        """An Aurora board's packet."""
        if len(self.buffer) < 4:
            return 0, None
        length = self.buffer[1]
        if self.buffer[3] != 2 or not length:
            return 1, Fault("a packet that begins wrongly")
        if len(self.buffer) < length + 5:
            return 0, None
        data = bytes(self.buffer[4 : 4 + length])
        if self.buffer[4 + length] != 3:
            return 1, Fault("a packet that ends wrongly")
        if ~sum(data) & 255 != self.buffer[2]:
            return 1, Fault("a packet whose checksum is wrong")
        return length + 5, self._collected(data)

    def _collected(self, data: bytes) -> Shown | Fault | None:
        """What is shown after a packet: nothing new until the message is complete."""
        level, place = PLACE.get(data[0], (0, ONLY))
        if not level:
            return Fault(f"a packet of the unknown kind {data[0]}")
        if place in (FIRST, ONLY):
            self.parts, self.level = [], level
        elif not self.parts or level != self.level:
            self.parts = []
            return Fault("a packet that continues no message")
        self.parts.append(data[1:])
        each = 3 if level == 3 else 2
        if any(len(part) % each for part in self.parts) or sum(map(len, self.parts)) > MOST_LIGHTS * each:
            self.parts = []
            return Fault("a packet with a part of a light, or too many lights")
        if place in (FIRST, MIDDLE):
            return None
        whole, self.parts = b"".join(self.parts), []
        lights = [whole[i : i + each] for i in range(0, len(whole), each)]
        return Shown(tuple(map(_lit, lights)), level=level)


def _lit(light: bytes) -> Lit:
    """A light of an Aurora board: three bytes at level 3, two at level 2."""
    if len(light) == 3:
        red, green, blue = light[2] >> 5, light[2] >> 2 & 7, light[2] & 3
        return Lit(int.from_bytes(light[:2], "little"), _hex(red * 255 // 7, green * 255 // 7, blue * 85), None)
    red, green, blue = light[1] >> 6, light[1] >> 4 & 3, light[1] >> 2 & 3
    return Lit(light[0] | (light[1] & 3) << 8, _hex(red * 85, green * 85, blue * 85), None)


def _hex(red: int, green: int, blue: int) -> str:
    return bytes([red, green, blue]).hex().upper()
