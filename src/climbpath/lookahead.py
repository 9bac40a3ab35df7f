"""Rules that a sampler keeps while it samples: reach, length, chosen holds, and never a dead end.

A choice is allowed only if some completion of it is valid. That is decided by the number of further hands
that a problem needs to come within reach of a finish: the length of a shortest path upwards in board order,
computed once for each hold. The bounds used are safe (what they allow can be completed), and from any state
that they allow, they allow a next choice.
"""

from dataclasses import replace

import numpy as np

from climbpath.board import Board
from climbpath.errors import ClimbpathError
from climbpath.order import Bools, Ints, may_follow
from climbpath.problem import Rules

NEVER = 1 << 20
"""Hands needed where there is no way."""


class Batch:
    """How far B sequences in lock-step have come; `within` [B, H] marks the holds in reach of one they use."""

    def __init__(self, board: Board, count: int) -> None:
        self.step = 0
        self.start = np.zeros((count, 2), np.int64)
        self.last = np.zeros(count, np.int64)
        self.finishes = np.zeros(count, np.int64)
        self.used = np.zeros(count, np.int64)
        self.within = np.zeros((count, len(board.holds)), bool)

    def keep(self, rows: Ints) -> None:
        """Go on with these rows only."""
        for name in ("start", "last", "finishes", "used", "within"):
            setattr(self, name, getattr(self, name)[rows])


class Lookahead:
    """The rules on one board, worked out once for any number of batches."""

    def __init__(self, board: Board, rules: Rules) -> None:
        self.board, self.rules = board, rules
        labels = [hold.label for hold in board.holds]
        reach = board.reach_cm if rules.max_reach is None else rules.max_reach
        self.near = board.distance <= reach + 1e-3
        usable = np.array(
            [
                hold.label not in rules.bans and (rules.hold_sets is None or hold.hold_set in rules.hold_sets)
                for hold in board.holds
            ]
        )
        self.starts = usable & board.can_start & _chosen(labels, rules.start)
        self.hands = usable & ~board.can_finish & ~(_chosen(labels, rules.start) & (rules.start is not None))
        self.finish = usable & board.can_finish & _chosen(labels, rules.finish)
        self.fixed_start = sorted(board.index[label] for label in rules.start or ())
        self.fixed_finish = sorted(board.index[label] for label in rules.finish or ())
        self.ends = max(1, len(self.fixed_finish))
        self.goals = self._goals()
        self.need = np.stack([self._need(goal) for goal in self.goals])  # [goals, H], after a hand
        ways = np.where(self.hands, 1 + self.need, NEVER)
        from_start = np.where(self.near, ways[:, None], NEVER).min(axis=-1)
        at_goal = np.stack([self.near[:, goal].any(axis=1) for goal in self.goals])
        self.need_of_start = np.where(at_goal, 0, from_start)  # [goals, H], where any hand may follow
        self.pairs = self._pairs()

    def _goals(self) -> list[Ints]:
        """Sets of finish holds of which one each must come within reach of the starts and hands."""
        if not self.fixed_finish:
            return [np.flatnonzero(self.finish)]
        low, high = self.fixed_finish[0], self.fixed_finish[-1]
        goals = [np.array([low])]
        return goals if self.near[low, high] else [*goals, np.array([high])]

    def _need(self, goal: Ints) -> Ints:
        """Further hands needed after each hand, all of them later in board order, until a goal is in reach."""
        need = np.where(self.near[:, goal].any(axis=1), 0, NEVER)
        for hold in range(len(need) - 1, -1, -1):
            ways = need[hold + 1 :][self.near[hold, hold + 1 :] & self.hands[hold + 1 :]]
            if need[hold] and len(ways):
                need[hold] = min(need[hold], 1 + ways.min())
        return need

    def _fits(self, used: Ints, need: Ints, at_hand: Ints) -> Bools:
        """Whether a problem that used so many holds and needs that many more hands can still be valid."""
        most = np.maximum(at_hand, need)
        return (used + need + self.ends <= self.rules.max_holds) & (used + most + self.ends >= self.rules.min_holds)

    def _pairs(self) -> Bools:
        """Which start pairs can be completed, [H, H]; the diagonal is one-hold starts."""
        need = np.minimum(self.need_of_start[:, :, None], self.need_of_start[:, None]).sum(axis=0)
        near = self.near & self.hands
        shared = (near.astype(np.float32) @ near.T).astype(np.int64)
        either = near.sum(axis=1)[:, None] + near.sum(axis=1) - shared
        spent = np.minimum(self.hands.astype(np.int64)[:, None] + self.hands, 2)  # starts are no hands
        used = np.where(np.eye(len(near), dtype=bool), 1, 2)
        pairs = self.starts[:, None] & self.starts & self._fits(used, need, either - spent)
        if self.fixed_start:
            pair = np.zeros_like(pairs)
            pair[self.fixed_start[0], self.fixed_start[-1]] = True
            pairs &= pair
        return np.triu(pairs)

    def possible(self) -> bool:
        """Whether any problem keeps to the rules."""
        few = len(self.fixed_start) <= 2 and len(self.fixed_finish) <= 2
        usable = all(self.finish[hold] for hold in self.fixed_finish)
        return few and usable and self.rules.min_holds <= self.rules.max_holds and bool(self.pairs.any())

    def check(self) -> None:
        """Raises ClimbpathError, naming the conditions in the way, where no problem keeps to the rules."""
        if not self.possible():
            raise ClimbpathError(_why_not(self.board, self.rules))

    def allowed(self, batch: Batch) -> Bools:
        """Which choices may come next, [B, H + 1]; at least one in every row."""
        step = np.full(len(batch.last), batch.step)
        mask = may_follow(self.board, step, batch.start, batch.last, batch.finishes)
        if batch.step == 0:
            mask[:, :-1] &= self.pairs.any(axis=1)
        elif batch.step == 1:
            mask[:, :-1] &= self.pairs[batch.last]
        else:
            hand = self._hand(batch, mask[:, :-1] & ~self.board.can_finish)
            mask[:, :-1] &= np.where(self.board.can_finish, self._finish(batch), hand)
            mask[:, -1] &= (batch.finishes >= self.ends) | (batch.last == len(self.board.holds))
        return mask

    def _finish(self, batch: Batch) -> Bools:
        allowed: Bools = self.finish & batch.within & (batch.used < self.rules.max_holds)[:, None]
        if self.fixed_finish:
            turn = np.array([*self.fixed_finish, -1])[np.minimum(batch.finishes, len(self.fixed_finish))]
            allowed &= np.arange(allowed.shape[1]) == turn[:, None]
            for goal in self.goals:
                allowed &= (batch.within[:, goal].any(axis=1) | (batch.finishes > 0))[:, None]
            return allowed
        return allowed & (batch.used + self.ends >= self.rules.min_holds)[:, None]

    def _hand(self, batch: Batch, candidates: Bools) -> Bools:
        candidates &= self.hands & batch.within
        later = candidates[:, ::-1].cumsum(axis=1)[:, ::-1] - candidates
        total = np.zeros(candidates.shape, np.int64)
        for goal, need in zip(self.goals, self.need, strict=True):
            ways = np.where(candidates, 1 + need, NEVER)
            others = np.minimum.accumulate(ways[:, ::-1], axis=1)[:, ::-1]
            others = np.concatenate([others[:, 1:], np.full((len(ways), 1), NEVER)], axis=1)
            best = np.minimum(need, others)
            there = np.any(batch.within[:, goal], axis=1, keepdims=True)
            total += np.where(there, 0, best)
        return candidates & self._fits(batch.used[:, None] + 1, total, later)

    def choose(self, batch: Batch, choice: Ints) -> None:
        """Take one choice per row, [B], of those that `allowed` gave."""
        holds = len(self.board.holds)
        hold = np.minimum(choice, holds - 1)
        is_hold = choice < holds
        if batch.step < 2:
            batch.start[:, batch.step] = choice
        again = is_hold & (batch.step == 1) & (choice == batch.last)
        batch.used += is_hold & ~again
        batch.finishes += is_hold & (batch.step >= 2) & self.board.can_finish[hold]
        batch.within |= self.near[hold] & is_hold[:, None]
        batch.last = choice
        batch.step += 1


