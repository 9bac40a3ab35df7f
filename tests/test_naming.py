"""Names for problems that have none."""

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import climbpath
from climbpath import board as boards
from climbpath.api import load
from climbpath.data import parquet
from climbpath.naming import LONGEST_STEM, file_stem, style, suggested_name
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


@given(problems(), st.none() | st.text(max_size=300))
@settings(deadline=None)
def test_files_of_a_problem_have_a_name_that_every_system_takes(problem: Problem, name: str | None) -> None:
    stem = file_stem(replace(problem, name=name))
    assert re.fullmatch(r"[0-9A-Za-z+-]+", stem)
    assert len(stem) <= LONGEST_STEM
    assert stem.startswith(f"{problem.grade or 'ungraded'}-")
    assert not stem.endswith("-")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (None, "7A-golden-pebble"),
        ("Slow Heron", "7A-slow-heron"),
        ("../../etc/passwd", "7A-etc-passwd"),
        ("Café: Übung (hard!)", "7A-cafe-ubung-hard"),
        ("乱れ足", "7A-golden-pebble"),
        ("CON.", "7A-con"),
    ],
)
def test_files_are_named_after_grade_and_name(name: str | None, expected: str) -> None:
    assert file_stem(replace(parse_notation("F5s D9 G13 G18e", grade="7A"), name=name)) == expected


def test_generated_problems_and_variations_have_the_name_that_the_app_shows() -> None:
    generator = load()
    found = generator.generate("7A", 3, seed=1)
    for problem in (*found, *generator.vary(found[0], 2, seed=1)):
        assert problem.name == suggested_name(problem)


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
