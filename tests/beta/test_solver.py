"""The beta of a problem: the cheapest of all ways, described in text, for climbers of every size."""

import json
import math
import re
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from climbpath import board as boards
from climbpath.beta import solver
from climbpath.beta.solver import HANDS, Beta, Climber, Move, describe, direction, poorness, solve
from climbpath.board import Board, Hold
from climbpath.errors import ClimbpathError
from climbpath.problem import Problem, parse_notation
from support.making import problems, random_problems

LEFT, RIGHT = HANDS
CLIMBERS = st.builds(Climber, st.integers(140, 200), st.integers(-10, 10))
WITH_ESTIMATES_AND_WITHOUT = ("moonboard-2016", "moonboard-masters-2017")
Hands = tuple[int, int]


SMALL = problems(WITH_ESTIMATES_AND_WITHOUT, feet=False, details=False, max_holds=6, crowded=(8, 9))
"""Problems of 2 to 6 holds; that several share a row is not rare."""


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


class Plain:
    """What a way costs, and what the cheapest costs, one number at a time."""

    def __init__(self, problem: Problem, climber: Climber) -> None:
        self.problem, self.climber = problem, climber
        layout = boards.load(problem.board)
        self.labels = usable(problem)
        self.holds = [layout.hold(label) for label in self.labels]
        scale = 100 * climber.reach / 175
        self.at = [(hold.x / scale, hold.y / scale) for hold in self.holds]
        table = poorness(problem.board)
        self.poor = [{hand: table[i][layout.index[label]] for i, hand in enumerate(HANDS)} for label in self.labels]
        self.weights = solver.load_weights()["choice"]

    def beyond(self, one: int, other: int) -> float:
        """What it costs that two holds are out of reach."""
        metres = math.dist(self.at[one], self.at[other]) - 1.75
        return 1000 * (1 + metres) if metres > 1e-6 else 0

    def start(self, left: int, right: int) -> float:
        crossed = max(0.0, self.at[left][0] - self.at[right][0])
        return self.weights["crossed start"] * crossed + self.beyond(left, right)

    def skipped(self, origin: int, hold: int, other: int) -> int:
        """Holds passed by. Of holds in one row, taking an earlier one after a later one makes good for passing it."""
        if hold == other:
            return 0
        count = len([place for place in range(hold) if place > max(origin, other)])
        count += self.holds[hold].row == self.holds[origin].row
        return count - (hold < other and self.holds[hold].row == self.holds[other].row)

    def move(self, hand: str, origin: int, hold: int, other: int) -> float:
        to_the_right = self.at[hold][0] - self.at[other][0]
        features = {
            "span": math.dist(self.at[hold], self.at[other]) ** 2,
            "inward": to_the_right if hand == LEFT else -to_the_right,
            "higher hand": origin > other,
            "poor hold": self.poor[hold][hand],
            "match": hold == other,
            "skipped": self.skipped(origin, hold, other),
        }
        return sum(self.weights[name] * value for name, value in features.items()) + self.beyond(hold, other)

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


def beta(notation: str, climber: Climber = solver.DEFAULT_CLIMBER, board: str = "moonboard-2016") -> Beta:
    (found,) = solve([parse_notation(notation, board=board)], climber)
    return found


# Which way is taken


@settings(deadline=None)
@given(SMALL, CLIMBERS)
def test_no_other_way_is_cheaper(problem: Problem, climber: Climber) -> None:
    (found,) = solve([problem], climber)
    plain = Plain(problem, climber)
    assert plain.cost_of(found) == pytest.approx(plain.cheapest(), abs=1e-8)


