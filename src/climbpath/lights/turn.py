"""Whose turn it is at a board that several climbers light: one holds it, the others wait in order."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from climbpath.errors import ClimbpathError

SILENT_S = 60.0
"""Seconds without a word of its page after which a climber's place is given up."""
IDLE_S = 600.0
"""Seconds without a new problem after which the board goes to whoever waits."""
MOST_WAITING = 100


class HeldError(ClimbpathError):
    """Somebody else holds the board."""


class Standing(NamedTuple):
    """How it stands for one climber."""

    holder: str | None
    """The name of whoever holds the board."""
    is_mine: bool
    """Whether that is this climber."""
    ahead: int
    """How many wait before this climber, the holder not counted."""


@dataclass
class _Place:
    client: str
    name: str
    heard: float
    lit: float


class Turn:
    """The queue at a board: the first in it holds the board. A client is a page, and has a name for the others."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.places: list[_Place] = []

    def ask(self, client: str, name: str) -> Standing:
        """Ask for the board, or say that one is still there. Raises HeldError where too many wait."""
        now = self.clock()
        self._clean(now)
        place = next((one for one in self.places if one.client == client), None)
        if place:
            place.name, place.heard = name, now
        elif len(self.places) > MOST_WAITING:
            raise HeldError("too many climbers wait for the board: try again later")
        else:
            self.places.append(_Place(client, name, now, now))
        return self.standing(client)

    def leave(self, client: str) -> None:
        """Give up the board, or one's place."""
        self._hand_over([one for one in self.places if one.client != client], self.clock())

    def standing(self, client: str | None) -> Standing:
        """How it stands for a client."""
        self._clean(self.clock())
        clients = [one.client for one in self.places]
        at = clients.index(client) if client in clients else len(clients)
        return Standing(self.places[0].name if self.places else None, at == 0 and bool(self.places), max(0, at - 1))

    def light(self, client: str) -> None:
        """Note that the holder lights something. Raises HeldError, naming the holder, for anybody else."""
        holder, is_mine, _ = self.standing(client)
        if not is_mine:
            raise HeldError(f"{holder} holds the board" if holder else "ask for the board first: your turn ended")
        self.places[0].heard = self.places[0].lit = self.clock()

    def _clean(self, now: float) -> None:
        """Forget those who are gone, and move on from a holder who has lit nothing for long while others wait."""
        here = [one for one in self.places if now - one.heard <= SILENT_S]
        if len(here) > 1 and now - here[0].lit > IDLE_S:
            here = here[1:]
        self._hand_over(here, now)

    def _hand_over(self, places: list[_Place], now: float) -> None:
        if places and places[0] is not self.places[0]:
            places[0].lit = now  # a new turn begins
        self.places = places
