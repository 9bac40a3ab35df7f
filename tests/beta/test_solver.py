"""The beta of a problem: the cheapest of all ways, for climbers of every size, and as a body would do it."""

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from climbpath import board as boards
from climbpath.beta import solver
from climbpath.beta.body import CAMPUS, DEFAULT_CLIMBER, KICKBOARD, LEAP, STEP, Climber, FootRule, pull
from climbpath.beta.moves import HANDS, Beta, crossed_by, describe
from climbpath.beta.solver import CROSSED_START, DOWN, OUT_OF_REACH, SKIPPED, solve
from climbpath.beta.weights import move_weights, poorness
from climbpath.board import Hold
from climbpath.errors import ClimbpathError
from climbpath.problem import DEFAULT_METHOD, Problem, parse_notation
from support.making import BOARDS, EVERY_BOARD, problems, random_problems

LEFT, RIGHT = HANDS
CLIMBERS = st.builds(Climber, st.integers(140, 200), st.integers(-10, 10))
WITH_ESTIMATES_AND_WITHOUT = ("moonboard-2016", "moonboard-masters-2017")
OTHERS = tuple(name for name in EVERY_BOARD if name not in BOARDS)
Hands = tuple[int, int]


SMALL = problems(WITH_ESTIMATES_AND_WITHOUT, feet=False, details=False, max_holds=6, crowded=(8, 9)) | problems(
    OTHERS, details=False, max_holds=6
)
"""Problems of 2 to 6 holds; that several share a row is not rare on MoonBoards."""


def usable(problem: Problem) -> list[str]:
    return [*problem.start, *problem.hands, *problem.finish]


def begins(problem: Problem) -> set[tuple[str, str]]:
    """The holds of left and right hand at the start."""
    first, second = problem.start[0], problem.start[-1]
    return {(first, second), (second, first)}


def ends(problem: Problem) -> set[tuple[str, str]]:
    """The holds of left and right hand at the end."""
    first, second = problem.finish[0], problem.finish[-1]
    return {(first, second), (second, first)}


METHODS = (DEFAULT_METHOD, "No kickboard", "Footless", "Footless + kickboard", "Screw ons only")
ANY_FEET = st.builds(lambda problem, method: replace(problem, method=method), SMALL, st.sampled_from(METHODS))


