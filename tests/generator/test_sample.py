"""Everything that is sampled is valid, novel, distinct and reproducible, or the call says why not."""

from collections import Counter
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from climbpath import board as boards
from climbpath.api import Generator, load
from climbpath.board import FINISH, START, Setup, drawn_as
from climbpath.errors import ClimbpathError
from climbpath.generator.lookahead import Lookahead
from climbpath.generator.request import OWN, Sampling
from climbpath.generator.sample import generate
from climbpath.generator.variations import vary
from climbpath.grader.grader import checked_grader_of
from climbpath.grades import on_ladder
from climbpath.model.checkpoint import Model
from climbpath.model.order import choices
from climbpath.model.tokens import ANY_GRADE, PREFIX
from climbpath.problem import Problem, Rules, parse_notation, violations
from support.making import ask, random_problems
from support.untrained import COORDINATE as COORDINATE_RECIPE
from support.untrained import GIVEN_GRADE, SMALL, WITHOUT_PINS, model, shaken

HOLD = model()
SHAKEN = model(net=shaken(SMALL))
COORDINATE = model(COORDINATE_RECIPE)
SIX = parse_notation("F5s E8 G11 E13 H15 G18e", grade="7A")
SEVERAL = [SIX, *random_problems(3), *random_problems(3, "moonboard-masters-2019")]


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, Rules]:
    """Boards and rules, sensible and mad."""
    layout = boards.load(draw(st.sampled_from(boards.names())))
    labels = [hold.label for hold in layout.holds]
    low = [label for label, can in zip(labels, layout.may(40)[START], strict=True) if can]
    top = [label for label, can in zip(labels, layout.may(40)[FINISH], strict=True) if can]
    some = lambda pool: st.none() | st.frozensets(st.sampled_from(pool), min_size=1, max_size=2)  # noqa: E731
    least = draw(st.integers(2, 9))
    return layout.name, Rules(
        min_holds=least,
        max_holds=draw(st.integers(least, 14)),
        max_reach=draw(st.none() | st.floats(40, 200)),
        hold_sets=draw(st.none() | st.frozensets(st.sampled_from(layout.hold_sets), min_size=1)),
        start=draw(some(low)),
        finish=draw(some(top)),
        pins=draw(st.frozensets(st.sampled_from(labels), max_size=4)),
        bans=draw(st.frozensets(st.sampled_from(labels), max_size=30)),
    )


any_request = given(
    requests(), st.integers(0, 1000), st.floats(0.3, 3), st.floats(0.2, 1), st.sampled_from([0.0, 1.0, 2.5])
)
at_leisure = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)


@settings(at_leisure, max_examples=60)
@any_request
def test_all_problems_are_valid_distinct_and_within_the_rules(
    request_: tuple[str, Rules], seed: int, temperature: float, top_p: float, guidance: float
) -> None:
    check_request(request_, seed, temperature, top_p, guidance)


@pytest.mark.slow
@settings(at_leisure, max_examples=2000)
@any_request
def test_all_problems_of_many_more_requests_are_so_too(
    request_: tuple[str, Rules], seed: int, temperature: float, top_p: float, guidance: float
) -> None:
    check_request(request_, seed, temperature, top_p, guidance)


def check_request(request_: tuple[str, Rules], seed: int, temperature: float, top_p: float, guidance: float) -> None:
    board, rules = request_
    by_coordinates = board == "moonboard-2016" and seed % 2
    sampling = Sampling(temperature, top_p, 1.0 if by_coordinates else guidance)
    asked, setup = (COORDINATE if by_coordinates else SHAKEN), Setup(board, 40)
    (grade, *_) = on_ladder("7A", boards.load(board).ladder)
    try:
        found = list(generate(asked, ask(grade, 4, setup, sampling, rules=rules, seed=seed)))
    except ClimbpathError as refusal:
        found = []
        message = str(refusal)
        assert any(word in message for word in ("without", "clash", "banned", "hold set", "pinned", "contradict"))
    assert all(not violations(problem, rules) for problem in found)
    assert len({problem.key for problem in found}) == len(found)