@settings(max_examples=60, deadline=None)
@given(problems(), CLIMBERS)
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
@given(problems(), CLIMBERS)
def test_the_crux_is_the_hardest_move(problem: Problem, climber: Climber) -> None:
    (found,) = solve([problem], climber)
    hardest = max(move.difficulty for move in found.moves)
    assert found.moves[found.crux].difficulty == hardest
    assert min(move.difficulty for move in found.moves) >= 0
    assert all(move.difficulty == 0 for move in found.moves if move.is_match)
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
    without = beta("F5s D9 G13 I16 G18e")
    assert (found.moves, found.difficulty) == (without.moves, without.difficulty)


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
    apart = math.hypot(20, 13 * 20)
    assert [move.too_far for move in found.moves] == pytest.approx([apart - 165, 0])
    assert found.too_far == pytest.approx(95.768, abs=1e-3)
    assert found.start_too_far == 0
    assert not beta("F5s F13 G18e", Climber(165)).too_far
    exactly = beta("D5s D13 D18e", Climber(160))
    assert not exactly.too_far
    assert beta("D5s D13 D18e", Climber(159)).too_far == pytest.approx(1)


def test_a_start_out_of_reach_is_described() -> None:
    found = beta("A5s K5s F9 F14 G18e", Climber(165))
    assert found.start_too_far == pytest.approx(35)
    assert found.too_far == pytest.approx(35)
    assert describe(found)[0] == "start  LH on A5, RH on K5  out of reach by 35 cm"


@settings(max_examples=60, deadline=None)
@given(problems(), st.integers(140, 200), st.integers(0, 20))
def test_what_a_climber_climbs_a_taller_one_climbs(problem: Problem, height: int, more: int) -> None:
    (short,), (tall,) = solve([problem], Climber(height)), solve([problem], Climber(height + more))
    assert short.too_far >= 0
    if not short.too_far:
        assert not tall.too_far


@settings(max_examples=60, deadline=None)
@given(problems(), CLIMBERS)
def test_only_what_is_further_than_the_arm_span_is_out_of_reach(problem: Problem, climber: Climber) -> None:
    (found,) = solve([problem], climber)
    layout = boards.load(problem.board)

    def excess(one: str, other: str) -> float:
        return max(0.0, _apart(layout, one, other) - climber.reach)

    assert found.start_too_far == pytest.approx(excess(*found.start), abs=1e-3)
    for move in found.moves:
        assert move.too_far == pytest.approx(excess(move.hold, move.other), abs=1e-3)
    assert found.too_far == max(found.start_too_far, *(move.too_far for move in found.moves))


def _apart(layout: Board, one: str, other: str) -> float:
    first, second = layout.hold(one), layout.hold(other)
    return math.dist((first.x, first.y), (second.x, second.y))


def test_long_arms_are_worth_as_much_as_height() -> None:
    assert Climber(170, 8).reach == 178
    some = random_problems(30)
    for lanky, tall in zip(solve(some, Climber(170, 8)), solve(some, Climber(178)), strict=True):
        assert lanky._replace(climber=tall.climber) == tall


@pytest.mark.parametrize(
    ("climber", "message"),
    [
        (Climber(300), "height is 100 to 230 cm, not 300"),
        (Climber(-1), "height is 100 to 230 cm, not -1"),
        (Climber(float("nan")), "height is 100 to 230 cm, not nan"),
        (Climber(float("inf")), "height is 100 to 230 cm, not inf"),
        (Climber(175, 41), "ape index is -40 to 40 cm, not 41"),
        (Climber(175, float("nan")), "ape index is -40 to 40 cm, not nan"),
    ],
)
def test_nobody_is_such_a_climber(climber: Climber, message: str) -> None:
    with pytest.raises(ClimbpathError, match=message):
        solve(random_problems(1), climber)