class Plain:
    """What a way costs, and what the cheapest costs, one number at a time."""

    def __init__(self, problem: Problem, climber: Climber) -> None:
        self.problem, self.climber = problem, climber
        layout = boards.load(problem.board)
        self.labels = usable(problem)
        self.holds = [layout.hold(label) for label in self.labels]
        self.feet = [layout.hold(label) for label in problem.holds]
        self.rule = FootRule.of(problem)
        self.unit = 100 * climber.span / 175
        table = poorness(problem.board) * pull(problem.angle)
        self.poor = [{hand: table[i][layout.index[label]] for i, hand in enumerate(HANDS)} for label in self.labels]
        self.weights = move_weights(problem.board)

    def standing(self, other: Hold, hold: Hold) -> tuple[float, float]:
        """How far the further of two holds is from the best foothold, and where across the board that is."""
        if self.rule.anywhere:
            return 0, other.x
        lower, upper = sorted((other, hold), key=lambda one: one.y)
        far, foot = math.inf, upper.x if upper.y > lower.y else other.x
        if self.rule.kickboard:
            far = max(upper.y + KICKBOARD, math.hypot(upper.x - lower.x, lower.y + KICKBOARD))
        for at in self.feet if self.rule.holds else ():
            further = max(math.dist((at.x, at.y), (one.x, one.y)) for one in (other, hold))
            step = 0 if self.rule.marked and at.label in self.problem.feet else STEP
            if at.y <= lower.y - step and further < far:
                far, foot = further, at.x
        return far, foot

    def too_far(self, one: int, other: int) -> float:
        """By how many cm the hands cannot hold two holds."""
        first, second = self.holds[one], self.holds[other]
        apart = math.dist((first.x, first.y), (second.x, second.y))
        far, _ = self.standing(first, second)
        feet = far - self.climber.overhead - LEAP * self.climber.height
        beyond = max(apart - self.climber.span, min(feet, apart - CAMPUS * self.climber.span))
        return beyond if beyond > 1e-3 else 0

    def beyond(self, one: int, other: int) -> float:
        """What it costs that two holds are out of reach."""
        cm = self.too_far(one, other)
        return OUT_OF_REACH * (1 + (cm / 10) ** 2) if cm else 0

    def start(self, left: int, right: int) -> float:
        crossed = (self.holds[left].x - self.holds[right].x) / self.unit >= 0.1
        return CROSSED_START**2 * crossed + self.beyond(left, right)

    def skipped(self, origin: int, hold: int, other: int) -> int:
        """Holds passed by. Of holds in one row, taking an earlier one after a later one makes good for passing it."""
        if hold == other:
            return 0
        start = max(self.holds[i].y for i in range(len(self.problem.start)))
        needed = [place for place, one in enumerate(self.holds) if one.y > start]
        count = len([place for place in needed if max(origin, other) < place < hold])
        if hold not in needed:
            return count
        top = max(origin, other)
        count += self.holds[hold].y == self.holds[origin].y
        return count - (hold < top and self.holds[hold].y == self.holds[top].y)

    def features(self, hand: str, origin: int, hold: int, other: int) -> dict[str, float]:
        new, old, still = self.holds[hold], self.holds[origin], self.holds[other]
        outward = (new.x - still.x if hand == RIGHT else still.x - new.x) / self.unit
        far, foot = self.standing(still, new)
        if far > self.climber.overhead + LEAP * self.climber.height:
            far, foot = (1 + LEAP) * self.climber.overhead, still.x
        return {
            "crossed": max(0, -outward) ** 2,
            "match": hold == other,
            "rise": max(0, new.y - still.y) / self.unit,
            "stretch": max(0, far / self.climber.overhead - 0.5),
            "balance": abs(foot - still.x) / self.unit,
            "poor hold": self.poor[hold][hand],
            "poor other hold": self.poor[other][LEFT if hand == RIGHT else RIGHT],
            "travel": math.dist((new.x, new.y), (old.x, old.y)) / self.unit,
            "swing": abs(new.x - old.x) / self.unit,
            "higher hand": old.y > still.y,
        }

    def difficulty(self, hand: str, origin: int, hold: int, other: int) -> float:
        return sum(self.weights[name] * value for name, value in self.features(hand, origin, hold, other).items())

    def move(self, hand: str, origin: int, hold: int, other: int) -> float:
        down = self.holds[hold].y < self.holds[origin].y and self.labels[hold] not in self.problem.finish
        hard = self.difficulty(hand, origin, hold, other)
        return hard**2 + SKIPPED**2 * self.skipped(origin, hold, other) + DOWN * down + self.beyond(hold, other)

    def cost_of(self, found: Beta) -> float:
        place = {label: i for i, label in enumerate(self.labels)}
        cost = self.start(place[found.start[0]], place[found.start[1]])
        return cost + sum(self.move(m.hand, place[m.origin], place[m.hold], place[m.other]) for m in found.moves)

    def cheapest(self) -> float:
        place = {label: i for i, label in enumerate(self.labels)}
        last = {(place[left], place[right]) for left, right in ends(self.problem)}

        @cache
        def onward(left: int, right: int) -> float:
            options = [0.0] if (left, right) in last else []
            for hold in range(left + 1, len(self.labels)):
                options.append(self.move(LEFT, left, hold, right) + onward(hold, right))
            for hold in range(right + 1, len(self.labels)):
                options.append(self.move(RIGHT, right, hold, left) + onward(left, hold))
            return min(options, default=math.inf)

        starts = [(place[left], place[right]) for left, right in begins(self.problem)]
        return min(self.start(*hands) + onward(*hands) for hands in starts)


def beta(notation: str, climber: Climber = DEFAULT_CLIMBER, board: str = "moonboard-2016") -> Beta:
    (found,) = solve([parse_notation(notation, board=board)], climber)
    return found


# Which way is taken


