"""The rules that the sampler enforces while it samples: reach, length, requested holds, and never a dead end.

A choice is allowed only if some completion of it is valid. That is decided by how many more hands a problem needs to
come within reach of a finish and of every pin: the lengths of shortest paths upwards in board order, computed once for
each hold. The bounds are safe: whatever they allow can be completed, and from every state that they allow, they allow
a next choice, namely the lowest hold on any of those paths. Methods name the step of docs/architecture.md,
"What the lookahead guarantees", that each implements.
"""

from dataclasses import replace

import numpy as np

from climbpath.board import Board
from climbpath.errors import ClimbpathError
from climbpath.model.order import Bools, Ints, before_pins, may_follow
from climbpath.problem import Rules

NEVER = 1 << 20
"""Hands needed if there is no way."""


class State:
    """The state of B sequences that are sampled in lock-step.

    `start` [B, 2], `last` [B], `finishes` [B] and `used` [B] are the start pair, the last choice, and how many finish
    holds and holds in all were chosen. `within` [B, H] marks the holds in reach of one they use, `open_pins` [B, H] the
    pins that are still to be placed.
    """

    def __init__(self, board: Board, pins: Bools, count: int) -> None:
        self.step = 0
        self.start = np.zeros((count, 2), np.int64)
        self.last = np.zeros(count, np.int64)
        self.finishes = np.zeros(count, np.int64)
        self.used = np.zeros(count, np.int64)
        self.within = np.zeros((count, len(board.holds)), bool)
        self.open_pins = np.repeat(pins[None], count, axis=0)

    def keep(self, rows: Ints) -> None:
        """Drop all rows but these."""
        for name in ("start", "last", "finishes", "used", "within", "open_pins"):
            setattr(self, name, getattr(self, name)[rows])


