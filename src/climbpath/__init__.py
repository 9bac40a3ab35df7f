"""climbpath: a climbing-board problem generator that trains on an ordinary CPU.

>>> import climbpath
>>> climbpath.load().generate("7A", 10, seed=1)  # doctest: +SKIP
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Climber", "Problem", "generate_path", "load", "load_grader", "solve"]

if TYPE_CHECKING:
    from climbpath.api import Climber, generate_path, load, load_grader, solve
    from climbpath.problem import Problem


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'climbpath' has no attribute {name!r}")
    from climbpath import api

    return getattr(api, name)
