"""The virtual board: a wall's lights, drawn in text from the bytes alone."""

from collections.abc import Sequence

from climbpath.lights.messages import Wall, colours_of
from climbpath.lights.receiver import Fault, Receiver, Shown

WRITE = 20
"""Bytes of a write at the classic size."""


def writes(message: bytes, size: int = WRITE) -> list[bytes]:
    """A message cut into writes."""
    return [message[i : i + size] for i in range(0, len(message), size)]


def received(parts: Sequence[bytes]) -> list[Shown | Fault]:
    """What a board makes of writes."""
    receiver = Receiver()
    return [outcome for part in parts for outcome in receiver.feed(part)]


def role_of(colour: str, wall: Wall) -> str:
    """The role whose colour on the wall is nearest to this one: boards show fewer colours than are asked for."""
    wanted, colours = bytes.fromhex(colour), colours_of(wall.board)

    def far(role: str) -> int:
        return sum((a - b) ** 2 for a, b in zip(wanted, bytes.fromhex(colours[role]), strict=True))

    return min(colours, key=far, default="light")


def labels_of(shown: Shown, wall: Wall) -> list[tuple[str, str]]:
    """Hold and role of every light, in the order of the message; 'LED 205' where no hold is."""
    at = {position: label for label, position in wall.leds.items()}
    return [(at.get(one.position, f"LED {one.position}"), role_of(one.colour, wall)) for one in shown.lights]


def text(shown: Shown, wall: Wall) -> str:
    """The wall from above, a letter for every light and a dot for every other hold, and the lights in words.

    Letters: S start, H hand, L left, R right, M match, F foot, E finish.
    """
    lit = dict(labels_of(shown, wall))
    holds = [hold for hold in wall.board.holds if hold.label in wall.leds]
    rows = sorted({round(hold.y) for hold in holds}, reverse=True)
    columns = sorted({round(hold.x) for hold in holds})
    cells = {(round(hold.y), round(hold.x)): _letter(lit.get(hold.label)) for hold in holds}
    lines = [" ".join(cells.get((row, column), " ") for column in columns).rstrip() for row in rows]
    listed = ", ".join(f"{label} {role}" for label, role in lit.items()) or "all lights are out"
    return "\n".join([*lines, listed])


def _letter(role: str | None) -> str:
    return "·" if role is None else "E" if role == "finish" else role[0].upper()
