"""The API's route for workouts."""

from collections.abc import Iterator
from typing import Any

import pytest

from climbpath.beta.body import Climber
from climbpath.beta.solver import solve
from climbpath.grades import rank
from climbpath.problem import Problem, Rules, parse_notation, violations
from climbpath.web.schemas.workout import MOST_LISTED
from climbpath.workout.plan import TRAITS
from support.serving import Client, client_of

DERIVED = ("notation", "v_grade", "identity", "suggested_name")
ONE = parse_notation("F5s D9 G13 G18e", grade="7A")
OTHER = parse_notation("F5s E10 G13 E15 G18e", grade="6C")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with client_of(tmp_path_factory.mktemp("local"), []) as client:
        yield client


def problems_of(answer: dict[str, Any]) -> list[Problem]:
    bodies = [one["problem"] for section in answer["sections"] for one in section["problems"]]
    return [Problem.from_dict({name: value for name, value in body.items() if name not in DERIVED}) for body in bodies]


def seconds_of(answer: dict[str, Any]) -> int:
    problems = [one for section in answer["sections"] for one in section["problems"]]
    return sum(answer["try_seconds"] * one["tries"] + sum(one["rest_seconds"]) for one in problems)


def test_a_workout_keeps_to_its_minutes_its_rules_and_the_climber_s_reach(client: Client) -> None:
    body = {
        "grades": ["7A", "6C"],
        "minutes": 35,
        "climber": {"height": 165, "ape": -2},
        "bans": ["F5"],
        "hold_sets": ["A", "Original"],
        "seed": 4,
    }
    answer = client.post("/api/workout", body)
    assert [section["name"] for section in answer["sections"]] == ["Warm-up", "Pyramid", "Projects"]
    assert (answer["grades"], answer["minutes"], answer["seed"]) == (["6C", "7A"], 35, 4)
    assert seconds_of(answer) == 35 * 60
    minutes = [section["minutes"] for section in answer["sections"]]
    assert [section["start_minute"] for section in answer["sections"]] == [0, minutes[0], sum(minutes[:2])]
    problems = problems_of(answer)
    rules = Rules(bans=frozenset({"F5"}), hold_sets=frozenset({"A", "Original"}))
    assert not any(violations(problem, rules) for problem in problems)
    assert not any(beta.too_far for beta in solve(problems, Climber(165, -2)))
    assert rank(problems[0].grade or "") < rank("6C")
    styles = [one["style"] for section in answer["sections"] for one in section["problems"]]
    assert [] in styles, "where no trait stands out"
    assert {trait for style in styles for trait in style} <= {*TRAITS}


def test_a_list_becomes_a_workout(client: Client) -> None:
    body = {"name": "Projects", "minutes": 30, "problems": [ONE.to_dict(), OTHER.to_dict()]}
    answer = client.post("/api/workout", body)
    assert [section["name"] for section in answer["sections"]] == ["Warm-up", "Projects"]
    assert problems_of(answer)[-2:] == [OTHER, ONE]
    assert seconds_of(answer) == 1800


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"minutes": 9}, 422, "minutes"),
        ({"minutes": 301}, 422, "minutes"),
        ({"grades": []}, 422, "grades"),
        ({"grades": ["9A+"]}, 422, "choose from 4A"),
        ({"climber": {"height": 20}}, 422, "height"),
        ({"problems": [ONE.to_dict()] * (MOST_LISTED + 1)}, 422, "problems"),
        ({"bans": ["F99"]}, 409, "there is no hold 'F99'"),
        ({"grades": ["8C"]}, 409, "8C"),
        ({"board": "moonboard-mini-2020", "problems": [ONE.to_dict()]}, 409, "leave out the problem on MoonBoard 2016"),
    ],
)
def test_what_cannot_be_planned_is_refused_with_the_reason(
    client: Client, body: dict[str, Any], status: int, words: str
) -> None:
    assert words in client.post("/api/workout", body, status)["error"]