def test_a_setup_may_have_a_temperature_of_its_own() -> None:
    setup = Setup("moonboard-mini-2020", 40)
    warmer = replace(SHAKEN, about={**SHAKEN.about, "temperatures": {str(setup): 1.5}})
    asked = Sampling(1.5, guidance=1.0)
    assert list(generate(warmer, ask("7A", 5, setup))) == list(generate(SHAKEN, ask("7A", 5, setup, asked)))
    assert list(generate(warmer, ask("7A", 5))) == list(generate(SHAKEN, ask("7A", 5)))


@settings(max_examples=40, deadline=None)
@given(st.integers(3, 14), st.sampled_from([HOLD, COORDINATE]), st.integers(0, 99))
def test_an_exact_number_of_holds_can_be_had(count: int, model: Model, seed: int) -> None:
    rules = Rules(min_holds=count, max_holds=count)
    found = list(generate(model, ask("7A", 5, rules=rules, seed=seed)))
    assert found
    assert {len(problem.holds) for problem in found} == {count}


def test_a_request_is_refused_only_if_no_problem_exists() -> None:
    """On few holds, where all problems can be tried, the lookahead is right about which requests can be met."""
    layout = boards.load("moonboard-2016")
    rng = np.random.default_rng(3)
    met = Counter[bool]()
    for _ in range(150):
        pool = rng.choice(len(layout.holds), 9, replace=False)
        labels = [layout.holds[i].label for i in pool] + ["F5", "E18"]
        bans = frozenset(hold.label for hold in layout.holds if hold.label not in labels)
        most = int(rng.integers(3, 7))
        rules = Rules(max_holds=most, max_reach=float(rng.integers(60, 171)), bans=bans)
        parts = [
            sorted({label for label in labels if test[layout.index[label]]})
            for test in (layout.may(40)[START], layout.may(40)[FINISH])
        ]
        hands = sorted({label for label in labels if not layout.may(40)[FINISH, layout.index[label]]})
        pairs = [[c for n in (1, 2) for c in combinations(part, n)] for part in parts]
        exists = any(
            not violations(Problem(grade="7A", start=start, hands=middle, finish=finish), rules)
            for start in pairs[0]
            for finish in pairs[1]
            for n in range(most - 1)
            for middle in combinations([h for h in hands if h not in start], n)
        )
        try:
            answered = bool(list(generate(HOLD, ask("7A", 1, rules=rules))))
        except ClimbpathError:
            answered = False
        assert answered == exists, (labels, rules)
        met[exists] += 1
    assert min(met[True], met[False]) > 20


def test_the_same_seed_gives_the_same_problems() -> None:
    first, again, other = (list(generate(HOLD, ask("7A", 20, seed=s))) for s in (5, 5, 6))
    assert first == again
    assert first != other


def test_known_problems_are_not_generated() -> None:
    problems = list(generate(HOLD, ask("7A", 50, seed=1)))
    informed = model(known={problem.key for problem in problems[:25]})
    again = list(generate(informed, ask("7A", 50, seed=1)))
    assert len(again) == 50
    assert not {problem.key for problem in again} & {problem.key for problem in problems[:25]}
    told = list(generate(HOLD, ask("7A", 50, seed=1), known={problem.key for problem in problems}))
    assert not set(told) & set(problems)


def test_several_grades_share_the_number_and_come_easiest_first() -> None:
    found = Generator(HOLD).generate("7A,7B", 7, seed=0)
    assert [problem.grade for problem in found] == ["7A"] * 4 + ["7B"] * 3