def _chosen(labels: list[str], wanted: frozenset[str] | None) -> Bools:
    return np.array([wanted is None or label in wanted for label in labels])


def _why_not(board: Board, rules: Rules) -> str:
    """Which conditions of rules that nothing meets stand in the way, in words."""
    low, high = board.start_rows
    for label in sorted(rules.start or ()):
        if not low <= board.hold(label).row <= high:
            return f"{label} cannot be a start hold: on {board.title} starts are in rows {low} to {high}"
    for label in sorted(rules.finish or ()):
        if board.hold(label).row != board.top_row:
            return f"{label} cannot be a finish hold: on {board.title} finishes are in row {board.top_row}"
    for role, wanted in (("start", rules.start), ("finish", rules.finish)):
        if wanted is not None and not 1 <= len(wanted) <= 2:
            return f"a problem has one or two {role} holds, not {len(wanted)}"
        for label in sorted(wanted or ()):
            if label in rules.bans:
                return f"{label} is asked for as {role} and banned at once"
            if rules.hold_sets is not None and board.hold(label).hold_set not in rules.hold_sets:
                return f"{role} hold {label} is of hold set {board.hold(label).hold_set}, which is not among yours"
    if rules.min_holds > rules.max_holds:
        return f"at least {rules.min_holds} holds and at most {rules.max_holds} contradict each other"
    relaxed = {
        f"the bans of {len(rules.bans)} holds": replace(rules, bans=frozenset()),
        "the choice of hold sets": replace(rules, hold_sets=None),
        "the start": replace(rules, start=None),
        "the finish": replace(rules, finish=None),
        f"at most {rules.max_holds} holds": replace(rules, max_holds=len(board.holds)),
        f"at least {rules.min_holds} holds": replace(rules, min_holds=0),
        f"a reach of {board.reach_cm if rules.max_reach is None else rules.max_reach:.0f} cm": replace(
            rules, max_reach=float(board.distance.max())
        ),
    }
    blamed = [name for name, looser in relaxed.items() if looser != rules and Lookahead(board, looser).possible()]
    culprits = f"without {' or without '.join(blamed)} there would be some" if blamed else "several conditions clash"
    return f"no problem on {board.title} keeps to these conditions: {culprits}"
