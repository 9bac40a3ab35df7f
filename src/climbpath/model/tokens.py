"""Problem <-> token ids, in two vocabularies.

`coordinate` is the guide's: BOS, 14 grades (6B … 8B+), 11 columns, 18 rows, EOS, two tokens a hold.
`hold` has one token per board, hold and role slot, and conditions on board with angle and kind of problem, and on
grade, which may be left open; its sequences are half as long. In both, the first two tokens are the condition and are
never predicted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np

from climbpath import board as boards
from climbpath.board import COLUMNS, Board
from climbpath.errors import ClimbpathError
from climbpath.grades import LADDER, rank
from climbpath.model.order import Bools, Ints, before_pins, choices, may_follow_each, problem_of
from climbpath.problem import SETTLED_REPEATS, Problem

PREFIX = 2
"""Tokens of condition before the first hold."""
ANY_GRADE = "<any grade>"
PARTIAL, SETTLED = " partial", " settled"
"""Behind a board and angle, the kind of problem: some holds may be missing; repeats have settled it."""
START, BODY = 0, 1
"""A hold is spelled by stage: as a start hold (the first two choices) or after them."""


@dataclass(frozen=True)
class Vocabulary:
    """A vocabulary over boards. `kind` is 'coordinate' or 'hold'; coordinate knows no board or angle.

    `settled` is whether problems that repeats have settled are told from others.
    """

    kind: str
    boards: tuple[str, ...]
    settled: bool = False

    def __post_init__(self) -> None:
        if self.kind not in ("coordinate", "hold"):
            raise ClimbpathError(f"there is no vocabulary {self.kind!r}: choose coordinate or hold")
        if self.kind == "coordinate" and len(self.boards) != 1:
            raise ClimbpathError("the coordinate vocabulary does not tell boards apart: train it on one board")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every token by name, in the order of ids."""
        if self.kind == "coordinate":
            low, high = rank("6B"), rank("8B+")
            rows = [str(row) for row in range(1, 19)]
            return ("<bos>", *LADDER[low : high + 1], *COLUMNS, *rows, "<end>")
        places = [f"{name}@{angle}" for name in self.boards for angle in boards.load(name).angles]
        kinds = ("", PARTIAL, SETTLED) if self.settled else ("", PARTIAL)
        conditions = [f"{place}{kind}" for kind in kinds for place in places]
        holds = []
        for name in self.boards:
            layout = boards.load(name)
            starts = [hold.label for hold, can in zip(layout.holds, layout.can_start, strict=True) if can]
            holds += [f"{name}:{label}:start" for label in starts]
            holds += [f"{name}:{hold.label}" for hold in layout.holds]
        return ("<end>", *conditions, ANY_GRADE, *LADDER, *holds)

    @cached_property
    def ids(self) -> dict[str, int]:
        """Token name -> id."""
        return {name: i for i, name in enumerate(self.names)}

    @property
    def end(self) -> int:
        """The id of the end token."""
        return self.ids["<end>"]

    @property
    def any_grade(self) -> int | None:
        """The id of the token that leaves the grade open, where the vocabulary has one."""
        return self.ids.get(ANY_GRADE)

    @property
    def width(self) -> int:
        """Tokens per hold."""
        return 2 if self.kind == "coordinate" else 1

    @property
    def grades(self) -> tuple[str, ...]:
        """The grades that have a token."""
        return tuple(grade for grade in LADDER if grade in self.ids)

    def spelling(self, board: str) -> Ints:
        """Token ids of every choice on a board, [stage, H + 1, width]; -1 where there is no such token."""
        return self._spellings[board]

    def spell(self, board: str, sequences: Ints) -> Ints:
        """Token ids of whole sequences of choices [B, N] on one board, [B, N * width]; -1 where there is no token."""
        table = self.spelling(board)
        spelled = np.concatenate([table[START, sequences[:, :2]], table[BODY, sequences[:, 2:]]], axis=1)
        return spelled.reshape(len(sequences), sequences.shape[1] * self.width)

    @cached_property
    def _spellings(self) -> dict[str, Ints]:
        return {name: self._spell(boards.load(name)) for name in self.boards}

    def _spell(self, layout: Board) -> Ints:
        table = np.full((2, len(layout.holds) + 1, self.width), -1)
        for i, hold in enumerate(layout.holds):
            if self.kind == "coordinate":
                table[:, i] = self.ids[hold.label[0]], self.ids[hold.label[1:]]
            else:
                table[START, i] = self.ids.get(f"{layout.name}:{hold.label}:start", -1)
                table[BODY, i] = self.ids[f"{layout.name}:{hold.label}"]
        table[BODY, -1, 0] = self.end
        return table

    def kind_of(self, problem: Problem) -> str:
        """The kind of a problem, as it stands behind its board and angle."""
        return PARTIAL if problem.partial else SETTLED if self.settled and problem.is_settled else ""

    def prefix(self, board: str, angle: int, grade: str | None, kind: str = "") -> list[int]:
        """The condition's token ids. Raises ClimbpathError for a grade, board or angle without a token."""
        if grade not in self.ids:
            known = f"{self.grades[0]} … {self.grades[-1]}"
            raise ClimbpathError(f"this vocabulary has no grade {grade}: it knows {known}")
        place = "<bos>" if self.kind == "coordinate" else f"{board}@{angle}{kind}"
        if board not in self.boards or place not in self.ids:
            raise ClimbpathError(f"this model does not know {board} at {angle}°: it knows {', '.join(self.boards)}")
        return [self.ids[place], self.ids[grade]]

    def encode(self, problem: Problem) -> list[int]:
        """The token ids of a problem with its condition in front and the end behind.

        Raises ClimbpathError where the vocabulary lacks the board, angle or grade, or the problem is not sound.
        """
        layout = boards.load(problem.board)
        ids = self.prefix(problem.board, problem.angle, problem.grade, self.kind_of(problem))
        table = self.spelling(problem.board)
        for step, choice in enumerate(choices(problem, layout)):
            spelled = table[START if step < 2 else BODY, choice]
            if spelled[0] < 0:
                raise ClimbpathError(f"{layout.holds[choice].label} cannot be a start hold on {layout.title}")
            ids += [int(token) for token in spelled if token >= 0]
        return ids

    def decode(self, ids: Sequence[int], board: str, angle: int = 40) -> Problem:
        """The problem of token ids as `encode` makes them; board and angle are read where the vocabulary has them.
        A settled problem has the fewest repeats that settle one.

        Raises ClimbpathError where the ids do not spell a problem.
        """
        if self.kind == "hold":
            name = self.names[ids[0]]
            board, _, degrees = name.removesuffix(PARTIAL).removesuffix(SETTLED).partition("@")
            angle = int(degrees) if degrees.isdigit() else angle
        if board not in self.boards:
            raise ClimbpathError(f"{self.names[ids[0]]!r} is not a board and angle")
        layout, table = boards.load(board), self.spelling(board)
        sequence: list[int] = []
        rest = list(ids[PREFIX:])
        while rest and rest[0] != self.end:
            spelled, rest = rest[: self.width], rest[self.width :]
            found = np.flatnonzero((table[START if len(sequence) < 2 else BODY] == spelled).all(axis=1))
            if not len(found):
                raise ClimbpathError(f"tokens {[self.names[t] for t in spelled]} are no hold on {layout.title}")
            sequence.append(int(found[0]))
        problem = problem_of(np.array(sequence), layout, angle, self.names[ids[1]])
        repeats = SETTLED_REPEATS if self.names[ids[0]].endswith(SETTLED) else None
        return replace(problem, partial=self.names[ids[0]].endswith(PARTIAL), repeats=repeats)

    def features(self) -> tuple[list[str], np.ndarray]:
        """What tokens have in common: feature names, and float32 [tokens, features] of 0 and 1.

        Hold tokens share column, row, hold set, role and position, grades share the easier grades below them, and
        where settled problems are told from others, both share their board and angle; in the coordinate vocabulary
        nothing is shared.
        """
        if self.kind == "coordinate":
            return [], np.zeros((len(self.names), 0), np.float32)
        marks: list[list[str]] = []
        for name in self.names:
            board, _, place = name.partition(":")
            label, _, start = place.partition(":")
            if not place:
                below = LADDER[: LADDER.index(name) + 1] if name in LADDER else ()
                told = self.settled and "@" in name and not name.endswith(PARTIAL)
                shared = [f"place {name.removesuffix(SETTLED)}"] if told else []
                settled = ["settled"] if name.endswith(SETTLED) else []
                marks.append([*(f"at least {grade}" for grade in below), *shared, *settled])
                continue
            hold = boards.load(board).hold(label)
            role = "start" if start else "finish" if hold.row == boards.load(board).top_row else "hand"
            shared = [f"column {hold.column}", f"row {hold.row}", f"set {hold.hold_set}"]
            marks.append([*shared, f"role {role}", f"hold {board} {label}"])
        names = sorted({mark for row in marks for mark in row})
        table = np.zeros((len(marks), len(names)), np.float32)
        for i, row in enumerate(marks):
            table[i, [names.index(mark) for mark in row]] = 1
        return names, table

    @cached_property
    def _spelled_by(self) -> dict[tuple[str, int, int], tuple[Ints, Ints, Ints]]:
        """(board, stage, place) -> choices sorted by the token they write there, where each token's begin, tokens."""
        found = {}
        for board, table in self._spellings.items():
            for stage, place in product((START, BODY), range(self.width)):
                written = table[stage, :, place]
                order = np.argsort(written, kind="stable")
                order = order[written[order] >= 0]
                tokens, begins = np.unique(written[order], return_index=True)
                found[board, stage, place] = order, begins, tokens
        return found

    def written(self, board: str, stage: int, place: int) -> Ints:
        """The tokens that can be written at a place of a hold, sorted by id."""
        return self._spelled_by[board, stage, place][2]

    def may_be_written(self, board: str, stage: int, place: int, allowed: Bools) -> Bools:
        """Which of the tokens `written` spell one of the allowed choices [..., H + 1]: bool [..., written]."""
        order, begins, tokens = self._spelled_by[board, stage, place]
        spelled: Bools = allowed[..., order]
        return spelled if len(tokens) == len(order) else np.logical_or.reduceat(spelled, begins, axis=-1)

    def mask_targets(self, board: str, sequences: Ints, left: Bools | None = None) -> Bools:
        """Which tokens are possible at every predicted place of whole sequences of choices [B, N] on one board.

        `left` [B, N, H] are the pins still to come there, of which none may be passed by.

        Returns:
            bool [B, N * width, tokens]; row t belongs to the t-th token behind the condition.
        """
        allowed = may_follow_each(board=boards.load(board), sequences=sequences)
        if left is not None:
            allowed[:, 2:] &= before_pins(left[:, 2:])
        table = self.spelling(board)
        mask = np.zeros((*sequences.shape, self.width, len(self.names)), bool)
        for stage, steps in ((START, slice(0, 2)), (BODY, slice(2, None))):
            for place in range(self.width):
                written = self.written(board, stage, place)
                mask[:, steps, place, written] = self.may_be_written(board, stage, place, allowed[:, steps])
                same = table[stage, sequences[:, steps], place][..., None] == table[stage, :, place]
                allowed[:, steps] &= same
        return mask.reshape(len(sequences), -1, len(self.names))
