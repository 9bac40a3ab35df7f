"""Problem <-> token ids, in two vocabularies.

`CoordinateVocabulary` is the guide's: BOS, 14 grades (6B … 8B+), 11 columns, 18 rows, EOS, two tokens a hold.
`HoldVocabulary` has one token per board, hold and role, and conditions on setup with kind of problem and foot rule, and
on grade, which may be left open; its sequences are half as long. In both, the first two tokens are the condition and
are never predicted.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import product
from typing import ClassVar, NamedTuple

import numpy as np

from climbpath import board as boards
from climbpath.board import COLUMNS, ROLES, START, Board, Setup, column_of, row_of
from climbpath.errors import ClimbpathError
from climbpath.grades import LADDER, rank, union
from climbpath.model.order import Bools, Ints, before_pins, choices, may_follow_each, problem_of, used_before_each
from climbpath.problem import CONSENSUS_REPEATS, DEFAULT_METHOD, Problem

PREFIX = 2
"""Tokens of condition before the first hold."""
ANY_GRADE = "<any grade>"
"""The token that leaves the grade open."""
PARTIAL, CONSENSUS = " partial", " consensus"
"""Behind a setup, the kind of problem: some holds may be missing; ten or more climbers have repeated it."""
STARTS, REST = 0, 1
"""A problem is spelled in two stages: the first two choices, which are start holds, and those after them."""
ANGLE_KNOTS = tuple(range(0, 71, 10))
"""Angles that have a feature of their own; one between two of them has a part of both."""


class Condition(NamedTuple):
    """What a model is told of a problem beside its grade."""

    setup: Setup
    """Board and angle."""
    kind: str = ""
    """PARTIAL, CONSENSUS or neither."""
    method: str = DEFAULT_METHOD
    """The foot rule."""

    def __str__(self) -> str:
        rule = "" if self.method == DEFAULT_METHOD else f", {self.method}"
        return f"{self.setup}{self.kind}{rule}"

    @classmethod
    def parse(cls, text: str) -> "Condition":
        """The condition of its text. Raises ValueError for any other text."""
        head, _, method = text.partition(", ")
        kind = next((kind for kind in (PARTIAL, CONSENSUS) if head.endswith(kind)), "")
        return cls(Setup.parse(head.removesuffix(kind)), kind, method or DEFAULT_METHOD)


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
    def prefix(self, condition: Condition, grade: str | None) -> list[int]:
        """The condition's token ids. Raises ClimbpathError for a grade, board, angle or foot rule without a token."""

    @abstractmethod
    def condition_of(self, problem: Problem) -> Condition:
        """The condition of a problem, as far as the vocabulary tells such apart."""

    @abstractmethod
    def condition_at(self, token: int, setup: Setup) -> Condition:
        """The condition that the first token stands for; `setup` where it says nothing of it.

        Raises ClimbpathError where it is no token of a condition.
        """

    @abstractmethod
    def features(self) -> tuple[list[str], np.ndarray]:
        """What tokens have in common: feature names, and float32 [tokens, features] from 0 to 1."""

    @abstractmethod
    def _spell(self, layout: Board) -> Ints:
        """Token ids of every choice, [C + 1, width]; -1 where there is none. The end is filled in later."""

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
        return tuple(grade for grade in self.ladder if grade in self.ids)

    @property
    def ladder(self) -> tuple[str, ...]:
        """The grades of its boards, easiest first."""
        return union(boards.load(name).ladder for name in self.boards)

    def grade_id(self, grade: str | None) -> int:
        """The id of a grade. Raises ClimbpathError for one without a token."""
        if grade not in self.ids:
            known = f"{self.grades[0]} … {self.grades[-1]}"
            raise ClimbpathError(f"this vocabulary has no grade {grade}: it knows {known}")
        return self.ids[grade]

    def unknown(self, setup: Setup) -> ClimbpathError:
        """The error for a setup without a token."""
        return ClimbpathError(f"this model does not know {setup}: it knows {', '.join(self.boards)}")

    @property
    def condition_tokens(self) -> slice:
        """The tokens of conditions."""
        return slice(0, 0)

    @cached_property
    def _spellings(self) -> dict[str, Ints]:
        found = {}
        for name in self.boards:
            table = self._spell(boards.load(name))
            table[-1, 0] = self.end
            found[name] = table
        return found

    def spelling(self, board: str) -> Ints:
        """Token ids of every choice on a board, [C + 1, width]; -1 where there is no such token."""
        return self._spellings[board]

    def spell(self, board: str, sequences: Ints) -> Ints:
        """Token ids of whole sequences of choices [B, N] on one board, [B, N * width]; -1 where there is no token."""
        return self.spelling(board)[sequences].reshape(len(sequences), sequences.shape[1] * self.width)

    def encode(self, problem: Problem) -> list[int]:
        """The token ids of a problem with its condition in front and the end behind.

        Raises ClimbpathError where the vocabulary lacks the setup or grade, or the problem is not sound.
        """
        layout = boards.load(problem.board)
        ids = self.prefix(self.condition_of(problem), problem.grade)
        sequence = choices(problem, layout)
        if min(sequence) < 0:
            raise ClimbpathError(f"{problem.notation} has a hold in a role that it cannot have on {layout.title}")
        return ids + [int(token) for token in self.spelling(problem.board)[sequence].flat if token >= 0]

    def decode(self, ids: Sequence[int], setup: Setup) -> Problem:
        """The problem of token ids as `encode` makes them; the setup is read where the vocabulary has tokens for it.

        One with a consensus grade has the fewest repeats of such. Raises ClimbpathError where the ids spell no problem.
        """
        setup, kind, method = self.condition_at(ids[0], setup)
        layout, table = boards.load(setup.board), self.spelling(setup.board)
        sequence: list[int] = []
        rest = list(ids[PREFIX:])
        while rest and rest[0] != self.end:
            spelled, rest = rest[: self.width], rest[self.width :]
            stage = self.columns(setup.board, STARTS if len(sequence) < 2 else REST)
            may = np.append(layout.permitted(setup.angle), True)[stage]
            found = stage.start + np.flatnonzero((table[stage] == spelled).all(axis=1) & may)
            if not len(found):
                raise ClimbpathError(f"tokens {[self.names[t] for t in spelled]} are no hold on {layout.title}")
            sequence.append(int(found[0]))
        problem = problem_of(np.array(sequence), layout, setup.angle, self.names[ids[1]])
        repeats = CONSENSUS_REPEATS if kind == CONSENSUS else None
        return replace(problem, partial=kind == PARTIAL, repeats=repeats, method=method)

    @staticmethod
    def columns(board: str, stage: int) -> slice:
        """The choices that there are in a stage: start holds come first, all others and the end behind them."""
        roles = boards.load(board).choice_roles
        starts = int((roles == START).sum())
        return slice(0, starts) if stage == STARTS else slice(starts, len(roles) + 1)

    @cached_property
    def _choices_by_token(self) -> dict[tuple[str, int, int], tuple[Ints, Ints, Ints]]:
        """(board, stage, slot) -> the stage's columns sorted by the token they write there, where each token's begin,
        and the tokens."""
        found = {}
        for board, table in self._spellings.items():
            for stage, slot in product((STARTS, REST), range(self.width)):
                written = table[self.columns(board, stage), slot]
                order = np.argsort(written, kind="stable")
                order = order[written[order] >= 0]
                tokens, begins = np.unique(written[order], return_index=True)
                found[board, stage, slot] = order, begins, tokens
        return found

    def written(self, board: str, stage: int, slot: int) -> Ints:
        """The tokens that can be written in a slot (0 to width - 1) of a hold, sorted by id."""
        return self._choices_by_token[board, stage, slot][2]

    def may_be_written(self, board: str, stage: int, slot: int, allowed: Bools) -> Bools:
        """Which of the tokens `written` spell one of the allowed choices of the stage, [..., columns]: bool
        [..., written]."""
        order, begins, tokens = self._choices_by_token[board, stage, slot]
        spelled: Bools = allowed[..., order]
        return spelled if len(tokens) == len(order) else np.logical_or.reduceat(spelled, begins, axis=-1)

    def tokens_of(self, board: str) -> Ints:
        """The tokens that problems on a board are written in behind their condition: where a choice is one token, in
        the order of choices, else sorted by id."""
        return self._tokens_of[board][0]

    def columns_of(self, board: str, ids: Ints) -> Ints:
        """Which of a board's tokens each of some ids is, of any shape."""
        return self._tokens_of[board][1][ids]

    @cached_property
    def _tokens_of(self) -> dict[str, tuple[Ints, Ints]]:
        found = {}
        for board, table in self._spellings.items():
            tokens = table[:, 0] if self.width == 1 else np.unique(table[table >= 0])
            columns = np.full(len(self.names), -1)
            columns[tokens] = np.arange(len(tokens))
            found[board] = tokens, columns
        return found

    def mask_targets(self, setup: Setup, sequences: Ints, left: Bools | None = None) -> Bools:
        """Which tokens are possible at every predicted position of whole sequences of choices [B, N] on one setup.

        `left` [B, N, C] are the pins not yet placed there, none of which may be skipped.

        Returns:
            bool [B, N * width, tokens_of the board]; row t belongs to the t-th token behind the condition.
        """
        # which choices [B, N, C + 1] the canonical order admits at every step, and which skip no pin
        layout = boards.load(setup.board)
        allowed = may_follow_each(layout, setup.angle, sequences, used_before_each(layout, sequences))
        if left is not None:
            allowed[:, 2:] &= before_pins(left[:, 2:])
        table = self.spelling(setup.board)
        if self.width == 1:
            return allowed
        tokens = self.tokens_of(setup.board)
        mask = np.zeros((*sequences.shape, self.width, len(tokens)), bool)
        for stage, steps in ((STARTS, slice(0, 2)), (REST, slice(2, None))):
            columns = self.columns(setup.board, stage)
            for slot in range(self.width):
                # a token is possible where it spells an allowed choice in this slot
                written = self.written(setup.board, stage, slot)
                possible = self.may_be_written(setup.board, stage, slot, allowed[:, steps, columns])
                mask[:, steps, slot, self.columns_of(setup.board, written)] = possible
                # the next slot can only spell choices that agree with the token that stands in this one
                if slot < self.width - 1:
                    allowed[:, steps] &= table[sequences[:, steps], slot][..., None] == table[:, slot]
        return mask.reshape(len(sequences), -1, len(tokens))


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
        if not any(self.tells(Setup(self.boards[0], angle)) for angle in boards.load(self.boards[0]).angles):
            raise ClimbpathError(
                f"coordinate tokens cannot tell the roles of holds on {self.boards[0]}: use hold tokens"
            )

    @staticmethod
    def tells(setup: Setup) -> bool:
        """Whether column and row tell hand holds from finish holds on a setup."""
        layout = boards.load(setup.board)
        return layout.has_grid and not (layout.may(setup.angle)[1:].sum(axis=0) > 1).any()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every token by name, in the order of ids."""
        rows = [str(row) for row in range(1, 19)]
        return ("<bos>", *LADDER[rank("6B") : rank("8B+") + 1], *COLUMNS, *rows, "<end>")

    def prefix(self, condition: Condition, grade: str | None) -> list[int]:
        """The begin token and the grade. Raises ClimbpathError for a grade or board without a token."""
        ids = [self.ids["<bos>"], self.grade_id(grade)]
        if condition.setup.board not in self.boards or not self.tells(condition.setup):
            raise self.unknown(condition.setup)
        return ids

    def condition_of(self, problem: Problem) -> Condition:
        """Board and angle alone: this vocabulary tells nothing else apart."""
        return Condition(problem.setup)

    def condition_at(self, token: int, setup: Setup) -> Condition:
        """The setup given. Raises ClimbpathError where it is on another board."""
        if setup.board not in self.boards:
            raise ClimbpathError(f"{setup.board!r} is not the board of this vocabulary, {self.boards[0]}")
        return Condition(setup)

    def features(self) -> tuple[list[str], np.ndarray]:
        """No features: nothing is shared."""
        return [], np.zeros((len(self.names), 0), np.float32)

    def _spell(self, layout: Board) -> Ints:
        table = np.full((len(layout.choice_roles) + 1, self.width), -1)
        for choice, hold in enumerate(layout.choice_holds):
            label = layout.labels[hold]
            table[choice] = self.ids[label[0]], self.ids[label[1:]]
        return table


@dataclass(frozen=True)
class HoldVocabulary(Vocabulary):
    """One token per hold and role, one for each condition, one for each grade and for any grade."""

    consensus: bool = False
    """Whether problems with a consensus grade are a kind of their own."""

    kind = "hold"
    width = 1

    @cached_property
    def conditions(self) -> list[Condition]:
        """Every condition that has a token: partial problems have the usual foot rule."""
        layouts = [boards.load(name) for name in self.boards]
        setups = [Setup(one.name, angle) for one in layouts for angle in (None, *one.angles) if one.has_angle(angle)]
        kinds = ("", PARTIAL, CONSENSUS) if self.consensus else ("", PARTIAL)
        usual = [Condition(setup, kind) for kind in kinds for setup in setups]
        return usual + [
            Condition(setup, kind, method)
            for setup in setups
            for method in boards.load(setup.board).methods[1:]
            for kind in kinds
            if kind != PARTIAL
        ]

    @property
    def condition_tokens(self) -> slice:
        """The tokens of conditions."""
        return slice(1, 1 + len(self.conditions))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every token by name, in the order of ids."""
        holds = [name for board in self.boards for name in _hold_tokens(boards.load(board))]
        return ("<end>", *map(str, self.conditions), ANY_GRADE, *self.ladder, *holds)

    def prefix(self, condition: Condition, grade: str | None) -> list[int]:
        """The condition and the grade. Raises ClimbpathError for one without a token."""
        graded, name = self.grade_id(grade), str(condition)
        if condition.setup.board not in self.boards or name not in self.ids:
            raise self.unknown(condition.setup)
        return [self.ids[name], graded]

    def condition_of(self, problem: Problem) -> Condition:
        """The condition of a problem."""
        consensus = CONSENSUS if self.consensus and problem.has_consensus else ""
        kind = PARTIAL if problem.partial else consensus
        return Condition(problem.setup, kind, problem.method)

    def condition_at(self, token: int, setup: Setup) -> Condition:
        """The condition of the first token. Raises ClimbpathError where it is no token of a condition."""
        if not 1 <= token <= len(self.conditions):
            raise ClimbpathError(f"{self.names[token]!r} is not a board and angle")
        return self.conditions[token - 1]

    def features(self) -> tuple[list[str], np.ndarray]:
        """Feature names, and float32 [tokens, features] of 0 to 1.

        Hold tokens share place, hold set, role and hold, and grades the easier grades below them. Conditions share
        board, kind and foot rule, and the angles nearest to theirs, so that 35° lies between 30° and 40°.
        """
        marks: list[dict[str, float]] = [{}]
        marks += map(_marks_of_condition, self.conditions)
        marks += [{}, *({f"at least {one}": 1.0 for one in self.ladder[: i + 1]} for i in range(len(self.ladder)))]
        marks += [mark for name in self.boards for mark in _marks_of_holds(boards.load(name))]
        names = sorted({name for mark in marks for name in mark})
        number = {name: i for i, name in enumerate(names)}
        table = np.zeros((len(marks), len(names)), np.float32)
        for row, mark in zip(table, marks, strict=True):
            row[[number[name] for name in mark]] = list(mark.values())
        return names, table

    def _spell(self, layout: Board) -> Ints:
        tokens = [self.ids[name] for name in _hold_tokens(layout)]
        return np.array([*tokens, -1])[:, None]