def test_a_request_with_few_answers_gives_them_all_and_stops() -> None:
    layout = boards.load("moonboard-2016")
    bans = frozenset(hold.label for hold in layout.holds if hold.label not in {"F5", "D9", "E15", "E18"})
    found = list(generate(HOLD, ask("7A", 10, rules=Rules(bans=bans, max_reach=171))))
    assert {problem.notation for problem in found} == {"F5s D9 E15 E18e"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"grade": "7A", "start": "F9"}, "F9 cannot be a start hold"),
        ({"grade": "7A", "start": "A6"}, "there is no hold 'A6'"),
        ({"grade": "7A", "finish": "E17"}, "there is no hold|cannot be a finish"),
        ({"grade": "7A", "start": "F5", "ban": "F5"}, "F5 is both asked for as start and banned"),
        ({"grade": "7A", "start": "F5,G6,H5"}, "one or two start holds, not 3"),
        ({"grade": "8C+"}, r"has not learned grade 8C\+"),
        ({"grade": "7Z"}, "'7Z' is not a grade"),
        ({"grade": "7B..6A"}, "runs backwards"),
        ({"grade": "7A", "angle": 25}, "has not learned MoonBoard 2016 at 25°"),
        ({"grade": "7A", "board": "kilter"}, "there is no board 'kilter'"),
        ({"grade": "7A", "hold_sets": "Z"}, "no hold set 'Z'"),
        ({"grade": "7A", "hold_sets": "A", "start": "F6"}, "no hold 'F6'|is of hold set"),
        ({"grade": "7A", "min_holds": 9, "max_holds": 4}, "contradict"),
        ({"grade": "7A", "max_reach": 19.0}, "reach of 19 cm"),
        ({"grade": "7A", "temperature": 0.0}, "temperature must be above 0"),
        ({"grade": "7A", "top_p": 1.5}, "top-p"),
        ({"grade": "7A", "num_samples": 0}, "at least 1"),
        ({"grade": "7A", "guidance": -0.5}, "guidance must be from 0 to 10, not -0.5"),
        ({"grade": "7A", "guidance": 11.0}, "guidance must be from 0 to 10, not 11.0"),
        ({"grade": "7A", "guidance": float("nan")}, "guidance must be from 0 to 10, not nan"),
        ({"grade": "7A", "pin": "A6"}, "there is no hold 'A6'"),
        ({"grade": "7A", "pin": "E8,D9", "ban": "D9,G2"}, "D9 is both pinned and banned"),
        ({"grade": "7A", "pin": "E8", "hold_sets": "A"}, "pinned hold E8 is of hold set B, which is not among yours"),
        ({"grade": "7A", "pin": "G18,A18,E18"}, "A18, E18, G18 are pinned in the top row"),
        ({"grade": "7A", "pin": "G18,E8", "finish": "A18"}, "G18 pinned in the top row contradicts the finish A18"),
        ({"grade": "7A", "max_holds": 2}, "problems on MoonBoard 2016 have 3 holds or more: allow that many, or name"),
        ({"grade": "7A", "pin": "E8,D9,G13", "max_holds": 3}, "3 pins and at most 3 holds contradict each other"),
        ({"grade": "7A", "pin": "E8,D9,G13,G18", "max_holds": 3}, "4 pins and at most 3 holds contradict each other"),
        ({"grade": "7A", "pin": "A5,K16,A18", "max_holds": 4}, "no problem .* without the pins [A-Z0-9, ]+"),
        (
            {"grade": "7A", "pin": "K16", "start": "A5", "max_holds": 4, "max_reach": 100.0},
            "without the pins [A-Z0-9]+",
        ),
    ],
)
def test_what_cannot_be_met_is_said(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ClimbpathError, match=message):
        Generator(HOLD).generate(**{"num_samples": 3, **arguments})  # type: ignore[arg-type]


def test_thin_evidence_is_told() -> None:
    assert Generator(HOLD).thin_evidence(Setup("moonboard-2016", 40), ("6B", "7A")) == {"6B": 4}


