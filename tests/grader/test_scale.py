"""The grade of a new problem, by the scale of its setup."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from climbpath.board import LEAST_EVIDENCE, Setup
from climbpath.errors import ClimbpathError
from climbpath.generator.request import Request
from climbpath.generator.sample import generate
from climbpath.grader.grader import bundled_grader, expected, predictions
from climbpath.grader.scale import Scale, fit_scale, offered
from climbpath.grades import LADDER, rank
from climbpath.model.checkpoint import bundled_model
from support.making import random_problems

MAIN = Setup("moonboard-2016", 40)
PLENTY = {"6B": 3, "6B+": 900, "6C": 300, "6C+": 200, "7A": 150, "7A+": 90, "8B": 5}
KNOWN = list(offered(PLENTY))


def graded_by(scale: Scale, *steps: float) -> list[str]:
    return [LADDER[i] for i in scale.probabilities(np.array(steps, np.float32), LADDER).argmax(axis=1)]


def drawn_to_the_middle(spread: float = 0.2, count: int = 60) -> tuple[np.ndarray, list[str], np.ndarray]:
    """What a grader expects that is drawn to 6C (step 5) by half; of every second problem, a setter's, a step more."""
    rng = np.random.default_rng(0)
    true = [grade for grade in KNOWN for _ in range(count)]
    steps = np.array([5 + (rank(grade) - 5) / 2 for grade in true]) + spread * rng.standard_normal(len(true))
    consensus = np.arange(len(true)) % 2 == 0
    return (steps + ~consensus).astype(np.float32), true, consensus


def test_the_scale_takes_back_that_expected_grades_are_drawn_to_the_middle() -> None:
    scale = fit_scale(*drawn_to_the_middle(), PLENTY, LADDER)
    assert scale.grades == tuple(KNOWN)
    assert scale.means == pytest.approx([4.5, 5, 5.5, 6, 6.5], abs=0.08)
    assert graded_by(scale, 4.5, 5, 5.5, 6, 6.5) == KNOWN


def test_no_new_problem_gets_a_grade_of_thin_evidence() -> None:
    assert offered(PLENTY) == ("6B+", "6C", "6C+", "7A", "7A+")
    assert offered({"7A": LEAST_EVIDENCE - 1, "6C": 2}) == ("6C", "7A"), "where none has enough, all that have some"
    scale = fit_scale(*drawn_to_the_middle(), PLENTY, LADDER)
    assert graded_by(scale, -3.0, 25.0) == ["6B+", "7A+"]