def _hold_tokens(layout: Board) -> list[str]:
    """The names of the tokens of a board's choices."""
    roles, holds = layout.choice_roles.tolist(), layout.choice_holds.tolist()
    return [f"{layout.name}:{layout.labels[hold]}:{ROLES[role]}" for role, hold in zip(roles, holds, strict=True)]


def _marks_of_holds(layout: Board) -> list[dict[str, float]]:
    """The features of the tokens of a board's choices."""
    found = []
    for role, i in zip(layout.choice_roles.tolist(), layout.choice_holds.tolist(), strict=True):
        hold = layout.holds[i]
        if layout.has_grid:
            place = [f"column {column_of(hold.label)}", f"row {row_of(hold.label)}"]
        else:
            x, y = f"{hold.x:.0f}", f"{hold.y:.0f}"
            place = [f"{layout.family} x {x}", f"{layout.family} y {y}", f"{layout.family} hole {x},{y}"]
        shared = [*place, f"set {hold.hold_set}", f"role {ROLES[role]}", f"hold {layout.name} {hold.label}"]
        found.append(dict.fromkeys(shared, 1.0))
    return found


def _marks_of_condition(condition: Condition) -> dict[str, float]:
    """The features of a condition's token."""
    (name, angle), kind, method = condition
    found = {f"board {name}": 1.0}
    if kind:
        found[f"kind{kind}"] = 1.0
    if method != DEFAULT_METHOD:
        found[f"method {method}"] = 1.0
    if angle is None:
        return found | {"unknown angle": 1.0}
    for knot in ANGLE_KNOTS:
        if (part := 1 - abs(angle - knot) / 10) > 0:
            found[f"angle {knot}"] = part
    return found


VOCABULARIES = (HoldVocabulary.kind, CoordinateVocabulary.kind)


@cache
def vocabulary_of(kind: str, board_names: tuple[str, ...], consensus: bool = False) -> Vocabulary:
    """The vocabulary of a kind over boards. Raises ClimbpathError for an unknown kind, or boards it cannot have."""
    if kind == HoldVocabulary.kind:
        return HoldVocabulary(board_names, consensus)
    if kind == CoordinateVocabulary.kind:
        return CoordinateVocabulary(board_names)
    raise ClimbpathError(f"there is no vocabulary {kind!r}: choose {' or '.join(VOCABULARIES)}")
