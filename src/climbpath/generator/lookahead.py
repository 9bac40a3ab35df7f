"""The rules that the sampler enforces while it samples: reach, length, requested holds, and never a dead end.

A choice is allowed only if some completion of it is valid. That is decided by how many more hands a problem needs to
come within reach of a finish and of every pin: the lengths of shortest paths upwards in board order, computed once for
each hold. The bounds are safe: whatever they allow can be completed, and from every state that they allow, they allow
a next choice, namely the lowest hold on any of those paths. Methods name the step of docs/architecture.md,
"What the lookahead guarantees", that each implements.
"""

from dataclasses import replace

import numpy as np

from climbpath.board import FINISH, FOOT, HAND, ROLES, START, TOLERANCE_CM, Board
from climbpath.errors import ClimbpathError
from climbpath.model.order import Bools, Ints, before_pins, may_follow, uses
from climbpath.problem import Rules

NEVER = 1 << 20
"""Hands needed if there is no way."""
FEW = 4
"""With more free finish holds in reach than this, it need not be counted which ones a hand brings within reach."""


class State:
    """The state of B sequences that are sampled in lock-step.

    `last` [B], `finishes` [B], `feet` [B] and `used` [B] are the last choice, and how many finish holds, foot holds and
    holds for hands in all were chosen. `within` [B, H] marks the holds in reach of one the hands use, `foot_within`
    [B, H] those in a foot's reach, `free` [B, C] the choices whose hold is not used, `open_pins` [B, C] the pins that
    are still to be placed.
    """

    def __init__(self, board: Board, pins: Bools, count: int) -> None:
        self.step = 0
        self.last = np.zeros(count, np.int64)
        self.finishes = np.zeros(count, np.int64)
        self.feet = np.zeros(count, np.int64)
        self.used = np.zeros(count, np.int64)
        self.within = np.zeros((count, len(board.holds)), bool)
        self.foot_within = np.zeros((count, len(board.holds)), bool)
        self.free = np.ones((count, len(board.choice_roles) + 1), bool)
        self.open_pins = np.repeat(pins[None], count, axis=0)

    def keep(self, rows: Ints) -> None:
        """Drop all rows but these."""
        for name in ("last", "finishes", "feet", "used", "within", "foot_within", "free", "open_pins"):
            setattr(self, name, getattr(self, name)[rows])