@given(st.lists(st.floats(-5, 25), min_size=2, max_size=30), st.integers(0, 5))
def test_a_higher_expected_grade_is_never_a_lower_grade(steps: list[float], seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts = {grade: int(count) for grade, count in zip(LADDER, rng.integers(0, 90, len(LADDER)), strict=True)}
    true = [grade for grade in LADDER for _ in range(counts[grade] // 4)]
    made = np.array([rank(grade) for grade in true]) * 0.6 + rng.standard_normal(len(true))
    scale = fit_scale(made.astype(np.float32), true, rng.random(len(true)) < 0.5, counts, LADDER)
    graded = [rank(grade) for grade in graded_by(scale, *sorted(steps))]
    assert graded == sorted(graded)
    assert scale.probabilities(np.array(steps, np.float32), LADDER).sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_without_held_out_problems_the_expected_grade_is_the_grade() -> None:
    scale = fit_scale(np.zeros(0, np.float32), [], np.zeros(0, bool), PLENTY, LADDER)
    assert graded_by(scale, 4.2, 5.4, 6.6) == ["6B+", "6C", "7A"]


def test_a_scale_is_read_back_as_it_was() -> None:
    scale = fit_scale(*drawn_to_the_middle(), PLENTY, LADDER)
    assert Scale.from_dict(scale.to_dict()) == scale
    for content in ({"means": [], "spread": 1.0}, {"means": [7.0], "spread": 0.0}):
        with pytest.raises(ValueError, match="a mean for every grade, and a spread"):
            Scale.from_dict({"grades": ["7A"], **content})


# The bundled grader


def test_a_new_problem_is_graded_by_the_scale_and_a_known_one_by_its_likeliest_grade() -> None:
    grader, some = bundled_grader(), random_problems(40)
    probabilities = grader.probabilities(some)
    by_scale = graded_by(grader.scales[MAIN], *expected(probabilities).tolist())
    assert [prediction.grade for prediction in grader.predict(some)] == by_scale
    assert [problem.grade for problem in grader.graded(some)] == by_scale
    on_record = [replace(problem, ids=("a:1",)) for problem in some]
    assert grader.predict(on_record) == predictions(probabilities, grader.ladder)
    assert grader.graded([]) == []


def test_the_grade_is_the_likeliest_and_its_range_names_what_is_half_as_likely() -> None:
    for prediction in bundled_grader().predict(random_problems(60)):
        assert prediction.probabilities[prediction.grade] == max(prediction.probabilities.values())
        if prediction.perhaps:
            assert prediction.words == f"{prediction.grade}, perhaps {prediction.perhaps}"
            assert abs(rank(prediction.perhaps) - rank(prediction.grade)) == 1
        else:
            assert prediction.words == prediction.grade


@pytest.mark.parametrize("grades", [("6B+",), ("7A+",), ("6B+", "6C", "7B")])
def test_only_problems_come_whose_grade_was_asked_for(grades: tuple[str, ...]) -> None:
    request = Request(setup=MAIN, grades=grades, number=9, seed=4)
    found = list(generate(bundled_model("moonboard"), request, grader=bundled_grader()))
    assert sorted(problem.grade or "" for problem in found) == sorted(grades * (9 // len(grades)))
    assert [problem.asked_grade for problem in found] == [problem.grade for problem in found]
    assert [p.grade for p in bundled_grader().graded(found)] == [p.grade for p in found]
    assert list(generate(bundled_model("moonboard"), request, grader=bundled_grader())) == found


def test_any_grade_keeps_the_grade_that_was_asked_for_beside_the_graders() -> None:
    request = Request(setup=MAIN, grades=("7A",), number=30, any_grade=True, seed=4)
    found = list(generate(bundled_model("moonboard"), request, grader=bundled_grader()))
    assert {problem.asked_grade for problem in found} == {"7A"}
    assert len({problem.grade for problem in found}) > 1


def test_a_grade_of_thin_evidence_is_refused_with_the_grades_that_there_are() -> None:
    request = Request(setup=MAIN, grades=("8B",))
    with pytest.raises(ClimbpathError, match=r"8B on .* rests on 10 real problems, too few .* ask for 6B\+ to 8A, or"):
        list(generate(bundled_model("moonboard"), request, grader=bundled_grader()))
    assert list(generate(bundled_model("moonboard"), replace(request, any_grade=True), grader=bundled_grader()))


def test_the_condition_that_is_in_the_way_is_named() -> None:
    from climbpath.beta.body import Climber
    from climbpath.problem import Rules

    def reason(**asked: object) -> str:
        said: list[str] = []
        request = Request(setup=MAIN, seed=1, **asked)  # type: ignore[arg-type]
        assert not list(generate(bundled_model("moonboard"), request, grader=bundled_grader(), give_up=said.append))
        return said[0]

    short = Rules(pins=frozenset({"F5", "G9", "E12", "H10", "C13", "E18"}))
    assert reason(grades=("7C",), rules=short).startswith("the grader calls none of the ")
    assert "6B+" in reason(grades=("7C",), rules=short)
    tiny = reason(grades=("8A",), climber=Climber(100, -40))
    assert tiny.startswith("a climber of 100 cm with an ape index of -40 cm reaches every hold of none of the")


def test_a_grade_that_the_conditions_hardly_allow_gives_way_to_another_that_was_asked_for() -> None:
    """One problem of a range is of any grade of it, whichever the seed prefers."""
    from climbpath.problem import Rules

    rules = Rules(pins=frozenset({"F5", "D9", "G13", "E15", "G18"}))
    for seed in range(3):
        request = Request(setup=MAIN, grades=("6B+", "6C", "6C+", "7A"), rules=rules, seed=seed)
        (found,) = generate(bundled_model("moonboard"), request, grader=bundled_grader())
        assert found.grade in request.grades
        assert found.asked_grade == found.grade
