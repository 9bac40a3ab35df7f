"""What the routes share."""

from collections.abc import Sequence
from dataclasses import dataclass

from climbpath.api import Generator
from climbpath.grader.grader import Grader
from climbpath.problem import Problem
from climbpath.web.logbook import Logbook
from climbpath.web.workers import Sampler, Workers


@dataclass(frozen=True)
class Services:
    """The models, the logbook, and who works for the routes."""

    generator: Generator
    """Makes problems."""
    grader: Grader
    """Grades them."""
    book: Logbook
    """Where climbers' problems are kept."""
    known: Sequence[Problem]
    """Problems among which similar ones are looked for, beside the logbook's."""
    sampler: Sampler
    """Samples for requests that wait together."""
    workers: Workers
    """Threads for everything else that takes long."""