# In words


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("F12", "up"),
        ("F8", "down"),
        ("H10", "right"),
        ("D10", "left"),
        ("G11", "up-right"),
        ("E11", "up-left"),
        ("G9", "down-right"),
        ("E9", "down-left"),
        ("I11", "up-right"),  # a slope of one in three
        ("K11", "right"),  # one in five
        ("A11", "left"),
        ("G15", "up"),
        ("G13", "up-right"),
        ("F10", ""),
    ],
)
def test_ways_of_moves_in_words(to: str, words: str) -> None:
    def hold(label: str) -> Hold:
        x, y = 20.0 * "ABCDEFGHIJK".index(label[0]), 20.0 * (int(label[1:]) - 1)
        return Hold(label, x, y, int(x // 20), int(label[1:]), "A", None, 0, None)

    assert direction(hold("F10"), hold(to)) == words


def test_a_beta_in_words() -> None:
    found = beta("F5s G18e", Climber(165))
    assert describe(found) == [
        "start  both hands on F5",
        "1. RH → G18  2.6 m up  crux  out of reach by 96 cm",
        "2. LH → G18  2.6 m up  match",
    ]
    layout = boards.load("moonboard-2016")
    two = beta("E6s G6s E8 G10 E13 G15 E18e G18e")
    lines = describe(two)
    assert lines[0] == "start  LH on E6, RH on G6"
    assert lines[1].startswith("1. LH → E8  0.4 m up")
    assert lines[3].startswith("3. LH → E13  1.0 m up")
    assert [line.endswith("  crux") for line in lines[1:]] == [i == two.crux for i in range(6)]
    assert _apart(layout, "E8", "E13") == 100


@settings(max_examples=60, deadline=None)
@given(problems(), CLIMBERS)
def test_every_move_has_its_line(problem: Problem, climber: Climber) -> None:
    (found,) = solve([problem], climber)
    start, *lines = describe(found)
    assert start.startswith("start  ")
    assert ("out of reach" in start) == bool(found.start_too_far)
    pattern = r"(\d+)\. ([LR]H) → ([A-K]\d+)  \d\.\d m(?: [a-z-]+)?(  match)?(  crux)?(  out of reach by \d+ cm)?"
    for number, (line, move) in enumerate(zip(lines, found.moves, strict=True), 1):
        match = re.fullmatch(pattern, line)
        assert match, line
        assert match.groups()[:3] == (str(number), move.hand, move.hold)
        is_crux = number - 1 == found.crux
        assert [part is not None for part in match.groups()[3:]] == [move.is_match, is_crux, move.too_far > 0]


@settings(max_examples=60, deadline=None)
@given(problems(), CLIMBERS)
def test_plain_types_have_everything(problem: Problem, climber: Climber) -> None:
    (found,) = solve([problem], climber)
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert Problem.from_dict(plain["problem"]) == problem
    assert plain["climber"] == {"height": climber.height, "ape": climber.ape}
    assert plain["start"] == dict(zip(HANDS, found.start, strict=True))
    assert [move["number"] for move in plain["moves"]] == list(range(1, len(found.moves) + 1))
    for record, move in zip(plain["moves"], found.moves, strict=True):
        again = Move(**{name: value for name, value in record.items() if name != "number"})
        assert again._replace(difficulty=0, too_far=0) == move._replace(difficulty=0, too_far=0)
        assert again[4:] == pytest.approx(move[4:], abs=1e-3)
    assert plain["crux"] == found.crux + 1
    assert plain["difficulty"] == pytest.approx(found.difficulty, abs=1e-3)
    assert tuple(plain["no_hand"]) == found.no_hand
    assert plain["climbable"] == (found.too_far == 0)
    assert plain["too_far_cm"] == pytest.approx(found.too_far, abs=0.1)


# Holds


@pytest.mark.parametrize("board", boards.names())
def test_how_poor_holds_are_lies_between_0_and_1(board: str) -> None:
    table = poorness(board)
    assert table.shape == (2, len(boards.load(board).holds))
    assert table.min() >= 0
    assert table.max() <= 1


def test_a_boards_facts_tell_how_poor_its_holds_are() -> None:
    layout = boards.load("moonboard-2016")
    qualities = [hold.quality for hold in layout.holds]
    assert None not in qualities
    for place, quality in enumerate(qualities):
        assert quality is not None
        assert poorness(layout.name)[:, place] == pytest.approx([1 - quality[0] / 10, 1 - quality[1] / 10])
