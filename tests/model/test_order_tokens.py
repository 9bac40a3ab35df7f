"""Canonical order and vocabularies."""

from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from climbpath import board as boards
from climbpath.errors import ClimbpathError
from climbpath.model.order import before_pins, choices, may_follow_each, problem_of, used_before_each
from climbpath.model.tokens import ANY_GRADE, PARTIAL, PREFIX, REST, STARTS, Vocabulary, vocabulary_of
from climbpath.problem import Problem, Rules
from climbpath.training.batches import Batch, Encoded, epoch_batches
from support.making import SETUP, problems, random_problems

BOARDS = tuple(boards.names())
HOLD = vocabulary_of("hold", BOARDS)
COORDINATE = vocabulary_of("coordinate", ("moonboard-2016",))


SPELLED = problems(BOARDS, details=False)
"""Problems of which tokens tell everything, near or far beyond the rules of sampling."""
ON_2016 = problems(("moonboard-2016",), grades=COORDINATE.grades, angles=(40,), details=False)

ON_ONE_BOARD = st.sampled_from(BOARDS).flatmap(
    lambda board: st.lists(problems((board,), details=False), min_size=1, max_size=6)
)


def test_the_guide_vocabulary_has_its_45_tokens() -> None:
    assert len(COORDINATE.names) == 45
    assert (COORDINATE.grades[0], COORDINATE.grades[-1], len(COORDINATE.grades)) == ("6B", "8B+", 14)


def test_a_one_hold_start_is_that_hold_twice() -> None:
    problem = Problem(grade="7A", start=("F5",), hands=("D9", "G13"), finish=("G18",))
    spelled = [COORDINATE.names[i] for i in COORDINATE.encode(problem)]
    assert spelled == ["<bos>", "7A", "F", "5", "F", "5", "D", "9", "G", "13", "G", "18", "<end>"]
    assert [HOLD.names[i].split(":", 1)[-1] for i in HOLD.encode(problem)] == (
        ["moonboard-2016@40", "7A", "F5:start", "F5:start", "D9:hand", "G13:hand", "G18:finish", "<end>"]
    )


@given(SPELLED)
def test_hold_tokens_round_trip(problem: Problem) -> None:
    assert HOLD.decode(HOLD.encode(problem), SETUP) == problem


@given(SPELLED)
def test_a_partial_problem_has_a_condition_of_its_own(problem: Problem) -> None:
    partial = replace(problem, partial=True)
    whole_ids, partial_ids = HOLD.encode(problem), HOLD.encode(partial)
    assert HOLD.names[partial_ids[0]] == HOLD.names[whole_ids[0]] + PARTIAL
    assert partial_ids[1:] == whole_ids[1:]
    assert HOLD.decode(partial_ids, SETUP) == partial


@given(ON_2016)
def test_coordinate_tokens_round_trip(problem: Problem) -> None:
    assert COORDINATE.decode(COORDINATE.encode(problem), SETUP) == problem


@given(SPELLED)
def test_choices_round_trip_and_the_order_admits_them(problem: Problem) -> None:
    layout = boards.load(problem.board)
    sequence = np.array([choices(problem, layout)])
    assert problem_of(sequence[0], layout, problem.angle, problem.grade) == problem
    allowed = may_follow_each(layout, problem.angle, sequence, used_before_each(layout, sequence))
    assert np.take_along_axis(allowed, sequence[..., None], axis=2).all()


@given(SPELLED, st.randoms(use_true_random=False))
def test_the_order_admits_one_sequence_per_problem(problem: Problem, random: Random) -> None:
    """Any other arrangement of the same holds is refused somewhere."""
    layout = boards.load(problem.board)
    sequence = choices(problem, layout)
    shuffled = sequence[:-1]
    random.shuffle(shuffled)
    other = np.array([[*shuffled, sequence[-1]]])
    allowed = may_follow_each(layout, problem.angle, other, used_before_each(layout, other))
    admitted = np.take_along_axis(allowed, other[..., None], axis=2).all()
    spelled_otherwise = admitted and other[0].tolist() != sequence
    if spelled_otherwise:  # then it is another problem: other holds are the start
        assert problem_of(other[0], layout, problem.angle, problem.grade) != problem


