"""A board that is built at home: bytes come in as they do at a board, and a driver lights a strip."""

from collections.abc import Callable, Mapping

from climbpath.lights.drivers import Driver
from climbpath.lights.receiver import Fault, Receiver, Shown


class Bridge:
    """Lights what the bytes of a connection say; one for each connection."""

    def __init__(
        self, driver: Driver, wiring: Mapping[int, int] | None = None, note: Callable[[str], object] = print
    ) -> None:
        """Make one.

        Args:
            driver: what lights the strip.
            wiring: LED of the app -> LED of the strip, where that is wired otherwise.
            note: takes a line about bytes that make no sense.
        """
        self.driver, self.wiring, self.note = driver, wiring, note
        self.receiver = Receiver()

    def feed(self, received: bytes) -> list[Shown | Fault]:
        """Light what these bytes complete; what was understood and what was not."""
        outcomes = self.receiver.feed(received)
        for outcome in outcomes:
            if isinstance(outcome, Fault):
                self.note(f"not understood: {outcome.reason}")
            else:
                self.driver.show(self._lights(outcome))
        return outcomes

    def _lights(self, shown: Shown) -> dict[int, tuple[int, int, int]]:
        lights = {}
        for one in shown.lights:
            led = one.position if self.wiring is None else self.wiring.get(one.position)
            if led is None:
                self.note(f"LED {one.position} is in no mapping")
                continue
            red, green, blue = bytes.fromhex(one.colour)
            lights[led] = red, green, blue
        return lights


def wiring_of(leds: Mapping[str, int], mapping: Mapping[str, int]) -> dict[int, int]:
    """LED of the app -> LED of the strip, by the holds at which both are."""
    return {led: mapping[label] for label, led in leds.items() if label in mapping}
