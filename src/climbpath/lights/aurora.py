"""The bytes of Aurora's boards (Kilter, Tension and others), as public reverse engineering of the app describes them.

A message is one or more packets: 1, length of data, checksum of data, 2, data, 3. The first byte of the data says where
the packet stands in its message and which API level it is of; then come the lights, two bytes each at level 2 and three
at level 3.
"""

from collections.abc import Mapping, Sequence

from climbpath.errors import ClimbpathError
from climbpath.lights.leds import Light

LEVELS = (2, 3)
MARKS = {3: b"RQST", 2: b"NMOP"}
"""API level -> the first byte of the first, a middle, the last and an only packet."""
MOST_DATA = 255
MOST_POSITION = {2: 1023, 3: 65_535}
POWER_W = 18
"""What the LEDs of a board of level 2 may draw."""
SCALES = (1, 0.8, 0.6, 0.4, 0.2, 0.1, 0.05)
"""How a board of level 2 is dimmed: the first that its power allows is taken."""
DIMMEST = 0.1
"""The least brightness that can be asked for."""
ROLE_OF = {"left": "hand", "right": "hand", "match": "hand"}
WHITE = "FFFFFF"
"""The colour of a role that has none."""

Colour = tuple[int, int, int]


def level_of(name: str) -> int:
    """The API level that a board's Bluetooth name ends with, 'Kilter Board#123@3'; 2 without one."""
    _, found, level = name.rpartition("@")
    return int(level) if found and level.isascii() and level.isdigit() and len(level) < 3 else 2


def encode(lights: Sequence[Light], colours: Mapping[str, str], level: int, brightness: float = 1) -> bytes:
    """The bytes that light an Aurora board.

    Args:
        lights: what is lit, one light at each position.
        colours: role -> 'RRGGBB', start, hand, foot and finish.
        level: the API level of the board, 2 or 3; newer ones understand 3.
        brightness: from DIMMEST to 1.

    Raises ClimbpathError where a light cannot be sent or would stay dark, and where there is none: that would clear
    the board.
    """
    if not lights:
        raise ClimbpathError("there is nothing to light")
    level = check_level(level)
    shown = [(light.position, _dimmed(_channels(colours, light.role), brightness, level)) for light in lights]
    if far := [light.label for light in lights if light.position > MOST_POSITION[level]]:
        raise ClimbpathError(
            f"a board of API level {level} cannot light {', '.join(far)}: its LEDs end at {MOST_POSITION[level]}"
        )
    return _packets(level, [_three(*one) for one in shown] if level == 3 else _two_each(shown))


def off(level: int) -> bytes:
    """The bytes that put all lights out."""
    return _packets(check_level(level), [])


def check_level(level: int) -> int:
    """The level to speak with a board of this API level. Raises ClimbpathError for one before 2."""
    if level < min(LEVELS):
        raise ClimbpathError(f"there are boards of API levels 2 and 3, not {level}")
    return min(level, max(LEVELS))


def _channels(colours: Mapping[str, str], role: str) -> Colour:
    red, green, blue = bytes.fromhex(colours.get(ROLE_OF.get(role, role), WHITE))
    return red, green, blue


def _dimmed(colour: Colour, brightness: float, level: int) -> Colour:
    """A colour with less light, in which no channel that can be seen goes out."""
    steps = (64, 64, 64) if level == 2 else (32, 32, 64)
    red, green, blue = (
        max(int(channel * brightness), step) if channel >= step else channel
        for channel, step in zip(colour, steps, strict=True)
    )
    return (red, green, blue) if brightness < 1 else colour


def _three(position: int, colour: Colour) -> bytes:
    """A light at level 3: position, low byte first, and RRRGGGBB."""
    red, green, blue = colour
    return position.to_bytes(2, "little") + bytes([red // 32 << 5 | green // 32 << 2 | blue // 64])


def _two_each(shown: Sequence[tuple[int, Colour]]) -> list[bytes]:
    """Lights at level 2, dimmed together until their power fits: low byte of the position, and RRGGBBpp."""
    for scale in SCALES:
        scaled = [(position, [int(channel * scale) // 64 for channel in colour]) for position, colour in shown]
        if sum(sum(colour) for _, colour in scaled) <= 30 * POWER_W:
            if not all(any(colour) for _, colour in scaled):
                break
            return [
                bytes([position & 255, red << 6 | green << 4 | blue << 2 | position >> 8])
                for position, (red, green, blue) in scaled
            ]
    raise ClimbpathError(f"{len(shown)} lights need more than the {POWER_W} W that this board has: light fewer")


def _packets(level: int, lights: Sequence[bytes]) -> bytes:
    """Lights as packets: as many in each as its data has room for."""
    each = (MOST_DATA - 1) // (3 if level == 3 else 2)
    parts = [lights[i : i + each] for i in range(0, len(lights), each)] or [[]]
    first, middle, last, only = MARKS[level]
    marks = [first, *[middle] * (len(parts) - 2), last] if len(parts) > 1 else [only]
    return b"".join(_packet(bytes([mark]) + b"".join(part)) for mark, part in zip(marks, parts, strict=True))


def _packet(data: bytes) -> bytes:
    return bytes([1, len(data), ~sum(data) & 255, 2]) + data + bytes([3])