@settings(max_examples=30)
@given(ON_ONE_BOARD)
def test_masks_leave_room_for_every_target_and_rows_do_not_depend_on_their_batch(batch: list[Problem]) -> None:
    encoded = Encoded(batch, HOLD, mask_invalid=True)
    together = encoded.batch(np.arange(len(batch)))
    assert together.possible is not None
    assert together.possible.gather(1, together.targets.clamp(min=0)[:, None])[together.targets >= 0].all()
    spelled = [HOLD.encode(problem) for problem in batch]
    assert together.inputs.flatten()[together.token_places].tolist() == [token for ids in spelled for token in ids[:-1]]
    unpredicted = [-100] * (PREFIX - 1)
    targets = torch.where(together.targets < 0, together.targets, together.columns[together.targets])
    assert targets.tolist() == [token for ids in spelled for token in [*unpredicted, *ids[PREFIX:]]]


@given(ON_2016)
def test_coordinate_masks_leave_room_for_every_target(problem: Problem) -> None:
    batch = Encoded([problem], COORDINATE, mask_invalid=True).batch(np.array([0]))
    assert batch.possible is not None
    assert batch.possible.gather(1, batch.targets.clamp(min=0)[:, None])[batch.targets >= 0].all()


def test_excluded_tokens_are_other_boards_and_earlier_holds() -> None:
    problem = Problem(grade="7A", start=("F5",), hands=("D9",), finish=("G18",))
    batch = Encoded([problem], HOLD, mask_invalid=True).batch(np.array([0]))
    assert batch.possible is not None
    after_d9 = {HOLD.names[i] for i in batch.columns[batch.possible[4]]}
    assert after_d9
    assert all(name.startswith("moonboard-2016:") for name in after_d9)
    rows = {int(name.split(":")[1][1:]) for name in after_d9}
    assert min(rows) == 9
    assert "moonboard-2016:D9:hand" not in after_d9
    assert "moonboard-2016:C9:hand" not in after_d9
    assert "<end>" not in after_d9


def test_a_third_finish_is_impossible() -> None:
    problem = Problem(grade="7A", start=("F5",), hands=("D9",), finish=("A18", "E18"))
    batch = Encoded([problem], HOLD, mask_invalid=True).batch(np.array([0]))
    assert batch.possible is not None
    assert batch.columns[batch.possible[-1]].tolist() == [HOLD.end]


@settings(max_examples=40, deadline=None)
@given(SPELLED, st.data())
def test_pins_still_not_yet_placed_and_what_passes_none_by(problem: Problem, data: st.DataObject) -> None:
    """By brute force: a pin is to come until its hold is chosen, and no choice may stand behind one."""
    layout = boards.load(problem.board)
    every = len(layout.choice_roles)
    sequence = np.array([[*choices(problem, layout), every]])  # padded
    pins = data.draw(st.sets(st.sampled_from(range(every)), max_size=6))
    left = (np.isin(np.arange(every), list(pins)) & ~used_before_each(layout, sequence))[0]
    holds = layout.choice_holds
    free = before_pins(left)
    assert len(left) == len(free) == sequence.shape[1]
    for step, choice in enumerate(sequence[0]):
        used = {holds[one] for one in sequence[0, :step] if one < every}
        future_logits = {pin for pin in pins if holds[pin] not in used}
        assert set(np.flatnonzero(left[step]).tolist()) == future_logits
        lowest = min(future_logits, default=every)
        assert np.flatnonzero(free[step]).tolist() == list(range(lowest + 1))
        if step >= 2 and pins <= set(sequence[0].tolist()):
            assert free[step, choice]  # in canonical order a problem passes none of its own holds by