class Lookahead:
    """The rules on one board at one angle, computed once for any number of batches."""

    def __init__(self, board: Board, angle: int | None, rules: Rules) -> None:
        self.board, self.angle, self.rules = board, angle, rules
        self.fewest, self.most = rules.length(board)
        self.most_feet = rules.feet(board)
        labels = board.labels
        reach = board.reach_cm if rules.max_reach is None else rules.max_reach
        self.near = board.distance <= reach + TOLERANCE_CM
        height = np.array([hold.y for hold in board.holds])
        self.foot_near = (board.distance <= board.foot_reach_cm + TOLERANCE_CM) & (height <= height[:, None])
        usable = _chosen(labels, rules.usable(board))
        start, hand, foot, finish = (of_role & usable for of_role in board.may(angle))
        # what a pin without a role is: a finish where place tells so, else a hand or start
        told = finish if board.rows else np.zeros_like(finish)
        free_pins = _chosen(labels, rules.pins)
        finish_pins = _chosen(labels, rules.finish_pins) | (free_pins & told)
        foot_pins = _chosen(labels, rules.foot_pins)
        asked_start, asked_finish = (_chosen(labels, chosen or frozenset()) for chosen in (rules.start, rules.finish))
        start_pins, hand_only = _chosen(labels, rules.start_pins), _chosen(labels, rules.hand_pins)
        hand_pins = (free_pins & ~finish_pins) | start_pins | hand_only
        self.fixed_start = _indices(board, rules.start or frozenset())
        top_pins = [int(pin) for pin in np.flatnonzero(finish_pins)]
        self.fixed_finish = _indices(board, rules.finish or frozenset()) or (top_pins if len(top_pins) > 1 else [])
        self.top_pin = top_pins[0] if top_pins and not self.fixed_finish else None
        self.ends = max(1, len(self.fixed_finish))
        self.hand_pins = [int(pin) for pin in np.flatnonzero(hand_pins)]
        # the holds of every role, [H] each: one that is asked for in a role is kept for it
        for_finish = finish_pins | asked_finish
        self.starts = start & _chosen(labels, rules.start) & ~hand_only & ~foot_pins & ~for_finish
        self.hands = hand & ~start_pins & ~asked_start & ~foot_pins & ~for_finish
        self.feet = foot & ~hand_pins & ~asked_start & ~for_finish
        self.finish = finish & _chosen(labels, rules.finish) & ~hand_pins & ~asked_start & ~foot_pins
        self.foot_pins = foot_pins
        wishes = (start_pins, start), (hand_only, hand), (foot_pins, foot), (finish_pins, finish), (free_pins, usable)
        self.unusable = [label for i, label in enumerate(labels) if any(pin[i] and not may[i] for pin, may in wishes)]
        # the pins as choices, [C]: what may be a start or a hand stands as a hand
        self.pins = np.zeros(len(board.choice_roles), bool)
        for role, pins in ((HAND, hand_pins), (FOOT, foot_pins), (FINISH, finish_pins)):
            places = board.choice_of[role, pins]
            self.pins[places[places >= 0]] = True
        # steps 1 and 2
        self.goals = self._goals()
        self.goal_is_any = self.top_pin is None and not self.fixed_finish
        self.shared = self.goal_is_any & self.finish & self.hands
        steps = self.hands & ~self.shared
        self.need = np.stack([self._need(goal, steps) for goal in self.goals])  # [goals, H], after a hand
        self.need_of_pin = [self._need(np.array([pin]), self.hands, below=pin) for pin in self.hand_pins]
        self.pairs = self._pairs(steps)

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

    def _need(self, goal: Ints, steps: Bools, below: int | None = None) -> Ints:
        """Step 2: further hands needed after each hand, [H], all later in board order and below a pin, until a goal
        is in reach: shortest paths upwards over the holds `steps`, from the last hold to the first."""
        top = len(self.near) if below is None else below
        need = np.where(self.near[:, goal].any(axis=1) & (np.arange(len(self.near)) < top), 0, NEVER)
        for hold in range(top - 1, -1, -1):
            ways = need[hold + 1 : top][self.near[hold, hold + 1 : top] & steps[hold + 1 : top]]
            if need[hold] and len(ways):
                need[hold] = min(need[hold], 1 + ways.min())
        return need

    def _fits(self, used: Ints, need: Ints, at_hand: Ints) -> Bools:
        """Whether a problem that used so many holds and needs that many more hands can still be valid: not too long by
        the shortest way, and not too short where it takes all of the `at_hand` hands that it could, but for one that
        may have to be its finish."""
        most = np.maximum(at_hand - bool(self.shared.any()), need)
        return (used + need + self.ends <= self.most) & (used + most + self.ends >= self.fewest)

    def _need_of_start(self, need: Ints, goal: Ints, steps: Bools) -> Ints:
        """Step 3: the same after each start hold, [H], which any hand may follow, lower ones too."""
        ways = np.where(self.near, np.where(steps, 1 + need, NEVER), NEVER).min(axis=1)
        return np.where(self.near[:, goal].any(axis=1), 0, ways)

    def _pairs(self, steps: Bools) -> Bools:
        """Step 4: which start pairs can be completed, [H, H]; the diagonal is one-hold starts."""
        # hands needed until every pin is placed: the pin itself, and the hands on the way to it
        holds = np.arange(len(self.near))
        for_pins = np.zeros(self.near.shape, np.int64)
        for i, (pin, after) in enumerate(zip(self.hand_pins, self.need_of_pin, strict=True)):
            start = self._need_of_start(after, np.array([pin]), self.hands)
            ways = np.minimum(np.minimum(start[:, None], start), after[self.hand_pins[:i]].min(initial=NEVER))
            ways = ways if self.hands[pin] else np.full_like(ways, NEVER)
            for_pins += np.where((holds == pin) | (holds[:, None] == pin), 0, 1 + ways)
        # and until every goal is in reach, from the nearer of the two starts or from a pin on the way
        need = for_pins.copy()
        for goal, after in zip(self.goals, self.need, strict=True):
            start = self._need_of_start(after, goal, steps)
            need += np.minimum(np.minimum(start[:, None], start), after[self.hand_pins].min(initial=NEVER))
        # hands in reach of either start, without the starts themselves: what a long problem can be filled up with
        either = _in_reach_of_either(self.near, self.hands)
        spent = np.minimum(self.hands.astype(np.int64)[:, None] + self.hands, 2)  # starts are no hands
        used = np.where(np.eye(len(near := self.near), dtype=bool), 1, 2)
        pairs = self.starts[:, None] & self.starts & self._fits(used, need, either - spent)
        if self.goal_is_any and self.shared.any():
            # step 8: a start that could be the finish leaves another one within reach
            of_starts = self.finish.astype(np.int64)[:, None] + np.where(np.eye(len(near), dtype=bool), 0, self.finish)
            left = _in_reach_of_either(near, self.finish) - of_starts
            pairs &= (of_starts == 0) | (left > for_pins)
        if self.fixed_start:
            pair = np.zeros_like(pairs)
            pair[self.fixed_start[0], self.fixed_start[-1]] = True
            pairs &= pair
        return np.triu(pairs)

    def possible(self) -> bool:
        """Whether any problem satisfies the rules."""
        few = len(self.fixed_start) <= 2 and len(self.fixed_finish) <= 2
        finishes = [*self.fixed_finish, *([] if self.top_pin is None else [self.top_pin])]
        usable = not self.unusable and self.finish[finishes].all()
        kept = self.pins[self.board.choice_roles == FINISH].sum() <= 2 and self.foot_pins.sum() <= self.most_feet
        in_order = self.fewest <= self.most and set(self._top_pins()) <= set(finishes)
        return bool(few and usable and kept and in_order and self.pairs.any())

    def _top_pins(self) -> list[int]:
        """The holds that are pinned as finish."""
        return self.board.choice_holds[self.pins & (self.board.choice_roles == FINISH)].tolist()

    def check(self) -> None:
        """Raises ClimbpathError, naming the conditions in the way, if no problem satisfies the rules."""
        if not self.possible():
            raise ClimbpathError(_why_not(self.board, self.angle, self.rules))

    def allowed(self, state: State) -> Bools:
        """Which choices may come next, [B, C + 1]; at least one in every row."""
        # what the canonical order admits
        board, roles = self.board, self.board.choice_roles
        step = np.full(len(state.last), state.step)
        mask = may_follow(board, self.angle, step, state.last, state.finishes, state.free[:, :-1])
        # and of that what can be completed: starts by their pairs, hands by what is still needed, feet and finish by
        # what they leave out
        if state.step < 2:
            starts = np.flatnonzero(roles == START)
            first = np.asarray(self.pairs.any(axis=1))
            holds = first if state.step == 0 else self.pairs[board.choice_holds[state.last]]
            mask[:, starts] &= holds[..., board.choice_holds[starts]]
            return mask
        # by hold, [B, H] each, and from there by choice
        for role, rule in ((HAND, self._hand), (FOOT, self._foot), (FINISH, self._finish)):
            columns = np.flatnonzero(roles == role)
            if len(columns):
                holds = board.choice_holds[columns]
                candidates = np.zeros(state.within.shape, bool)
                candidates[:, holds] = mask[:, columns[0] : columns[-1] + 1]
                mask[:, columns[0] : columns[-1] + 1] = rule(state, candidates)[:, holds]
        mask[:, -1] &= (state.finishes >= self.ends) | (state.last == len(roles))
        if self.pins.any():  # step 5: no pin is skipped
            mask &= before_pins(state.open_pins)
        return mask

    def _finish(self, state: State, candidates: Bools) -> Bools:
        """Step 7: which finish holds may come next, [B, H]: in reach, not too early, not in place of an owed one."""
        allowed: Bools = candidates & self.finish & state.within & (state.used < self.most)[:, None]
        if self.fixed_finish:
            # a finish that is asked for comes hold by hold, once each can be reached
            turn = np.array([*self.fixed_finish, -1])[np.minimum(state.finishes, len(self.fixed_finish))]
            allowed &= np.arange(allowed.shape[1]) == turn[:, None]
            for goal in self.goals:
                allowed &= (state.within[:, goal].any(axis=1) | (state.finishes > 0))[:, None]
        elif self.top_pin is not None:
            # beside a pinned finish hold another one may come first, if there is room for both
            owed = state.open_pins[:, self.board.choice_of[FINISH, self.top_pin]]
            other = ~owed | ((state.finishes == 0) & (state.used + 1 < self.most))
            is_pin = np.arange(allowed.shape[1]) == self.top_pin
            allowed &= (is_pin | other[:, None]) & (state.within[:, self.top_pin] | ~owed)[:, None]
        return allowed & ((state.finishes > 0) | (state.used + self.ends >= self.fewest))[:, None]

    def _foot(self, state: State, candidates: Bools) -> Bools:
        """Step 9: which holds may be the next foot, [B, H]: where feet can be, once the hands are complete, with room
        for the feet that are pinned, and never the last hold that could be the finish."""
        done = (state.used + self.ends >= self.fewest) & (state.used + self.ends <= self.most)
        for goal in self.goals:
            done &= state.within[:, goal].any(axis=1)
        owed = np.zeros(len(done), np.int64)
        if self.foot_pins.any():
            owed = state.open_pins[:, self.board.choice_of[FOOT, self.foot_pins]].sum(axis=1)
        room = np.where(self.foot_pins, 1, (state.feet + owed < self.most_feet)[:, None])
        allowed = candidates & self.feet & (state.foot_within | self.foot_pins) & (room > 0) & done[:, None]
        if self.goal_is_any:
            finishes = self._open_finishes(state)
            allowed &= finishes.sum(axis=1, keepdims=True) - finishes >= 1
        return allowed

    def _open_finishes(self, state: State) -> Bools:
        """The holds that could be the finish now, [B, H]: within reach and not used."""
        columns = self.board.choice_of[FINISH]  # the last column of `free`, "end", stands for -1 and is always free
        found: Bools = self.finish & state.within & state.free[:, columns]
        return found

    def _hand(self, state: State, candidates: Bools) -> Bools:
        """Step 6: which candidates [B, H] may be the next hand: in reach, and what is needed after it still fits."""
        candidates &= self.hands & state.within
        later = candidates[:, ::-1].cumsum(axis=1)[:, ::-1] - candidates
        # hands that are needed behind each candidate, for every goal and for every pin that is still to be placed
        total = np.zeros(candidates.shape, np.int64)
        for i, (pin, need) in enumerate(zip(self.hand_pins, self.need_of_pin, strict=True)):
            owed = self._is_owed(state, [pin]) & (np.arange(candidates.shape[1]) != pin)
            total += owed
            far = owed & ~state.within[:, [pin]]
            if far.any():
                total += np.where(far, self._further(state, candidates, need, self.hand_pins[:i]), 0)
        kept = self._leaves_finish(state, candidates, total) if self.shared.any() else candidates
        steps = candidates & ~self.shared if self.shared.any() else candidates
        for goal, need in zip(self.goals, self.need, strict=True):
            there = np.any(state.within[:, goal], axis=1, keepdims=True)
            if there.all():
                continue
            total += np.where(there, 0, self._further(state, steps, need, self.hand_pins))
        return kept & self._fits(state.used[:, None] + 1, total, later)

    def _leaves_finish(self, state: State, candidates: Bools, for_pins: Ints) -> Bools:
        """Step 8: of the candidates [B, H], those that leave a hold which could be the finish. One that could itself be
        the finish is taken only where others stay in reach, one more than the hands on the way to pins may use up."""
        finishes = self._open_finishes(state)
        left = finishes.sum(axis=1, keepdims=True) - finishes
        rows = np.flatnonzero(left.min(axis=1) <= FEW + for_pins.max(initial=0))
        if len(rows):
            # also those that the candidate itself brings within reach
            unused = state.free[rows][:, self.board.choice_of[FINISH]]
            more = self.finish & unused & ~state.within[rows]
            brought = more.astype(np.float32) @ self.near.T.astype(np.float32) - more * self.near.diagonal()
            left[rows] = left[rows] + brought.astype(np.int64)
        kept: Bools = candidates & (~self.shared | (left > for_pins))
        return kept

    def _is_owed(self, state: State, pins: list[int]) -> Bools:
        """Which of these pins for hands are still to be placed, [B, pins]."""
        places = self.board.choice_of[HAND, pins]
        owed: Bools = state.open_pins[:, places] & (places >= 0)
        return owed

    def _further(self, state: State, candidates: Bools, need: Ints, pins: list[int]) -> Ints:
        """Hands needed after each candidate, [B, H]: from it, a later one in reach, or a pin not yet placed."""
        ways = np.where(candidates, 1 + need, NEVER)
        others = np.minimum.accumulate(ways[:, ::-1], axis=1)[:, ::-1]
        others = np.concatenate([others[:, 1:], np.full((len(ways), 1), NEVER)], axis=1)
        best = np.minimum(need, others)
        if pins:
            owed = np.where(self._is_owed(state, pins), need[pins], NEVER)
            best = np.minimum(best, owed.min(axis=1, keepdims=True))
        return best

    def choose(self, state: State, choice: Ints) -> None:
        """Advance every sequence by one choice, [B], out of those that `allowed` gave."""
        board = self.board
        role, hold = np.append(board.choice_roles, -1)[choice], np.append(board.choice_holds, 0)[choice]
        again = (state.step == 1) & (choice == state.last)
        for_hands = (role == START) | (role == HAND) | (role == FINISH)
        state.used += for_hands & ~again
        state.feet += role == FOOT
        state.finishes += role == FINISH
        state.within |= self.near[hold] & for_hands[:, None]
        if board.has_feet:
            state.foot_within |= self.foot_near[hold] & (for_hands & (role != FINISH))[:, None]
        same = uses(board, choice)  # [B, ROLES]
        rows = np.arange(len(choice))[:, None]
        state.free[rows, same] = False
        state.free[:, -1] = True
        if self.pins.any():
            open_pins = np.concatenate([state.open_pins, np.zeros_like(state.open_pins[:, :1])], axis=1)
            open_pins[rows, same] = False
            state.open_pins = open_pins[:, :-1]
        state.last = choice
        state.step += 1


