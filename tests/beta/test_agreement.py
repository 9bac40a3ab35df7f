"""How well betas agree with hand sequences that others found, as benchmarks/beta.py measures it."""

import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from climbpath.beta.moves import HANDS
from climbpath.beta.solver import solve
from climbpath.errors import ClimbpathError
from climbpath.problem import parse_notation
from support.commands import ROOT
from support.making import write_json

sys.path.insert(0, str(ROOT / "benchmarks"))
from beta import Hands, Known, agreement, aligned, hands_of, whole_sequences

SIX = parse_notation("F5s E8 G11 E13 H15 G18e", grade="6C")
TWO = parse_notation("E6s G6s D9 G18e H18e", grade="7A")
ITEMS = st.lists(st.sampled_from("abc"), max_size=6)


def hands(text: str) -> Hands:
    """'F5-LH F5-RH E8-LH' as a sequence."""
    return [(word[:-3], word[-2:]) for word in text.split()]


SIX_CLIMBED = hands("F5-LH F5-RH E8-LH G11-RH E13-LH H15-RH G18-LH")
TWO_CLIMBED = hands("E6-LH G6-RH D9-LH G18-LH H18-RH")


def test_moves_are_aligned_with_as_few_edits_as_it_takes() -> None:
    assert aligned("abcd", "abcd") == 4
    assert aligned("abcd", "abd") == 3
    assert aligned("abd", "abcd") == 3
    assert aligned("abcd", "axcd") == 3
    assert aligned("abcd", "dcba") == 1  # not 2 edits fewer for more letters the same
    assert aligned("abc", "xyz") == 0
    assert aligned("", "abc") == 0
    assert aligned("ab", "ba") == 1  # replacing both is as short as moving one, which keeps more


@settings(deadline=None)
@given(ITEMS, ITEMS)
def test_an_alignment_keeps_the_most_of_all_that_are_shortest(ours: list[str], others: list[str]) -> None:
    @cache
    def best(i: int, j: int) -> tuple[int, int]:
        """Edits of the first i and j items, and minus how many are the same."""
        if not i or not j:
            return i + j, 0
        options = [(best(i - 1, j)[0] + 1, best(i - 1, j)[1]), (best(i, j - 1)[0] + 1, best(i, j - 1)[1])]
        same = ours[i - 1] == others[j - 1]
        edits, kept = best(i - 1, j - 1)
        return min(*options, (edits + (not same), kept - same))

    assert aligned(ours, others) == -best(len(ours), len(others))[1]


def test_agreement_is_the_share_of_their_moves() -> None:
    assert agreement(SIX_CLIMBED, SIX_CLIMBED) == 1
    other_hand = hands("F5-LH F5-RH E8-LH G11-LH E13-LH H15-RH G18-LH")
    assert agreement(other_hand, SIX_CLIMBED) == 6 / 7
    without = hands("F5-LH F5-RH E8-LH G11-RH H15-RH G18-LH")
    assert agreement(without, SIX_CLIMBED) == 6 / 7
    assert agreement(SIX_CLIMBED, without) == 1


def test_the_two_hands_of_the_start_may_be_swapped() -> None:
    turned = [SIX_CLIMBED[1], SIX_CLIMBED[0], *SIX_CLIMBED[2:]]
    assert turned != SIX_CLIMBED
    assert agreement(turned, SIX_CLIMBED) == agreement(SIX_CLIMBED, turned) == 1
    crossed = hands("E6-RH G6-LH D9-LH G18-LH H18-RH")
    assert agreement(crossed, TWO_CLIMBED) == 3 / 5


def test_the_last_match_is_not_among_the_moves_that_are_compared() -> None:
    for found in solve([SIX, TWO]):
        moves = [(move.hold, move.hand) for move in found.moves if not (move.is_match and move.hold == "G18")]
        assert hands_of(found) == [*zip(found.start, HANDS, strict=True), *moves]


# Sequences


def test_sequences_that_use_all_holds_of_their_problem_are_taken(tmp_path: Path) -> None:
    problems = [
        replace(SIX, ids=("site-scrape:12", "guide-csv:400")),
        replace(TWO, ids=("guide-csv:7",)),
        replace(parse_notation("F5s D9 G13 I16 G18e"), ids=("guide-csv:8",)),
        replace(parse_notation("F5s F9 G18e", "moonboard-masters-2017"), ids=("site-scrape:9",)),
        replace(parse_notation("F5s F9 G18e"), ids=("hand-sequence:10",), partial=True),
    ]
    climbed = {
        "400": SIX_CLIMBED,
        "7": TWO_CLIMBED,
        "8": hands("F5-LH F5-RH G13-RH I16-LH G18-RH"),  # without D9
        "9": hands("F5-LH F5-RH F9-LH G18-RH"),
        "10": hands("F5-LH F5-RH F9-LH G18-RH"),
        "11": SIX_CLIMBED,
    }
    records = {
        number: {"hands": [f"{label}-{hand}" for label, hand in moves], "v_grade": 5}
        for number, moves in climbed.items()
    }
    path = write_json(tmp_path / "sequences.json.gz", records, packed=True)
    assert whole_sequences(path, problems) == [Known(problems[0], SIX_CLIMBED), Known(problems[1], TWO_CLIMBED)]


def test_a_missing_file_of_sequences_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ClimbpathError, match="no such file"):
        whole_sequences(tmp_path / "nowhere.json.gz", [SIX])


def test_sequences_are_plain_unless_they_start_crossed_or_go_below_the_start() -> None:
    assert Known(SIX, SIX_CLIMBED).is_plain
    assert Known(TWO, TWO_CLIMBED).is_plain
    assert not Known(TWO, hands("E6-RH G6-LH D9-LH G18-LH H18-RH")).is_plain
    low = parse_notation("F5s G4 E8 G18e")
    assert not Known(low, hands("F5-LH F5-RH G4-RH E8-LH G18-RH")).is_plain