@settings(max_examples=30, deadline=None)
@given(st.sampled_from([HOLD, COORDINATE]), st.sampled_from([STARTS, REST]), st.data())
def test_the_tokens_that_may_be_written_spell_an_allowed_choice(
    tokens: Vocabulary, stage: int, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(tokens.boards))
    table = tokens.spelling(name)[tokens.columns(name, stage)]
    allowed = np.array([data.draw(st.lists(st.integers(0, len(table) - 1), max_size=9)) for _ in range(2)], object)
    mask = np.stack([np.isin(np.arange(len(table)), list(row)) for row in allowed])
    for place in range(tokens.width):
        written = tokens.written(name, stage, place)
        assert written.tolist() == sorted(set(table[:, place].tolist()) - {-1})
        for row, may in zip(allowed, tokens.may_be_written(name, stage, place, mask), strict=True):
            assert set(written[may].tolist()) == {int(table[choice, place]) for choice in row} - {-1}


SIDES = np.random.default_rng(0).integers(0, 3, 1000)
"""The boards of a thousand rows."""


def test_an_epoch_covers_every_row_once_and_depends_on_seed_and_epoch_alone() -> None:
    batches = epoch_batches(SIDES, 64, seed=1, epoch=2)
    assert sorted(np.concatenate(batches)) == list(range(1000))
    assert all(len(set(SIDES[rows].tolist())) == 1 for rows in batches)
    again = epoch_batches(SIDES, 64, seed=1, epoch=2)
    assert all((a == b).all() for a, b in zip(batches, again, strict=True))
    assert not np.array_equal(batches[0], epoch_batches(SIDES, 64, seed=1, epoch=3)[0])


MIXED = [*random_problems(5), *random_problems(4, seed=1)]


def rows_of(batch: Batch) -> list[dict[str, Any]]:
    """What a batch tells of each of its problems, however far it is padded."""
    row_of = batch.token_places // batch.inputs.shape[1]
    tokens = batch.inputs.flatten()[batch.token_places]
    pins = torch.zeros(len(tokens), len(batch.columns)) if batch.pins is None else batch.pins
    possible = torch.ones_like(pins) if batch.possible is None else batch.possible
    parts = {"tokens": tokens, "targets": batch.targets, "pins": pins, "possible": possible}
    return [
        {name: part[row_of == row].int().tolist() for name, part in parts.items()} for row in range(len(batch.inputs))
    ]


