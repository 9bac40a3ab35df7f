"""Everything that is sampled is valid, novel, distinct and reproducible, or the call says why not."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from climbpath import board as boards
from climbpath.api import Generator
from climbpath.checkpoint import Model
from climbpath.config import ModelConfig
from climbpath.errors import ClimbpathError
from climbpath.inference import fold
from climbpath.model import Transformer
from climbpath.problem import Rules, violations
from climbpath.sample import generate


def untrained(
    vocabulary: str = "hold", names: tuple[str, ...] = tuple(boards.names()), known: tuple[int, ...] = ()
) -> Model:
    """A model with random weights: it knows nothing, so only the rules make its problems valid."""
    import torch

    torch.manual_seed(0)
    config = ModelConfig(vocabulary, names, 16, 1, 2, 16, 0.0, 64, tied=False)
    state = {name: value.detach().numpy() for name, value in Transformer(config).state_dict().items()}
    keys = np.array(sorted(known), np.uint64)
    evidence = {f"{name}@40": {"6B": 4, "7A": 900, "7B": 300} for name in names}
    return Model(config, fold(state, config.tokens.features()[1]), evidence, keys, keys, {})


HOLD = untrained()
COORDINATE = untrained("coordinate", ("moonboard-2016",))


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, Rules]:
    """Boards and rules, sensible and mad."""
    layout = boards.load(draw(st.sampled_from(boards.names())))
    labels = [hold.label for hold in layout.holds]
    low = [label for label, can in zip(labels, layout.can_start, strict=True) if can]
    top = [label for label, can in zip(labels, layout.can_finish, strict=True) if can]
    some = lambda pool: st.none() | st.frozensets(st.sampled_from(pool), min_size=1, max_size=2)  # noqa: E731
    least = draw(st.integers(2, 9))
    return layout.name, Rules(
        min_holds=least,
        max_holds=draw(st.integers(least, 14)),
        max_reach=draw(st.none() | st.floats(40, 200)),
        hold_sets=draw(st.none() | st.frozensets(st.sampled_from(layout.hold_sets), min_size=1)),
        start=draw(some(low)),
        finish=draw(some(top)),
        bans=draw(st.frozensets(st.sampled_from(labels), max_size=30)),
    )


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(requests(), st.integers(0, 1000), st.floats(0.3, 3), st.floats(0.2, 1))
def test_all_problems_are_valid_distinct_and_within_the_rules(
    request_: tuple[str, Rules], seed: int, temperature: float, top_p: float
) -> None:
    board, rules = request_
    model = COORDINATE if board == "moonboard-2016" and seed % 2 else HOLD
    try:
        found = list(generate(model, board, 40, {"7A": 4}, rules, temperature=temperature, top_p=top_p, seed=seed))
    except ClimbpathError as refusal:
        found = []
        message = str(refusal)
        assert any(word in message for word in ("without", "clash", "banned", "hold set"))
    assert all(not violations(problem, rules) for problem in found)
    assert len({problem.key for problem in found}) == len(found)


@settings(max_examples=40, deadline=None)
@given(st.integers(3, 14), st.sampled_from([HOLD, COORDINATE]), st.integers(0, 99))
def test_an_exact_number_of_holds_can_be_had(count: int, model: Model, seed: int) -> None:
    rules = Rules(min_holds=count, max_holds=count)
    found = list(generate(model, "moonboard-2016", 40, {"7A": 5}, rules, seed=seed))
    assert found
    assert {len(problem.holds) for problem in found} == {count}


def test_a_request_is_refused_only_if_no_problem_exists() -> None:
    """On few holds, where all problems can be tried, the lookahead is right about which requests can be met."""
    from itertools import combinations

    from climbpath.problem import Problem

    layout = boards.load("moonboard-2016")
    rng = np.random.default_rng(3)
    met = Counter[bool]()
    for _ in range(150):
        pool = rng.choice(len(layout.holds), 9, replace=False)
        labels = [layout.holds[i].label for i in pool] + ["F5", "E18"]
        bans = frozenset(hold.label for hold in layout.holds if hold.label not in labels)
        rules = Rules(max_holds=int(rng.integers(3, 7)), max_reach=float(rng.integers(60, 171)), bans=bans)
        parts = [
            sorted({label for label in labels if test[layout.index[label]]})
            for test in (layout.can_start, layout.can_finish)
        ]
        hands = sorted({label for label in labels if not layout.can_finish[layout.index[label]]})
        pairs = [[c for n in (1, 2) for c in combinations(part, n)] for part in parts]
        exists = any(
            not violations(Problem(grade="7A", start=start, hands=middle, finish=finish), rules)
            for start in pairs[0]
            for finish in pairs[1]
            for n in range(rules.max_holds - 1)
            for middle in combinations([h for h in hands if h not in start], n)
        )
        try:
            answered = bool(list(generate(HOLD, "moonboard-2016", 40, {"7A": 1}, rules)))
        except ClimbpathError:
            answered = False
        assert answered == exists, (labels, rules)
        met[exists] += 1
    assert min(met[True], met[False]) > 20


def test_the_same_seed_gives_the_same_problems() -> None:
    first, again, other = (list(generate(HOLD, "moonboard-2016", 40, {"7A": 20}, seed=s)) for s in (5, 5, 6))
    assert first == again
    assert first != other


def test_known_problems_are_not_generated() -> None:
    problems = list(generate(HOLD, "moonboard-2016", 40, {"7A": 50}, seed=1))
    informed = untrained(known=tuple(problem.key for problem in problems[:25]))
    again = list(generate(informed, "moonboard-2016", 40, {"7A": 50}, seed=1))
    assert len(again) == 50
    assert not {problem.key for problem in again} & {problem.key for problem in problems[:25]}


def test_several_grades_share_the_number_and_come_easiest_first() -> None:
    found = Generator(HOLD).generate("7A,7B", 7, seed=0)
    assert [problem.grade for problem in found] == ["7A"] * 4 + ["7B"] * 3


def test_a_request_with_few_answers_gives_them_all_and_stops() -> None:
    layout = boards.load("moonboard-2016")
    bans = frozenset(hold.label for hold in layout.holds if hold.label not in {"F5", "D9", "E15", "E18"})
    found = list(generate(HOLD, "moonboard-2016", 40, {"7A": 10}, Rules(bans=bans, max_reach=171)))
    assert {problem.notation for problem in found} == {"F5s D9 E15 E18e"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"grade": "7A", "start": "F9"}, "F9 cannot be a start hold"),
        ({"grade": "7A", "start": "A6"}, "there is no hold 'A6'"),
        ({"grade": "7A", "finish": "E17"}, "there is no hold|cannot be a finish"),
        ({"grade": "7A", "start": "F5", "ban": "F5"}, "F5 is asked for as start and banned"),
        ({"grade": "7A", "start": "F5,G6,H5"}, "one or two start holds, not 3"),
        ({"grade": "8C+"}, r"has not learned grade 8C\+"),
        ({"grade": "7Z"}, "'7Z' is not a grade"),
        ({"grade": "7B..6A"}, "runs backwards"),
        ({"grade": "7A", "angle": 25}, "has not learned MoonBoard 2016 at 25°"),
        ({"grade": "7A", "board": "kilter"}, "there is no board 'kilter'"),
        ({"grade": "7A", "hold_sets": "Z"}, "no hold set 'z'"),
        ({"grade": "7A", "hold_sets": "A", "start": "F6"}, "no hold 'F6'|is of hold set"),
        ({"grade": "7A", "min_holds": 9, "max_holds": 4}, "contradict"),
        ({"grade": "7A", "max_reach": 19.0}, "reach of 19 cm"),
        ({"grade": "7A", "temperature": 0.0}, "temperature must be above 0"),
        ({"grade": "7A", "top_p": 1.5}, "top-p"),
        ({"grade": "7A", "num_samples": 0}, "at least 1"),
    ],
)
def test_what_cannot_be_met_is_said(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ClimbpathError, match=message):
        Generator(HOLD).generate(**{"num_samples": 3, **arguments})  # type: ignore[arg-type]


def test_thin_evidence_is_told() -> None:
    assert Generator(HOLD).thin_evidence("6B") == {"6B": 4}
    assert Generator(HOLD).thin_evidence("7A") == {}


def test_nucleus_sampling_takes_the_likeliest() -> None:
    """With a tiny nucleus every problem is the greedy one, so only one is distinct."""
    found = list(generate(HOLD, "moonboard-2016", 40, {"7A": 5}, top_p=1e-6, seed=1))
    assert len(found) == 1
