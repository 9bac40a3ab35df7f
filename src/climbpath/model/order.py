"""The canonical order of a problem as a next-step rule: which holds may follow which.

A problem is a sequence of choices: start, second start (the same hold again for a one-hold start), hands in board
order, finish holds in board order, end. A choice is an index in board order, or the number of holds for "end". Each
sound problem has exactly one such sequence, and the rule admits no others, so a model whose probabilities are masked
by it spends all of them on sound problems (docs/promises.md, "Canonical order").
"""

import numpy as np
from numpy.typing import NDArray

from climbpath.board import Board
from climbpath.problem import Problem

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def choices(problem: Problem, board: Board) -> list[int]:
    """The problem's canonical sequence as choices, the end included."""
    return [board.index[label] for label in problem.sequence] + [len(board.holds)]


def problem_of(sequence: Ints, board: Board, angle: int, grade: str | None) -> Problem:
    """The problem of one complete sequence of choices."""
    names = board.labels
    *start_and_hands, last = sequence[sequence < len(names)].tolist()
    finish = [last]
    if len(start_and_hands) > 2 and board.can_finish[start_and_hands[-1]]:
        finish.insert(0, start_and_hands.pop())
    return Problem(
        board=board.name,
        angle=angle,
        grade=grade,
        start=tuple(names[i] for i in start_and_hands[:2]),
        hands=tuple(names[i] for i in start_and_hands[2:]),
        finish=tuple(names[i] for i in finish),
    )


def may_follow(board: Board, step: Ints, start: Ints, last: Ints, finishes: Ints) -> Bools:
    """Which choices may come next.

    Args:
        board: the layout, with H holds.
        step: how many choices were made, any shape [...].
        start: the start pair as far as it is chosen, [..., 2]; read from step 2 on.
        last: the choice before this one, [...]; read from step 1 on.
        finishes: how many finish holds were chosen, [...].

    Returns:
        bool [..., H + 1]; the last column is "end". After the end only "end" follows.
    """
    holds = np.arange(len(board.holds))
    step, last, finishes = step[..., None], last[..., None], finishes[..., None]
    later = holds > last
    first = board.can_start & (step == 0)
    second = board.can_start & (step == 1) & (holds >= last)
    is_start = (holds == start[..., :1]) | (holds == start[..., 1:])
    in_hands = (step >= 2) & (finishes == 0)
    hand = in_hands & ~board.can_finish & ~is_start & (later | (step == 2))
    finish = board.can_finish & (in_hands | ((finishes == 1) & later & (last < len(holds))))
    end = finishes > 0
    return np.concatenate([first | second | hand | finish, end], axis=-1)


def still_pinned(sequences: Ints, pins: Bools) -> Bools:
    """Which pins [B, H] are not yet placed before each step of whole sequences [B, N]: bool [B, N, H]."""
    rows, holds = np.arange(len(sequences)), pins.shape[1]
    left = np.repeat(np.pad(pins, ((0, 0), (0, 1)))[:, None], sequences.shape[1], axis=1)
    for step, choice in enumerate(sequences[:, :-1].T, 1):
        left[:, step] = left[:, step - 1]
        left[rows, step, choice] = False
    return left[..., :holds]


def before_pins(left: Bools) -> Bools:
    """Which choices skip no pin, [..., H + 1]: after the start, none beyond the lowest pin that is left."""
    passed = np.cumsum(left, axis=-1) - left > 0
    return np.concatenate([~passed, ~left.any(axis=-1, keepdims=True)], axis=-1)


def may_follow_each(board: Board, sequences: Ints) -> Bools:
    """Which choices the order admits at each step of whole sequences [B, N], padded with "end": bool [B, N, H + 1]."""
    top = np.append(board.can_finish, False)
    before = np.concatenate([np.zeros_like(sequences[:, :1]), sequences[:, :-1]], axis=1)
    finishes = np.cumsum(top[before] & (np.arange(sequences.shape[1]) > 0), axis=1)
    step = np.broadcast_to(np.arange(sequences.shape[1]), sequences.shape)
    start = np.broadcast_to(sequences[:, None, :2], (*sequences.shape, 2))
    return may_follow(board, step, start, before, finishes)