@pytest.mark.parametrize("world", [1, 2, 4])
def test_shares_of_a_batch_are_the_batch(world: int) -> None:
    """However many processes share it, with the same holds pinned and the same grades left open."""
    encoded = Encoded(MIXED, HOLD, mask_invalid=True, grade_dropout=0.3)
    order = np.random.default_rng(0).permutation(len(MIXED))
    whole = rows_of(encoded.batch(order, pinned=0.4, seed=4))
    shares = [rows_of(encoded.batch(order, pinned=0.4, seed=4, rank=rank, world=world)) for rank in range(world)]
    assert [shares[place % world][place // world] for place in range(len(MIXED))] == whole


def test_a_process_without_a_share_counts_nothing() -> None:
    encoded = Encoded(random_problems(7), HOLD, mask_invalid=False)
    shares = [encoded.batch(np.arange(7), pinned=0.5, rank=rank, world=9) for rank in range(9)]
    counted = [int((share.targets >= 0).sum()) for share in shares]
    assert sum(counted) == int((encoded.batch(np.arange(7)).targets >= 0).sum())
    assert counted[7:] == [0, 0]


def test_the_seed_decides_which_holds_are_pinned_and_which_grades_are_open() -> None:
    encoded = Encoded(MIXED, HOLD, mask_invalid=True, grade_dropout=0.5)
    first, again, other = (rows_of(encoded.batch(np.arange(9), pinned=0.5, seed=seed)) for seed in (7, 7, 8))
    assert first == again
    assert [row["pins"] for row in first] != [row["pins"] for row in other]
    assert [row["tokens"] for row in first] != [row["tokens"] for row in other]


def test_pins_are_holds_of_the_problem_until_they_are_used() -> None:
    encoded = Encoded(MIXED, HOLD, mask_invalid=True)
    shares = set()
    for seed in range(8):
        batch = encoded.batch(np.arange(9), pinned=1.0, seed=seed)
        assert batch.pins is not None
        assert batch.possible is not None
        assert batch.possible.gather(1, batch.targets.clamp(min=0)[:, None])[batch.targets >= 0].all()
        for problem, row in zip(MIXED, rows_of(batch), strict=True):
            told = [{HOLD.names[batch.columns[i]].split(":")[1] for i in np.flatnonzero(pins)} for pins in row["pins"]]
            assert told[0] == told[PREFIX - 1] <= set(problem.holds)
            assert told[0]
            assert told[-1] == set()
            for place, token in enumerate(row["tokens"][PREFIX:], PREFIX):
                assert told[place] == told[place - 1] - {HOLD.names[token].split(":")[1]}
            shares.add(len(told[0]) / len(problem.holds))
    assert min(shares) < 0.3
    assert max(shares) == 1


def test_no_pin_may_be_passed_by() -> None:
    """With pins, of the tokens possible without them those are left that stand before the lowest pin to come."""
    encoded = Encoded(MIXED[:5], HOLD, mask_invalid=True)
    pinned, free = (rows_of(encoded.batch(np.arange(5), pinned=share, seed=3)) for share in (1.0, 0.0))
    for bound, unbound in zip(pinned, free, strict=True):
        for place, (pins, now) in enumerate(zip(bound["pins"], bound["possible"], strict=True)):
            expected = set(np.flatnonzero(unbound["possible"][place]).tolist())
            future_logits = np.flatnonzero(pins).tolist()
            if place > PREFIX and future_logits:  # behind the start pair
                first = min(future_logits)
                expected -= {HOLD.end, *(token for token in expected if token > first)}
            assert set(np.flatnonzero(now).tolist()) == expected


@pytest.mark.parametrize(("share", "number"), [(0.0, 0), (1.0, 9)])
def test_an_grade_dropout_stands_in_place_of_the_grade_and_changes_nothing_else(share: float, number: int) -> None:
    opened = rows_of(Encoded(MIXED, HOLD, mask_invalid=True, grade_dropout=share).batch(np.arange(9)))
    given = rows_of(Encoded(MIXED, HOLD, mask_invalid=True).batch(np.arange(9)))
    assert sum(row["tokens"][1] == HOLD.ids[ANY_GRADE] for row in opened) == number
    for row in (*opened, *given):
        del row["tokens"][1]
    assert opened == given


@pytest.mark.parametrize("grade", ["5+", "8C", None])
def test_a_grade_without_a_token_is_named(grade: str | None) -> None:
    problem = Problem(grade=grade, start=("F5",), finish=("G18",))
    with pytest.raises(ClimbpathError, match=f"no grade {grade}"):
        COORDINATE.encode(problem)


def test_unknown_vocabularies_are_refused() -> None:
    with pytest.raises(ClimbpathError, match="choose hold or coordinate"):
        vocabulary_of("words", ("moonboard-2016",))
    with pytest.raises(ClimbpathError, match="one board"):
        vocabulary_of("coordinate", BOARDS)


def test_random_problems_of_the_tests_are_valid() -> None:
    from climbpath.problem import violations

    rules = Rules(max_reach=120, max_holds=10)
    assert all(not violations(problem, rules) for problem in random_problems(50))


def test_a_mirrored_problem_is_learned_as_its_mirror_image() -> None:
    some = random_problems(12, "tension-1", seed=2)
    turned = Encoded(some, HOLD, mask_invalid=True, mirrored=1.0).batch(np.arange(12))
    images = Encoded([problem.mirrored for problem in some], HOLD, mask_invalid=True).batch(np.arange(12))
    assert rows_of(turned) == rows_of(images)
    assert rows_of(turned) != rows_of(Encoded(some, HOLD, mask_invalid=True).batch(np.arange(12)))


def test_a_board_without_mirror_partners_is_never_mirrored() -> None:
    some = random_problems(5, "tension-2-spray")
    turned = Encoded(some, HOLD, mask_invalid=True, mirrored=1.0).batch(np.arange(5))
    assert rows_of(turned) == rows_of(Encoded(some, HOLD, mask_invalid=True).batch(np.arange(5)))