def test_nucleus_sampling_takes_the_likeliest() -> None:
    """With a tiny nucleus every problem is the greedy one, so only one is distinct."""
    found = list(generate(HOLD, ask("7A", 5, sampling=OWN._replace(top_p=1e-6), seed=1)))
    assert len(found) == 1


# Guidance


def test_guidance_of_one_changes_nothing_and_others_do() -> None:
    own, one, free, strong = (
        list(generate(SHAKEN, ask("7A,7B", 16, sampling=Sampling(guidance=g), seed=2)))
        for g in (OWN.guidance, 1.0, 0.0, 5.0)
    )
    assert own == one
    assert len({tuple(problems) for problems in (one, free, strong)}) == 3


def test_without_guidance_the_grade_makes_no_difference() -> None:
    """At 0 only the model's grade-free side is left, so two grades differ in name alone."""
    a, b = (
        [problem.identity for problem in generate(SHAKEN, ask(grade, 10, sampling=Sampling(guidance=0.0), seed=3))]
        for grade in ("7A", "7B")
    )
    assert a == b


@pytest.mark.parametrize("guidance", [0.0, 0.5, 1.0, 3.0])
def test_guidance_scales_what_the_grade_adds_to_the_logits(guidance: float) -> None:
    """The greedy problem has at every step the hold of the highest logit that the rules allow."""
    net, layout = shaken(SMALL), boards.load("moonboard-2016")
    tokens = net.config.tokens
    greedy = Sampling(top_p=1e-6, guidance=guidance)
    (problem,) = generate(SHAKEN, ask("7A", 1, Setup(layout.name, 40), greedy))
    graded = torch.tensor([tokens.encode(problem)])
    free = graded.clone()
    free[0, 1] = tokens.ids[ANY_GRADE]
    with_grade, without = (net(ids).logits[0].detach().numpy() for ids in (graded, free))
    logits = without + guidance * (with_grade - without)
    lookahead = Lookahead(layout, 40, Rules())
    state = lookahead.initial_state(1)
    for step, choice in enumerate(choices(problem, layout)):
        allowed = np.flatnonzero(lookahead.allowed(state)[0])
        spelled = tokens.spelling(layout.name)[allowed, 0]
        assert allowed[logits[PREFIX - 1 + step, spelled].argmax()] == choice
        lookahead.choose(state, np.array([choice]))


def test_a_model_that_knows_no_grade_dropout_cannot_be_guided() -> None:
    given_grade = model(GIVEN_GRADE)
    with pytest.raises(ClimbpathError, match="only learned problems of a given grade"):
        Generator(given_grade).generate("7A", 1, guidance=1.5)
    assert len(Generator(given_grade).generate("7A", 3, guidance=1.0, seed=0)) == 3
    assert len(Generator(given_grade).generate("7A", 3, seed=0)) == 3


# Pins


@pytest.mark.parametrize(
    ("pinned_by", "original"),
    [
        *((HOLD, problem) for problem in SEVERAL),
        (COORDINATE, SIX),
        (model(WITHOUT_PINS), SIX),
    ],
    ids=[*(f"hold-{i}" for i in range(len(SEVERAL))), "coordinate", "hold-without-pins"],
)
def test_pins_of_a_problem_are_in_every_new_one(pinned_by: Model, original: Problem) -> None:
    """Whatever their roles, and though the model may never have learned of pins."""
    rng = np.random.default_rng(0)
    for count in (1, 3, len(original.holds) - 1):
        pins = frozenset(rng.choice(original.holds, count, replace=False).tolist())
        rules = Rules(pins=pins, max_reach=130)
        found = list(generate(pinned_by, ask("7A", 6, Setup(original.board, 40), rules=rules, seed=count)))
        assert len({problem.key for problem in found}) == 6
        assert all(pins <= set(problem.holds) and violations(problem, rules) == [] for problem in found)


