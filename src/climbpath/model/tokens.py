"""Problem <-> token ids, in two vocabularies.

`CoordinateVocabulary` is the guide's: BOS, 14 grades (6B … 8B+), 11 columns, 18 rows, EOS, two tokens a hold.
`HoldVocabulary` has one token per board, hold and role slot, and conditions on setup with kind of problem, and on
grade, which may be left open; its sequences are half as long. In both, the first two tokens are the condition and are
never predicted.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import ClassVar

import numpy as np

from climbpath import board as boards
from climbpath.board import COLUMNS, Board, Setup
from climbpath.errors import ClimbpathError
from climbpath.grades import LADDER, rank
from climbpath.model.order import Bools, Ints, before_pins, choices, may_follow_each, problem_of
from climbpath.problem import CONSENSUS_REPEATS, Problem

PREFIX = 2
"""Tokens of condition before the first hold."""
ANY_GRADE = "<any grade>"
"""The token that leaves the grade open."""
PARTIAL, CONSENSUS = " partial", " consensus"
"""Behind a setup, the kind of problem: some holds may be missing; ten or more climbers have repeated it."""
START, BODY = 0, 1
"""A hold is spelled by stage: as a start hold (the first two choices) or after them."""


@dataclass(frozen=True)
class Vocabulary(ABC):
    """What the two vocabularies have in common."""

    boards: tuple[str, ...]
    """Names of the boards whose holds have tokens."""

    kind: ClassVar[str]
    """Its name in recipes."""
    width: ClassVar[int]
    """Tokens per hold."""

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """Every token by name, in the order of ids."""

    @abstractmethod
    def prefix(self, setup: Setup, grade: str | None, kind: str = "") -> list[int]:
        """The condition's token ids. Raises ClimbpathError for a grade, board or angle without a token."""

    @abstractmethod
    def kind_of(self, problem: Problem) -> str:
        """The kind of a problem, as it stands behind its setup."""

    @abstractmethod
    def condition_of(self, token: int, setup: Setup) -> tuple[Setup, str]:
        """The setup and kind of problem that the first token stands for; `setup` where it says nothing of it.

        Raises ClimbpathError where it is no token of a setup.
        """

    @abstractmethod
    def features(self) -> tuple[list[str], np.ndarray]:
        """What tokens have in common: feature names, and float32 [tokens, features] of 0 and 1."""

    @abstractmethod
    def _spell(self, layout: Board) -> Ints:
        """Token ids of every choice, [stage, H + 1, width]; -1 where there is none. The end is filled in later."""

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
    def grades(self) -> tuple[str, ...]:
        """The grades that have a token."""
        return tuple(grade for grade in LADDER if grade in self.ids)

    def grade_id(self, grade: str | None) -> int:
        """The id of a grade. Raises ClimbpathError for one without a token."""
        if grade not in self.ids:
            known = f"{self.grades[0]} … {self.grades[-1]}"
            raise ClimbpathError(f"this vocabulary has no grade {grade}: it knows {known}")
        return self.ids[grade]

    def unknown(self, setup: Setup) -> ClimbpathError:
        """The error for a setup without a token."""
        return ClimbpathError(
            f"this model does not know {setup.board} at {setup.angle}°: it knows {', '.join(self.boards)}"
        )

    @cached_property
    def _spellings(self) -> dict[str, Ints]:
        found = {}
        for name in self.boards:
            table = self._spell(boards.load(name))
            table[BODY, -1, 0] = self.end
            found[name] = table
        return found

    def spelling(self, board: str) -> Ints:
        """Token ids of every choice on a board, [stage, H + 1, width]; -1 where there is no such token."""
        return self._spellings[board]

    def spell(self, board: str, sequences: Ints) -> Ints:
        """Token ids of whole sequences of choices [B, N] on one board, [B, N * width]; -1 where there is no token."""
        table = self.spelling(board)
        spelled = np.concatenate([table[START, sequences[:, :2]], table[BODY, sequences[:, 2:]]], axis=1)
        return spelled.reshape(len(sequences), sequences.shape[1] * self.width)

    def encode(self, problem: Problem) -> list[int]:
        """The token ids of a problem with its condition in front and the end behind.

        Raises ClimbpathError where the vocabulary lacks the setup or grade, or the problem is not sound.
        """
        layout = boards.load(problem.board)
        ids = self.prefix(problem.setup, problem.grade, self.kind_of(problem))
        table = self.spelling(problem.board)
        for step, choice in enumerate(choices(problem, layout)):
            spelled = table[START if step < 2 else BODY, choice]
            if spelled[0] < 0:
                raise ClimbpathError(f"{layout.holds[choice].label} cannot be a start hold on {layout.title}")
            ids += [int(token) for token in spelled if token >= 0]
        return ids

    def decode(self, ids: Sequence[int], setup: Setup) -> Problem:
        """The problem of token ids as `encode` makes them; the setup is read where the vocabulary has tokens for it.

        One with a consensus grade has the fewest repeats of such. Raises ClimbpathError where the ids spell no problem.
        """
        setup, kind = self.condition_of(ids[0], setup)
        layout, table = boards.load(setup.board), self.spelling(setup.board)
        sequence: list[int] = []
        rest = list(ids[PREFIX:])
        while rest and rest[0] != self.end:
            spelled, rest = rest[: self.width], rest[self.width :]
            found = np.flatnonzero((table[START if len(sequence) < 2 else BODY] == spelled).all(axis=1))
            if not len(found):
                raise ClimbpathError(f"tokens {[self.names[t] for t in spelled]} are no hold on {layout.title}")
            sequence.append(int(found[0]))
        problem = problem_of(np.array(sequence), layout, setup.angle, self.names[ids[1]])
        return replace(problem, partial=kind == PARTIAL, repeats=CONSENSUS_REPEATS if kind == CONSENSUS else None)

    @cached_property
    def _choices_by_token(self) -> dict[tuple[str, int, int], tuple[Ints, Ints, Ints]]:
        """(board, stage, slot) -> choices sorted by the token they write there, where each token's begin, tokens."""
        found = {}
        for board, table in self._spellings.items():
            for stage, slot in product((START, BODY), range(self.width)):
                written = table[stage, :, slot]
                order = np.argsort(written, kind="stable")
                order = order[written[order] >= 0]
                tokens, begins = np.unique(written[order], return_index=True)
                found[board, stage, slot] = order, begins, tokens
        return found

    def written(self, board: str, stage: int, slot: int) -> Ints:
        """The tokens that can be written in a slot (0 to width - 1) of a hold, sorted by id."""
        return self._choices_by_token[board, stage, slot][2]

    def may_be_written(self, board: str, stage: int, slot: int, allowed: Bools) -> Bools:
        """Which of the tokens `written` spell one of the allowed choices [..., H + 1]: bool [..., written]."""
        order, begins, tokens = self._choices_by_token[board, stage, slot]
        spelled: Bools = allowed[..., order]
        return spelled if len(tokens) == len(order) else np.logical_or.reduceat(spelled, begins, axis=-1)

    def mask_targets(self, board: str, sequences: Ints, left: Bools | None = None) -> Bools:
        """Which tokens are possible at every predicted position of whole sequences of choices [B, N] on one board.

        `left` [B, N, H] are the pins not yet placed there, none of which may be skipped.

        Returns:
            bool [B, N * width, tokens]; row t belongs to the t-th token behind the condition.
        """
        # which choices [B, N, H + 1] the canonical order admits at every step, and which skip no pin
        allowed = may_follow_each(board=boards.load(board), sequences=sequences)
        if left is not None:
            allowed[:, 2:] &= before_pins(left[:, 2:])
        table = self.spelling(board)
        mask = np.zeros((*sequences.shape, self.width, len(self.names)), bool)
        for stage, steps in ((START, slice(0, 2)), (BODY, slice(2, None))):
            for slot in range(self.width):
                # a token is possible where it spells an allowed choice in this slot
                written = self.written(board, stage, slot)
                mask[:, steps, slot, written] = self.may_be_written(board, stage, slot, allowed[:, steps])
                # the next slot can only spell choices that agree with the token that stands in this one
                same = table[stage, sequences[:, steps], slot][..., None] == table[stage, :, slot]
                allowed[:, steps] &= same
        return mask.reshape(len(sequences), -1, len(self.names))