def _in_reach_of_either(near: Bools, among: Bools) -> Ints:
    """How many of some holds [H] are in reach of one or the other of two holds, [H, H]."""
    reached = near & among
    shared = (reached.astype(np.float32) @ reached.T).astype(np.int64)
    count = reached.sum(axis=1)
    either: Ints = count[:, None] + count - shared
    return either


def _indices(board: Board, labels: frozenset[str]) -> list[int]:
    return sorted(board.index[label] for label in labels)


def _chosen(labels: tuple[str, ...], wanted: frozenset[str] | None) -> Bools:
    return np.array([wanted is None or label in wanted for label in labels])


def _list(labels: frozenset[str]) -> str:
    return ", ".join(sorted(labels))


def _why_not(board: Board, angle: int | None, rules: Rules) -> str:
    """Which conditions are in the way, in words, of rules that no problem satisfies."""
    may = board.may(angle)
    fewest, most = rules.length(board)
    # a hold in a role that it cannot have
    for role, plural, labels in (
        (START, "starts", {*(rules.start or ()), *rules.start_pins}),
        (FINISH, "finishes", {*(rules.finish or ()), *rules.finish_pins}),
        (HAND, "hand holds", rules.hand_pins),
    ):
        for label in sorted(labels):
            if not may[role, board.index[label]]:
                where = board.where(ROLES[role], angle)
                return f"{label} cannot be a {ROLES[role]} hold: on {board.title} {plural} are {where}"
    if rules.foot_pins and not board.has_feet:
        return f"{_list(rules.foot_pins)} cannot be a foot hold: problems of {board.title} name none"
    # more or other holds than a role takes
    for role_name, wanted in (("start", rules.start), ("finish", rules.finish)):
        if wanted is not None and not 1 <= len(wanted) <= 2:
            return f"a problem has one or two {role_name} holds, not {len(wanted)}"
    for role_name, pinned, asked in (
        ("start", rules.start_pins, rules.start),
        ("finish", rules.finish_pins, rules.finish),
    ):
        if len(pinned) > 2:
            return f"a problem has one or two {role_name} holds, not {len(pinned)}"
        if asked is not None and (others := pinned - asked):
            return f"{_list(others)} pinned as {role_name} contradicts the {role_name} {_list(asked)}"
    roles = {
        "a start hold": rules.start_pins | (rules.start or frozenset()),
        "a hand hold": rules.hand_pins,
        "a foot hold": rules.foot_pins,
        "a finish hold": rules.finish_pins | (rules.finish or frozenset()),
    }
    for label in sorted(frozenset[str]().union(*roles.values())):
        given = [name for name, labels in roles.items() if label in labels]
        if len(given) > 1:
            return f"{label} is pinned both as {given[0]} and as {given[1]}"
    # holds that may not be used
    usable = rules.usable(board)
    for name, labels in {**roles, "pinned": rules.all_pins}.items():
        for label in sorted(labels):
            if label in usable:
                continue
            is_pin, role_name = label in rules.all_pins, name.split()[-2] if " " in name else name
            what = f"{'pinned' if is_pin else role_name} hold {label}"
            if label in rules.bans:
                return f"{label} is both {'pinned' if is_pin else f'asked for as {role_name}'} and banned"
            if rules.hold_sets is not None and board.hold(label).hold_set not in rules.hold_sets:
                return f"{what} is of hold set {board.hold(label).hold_set}, which is not among yours"
            return f"{what} is not on the size {rules.size}"
    finish_rows = may[FINISH] if board.rows else np.zeros(len(board.holds), bool)
    top_pins = sorted(label for label in rules.pins | rules.finish_pins if finish_rows[board.index[label]])
    if len(top_pins) > 2:
        return f"{', '.join(top_pins)} are pinned in the top row; a problem has one or two finish holds"
    if rules.finish is not None and not rules.finish.issuperset(top_pins):
        return f"{', '.join(top_pins)} pinned in the top row contradicts the finish {_list(rules.finish)}"
    # numbers that contradict each other
    pins = rules.all_pins - rules.foot_pins
    if len(pins) + (not top_pins and not rules.finish_pins) > most:
        return f"{len(pins)} pins and at most {most} holds contradict each other"
    if len(rules.foot_pins) > rules.feet(board):
        return f"{len(rules.foot_pins)} pinned feet and at most {rules.feet(board)} feet contradict each other"
    if fewest > most and rules.min_holds is None:
        return f"problems on {board.title} have {fewest} holds or more: allow that many, or name fewer as the least"
    if fewest > most:
        return f"at least {fewest} holds and at most {most} contradict each other"
    none = frozenset[str]()
    unpinned = replace(rules, pins=none, start_pins=none, hand_pins=none, foot_pins=none, finish_pins=none)
    relaxed = {
        f"the bans of {len(rules.bans)} holds": replace(rules, bans=none),
        "the choice of hold sets": replace(rules, hold_sets=None),
        f"the size {rules.size}": replace(rules, size=None),
        f"the pins {_list(rules.all_pins)}": unpinned,
        "the start": replace(rules, start=None),
        "the finish": replace(rules, finish=None),
        f"at most {most} holds": replace(rules, max_holds=len(board.holds)),
        f"at least {fewest} holds": replace(rules, min_holds=0),
        f"a reach of {board.reach_cm if rules.max_reach is None else rules.max_reach:.0f} cm": replace(
            rules, max_reach=float(board.distance.max())
        ),
    }
    blamed = [name for name, one in relaxed.items() if one != rules and Lookahead(board, angle, one).possible()]
    culprits = f"without {' or without '.join(blamed)} there would be some" if blamed else "several conditions clash"
    return f"no problem on {board.title} keeps to these conditions: {culprits}"
