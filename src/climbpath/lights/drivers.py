"""Drivers of LED strips: three functions that a Python file of yours has, and one driver that prints.

def start(leds): ...    # once, before everything else: how many LEDs there are at most
def show(lights): ...   # {LED: (red, green, blue)}, each from 0 to 255; all other LEDs are dark
def stop(): ...         # once, at the end
"""

import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from climbpath.errors import ClimbpathError, loading, reason

Colour = tuple[int, int, int]
FUNCTIONS = ("start", "show", "stop")
PRINT = "print"
"""The name of the driver that prints."""


class Driver(NamedTuple):
    """What turns LEDs on and off."""

    start: Callable[[int], object]
    show: Callable[[Mapping[int, Colour]], object]
    stop: Callable[[], object]


def load_driver(name: str, echo: Callable[[str], object]) -> Driver:
    """The driver that prints, or that of a Python file. Raises ClimbpathError where the file is no driver."""
    return printing(echo) if name == PRINT else from_file(Path(name))


def printing(echo: Callable[[str], object]) -> Driver:
    """A driver that prints what it would light."""

    def show(lights: Mapping[int, Colour]) -> None:
        shown = [f"{led} {bytes(colour).hex().upper()}" for led, colour in sorted(lights.items())]
        echo(", ".join(shown) or "all lights are out")

    return Driver(lambda leds: echo(f"a strip of up to {leds} LEDs"), show, lambda: None)


def from_file(path: Path) -> Driver:
    """The driver of a Python file. Raises ClimbpathError where there is none."""
    if path.suffix != ".py" or not path.is_file():
        raise ClimbpathError(f"there is no driver {path}: name a Python file (docs/lights.md), or print")
    with loading(path, "is no driver"):
        spec = importlib.util.spec_from_file_location("climbpath_led_driver", path)
        if not spec or not spec.loader:
            raise ClimbpathError(f"{path} is no Python file")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        missing = [one for one in FUNCTIONS if not callable(getattr(module, one, None))]
        if missing:
            raise ClimbpathError(f"{path} lacks {', '.join(missing)}: a driver has {', '.join(FUNCTIONS)}")
    return Driver(*(_named(path, one, getattr(module, one)) for one in FUNCTIONS))


def _named(path: Path, name: str, function: Callable[..., object]) -> Callable[..., object]:
    """A driver's function, which raises ClimbpathError, naming the file, for whatever goes wrong in it."""

    def call(*arguments: object) -> None:
        try:
            function(*arguments)
        except Exception as error:  # a driver may raise anything
            raise ClimbpathError(f"{path}: {name} failed: {reason(error)}") from error

    return call
