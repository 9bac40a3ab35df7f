"""A beta: the hand moves of a problem, how hard each is for whom, and the words for them."""

from typing import Any, NamedTuple

import numpy as np

from climbpath import board as boards
from climbpath.beta.body import Climber
from climbpath.board import Hold
from climbpath.problem import Problem

LEFT, RIGHT = 0, 1
HANDS = ("LH", "RH")


class Move(NamedTuple):
    """One hand goes from one hold to another while the other hand hangs on."""

    hand: str
    """The hand that moves, one of HANDS."""
    origin: str
    """Label of the hold that it leaves."""
    hold: str
    """Label of the hold that it takes."""
    other: str
    """Label of the hold that the other hand is on."""
    difficulty: float
    """In steps of the grade ladder; only differences are meaningful."""
    too_far: float
    """By how many cm it is out of the reach of the climber's arms or feet; 0 where it is not."""

    @property
    def is_match(self) -> bool:
        """Whether both hands are on the same hold after it."""
        return self.hold == self.other


class Beta(NamedTuple):
    """How a problem is climbed."""

    problem: Problem
    """What is climbed."""
    climber: Climber
    """Who climbs it."""
    start: tuple[str, str]
    """Labels of the start holds of the left and the right hand."""
    moves: tuple[Move, ...]
    """From the start to both hands on the finish."""
    difficulty: float
    """Of all moves together."""
    crux: int
    """Index of the hardest move."""
    no_hand: tuple[str, ...]
    """Labels of holds that no hand needs, the problem's foot holds among them; the others serve as feet or
    intermediates."""
    start_too_far: float
    """By how many cm the start holds are too far apart; 0 where they are not."""

    @property
    def too_far(self) -> float:
        """By how many cm the longest move, or the start, is out of reach; 0 where everything is within reach."""
        return max(self.start_too_far, *(move.too_far for move in self.moves))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        moves = [{"number": i, **move._asdict()} for i, move in enumerate(self.moves, 1)]
        for move in moves:
            move |= {name: round(move[name], 3) for name in ("difficulty", "too_far")}
        return {
            "problem": self.problem.to_dict(),
            "climber": self.climber._asdict(),
            "start": dict(zip(HANDS, self.start, strict=True)),
            "moves": moves,
            "crux": self.crux + 1,
            "difficulty": round(self.difficulty, 3),
            "no_hand": list(self.no_hand),
            "climbable": not self.too_far,
            "too_far_cm": round(self.too_far, 1),
            "start_too_far_cm": round(self.start_too_far, 1),
        }


def crossed_by(move: Move, board: str) -> float:
    """How far in cm the left hand ends up to the right of the right one; 0 where the hands are not crossed."""
    layout = boards.load(board)
    gap = layout.hold(move.hold).x - layout.hold(move.other).x
    return max(0.0, -gap if move.hand == HANDS[RIGHT] else gap)


def direction(origin: Hold, to: Hold) -> str:
    """The direction of a move: 'up-right'; '' for none. A slope of less than one in four counts as straight."""
    across, up = to.x - origin.x, to.y - origin.y
    words = []
    if abs(up) > abs(across) / 4:
        words.append("up" if up > 0 else "down")
    if abs(across) > abs(up) / 4:
        words.append("right" if across > 0 else "left")
    return "-".join(words)


def describe(beta: Beta) -> list[str]:
    """The beta as text, a line for the start and one for each move: '3. RH → H10  1.1 m up-right  crux'."""
    layout = boards.load(beta.problem.board)
    left, right = beta.start
    start = f"both hands on {left}" if left == right else f"LH on {left}, RH on {right}"
    lines = [f"start  {start}{_too_far(beta.start_too_far)}"]
    for i, move in enumerate(beta.moves):
        origin, to = layout.hold(move.origin), layout.hold(move.hold)
        distance = f"{np.hypot(to.x - origin.x, to.y - origin.y) / 100:.1f} m {direction(origin, to)}".rstrip()
        notes = ["match"] * move.is_match + ["crux"] * (i == beta.crux)
        lines.append("  ".join([f"{i + 1}. {move.hand} → {move.hold}", distance, *notes]) + _too_far(move.too_far))
    return lines


def _too_far(cm: float) -> str:
    return f"  out of reach by {max(1, round(cm))} cm" if cm else ""
