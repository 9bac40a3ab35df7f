"""Fair scheduling of requests that cost work, by the time that each client has used lately.

Next is the client that has used the least: by address, then by connection, so that neither many requests nor costly
ones keep the others waiting. Whoever has waited long has every second turn, so that every request that was admitted is
answered.
"""

import time
from collections.abc import Sequence
from contextvars import ContextVar
from typing import NamedTuple, Protocol, TypeVar

HEAVY_S, HALF_LIFE_S = 1.0, 10.0
"""An address is heavy once it has used so many seconds of work; half of them are forgotten after so many seconds."""
WAIT_S = 2.0
"""Seconds that a heavy client's requests may have to wait for each other."""
LEAST_HEAVY, MOST_HEAVY = 4, 64
"""Requests that may have been admitted before a heavy client's next one is refused: at the least, and at the most."""
ALONE_S = 30.0
"""An address is alone where no work was done for another one for so many seconds."""
BUCKET_S = 0.05
"""Used time is compared in steps, so that clients with about as much take turns in the order of their requests."""
LATE_S = 4.0
"""Who has waited so many seconds has every second turn, whatever was used."""
MOST_CLIENTS = 4096


class Client(NamedTuple):
    """Whom a request counts for."""

    address: str
    """The address that it comes from."""
    connection: str
    """Address and port."""


NOBODY = Client("", "")
CLIENT: ContextVar[Client] = ContextVar("client", default=NOBODY)
"""The client of the request that is being answered."""


class Usage:
    """How much time each client has used lately."""

    def __init__(self) -> None:
        self.used: dict[str, tuple[float, float]] = {}  # name -> seconds used, and when that was so
        self.heavy_s = 0.1  # a moving average of the seconds that a heavy client's request takes in all
        self.latest: dict[str, float] = {}  # the last two addresses -> when work was done for them

    def charge(self, client: Client, seconds: float) -> None:
        """Note that work for a client took so long."""
        if len(self.used) >= MOST_CLIENTS:  # forget those that have used least
            most = sorted(self.used, key=self._now)[MOST_CLIENTS // 2 :]
            self.used = {name: self.used[name] for name in most}
        for name in client:
            self.used[name] = (self._now(name) + seconds, time.monotonic())
        self.latest.pop(client.address, None)
        self.latest = dict([*self.latest.items(), (client.address, time.monotonic())][-2:])

    def rank(self, client: Client) -> tuple[int, int]:
        """What decides between clients that wait: the least comes first."""
        return int(self._now(client.address) / BUCKET_S), int(self._now(client.connection) / BUCKET_S)

    def is_heavy(self, address: str) -> bool:
        """Whether an address has used much."""
        return self._now(address) > HEAVY_S

    def limit_for(self, address: str) -> int | None:
        """How many requests may be admitted before one of this address would wait too long; None for no limit.

        There is one for heavy addresses, unless nobody else has been there lately.
        """
        lately = time.monotonic() - ALONE_S
        if not self.is_heavy(address) or not any(at > lately for one, at in self.latest.items() if one != address):
            return None
        return int(max(LEAST_HEAVY, min(MOST_HEAVY, WAIT_S / self.heavy_s)))

    def _now(self, name: str) -> float:
        seconds, at = self.used.get(name, (0.0, 0.0))
        return seconds * 0.5 ** ((time.monotonic() - at) / HALF_LIFE_S)


class Waiting(Protocol):
    """A request that waits for its turn."""

    @property
    def client(self) -> Client:
        """Whose it is."""

    @property
    def since(self) -> float:
        """When it began to wait; infinite for one that has had a turn and only waits for another."""


Waits = TypeVar("Waits", bound=Waiting)


class FairScheduler:
    """Chooses who of those that wait is next, and estimates how long one would wait who came now."""

    def __init__(self, usage: Usage) -> None:
        self.usage = usage
        self.seconds = 0.0  # a moving average of what a request takes
        self.was_late = False

    def next(self, waiting: Sequence[Waits]) -> Waits:
        """The one whose client has used the least; in every second turn, the one that has waited too long."""
        oldest = min(waiting, key=lambda one: one.since)
        self.was_late = not self.was_late and oldest.since < time.monotonic() - LATE_S
        return oldest if self.was_late else min(waiting, key=lambda one: self.usage.rank(one.client))

    def record(self, client: Client, seconds: float) -> None:
        """Note how long the work for a request took, all its turns together."""
        self.seconds += 0.1 * (seconds - self.seconds)
        if self.usage.is_heavy(client.address):
            self.usage.heavy_s += 0.1 * (seconds - self.usage.heavy_s)

    def expected_wait(self, waiting: Sequence[Waiting], client: Client) -> float:
        """Seconds until the turn of a request of this client that comes now, if none comes after it."""
        rank = self.usage.rank(client)
        return self.seconds * sum(self.usage.rank(one.client) <= rank for one in waiting)
