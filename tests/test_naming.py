"""Names for problems that have none."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

import climbpath
from climbpath import board as boards
from climbpath.data import parquet
from climbpath.naming import style, suggested_name
from climbpath.problem import Problem, parse_notation
from climbpath.share import LONGEST_NAME
from support.making import problems

DEMO = Path(climbpath.__file__).parent / "assets" / "demo.parquet"


@pytest.fixture(scope="module")
def demo() -> list[Problem]:
    """The bundled problems."""
    return parquet.load(DEMO)


@given(problems())
@settings(deadline=None)
def test_the_same_holds_have_the_same_name(problem: Problem) -> None:
    """Whatever else is known of the problem, and whatever roles its holds have."""
    bare = replace(problem, grade=None, name=None, ids=(), repeats=None, benchmark=False)
    assert suggested_name(problem) == suggested_name(bare)
    angle = boards.load(problem.board).angles[0]
    assert suggested_name(replace(problem, angle=angle)) == suggested_name(problem)


@given(problems())
@settings(deadline=None)
def test_a_name_is_two_plain_words_that_fit_into_a_link(problem: Problem) -> None:
    name = suggested_name(problem)
    assert len(name) <= LONGEST_NAME
    first, second = name.split(" ")
    assert first.isalpha()
    assert second.isalpha()
    assert first.istitle()
    assert second.istitle()


@pytest.mark.parametrize(
    ("notation", "expected"),
    [
        ("F5s G18e", "reachy"),  # 2.6 m in one move
        ("F5s D9 G13 G18e", "short"),
        ("F5s F6 F8 F10 F12 F14 F16 G18e", "steady"),
        ("A5s C6 E8 G9 I11 G13 G15 G18e", "wandering"),  # from A to I, 1.6 m
    ],
)
def test_style_is_how_the_holds_lie(notation: str, expected: str) -> None:
    assert style(parse_notation(notation)) == expected


def test_the_second_word_tells_the_style(demo: list[Problem]) -> None:
    words: dict[str, set[str]] = {}
    for problem in demo:
        words.setdefault(style(problem), set()).add(suggested_name(problem).split()[1])
    assert set(words) == {"reachy", "wandering", "short", "steady"}
    assert len(set.union(*words.values())) == sum(map(len, words.values()))  # no word stands for two


def test_few_problems_share_a_name(demo: list[Problem]) -> None:
    names = [suggested_name(problem) for problem in demo]
    evenings = [names[i : i + 20] for i in range(0, len(names), 20)]
    with_namesakes = sum(len(set(evening)) < len(evening) for evening in evenings)
    assert with_namesakes < 0.05 * len(evenings)
    assert max(Counter(names).values()) < 0.001 * len(names)