class Lookahead:
    """The rules on one board, computed once for any number of batches."""

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
        self.pins = _chosen(labels, rules.all_pins)
        below_top = usable & ~board.can_finish
        in_role = rules.start_pins | rules.hand_pins
        self.unusable = sorted(
            label for label in rules.all_pins if not (below_top if label in in_role else usable)[board.index[label]]
        )
        self.starts = usable & board.can_start & _chosen(labels, rules.start) & ~_chosen(labels, rules.hand_pins)
        self.hands = below_top & ~_chosen(labels, rules.start_pins.union(rules.start or ()))
        self.finish = usable & board.can_finish & _chosen(labels, rules.finish)
        self.fixed_start = _indices(board, rules.start or frozenset())
        top_pins = [int(pin) for pin in np.flatnonzero(self.pins & board.can_finish)]
        asked = _indices(board, rules.finish or frozenset())
        self.fixed_finish = asked or (top_pins if len(top_pins) > 1 else [])
        self.top_pin = top_pins[0] if top_pins and not self.fixed_finish else None
        self.ends = max(1, len(self.fixed_finish))
        self.hand_pins = [int(pin) for pin in np.flatnonzero(self.pins & ~board.can_finish)]
        self.goals = self._goals()
        self.need = np.stack([self._need(goal) for goal in self.goals])  # [goals, H], after a hand
        self.need_of_pin = [self._need(np.array([pin]), below=pin) for pin in self.hand_pins]
        self.pairs = self._pairs()

    def initial_state(self, count: int) -> State:
        """`count` sequences without a choice yet."""
        return State(self.board, self.pins, count)

    def _goals(self) -> list[Ints]:
        """Step 1: sets of finish holds; of each set one must come within reach of the starts and hands.

        A finish of two holds that are in reach of one another is reached with the lower one.
        """
        if self.top_pin is not None:
            return [np.array([self.top_pin])]
        if not self.fixed_finish:
            return [np.flatnonzero(self.finish)]
        low, high = self.fixed_finish[0], self.fixed_finish[-1]
        goals = [np.array([low])]
        return goals if self.near[low, high] else [*goals, np.array([high])]

    def _need(self, goal: Ints, below: int | None = None) -> Ints:
        """Step 2: further hands needed after each hand, [H], all later in board order and below a pin, until a goal
        is in reach: shortest paths upwards, from the last hold to the first."""
        top = len(self.near) if below is None else below
        need = np.where(self.near[:, goal].any(axis=1) & (np.arange(len(self.near)) < top), 0, NEVER)
        for hold in range(top - 1, -1, -1):
            ways = need[hold + 1 : top][self.near[hold, hold + 1 : top] & self.hands[hold + 1 : top]]
            if need[hold] and len(ways):
                need[hold] = min(need[hold], 1 + ways.min())
        return need

    def _fits(self, used: Ints, need: Ints, at_hand: Ints) -> Bools:
        """Whether a problem that used so many holds and needs that many more hands can still be valid: not too long by
        the shortest way, and not too short where it takes all of the `at_hand` hands that it could."""
        most = np.maximum(at_hand, need)
        return (used + need + self.ends <= self.rules.max_holds) & (used + most + self.ends >= self.rules.min_holds)

    def _need_of_start(self, need: Ints, goal: Ints) -> Ints:
        """Step 3: the same after each start hold, [H], which any hand may follow, lower ones too."""
        ways = np.where(self.near, np.where(self.hands, 1 + need, NEVER), NEVER).min(axis=1)
        return np.where(self.near[:, goal].any(axis=1), 0, ways)

    def _pairs(self) -> Bools:
        """Step 4: which start pairs can be completed, [H, H]; the diagonal is one-hold starts."""
        # hands needed until every goal is in reach, from the nearer of the two starts or from a pin on the way
        holds = np.arange(len(self.near))
        need = np.zeros(self.near.shape, np.int64)
        for goal, after in zip(self.goals, self.need, strict=True):
            start = self._need_of_start(after, goal)
            need += np.minimum(np.minimum(start[:, None], start), after[self.hand_pins].min(initial=NEVER))
        # and until every pin is placed: the pin itself, and the hands on the way to it
        for i, (pin, after) in enumerate(zip(self.hand_pins, self.need_of_pin, strict=True)):
            start = self._need_of_start(after, np.array([pin]))
            ways = np.minimum(np.minimum(start[:, None], start), after[self.hand_pins[:i]].min(initial=NEVER))
            ways = ways if self.hands[pin] else np.full_like(ways, NEVER)
            need += np.where((holds == pin) | (holds[:, None] == pin), 0, 1 + ways)
        # hands in reach of either start, without the starts themselves: what a long problem can be filled up with
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
        """Whether any problem satisfies the rules."""
        few = len(self.fixed_start) <= 2 and len(self.fixed_finish) <= 2
        top_pins = np.flatnonzero(self.pins & self.board.can_finish)
        usable = not self.unusable and self.finish[self.fixed_finish].all() and self.finish[top_pins].all()
        in_order = self.rules.min_holds <= self.rules.max_holds
        return bool(few and usable and in_order and self.pairs.any())

    def check(self) -> None:
        """Raises ClimbpathError, naming the conditions in the way, if no problem satisfies the rules."""
        if not self.possible():
            raise ClimbpathError(_why_not(self.board, self.rules))

    def allowed(self, state: State) -> Bools:
        """Which choices may come next, [B, H + 1]; at least one in every row."""
        # what the canonical order admits
        step = np.full(len(state.last), state.step)
        mask = may_follow(self.board, step, state.start, state.last, state.finishes)
        # and of that what can be completed: starts by their pairs, hands by what is still needed, finish and end by
        # what they leave out
        if state.step == 0:
            mask[:, :-1] &= self.pairs.any(axis=1)
        elif state.step == 1:
            mask[:, :-1] &= self.pairs[state.last]
        else:
            hand = self._hand(state, mask[:, :-1] & ~self.board.can_finish)
            mask[:, :-1] &= np.where(self.board.can_finish, self._finish(state), hand)
            mask[:, -1] &= (state.finishes >= self.ends) | (state.last == len(self.board.holds))
            if self.pins.any():  # step 5: no pin is skipped
                mask &= before_pins(state.open_pins)
        return mask

    def _finish(self, state: State) -> Bools:
        """Step 7: which finish holds may come next, [B, H]: in reach, not too early, not in place of an owed one."""
        allowed: Bools = self.finish & state.within & (state.used < self.rules.max_holds)[:, None]
        if self.fixed_finish:
            # a finish that is asked for comes hold by hold, once each can be reached
            turn = np.array([*self.fixed_finish, -1])[np.minimum(state.finishes, len(self.fixed_finish))]
            allowed &= np.arange(allowed.shape[1]) == turn[:, None]
            for goal in self.goals:
                allowed &= (state.within[:, goal].any(axis=1) | (state.finishes > 0))[:, None]
        elif self.top_pin is not None:
            # beside a pinned finish hold another one may come first, if there is room for both
            owed = state.open_pins[:, self.top_pin]
            other = ~owed | ((state.finishes == 0) & (state.used + 1 < self.rules.max_holds))
            is_pin = np.arange(allowed.shape[1]) == self.top_pin
            allowed &= (is_pin | other[:, None]) & (state.within[:, self.top_pin] | ~owed)[:, None]
        return allowed & ((state.finishes > 0) | (state.used + self.ends >= self.rules.min_holds))[:, None]

    def _hand(self, state: State, candidates: Bools) -> Bools:
        """Step 6: which candidates [B, H] may be the next hand: in reach, and what is needed after it still fits."""
        candidates &= self.hands & state.within
        later = candidates[:, ::-1].cumsum(axis=1)[:, ::-1] - candidates
        # hands that are needed behind each candidate, for every goal and for every pin that is still to be placed
        total = np.zeros(candidates.shape, np.int64)
        for goal, need in zip(self.goals, self.need, strict=True):
            there = np.any(state.within[:, goal], axis=1, keepdims=True)
            total += np.where(there, 0, self._further(state, candidates, need, self.hand_pins))
        for i, (pin, need) in enumerate(zip(self.hand_pins, self.need_of_pin, strict=True)):
            further = self._further(state, candidates, need, self.hand_pins[:i])
            owed = state.open_pins[:, [pin]] & (np.arange(candidates.shape[1]) != pin)
            total += np.where(owed, 1 + np.where(state.within[:, [pin]], 0, further), 0)
        return candidates & self._fits(state.used[:, None] + 1, total, later)

    def _further(self, state: State, candidates: Bools, need: Ints, pins: list[int]) -> Ints:
        """Hands needed after each candidate, [B, H]: from it, a later one in reach, or a pin not yet placed."""
        ways = np.where(candidates, 1 + need, NEVER)
        others = np.minimum.accumulate(ways[:, ::-1], axis=1)[:, ::-1]
        others = np.concatenate([others[:, 1:], np.full((len(ways), 1), NEVER)], axis=1)
        best = np.minimum(need, others)
        if pins:
            best = np.minimum(best, np.where(state.open_pins[:, pins], need[pins], NEVER).min(axis=1, keepdims=True))
        return best

    def choose(self, state: State, choice: Ints) -> None:
        """Advance every sequence by one choice, [B], out of those that `allowed` gave."""
        holds = len(self.board.holds)
        hold = np.minimum(choice, holds - 1)
        is_hold = choice < holds
        if state.step < 2:
            state.start[:, state.step] = choice
        again = is_hold & (state.step == 1) & (choice == state.last)
        state.used += is_hold & ~again
        state.finishes += is_hold & (state.step >= 2) & self.board.can_finish[hold]
        state.within |= self.near[hold] & is_hold[:, None]
        state.open_pins[is_hold, hold[is_hold]] = False
        state.last = choice
        state.step += 1