def test_what_the_model_learned_of_pins_decides_what_else_is_drawn() -> None:
    """The same pins, seed and weights, but a model that is told of them against one that is not."""
    untold = replace(SHAKEN, weights={name: value for name, value in SHAKEN.weights.items() if name != "pin"})
    told_and_not = [
        list(generate(one, ask("7A", 5, rules=Rules(pins=frozenset({"E8", "H15"})), seed=1)))
        for one in (SHAKEN, untold)
    ]
    assert told_and_not[0] != told_and_not[1]
    free = [list(generate(one, ask("7A", 5, seed=1))) for one in (SHAKEN, untold)]
    assert free[0] == free[1]


def test_pins_go_with_all_other_conditions() -> None:
    found = Generator(HOLD).generate(
        *("7A", 8), seed=4, pin="E8,E18", start="F5,G6", ban="D9,G13", min_holds=6, max_holds=9, max_reach=140.0
    )
    assert len(found) == 8
    for problem in found:
        assert problem.start == ("F5", "G6")
        assert {"E8", "E18"} <= set(problem.holds)
        assert not {"D9", "G13"} & set(problem.holds)
        assert 6 <= len(problem.holds) <= 9


# Variations


@pytest.mark.parametrize("keep", [0.01, 0.3, 0.5, 0.7, 0.99])
@pytest.mark.parametrize("original", SEVERAL[::3], ids=range(len(SEVERAL[::3])))
def test_variations_keep_the_share_asked_for_and_are_new(original: Problem, keep: float) -> None:
    original = replace(original, grade="7B")
    rules = Rules(max_reach=130)
    found = list(vary(HOLD, original, ask("7B", 6, original.setup, rules=rules, seed=1), keep))
    assert len(found) == 6
    assert len({original.key, *(problem.key for problem in found)}) == 7
    for problem in found:
        assert len(set(problem.holds) & set(original.holds)) >= max(1, round(keep * len(original.holds)))
        assert violations(problem, rules) == []
        assert (problem.board, problem.angle, problem.grade) == (original.board, original.angle, "7B")


@pytest.mark.parametrize("original", SEVERAL[::3], ids=range(len(SEVERAL[::3])))
@pytest.mark.parametrize("keep", [0.01, 0.5, 0.9])
def test_variations_start_as_the_original_does_and_are_about_as_long(original: Problem, keep: float) -> None:
    for problem in vary(HOLD, replace(original, grade="7B"), ask("7B", 4, original.setup, seed=2), keep):
        assert problem.start == original.start
        assert abs(len(problem.holds) - len(original.holds)) <= 1


def test_where_a_start_is_banned_the_other_one_stays() -> None:
    two = replace(SIX, start=("F5", "G6"), hands=tuple(label for label in SIX.hands if label != "G6"))
    for problem in Generator(HOLD).vary(two, 5, seed=0, ban="G6"):
        assert "F5" in problem.start
        assert "G6" not in problem.holds


def test_variations_keep_the_footholds_as_footholds() -> None:
    for problem in Generator(HOLD).vary(replace(SIX, feet=("B3", "D3")), 4, seed=0):
        assert problem.feet == ("B3", "D3")


def test_a_request_s_own_grades_decide_its_angle_whatever_is_asked_of_it_at_once() -> None:
    """Which of its grades a batch is short of changes nothing, and a grade that only one angle knows is refused."""
    evidence = {
        Setup("kilter-original", 40): {"6C": 9, "8A": 9},
        Setup("kilter-original", None): {"6C": 9, "5A": 9, "5B": 0},
    }
    for grades, angle in (("6C", 40), ("6C,8A", 40), ("5A,6C", None), ("5A", None), ("5B", 40), ("5A,8A", 40)):
        assert drawn_as(Setup("kilter-original", 40), evidence, grades.split(",")).angle == angle, grades


def test_variations_are_graded_with_their_footholds() -> None:
    text = "1134s 1184 1220 1270 1290 1320 1356 1456f 1452f 1472f 1525f 1544f 1384e"
    original = replace(parse_notation(text, "kilter-original", None), grade="6C")
    found = load(setup=original.setup).vary(original, 4, seed=1)
    assert {problem.feet for problem in found} == {original.feet}
    grader = checked_grader_of(original.setup)
    assert [problem.grade for problem in found] == [problem.grade for problem in grader.graded(found)]


