from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from climbpath.errors import ClimbpathError
from climbpath.grades import LADDER, parse_grade, parse_grades, rank, scale_counts, show, v_grade

any_grade = st.sampled_from(LADDER)


def test_the_ladder_runs_from_5_plus_to_8c_plus() -> None:
    assert LADDER[0] == "5+"
    assert LADDER[-1] == "8C+"
    assert [rank(grade) for grade in LADDER] == list(range(19))


@given(any_grade, st.sampled_from([str.lower, str.upper, "  {} ".format]))
def test_every_spelling_of_a_grade_is_read(grade: str, spelling: Callable[[str], str]) -> None:
    assert parse_grade(spelling(grade)) == grade


@given(any_grade)
def test_what_is_shown_is_read_again(grade: str) -> None:
    font, v = show(grade).rstrip(")").split(" (")
    assert parse_grade(font) == grade
    assert grade in parse_grades(v)


@given(any_grade, any_grade)
def test_a_harder_font_grade_is_never_an_easier_v_grade(one: str, other: str) -> None:
    if rank(one) <= rank(other):
        assert int(v_grade(one)[1:]) <= int(v_grade(other)[1:])


@given(any_grade, any_grade)
def test_a_range_holds_every_grade_between_its_ends(one: str, other: str) -> None:
    low, high = sorted((one, other), key=rank)
    assert parse_grades(f"{low}..{high}") == list(LADDER[rank(low) : rank(high) + 1])


@pytest.mark.parametrize(
    ("text", "grades"),
    [
        ("7A", ["7A"]),
        ("V5", ["6C", "6C+"]),
        ("v4..v6", ["6B", "6B+", "6C", "6C+", "7A"]),
        ("7a+, 6c", ["6C", "7A+"]),
        ("6C..V5", ["6C", "6C+"]),
        ("V5..6C", ["6C"]),
        ("7A,7A", ["7A"]),
    ],
)
def test_grades_as_users_type_them(text: str, grades: list[str]) -> None:
    assert parse_grades(text) == grades


@pytest.mark.parametrize("text", ["", "7Z", "V1", "V17", "V", "7B..7A", "V6..V4", "6A..", "..6A", "6A,,7A", "6A...7A"])
def test_what_is_no_grade_is_refused_in_words(text: str) -> None:
    with pytest.raises(ClimbpathError, match=r"is not a grade|runs backwards"):
        parse_grades(text)


def test_a_backwards_range_shows_the_right_way_round() -> None:
    with pytest.raises(ClimbpathError, match=r"write 6C\.\.7B"):
        parse_grades(" 7B .. 6C ")


@given(st.dictionaries(any_grade, st.integers(1, 50), min_size=1), st.integers(0, 200))
def test_scaled_counts_add_up_and_keep_their_proportions(counts: dict[str, int], total: int) -> None:
    scaled = scale_counts(Counter(counts), total)
    assert scaled.total() == total
    assert list(scaled) == sorted(scaled, key=rank)
    assert all(abs(scaled[grade] - count * total / sum(counts.values())) < 1 for grade, count in counts.items())


def test_counts_scaled_by_largest_remainders() -> None:
    assert scale_counts(Counter({"7A": 5, "6C": 3, "8A": 2}), 5) == {"6C": 2, "7A": 2, "8A": 1}


@pytest.mark.parametrize("typed", ["V0", "v1", "V20", "V4..V20"])
def test_a_v_grade_that_a_ladder_lacks_is_told_with_those_it_has(typed: str) -> None:
    with pytest.raises(ClimbpathError, match="is not a grade here: V grades run from V2 to V16"):
        parse_grades(typed, LADDER)