def _indices(board: Board, labels: frozenset[str]) -> list[int]:
    return sorted(board.index[label] for label in labels)


def _chosen(labels: list[str], wanted: frozenset[str] | None) -> Bools:
    return np.array([wanted is None or label in wanted for label in labels])


def _list(labels: frozenset[str]) -> str:
    return ", ".join(sorted(labels))


def _why_not(board: Board, rules: Rules) -> str:
    """Which conditions are in the way, in words, of rules that no problem satisfies."""
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
                return f"{label} is both asked for as {role} and banned"
            if rules.hold_sets is not None and board.hold(label).hold_set not in rules.hold_sets:
                return f"{role} hold {label} is of hold set {board.hold(label).hold_set}, which is not among yours"
    for label in sorted(rules.start_pins):
        if not low <= board.hold(label).row <= high:
            return f"{label} cannot be a start hold: on {board.title} starts are in rows {low} to {high}"
    if len(rules.start_pins) > 2:
        return f"a problem has one or two start holds, not {len(rules.start_pins)}"
    for label in sorted(rules.hand_pins):
        if board.hold(label).row == board.top_row:
            return f"{label} cannot be a hand hold: on {board.title} row {board.top_row} is for finish holds"
        if label in rules.start_pins.union(rules.start or ()):
            return f"{label} is pinned both as a start hold and as a hand hold"
    if rules.start is not None and (others := rules.start_pins - rules.start):
        return f"{_list(others)} pinned as start contradicts the start {_list(rules.start)}"
    for label in sorted(rules.all_pins):
        if label in rules.bans:
            return f"{label} is both pinned and banned"
        if rules.hold_sets is not None and board.hold(label).hold_set not in rules.hold_sets:
            return f"pinned hold {label} is of hold set {board.hold(label).hold_set}, which is not among yours"
    top_pins = sorted(label for label in rules.all_pins if board.hold(label).row == board.top_row)
    if len(top_pins) > 2:
        return f"{', '.join(top_pins)} are pinned in the top row; a problem has one or two finish holds"
    if rules.finish is not None and not rules.finish.issuperset(top_pins):
        return f"{', '.join(top_pins)} pinned in the top row contradicts the finish {_list(rules.finish)}"
    if len(rules.all_pins) + (not top_pins) > rules.max_holds:
        return f"{len(rules.all_pins)} pins and at most {rules.max_holds} holds contradict each other"
    if rules.min_holds > rules.max_holds:
        return f"at least {rules.min_holds} holds and at most {rules.max_holds} contradict each other"
    none = frozenset[str]()
    relaxed = {
        f"the bans of {len(rules.bans)} holds": replace(rules, bans=none),
        "the choice of hold sets": replace(rules, hold_sets=None),
        f"the pins {_list(rules.all_pins)}": replace(rules, pins=none, start_pins=none, hand_pins=none),
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