@settings(deadline=None)
@given(ANY_FEET, CLIMBERS)
def test_no_other_way_is_cheaper(problem: Problem, climber: Climber) -> None:
    (found,) = solve([problem], climber)
    plain = Plain(problem, climber)
    assert plain.cost_of(found) == pytest.approx(plain.cheapest(), rel=1e-9, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(problems(EVERY_BOARD), CLIMBERS)
def test_moves_lead_from_the_start_to_both_hands_on_the_finish(problem: Problem, climber: Climber) -> None:
    (found,) = solve([problem], climber)
    assert (found.problem, found.climber) == (problem, climber)
    assert found.start in begins(problem)
    order = usable(problem)
    hands = dict(zip(HANDS, found.start, strict=True))
    taken = set(found.start)
    for move in found.moves:
        others = LEFT if move.hand == RIGHT else RIGHT
        assert (move.origin, move.other) == (hands[move.hand], hands[others])
        assert order.index(move.hold) > order.index(move.origin)
        assert move.is_match == (move.hold == hands[others])
        hands[move.hand] = move.hold
        taken.add(move.hold)
    assert (hands[LEFT], hands[RIGHT]) in ends(problem)
    assert taken <= set(order)
    assert set(found.no_hand) == set(problem.holds) - taken
    assert len(found.no_hand) == len(set(found.no_hand))


@settings(max_examples=60, deadline=None)
@given(problems(EVERY_BOARD), CLIMBERS)
def test_the_crux_is_the_hardest_move(problem: Problem, climber: Climber) -> None:
    (found,) = solve([problem], climber)
    hardest = max(move.difficulty for move in found.moves)
    assert found.moves[found.crux].difficulty == hardest
    plain, place = Plain(problem, climber), {label: i for i, label in enumerate(usable(problem))}
    for move in found.moves:
        ends_it = move.is_match and move.hold == problem.finish[-1]
        hard = plain.difficulty(move.hand, place[move.origin], place[move.hold], place[move.other])
        assert move.difficulty == pytest.approx(0 if ends_it else hard, abs=1e-6)
    assert found.difficulty == pytest.approx(sum(move.difficulty**4 for move in found.moves) ** 0.25)


def test_hands_alternate_up_a_ladder() -> None:
    found = beta("E6s G6s E8 G10 E13 G15 E18e G18e")
    assert found.start == ("E6", "G6")
    assert [(move.hand, move.hold) for move in found.moves] == [
        *(("LH", "E8"), ("RH", "G10"), ("LH", "E13"), ("RH", "G15"), ("LH", "E18"), ("RH", "G18")),
    ]
    assert found.no_hand == ()


def test_feet_are_for_feet() -> None:
    found = beta("F5s D3f D9 G13 I16 G18e")
    assert found.no_hand == ("D3",)
    assert {move.hold for move in found.moves} == {"D9", "G13", "I16", "G18"}


def test_betas_come_in_the_order_of_the_problems() -> None:
    mixed = [
        problem
        for group in zip(*(random_problems(20, board, seed=3) for board in boards.names()), strict=True)
        for problem in group
    ]
    assert len({len(problem.holds) for problem in mixed}) > 3
    alone = [solve([problem])[0] for problem in mixed]
    assert [found.problem for found in alone] == mixed
    assert [(b.problem, b.start, _taken(b)) for b in solve(mixed)] == [(b.problem, b.start, _taken(b)) for b in alone]
    assert solve([]) == []


def test_large_batches_are_worked_off_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    some = random_problems(40)
    together = solve(some)
    monkeypatch.setattr(solver, "BATCH", 1)
    assert [(b.start, _taken(b)) for b in solve(some)] == [(b.start, _taken(b)) for b in together]


def _taken(found: Beta) -> list[tuple[str, str]]:
    return [(move.hand, move.hold) for move in found.moves]


# Who climbs


def test_what_is_out_of_reach_is_measured() -> None:
    """F5 and G18 are 20 cm and 13 rows of 20 cm apart."""
    found = beta("F5s G18e", Climber(165))
    apart = math.hypot(20, 13 * 20)  # the feet, on the kickboard, are even further off
    assert [move.too_far for move in found.moves] == pytest.approx([apart - CAMPUS * 165, 0])
    assert found.too_far == pytest.approx(145.268, abs=1e-3)
    assert found.start_too_far == 0
    assert not beta("F5s F10 F14 G18e", Climber(165)).too_far
    assert not beta("A5s I5s E10 E14 E18e", Climber(160)).too_far
    assert beta("A5s I5s E10 E14 E18e", Climber(159)).too_far == pytest.approx(1)


def test_what_is_too_far_is_done_in_moves_as_short_as_can_be() -> None:
    """Not in one leap from F5 to G18, so that only one move is out of reach."""
    found = beta("F5s D12 G18e", Climber(165))
    assert "D12" in {move.hold for move in found.moves}
    assert found.too_far < 50


def test_a_start_out_of_reach_is_described() -> None:
    found = beta("A5s K5s F9 F14 G18e", Climber(165))
    assert found.start_too_far == pytest.approx(35)
    assert found.too_far == pytest.approx(35)
    assert describe(found)[0] == "start  LH on A5, RH on K5  out of reach by 35 cm"


@settings(max_examples=60, deadline=None)
@given(problems(EVERY_BOARD), st.integers(140, 200), st.integers(0, 20))
def test_what_a_climber_climbs_a_taller_one_climbs(problem: Problem, height: int, more: int) -> None:
    (short,), (tall,) = solve([problem], Climber(height)), solve([problem], Climber(height + more))
    assert short.too_far >= 0
    if not short.too_far:
        assert not tall.too_far


@settings(max_examples=60, deadline=None)
@given(problems(EVERY_BOARD), CLIMBERS)
def test_what_is_out_of_reach_is_further_than_arms_or_feet_allow(problem: Problem, climber: Climber) -> None:
    (found,) = solve([problem], climber)
    plain, place = Plain(problem, climber), {label: i for i, label in enumerate(usable(problem))}
    assert found.start_too_far == pytest.approx(plain.too_far(*map(place.__getitem__, found.start)), abs=1e-3)
    for move in found.moves:
        assert move.too_far == pytest.approx(plain.too_far(place[move.hold], place[move.other]), abs=1e-3)
    assert found.too_far == max(found.start_too_far, *(move.too_far for move in found.moves))


def test_long_arms_are_worth_more_than_height() -> None:
    """Both reach as far sideways, but legs only add to what is above the feet."""
    assert Climber(170, 8).span == Climber(178).span == 178
    assert Climber(170).overhead < Climber(170, 8).overhead < Climber(178).overhead


@pytest.mark.parametrize(
    ("climber", "message"),
    [
        (Climber(300), r"height is 100 to 230 cm \(3'3\" to 7'7\"\), not 300 cm"),
        (Climber(-1), "height is 100 to 230 cm .*, not -1 cm"),
        (Climber(float("nan")), "height is 100 to 230 cm .*, not nan cm"),
        (Climber(float("inf")), "height is 100 to 230 cm .*, not inf cm"),
        (Climber(175, 41), "ape index is -40 to 40 cm .*, not 41 cm"),
        (Climber(175, float("nan")), "ape index is -40 to 40 cm .*, not nan cm"),
    ],
)
def test_nobody_is_such_a_climber(climber: Climber, message: str) -> None:
    with pytest.raises(ClimbpathError, match=message):
        solve(random_problems(1), climber)


# As a body would


@pytest.mark.parametrize(
    ("notation", "start", "way"),
    [
        ("F5s G6s G8 E10 E12 B13 D15 D17 E18e", "F5 G6", "RG8 LE10 RE12 LB13 RD15 LD17 RE18 LE18"),
        ("B4s D6s C9 A10 D13 C18e", "B4 D6", "RC9 LA10 RD13 LC18 RC18"),
        ("F5s G6s G2 G4 K6 H10 F11 G13 F14 H16 G18e", "F5 G6", "RH10 LF11 RG13 LF14 RH16 RG18 LG18"),
        ("D5s C6s G2 H11 F16 B18e", "C6 D5", "RH11 LF16 RF16 LB18 RB18"),
    ],
)
def test_betas_that_were_nonsense_are_what_a_climber_would_do(notation: str, start: str, way: str) -> None:
    found = beta(notation)
    assert (" ".join(found.start), " ".join(move.hand[0] + move.hold for move in found.moves)) == (start, way)


@settings(max_examples=60, deadline=None)
@given(problems(EVERY_BOARD), CLIMBERS)
def test_no_hand_goes_down_where_another_way_is_within_reach(problem: Problem, climber: Climber) -> None:
    layout = boards.load(problem.board)

    def taken_from_above(beta: Beta) -> list[str]:
        low = [move.hold for move in beta.moves if layout.hold(move.hold).y < layout.hold(move.origin).y]
        return [label for label in low if label not in problem.finish]

    (found,) = solve([problem], climber)
    low = taken_from_above(found)
    if low and not found.too_far:
        # not among the feet, either: on a hold marked for feet one stands higher than on one for hands
        hands = tuple(label for label in problem.hands if label not in low)
        (other,) = solve([replace(problem, hands=hands)], climber)
        assert other.too_far or len(taken_from_above(other)) >= len(low)


def test_a_hand_goes_down_where_the_hold_above_is_within_reach_only_from_a_marked_foothold() -> None:
    problem = parse_notation("4287s 4667 4679 4678 4172 4497 4562e", "kilter-homewall", 0, "4A")
    (found,) = solve([problem], Climber(height=140, ape=0))
    assert found.moves[0].hold == "4172"
    (other,) = solve([replace(problem, hands=("4497",))], Climber(height=140, ape=0))
    assert other.too_far


def test_a_finish_below_other_holds_is_reached_by_way_of_them() -> None:
    """Up to 83 and along, and back down to the finish: no hold is left out because it is above the finish."""
    layout = boards.load("tension-1")
    by_place = {(hold.x, hold.y): hold.label for hold in layout.holds}
    rows = sorted({hold.y for hold in layout.holds if hold.hold_set != "Foot Set"})
    xs = sorted({hold.x for hold in layout.holds})
    middle = xs[len(xs) // 2]
    column = [by_place[middle, y] for y in rows if (middle, y) in by_place]
    start, *hands, finish, top = column[4], *column[6:12:2], column[11], column[12]
    problem = parse_notation(f"{start}s {' '.join(hands)} {top} {finish}e", "tension-1")
    (found,) = solve([problem])
    assert found.no_hand == ()
    assert [move.hold for move in found.moves][-1] == finish


def test_holds_below_the_start_may_be_stood_on() -> None:
    """Without the kickboard, the feet need D3 to get to D13 from D6 and beyond."""
    method = "Feet follow hands, no kickboard"
    with_feet, without = (
        replace(parse_notation(notation), method=method) for notation in ("D6s D3 D13 D18e", "D6s D13 D18e")
    )
    (easier,), (harder,) = solve([with_feet]), solve([without])
    assert easier.no_hand == ("D3",)
    assert not easier.too_far
    assert easier.difficulty < harder.difficulty
    assert harder.too_far == pytest.approx(140 - CAMPUS * 175)


def test_the_foot_rule_bounds_what_is_within_reach() -> None:
    """From B4 to B11 it is 140 cm: too far for hands alone, not for a body that stands on the kickboard."""
    problem = parse_notation("B4s B11 B15 B18e")
    far = {method: solve([replace(problem, method=method)])[0].too_far for method in METHODS}
    on_feet = {DEFAULT_METHOD, "Screw ons only", "Footless + kickboard"}
    assert {method for method in METHODS if not far[method]} == on_feet
    assert far["Footless"] == far["No kickboard"] == pytest.approx(140 - CAMPUS * 175)


def test_feet_that_stand_on_holds_passed_reach_on_without_the_kickboard() -> None:
    """D5 is a foothold once the hands are above it: the move of 140 cm from D9 to D16 needs it."""
    problem = replace(parse_notation("D5s D9 D16 D18e"), method="No kickboard")
    assert not solve([problem])[0].too_far
    assert solve([replace(problem, method="Footless")])[0].too_far


def test_a_start_is_uncrossed_unless_the_holds_are_one_above_the_other() -> None:
    some = [problem for problem in random_problems(300, seed=5) if len(problem.start) == 2]
    crossed = []
    for found in solve(some):
        left, right = (boards.load(found.problem.board).hold(label) for label in found.start)
        if left.x != right.x:
            crossed.append(left.x > right.x)
    assert len(crossed) > 50
    assert np.mean(crossed) <= 0.02


def test_a_beta_matches_where_a_cross_would_be_wide() -> None:
    """Four columns to the left of the left hand: the right hand does not reach across."""
    found = beta("F5s I10 G12 C15 C18e")
    assert any(move.is_match for move in found.moves[:-1])
    assert all(crossed_by(move, found.problem.board) <= 20 for move in found.moves)


def test_height_changes_the_beta() -> None:
    """A short climber takes I5 in between, and matches on H10 to get on; a tall one does neither."""
    notation = "F5s I5 H10 G13 I14 E15 E18e"
    short, tall = beta(notation, Climber(152)), beta(notation, Climber(195))
    assert (short.too_far, tall.too_far) == (0, 0)
    assert (short.no_hand, tall.no_hand) == ((), ("I5",))
    assert [move.hold for move in short.moves[:-1] if move.is_match] == ["H10"]
    assert not any(move.is_match for move in tall.moves[:-1])
    assert short.difficulty > tall.difficulty
