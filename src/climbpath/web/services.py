"""What the routes share: the model, the logbook, known problems, and the threads that do the work."""

from collections.abc import Sequence
from dataclasses import dataclass

from climbpath.api import Generator
from climbpath.problem import Problem
from climbpath.web.logbook.store import Logbook
from climbpath.web.workers import Sampler, Workers


@dataclass(frozen=True)
class Services:
    """The model, the logbook, known problems, and the threads that do the work."""

    generator: Generator
    """The loaded generator model."""
    logbook: Logbook
    """Every climber's saved problems."""
    known: Sequence[Problem]
    """Known problems, which the search for similar ones covers in addition to the logbook."""
    sampler: Sampler
    """Generates problems, one batch at a time."""
    workers: Workers
    """Threads for everything else that takes a while."""