def test_variations_keep_other_holds_each_time() -> None:
    found = Generator(HOLD).vary(SIX, 10, keep=0.5, seed=3)
    assert found == Generator(HOLD).vary(SIX, 10, keep=0.5, seed=3)
    assert found != Generator(HOLD).vary(SIX, 10, keep=0.5, seed=4)
    assert set(SIX.holds) == {label for problem in found for label in problem.holds if label in SIX.holds}


def test_variations_do_without_banned_holds_of_the_problem() -> None:
    found = Generator(HOLD).vary(SIX, 5, keep=0.9, seed=0, ban="G11,H15")
    assert len(found) == 5
    for problem in found:
        assert set(SIX.holds) - set(problem.holds) == {"G11", "H15"}


@pytest.mark.parametrize("seed", range(4))
def test_variations_keep_no_holds_of_sets_that_the_wall_lacks(seed: int) -> None:
    """Which holds are kept is drawn: none of those that may not be used."""
    layout = boards.load(SIX.board)
    sets = sorted(set(layout.hold_sets) - {layout.hold(SIX.hands[0]).hold_set})
    found = Generator(HOLD).vary(SIX, 3, keep=0.8, seed=seed, hold_sets=",".join(sets))
    assert found
    for problem in found:
        assert all(layout.hold(label).hold_set in sets for label in problem.holds)


def test_known_problems_are_no_variations() -> None:
    before = list(vary(HOLD, SIX, ask("7A", 5, seed=1), 0.6))
    known = {problem.key for problem in before}
    after = list(vary(model(known=known), SIX, ask("7A", 5, seed=1), 0.6))
    assert len(after) == 5
    assert not known & {problem.key for problem in after}


def test_a_problem_is_no_variation_of_itself() -> None:
    """Though all its holds are kept, and there is one more hold at most."""
    bans = frozenset(boards.load(SIX.board).labels).difference(SIX.holds, {"D9"})
    for seed in range(5):
        (problem,) = vary(HOLD, SIX, ask("7A", 1, rules=Rules(bans=bans), seed=seed), 0.99)
        assert set(problem.holds) == {*SIX.holds, "D9"}


def test_a_long_problem_has_variations_of_its_length() -> None:
    """Though problems of more than 14 holds are otherwise made only when asked for."""
    long = Problem(
        grade="7A",
        start=("F5",),
        hands=("E6", "D7", "E8", "D9", "G9", "F10", "G11", "E12", "G13", "E14", "H15", "G16", "E16", "F15"),
        finish=("G18",),
    )
    found = list(vary(HOLD, long, ask("7A", 4), 0.9))
    assert len(found) == 4
    assert max(len(problem.holds) for problem in found) > 14


@pytest.mark.parametrize(
    ("problem", "keep", "message"),
    [
        (SIX, 0, "keep must be a fraction of the holds between 0 and 1, not 0"),
        (SIX, 1, "keep must be a fraction of the holds between 0 and 1, not 1"),
        (SIX, 2, "keep must be a fraction of the holds between 0 and 1, not 2"),
        (SIX, float("nan"), "keep must be a fraction"),
        (replace(SIX, grade=None), 0.5, "the problem has no grade: name one"),
        (replace(SIX, grade="8C"), 0.5, "has not learned grade 8C"),
    ],
)
def test_variations_that_cannot_be_had_are_explained(problem: Problem, keep: float, message: str) -> None:
    with pytest.raises(ClimbpathError, match=message):
        Generator(HOLD).vary(problem, 2, keep=keep)


def test_at_least_one_variation_is_asked_for() -> None:
    with pytest.raises(ClimbpathError, match="at least 1"):
        Generator(HOLD).vary(SIX, 0, seed=0)