@dataclass(frozen=True)
class CoordinateVocabulary(Vocabulary):
    """The guide's 45 tokens: a hold is its column and its row. One board, no angle, no shared features.

    Raises ClimbpathError for more than one board.
    """

    kind = "coordinate"
    width = 2

    def __post_init__(self) -> None:
        if len(self.boards) != 1:
            raise ClimbpathError("the coordinate vocabulary cannot distinguish boards: train it on one board")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every token by name, in the order of ids."""
        rows = [str(row) for row in range(1, 19)]
        return ("<bos>", *LADDER[rank("6B") : rank("8B+") + 1], *COLUMNS, *rows, "<end>")

    def prefix(self, setup: Setup, grade: str | None, kind: str = "") -> list[int]:
        """The begin token and the grade. Raises ClimbpathError for a grade or board without a token."""
        ids = [self.ids["<bos>"], self.grade_id(grade)]
        if setup.board not in self.boards:
            raise self.unknown(setup)
        return ids

    def kind_of(self, problem: Problem) -> str:
        """Always '': this vocabulary has no kinds of problems."""
        return ""

    def condition_of(self, token: int, setup: Setup) -> tuple[Setup, str]:
        """The setup given. Raises ClimbpathError where it is on another board."""
        if setup.board not in self.boards:
            raise ClimbpathError(f"{setup.board!r} is not the board of this vocabulary, {self.boards[0]}")
        return setup, ""

    def features(self) -> tuple[list[str], np.ndarray]:
        """No features: nothing is shared."""
        return [], np.zeros((len(self.names), 0), np.float32)

    def _spell(self, layout: Board) -> Ints:
        table = np.full((2, len(layout.holds) + 1, self.width), -1)
        for i, hold in enumerate(layout.holds):
            table[:, i] = self.ids[hold.label[0]], self.ids[hold.label[1:]]
        return table


@dataclass(frozen=True)
class HoldVocabulary(Vocabulary):
    """One token per hold, one for each setup and kind of problem, one for each grade and for any grade."""

    consensus: bool = False
    """Whether problems with a consensus grade are a kind of their own."""

    kind = "hold"
    width = 1

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every token by name, in the order of ids."""
        setups = [str(Setup(name, angle)) for name in self.boards for angle in boards.load(name).angles]
        kinds = ("", PARTIAL, CONSENSUS) if self.consensus else ("", PARTIAL)
        conditions = [f"{setup}{kind}" for kind in kinds for setup in setups]
        holds = []
        for name in self.boards:
            layout = boards.load(name)
            starts = [hold.label for hold, can in zip(layout.holds, layout.can_start, strict=True) if can]
            holds += [f"{name}:{label}:start" for label in starts]
            holds += [f"{name}:{hold.label}" for hold in layout.holds]
        return ("<end>", *conditions, ANY_GRADE, *LADDER, *holds)

    def prefix(self, setup: Setup, grade: str | None, kind: str = "") -> list[int]:
        """Setup with kind, and grade. Raises ClimbpathError for one without a token."""
        graded, condition = self.grade_id(grade), f"{setup}{kind}"
        if setup.board not in self.boards or condition not in self.ids:
            raise self.unknown(setup)
        return [self.ids[condition], graded]

    def kind_of(self, problem: Problem) -> str:
        """The kind of a problem, as it stands behind its setup."""
        if problem.partial:
            return PARTIAL
        return CONSENSUS if self.consensus and problem.has_consensus else ""

    def condition_of(self, token: int, setup: Setup) -> tuple[Setup, str]:
        """The setup and kind of problem of the first token. Raises ClimbpathError where it is no token of a setup."""
        name = self.names[token]
        kind = next((kind for kind in (PARTIAL, CONSENSUS) if name.endswith(kind)), "")
        found = name.removesuffix(kind)
        if found.partition("@")[0] not in self.boards:
            raise ClimbpathError(f"{name!r} is not a board and angle")
        return Setup.parse(found), kind

    def features(self) -> tuple[list[str], np.ndarray]:
        """Feature names, and float32 [tokens, features] of 0 and 1.

        Hold tokens share column, row, hold set, role and position, and grades the easier grades below them. Where
        problems with a consensus grade are a kind of their own, both kinds share their setup.
        """
        marks = [self._marks(name) for name in self.names]
        names = sorted({mark for row in marks for mark in row})
        table = np.zeros((len(marks), len(names)), np.float32)
        for i, row in enumerate(marks):
            table[i, [names.index(mark) for mark in row]] = 1
        return names, table

    def _marks(self, name: str) -> list[str]:
        """The features of one token."""
        board, _, hold_and_role = name.partition(":")
        label, _, start = hold_and_role.partition(":")
        if hold_and_role:
            layout = boards.load(board)
            hold = layout.hold(label)
            role = "start" if start else "finish" if hold.row == layout.top_row else "hand"
            shared = [f"column {hold.column}", f"row {hold.row}", f"set {hold.hold_set}"]
            return [*shared, f"role {role}", f"hold {board} {label}"]
        if name in LADDER:
            return [f"at least {grade}" for grade in LADDER[: LADDER.index(name) + 1]]
        if self.consensus and "@" in name and not name.endswith(PARTIAL):
            kind = ["consensus"] if name.endswith(CONSENSUS) else []
            return [f"setup {name.removesuffix(CONSENSUS)}", *kind]
        return []

    def _spell(self, layout: Board) -> Ints:
        table = np.full((2, len(layout.holds) + 1, self.width), -1)
        for i, hold in enumerate(layout.holds):
            table[START, i] = self.ids.get(f"{layout.name}:{hold.label}:start", -1)
            table[BODY, i] = self.ids[f"{layout.name}:{hold.label}"]
        return table


VOCABULARIES = (HoldVocabulary.kind, CoordinateVocabulary.kind)


def vocabulary_of(kind: str, board_names: tuple[str, ...], consensus: bool = False) -> Vocabulary:
    """The vocabulary of a kind over boards. Raises ClimbpathError for an unknown kind, or boards it cannot have."""
    if kind == HoldVocabulary.kind:
        return HoldVocabulary(board_names, consensus)
    if kind == CoordinateVocabulary.kind:
        return CoordinateVocabulary(board_names)
    raise ClimbpathError(f"there is no vocabulary {kind!r}: choose {' or '.join(VOCABULARIES)}")
