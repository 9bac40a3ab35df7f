"""The canonical order of a problem as a next-step rule: which choice may follow which.

A choice is a hold in a role; a board's choices are numbered by role (start, hand, foot, finish), then in board order
(`Board.choice_roles`), and C, their number, stands for "end". A problem is a sequence of choices that only ever rises:
start, second start (the same again for a one-hold start), hands, feet, one or two finishes, end. Each sound problem has
exactly one such sequence, and the rule admits no others, so a model whose probabilities are masked by it spends all of
them on sound problems (docs/promises.md, "Canonical order").
"""

import numpy as np
from numpy.typing import NDArray

from climbpath.board import FINISH, FOOT, HAND, ROLES, START, Board
from climbpath.problem import Problem

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def choices(problem: Problem, board: Board) -> list[int]:
    """The problem's canonical sequence as choices, the end included; feet are left out where the board has none.

    -1 stands for a hold in a role that it may not have.
    """
    pair = problem.start * 2 if len(problem.start) == 1 else problem.start
    roles = [(START, pair), (HAND, problem.hands), (FOOT, problem.feet if board.has_feet else ())]
    sequence = [
        int(board.choice_of[role, board.index[label]])
        for role, labels in [*roles, (FINISH, problem.finish)]
        for label in labels
    ]
    return [*sequence, len(board.choice_roles)]


def problem_of(sequence: Ints, board: Board, angle: int | None, grade: str | None) -> Problem:
    """The problem of one complete sequence of choices."""
    chosen = sequence[sequence < len(board.choice_roles)]
    labels: list[list[str]] = [[] for _ in ROLES]
    for role, hold in zip(board.choice_roles[chosen].tolist(), board.choice_holds[chosen].tolist(), strict=True):
        labels[role].append(board.labels[hold])
    start, hands, feet, finish = map(tuple, labels)
    return Problem(board=board.name, angle=angle, grade=grade, start=start, hands=hands, feet=feet, finish=finish)


def may_follow(board: Board, angle: int | None, step: Ints, last: Ints, finishes: Ints, free: Bools) -> Bools:
    """Which choices may come next.

    Args:
        board: the layout, with C choices.
        angle: which of them there are may depend on it.
        step: how many choices were made, of any shape that broadcasts to [...].
        last: the choice before this one, [...]; read from step 1 on.
        finishes: how many finish holds were chosen, [...].
        free: the choices whose holds are not used yet, [..., C].

    Returns:
        bool [..., C + 1]; the last column is "end". After the end only "end" follows.
    """
    count = len(board.choice_roles)
    is_start, is_finish = board.choice_roles == START, board.choice_roles == FINISH
    permitted = board.permitted(angle)
    # choices rise, starts come first, and no hold is used again
    of_stage = np.stack([permitted & is_start, permitted & ~is_start])[(step >= 2).astype(int)]
    numbers = np.arange(count, dtype=np.int32)
    allowed = np.empty((*last.shape, count + 1), bool)
    np.greater(numbers, np.where(step == 0, -1, last).astype(np.int32)[..., None], out=allowed[..., :-1])
    allowed[..., :-1] &= of_stage
    allowed[..., :-1] &= free
    # but a one-hold start is that choice twice
    second = np.nonzero(np.broadcast_to(step == 1, last.shape))
    allowed[(*second, last[second])] = True
    # one or two finish holds, then the end
    first_finish = int(is_finish.argmax())
    allowed[..., first_finish:-1] &= (finishes < 2)[..., None]
    allowed[..., -1] = finishes > 0
    return allowed


def uses(board: Board, choice: Ints) -> Ints:
    """All choices that use the same hold as each of some choices [...], [..., ROLES]; C where there is none, and for
    "end"."""
    none = len(board.choice_roles)
    holds = np.append(board.choice_holds, 0)[choice]
    same = board.choice_of.T[holds]
    return np.where((same < 0) | (choice == none)[..., None], none, same)


def used_before_each(board: Board, sequences: Ints) -> Bools:
    """The choices whose holds are used before each step of whole sequences [B, N], padded with "end": [B, N, C]."""
    used = np.zeros((*sequences.shape, len(board.choice_roles) + 1), bool)
    rows, same = np.arange(len(sequences))[:, None], uses(board, sequences)
    for step in range(1, sequences.shape[1]):
        used[:, step] = used[:, step - 1]
        used[rows, step, same[:, step - 1]] = True
    return used[..., :-1]


def pin_choices(board: Board, holds: Ints, roles: Ints) -> Ints:
    """The choice that stands for a pin: a hold that must be used as start or hand stands in as a hand, where it may be
    one, and a foot or finish as what it is. `roles` are the roles that the holds have in a problem."""
    as_hand = board.choice_of[HAND, holds]
    own = board.choice_of[roles, holds]
    return np.where((roles == START) & (as_hand >= 0), as_hand, own)


def before_pins(left: Bools) -> Bools:
    """Which choices skip no pin, of pins that are left [..., C]: bool [..., C + 1]; after the start, none is beyond the
    first pin that is left."""
    first = np.where(left.any(axis=-1), left.argmax(axis=-1), left.shape[-1])
    skips_none: Bools = np.arange(left.shape[-1] + 1, dtype=np.int32) <= first.astype(np.int32)[..., None]
    return skips_none


def may_follow_each(board: Board, angle: int | None, sequences: Ints, used: Bools) -> Bools:
    """Which choices the order admits at each step of whole sequences [B, N], padded with "end", given what is
    `used_before_each`: bool [B, N, C + 1]."""
    is_finish = np.append(board.choice_roles == FINISH, False)
    before = np.concatenate([np.zeros_like(sequences[:, :1]), sequences[:, :-1]], axis=1)
    finishes = np.cumsum(is_finish[before] & (np.arange(sequences.shape[1]) > 0), axis=1)
    return may_follow(board, angle, np.arange(sequences.shape[1]), before, finishes, ~used)
