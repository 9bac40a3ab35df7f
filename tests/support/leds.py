"""What boards' controllers do with bytes, written from the description of the protocols alone."""

from typing import NamedTuple


class Message(NamedTuple):
    """A message that was read."""

    lights: list[tuple[int, str]]
    """Position, and letter or 'RRGGBB' of the colour's bits."""
    level: int = 0
    flags: str = ""


def read_moonboard(sent: bytes) -> Message:
    """A MoonBoard's string. Raises AssertionError for anything else."""
    text = sent.decode("ascii")
    flags = ""
    while text.startswith("~"):
        flags, text = flags + text[1], text[2:].removeprefix("*")
    assert text.startswith("l#")
    assert text.endswith("#")
    holds = text[2:-1].split(",") if len(text) > 3 else []
    assert all(hold[1:] == str(int(hold[1:])) for hold in holds)
    return Message([(int(hold[1:]), hold[0]) for hold in holds], flags=flags)


def read_aurora(sent: bytes) -> Message:
    """A message of one or more packets for an Aurora board. Raises AssertionError for anything else."""
    kinds = []
    body: list[int] = []
    rest = list(sent)
    while rest:
        one, length, checksum, two, *rest = rest
        data, end, rest = rest[:length], rest[length], rest[length + 1 :]
        assert (one, two, end) == (1, 2, 3)
        assert (sum(data) ^ 255) % 256 == checksum
        kinds.append(chr(data[0]))
        body += data[1:]
    shape = "".join(kinds)
    level = 3 if shape[0] in "RT" else 2
    first, middle, last, only = "RQST" if level == 3 else "NMOP"
    assert shape == only or (shape[0] == first and shape[-1] == last and set(shape[1:-1]) <= {middle})
    if level == 3:
        threes = zip(body[::3], body[1::3], body[2::3], strict=True)
        lights = [
            (low + 256 * high, f"{colour >> 5:o}{colour >> 2 & 7:o}{colour & 3:o}") for low, high, colour in threes
        ]
    else:
        twos = zip(body[::2], body[1::2], strict=True)
        lights = [(low + 256 * (top & 3), f"{top >> 6}{top >> 4 & 3}{top >> 2 & 3}") for low, top in twos]
    return Message(lights, level)


def serpentine(label: str, rows: int) -> int:
    """The number of a MoonBoard's LED, as the app counts: up the columns from the bottom left, and down every other."""
    column, row = ord(label[0]) - ord("A"), int(label[1:])
    return column * rows + (row - 1 if column % 2 == 0 else rows - row)
