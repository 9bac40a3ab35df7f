"""A board that is built at home: bytes come in as they do at a board, and a driver lights a strip."""

from collections.abc import Callable, Mapping

from climbpath.errors import ClimbpathError
from climbpath.lights.drivers import Driver
from climbpath.lights.receiver import Fault, Receiver, Shown


class Bridge:
    """Lights what the bytes of a connection say; one for each connection."""

    def __init__(self, driver: Driver, wiring: Mapping[int, int], note: Callable[[str], object]) -> None:
        """Make one.

        Args:
            driver: what lights the strip.
            wiring: LED of the app -> LED of the strip, of all that the strip has.
            note: takes a line about bytes that make no sense.
        """
        self.driver, self.wiring, self.note = driver, wiring, note
        self.receiver = Receiver()

    def feed(self, received: bytes) -> list[Shown | Fault]:
        """Light what these bytes complete; what was understood and what was not. A driver that fails is noted."""
        outcomes = self.receiver.feed(received)
        for outcome in outcomes:
            if isinstance(outcome, Fault):
                self.note(f"not understood: {outcome.reason}")
                continue
            try:
                self.driver.show(self._lights(outcome))
            except ClimbpathError as error:
                self.note(str(error))
        return outcomes

    def _lights(self, shown: Shown) -> dict[int, tuple[int, int, int]]:
        lights = {}
        for one in shown.lights:
            if one.position not in self.wiring:
                self.note(f"the strip has no LED {one.position}")
                continue
            red, green, blue = bytes.fromhex(one.colour)
            lights[self.wiring[one.position]] = red, green, blue
        return lights


def wiring_of(leds: Mapping[str, int], mapping: Mapping[str, int]) -> dict[int, int]:
    """LED of the app -> LED of the strip, by the holds at which both are."""
    return {led: mapping[label] for label, led in leds.items() if label in mapping}
