"""Links that hold a whole problem."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from climbpath.board import METHODS
from climbpath.errors import ClimbpathError
from climbpath.problem import Problem, parse_notation
from climbpath.share import LONGEST_NAME, is_link, read_link
from support.commands import climbpath
from support.links import query_of
from support.making import ANGLES, EVERY_BOARD, problems

ANY_NAME = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=2 * LONGEST_NAME)
ADDRESSES = ("", "?", "http://localhost:8000/?", "https://192.168.1.20:8443/?", "  https://example.org/a/b?from=chat&")
LINK = "http://localhost:8000/?board=moonboard-2016&angle=40&grade=7A&name=Slow+Heron&problem=F5s-D9-G13-G18e"


@given(
    problems(EVERY_BOARD, angles=ANGLES), ANY_NAME, st.sampled_from(METHODS), st.booleans(), st.sampled_from(ADDRESSES)
)
@settings(deadline=None)
def test_a_link_gives_back_the_problem(
    problem: Problem, name: str | None, method: str, has_grade: bool, address: str
) -> None:
    """With its grade, its foot rule and the first of its name; what else is known of it stays where it is."""
    sent = replace(problem, name=name, method=method, grade=problem.grade if has_grade else None)
    found = read_link(address + query_of(sent))
    assert found == Problem(
        board=sent.board,
        angle=sent.angle,
        grade=sent.grade,
        name=sent.name[:LONGEST_NAME] or None if sent.name else None,
        start=sent.start,
        hands=sent.hands,
        feet=sent.feet,
        finish=sent.finish,
        method=method,
    )


def test_a_link_is_read_as_documented() -> None:
    problem = parse_notation("F5s D9 G13 G18e", grade="7A")
    named = replace(problem, name="Slow Heron")
    assert "http://localhost:8000/?" + query_of(named) == LINK
    assert read_link(LINK) == named
    assert query_of(replace(problem, grade=None)) == "board=moonboard-2016&angle=40&problem=F5s-D9-G13-G18e"
    assert read_link("problem=F5-D9-G13-G18") == replace(problem, grade=None)  # as typed by hand


def test_half_a_character_in_a_name_stands_as_a_question_mark() -> None:
    """JSON can hold half of a surrogate pair; no address can."""
    broken = replace(parse_notation("F5s G18e"), name="Ledge \ud83e")
    assert read_link(query_of(broken)).name == "Ledge ?"


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (LINK, True),
        (" https://x/?problem=F5s", True),
        ("?board=moonboard-2016&problem=F5s-G18e", True),
        ("F5s D9 G18e", False),
        ("problem=F5s-G18e", False),
    ],
)
def test_links_are_distinguished_from_notation(text: str, is_one: bool) -> None:
    assert is_link(text) is is_one


@pytest.mark.parametrize(
    ("link", "message"),
    [
        ("", "its problem= is missing"),
        ("http://localhost:8000/", "its problem= is missing"),
        ("http://localhost:8000/?problem=", "its problem= is missing"),
        ("http://localhost:8000/#problem=F5s-G18e", "its problem= is missing"),
        ("http://[?problem=F5s-G18e", "this is not a link: Invalid IPv6 URL"),
        ("http://x/?problem=F5s-Z99-G18e", "'Z99'"),
        ("http://x/?problem=F5s-G18e%00", r"'G18e\\x00'"),
        ("http://x/?problem=F5s-D9", "no finish hold"),
        ("http://x/?problem=D9-G18e", "no start hold"),
        ("http://x/?problem=F5s-F5-G18e", "F5 has two roles"),
        ("http://x/?problem=F5s-G18e&board=kilter", "there is no board 'kilter'"),
        ("http://x/?problem=F5s-G18e&board=../secret", "there is no board"),
        ("http://x/?problem=F5s-G18e&angle=30", "not 30°"),
        ("http://x/?problem=F5s-G18e&angle=-40", "angle '-40' is not a number"),
        ("http://x/?problem=F5s-G18e&angle=%D9%A4%D9%A0", "is not a number"),
        ("http://x/?problem=F5s-G18e&angle=" + 5000 * "4", "is not a number"),
        ("http://x/?problem=F5s-G18e&grade=9Z", "'9Z' is not a grade"),
    ],
)
def test_a_bad_link_says_what_is_wrong(link: str, message: str) -> None:
    with pytest.raises(ClimbpathError, match=message):
        read_link(link)


@given(
    st.text(st.characters(), max_size=60),
    st.sampled_from(["", "?problem=", "http://", "http://x/?problem=F5s-G18e&name="]),
)
def test_no_text_breaks_the_reader(text: str, before: str) -> None:
    with suppress(ClimbpathError):
        assert read_link(before + text).start


def test_unknown_fields_are_left_alone_and_the_first_of_two_counts() -> None:
    assert read_link("https://x/?utm_source=x&problem=F5s-G18e&problem=G5s-G18e") == parse_notation("F5s G18e")


def test_a_link_stands_for_its_problem_on_the_command_line(tmp_path: Path) -> None:
    by_link, by_notation = (climbpath("grade", text, cwd=tmp_path) for text in (LINK, "F5s D9 G13 G18e"))
    assert by_link.returncode == 0, by_link.stderr
    assert by_link.stdout.replace("; given as 7A (V6)", "") == by_notation.stdout
    refused = climbpath("beta", "http://localhost:8000/?board=moonboard-2016", cwd=tmp_path)
    assert refused.returncode == 2
    assert "this link has no problem" in refused.stderr
    assert "Traceback" not in refused.stderr
