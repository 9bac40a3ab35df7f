"""Canonical order and vocabularies."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from climbpath import board as boards
from climbpath.batches import Encoded, epoch_batches
from climbpath.errors import ClimbpathError
from climbpath.order import choices, may_follow_each, problem_of
from climbpath.problem import Problem, Rules
from climbpath.tokens import PREFIX, Vocabulary
from conftest import random_problems

BOARDS = tuple(boards.names())
HOLD = Vocabulary("hold", BOARDS)
COORDINATE = Vocabulary("coordinate", ("moonboard-2016",))


@st.composite
def problems(draw: st.DrawFn, names: tuple[str, ...] = BOARDS) -> Problem:
    """Sound problems, near or far beyond the rules of sampling."""
    layout = boards.load(draw(st.sampled_from(names)))
    labels = [hold.label for hold in layout.holds]
    low = [label for label, can in zip(labels, layout.can_start, strict=True) if can]
    top = [label for label, can in zip(labels, layout.can_finish, strict=True) if can]
    start = draw(st.lists(st.sampled_from(low), min_size=1, max_size=2, unique=True))
    between = [label for label in labels if label not in top and label not in start]
    hands = draw(st.lists(st.sampled_from(between), max_size=12, unique=True))
    finish = draw(st.lists(st.sampled_from(top), min_size=1, max_size=2, unique=True))
    grade = draw(st.sampled_from(COORDINATE.grades))
    angle = draw(st.sampled_from(layout.angles))
    return Problem(
        board=layout.name, angle=angle, grade=grade, start=tuple(start), hands=tuple(hands), finish=tuple(finish)
    )


def test_the_guide_vocabulary_has_its_45_tokens() -> None:
    assert len(COORDINATE.names) == 45
    assert (COORDINATE.grades[0], COORDINATE.grades[-1], len(COORDINATE.grades)) == ("6B", "8B+", 14)


def test_a_one_hold_start_is_that_hold_twice() -> None:
    problem = Problem(grade="7A", start=("F5",), hands=("D9", "G13"), finish=("G18",))
    spelled = [COORDINATE.names[i] for i in COORDINATE.encode(problem)]
    assert spelled == ["<bos>", "7A", "F", "5", "F", "5", "D", "9", "G", "13", "G", "18", "<end>"]
    assert [HOLD.names[i].split(":", 1)[-1] for i in HOLD.encode(problem)] == (
        ["moonboard-2016@40", "7A", "F5:start", "F5:start", "D9", "G13", "G18", "<end>"]
    )


@given(problems())
def test_hold_tokens_round_trip(problem: Problem) -> None:
    assert HOLD.decode(HOLD.encode(problem), "") == problem


@given(problems(("moonboard-2016",)))
def test_coordinate_tokens_round_trip(problem: Problem) -> None:
    assert COORDINATE.decode(COORDINATE.encode(problem), "moonboard-2016") == problem


@given(problems())
def test_choices_round_trip_and_the_order_admits_them(problem: Problem) -> None:
    layout = boards.load(problem.board)
    sequence = np.array([choices(problem, layout)])
    assert problem_of(sequence[0], layout, problem.angle, problem.grade) == problem
    allowed = may_follow_each(layout, sequence)
    assert np.take_along_axis(allowed, sequence[..., None], axis=2).all()


@given(problems(), st.randoms(use_true_random=False))
def test_the_order_admits_one_sequence_per_problem(problem: Problem, random: object) -> None:
    """Any other arrangement of the same holds is refused somewhere."""
    layout = boards.load(problem.board)
    sequence = choices(problem, layout)
    shuffled = sequence[:-1]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    other = np.array([[*shuffled, sequence[-1]]])
    admitted = np.take_along_axis(may_follow_each(layout, other), other[..., None], axis=2).all()
    spelled_otherwise = admitted and other[0].tolist() != sequence
    if spelled_otherwise:  # then it is another problem: other holds are the start
        assert problem_of(other[0], layout, problem.angle, problem.grade) != problem


@settings(max_examples=30)
@given(st.lists(problems(), min_size=1, max_size=6))
def test_masks_leave_room_for_every_target_and_rows_do_not_depend_on_their_batch(batch: list[Problem]) -> None:
    encoded = Encoded(batch, HOLD, exclude_impossible=True)
    together = encoded.batch(np.arange(len(batch)))
    assert together.possible is not None
    assert together.possible.gather(1, together.targets.clamp(min=0)[:, None])[together.targets >= 0].all()
    spelled = [HOLD.encode(problem) for problem in batch]
    assert together.inputs.flatten()[together.real].tolist() == [token for ids in spelled for token in ids[:-1]]
    unpredicted = [-100] * (PREFIX - 1)
    assert together.targets.tolist() == [token for ids in spelled for token in [*unpredicted, *ids[PREFIX:]]]


@given(problems(("moonboard-2016",)))
def test_coordinate_masks_leave_room_for_every_target(problem: Problem) -> None:
    batch = Encoded([problem], COORDINATE, exclude_impossible=True).batch(np.array([0]))
    assert batch.possible is not None
    assert batch.possible.gather(1, batch.targets.clamp(min=0)[:, None])[batch.targets >= 0].all()


def test_excluded_tokens_are_other_boards_and_earlier_holds() -> None:
    problem = Problem(grade="7A", start=("F5",), hands=("D9",), finish=("G18",))
    batch = Encoded([problem], HOLD, exclude_impossible=True).batch(np.array([0]))
    assert batch.possible is not None
    after_d9 = {HOLD.names[i] for i in batch.possible[4].nonzero().flatten()}
    assert after_d9
    assert all(name.startswith("moonboard-2016:") for name in after_d9)
    rows = {int(name.split(":")[1][1:]) for name in after_d9}
    assert min(rows) == 9
    assert "moonboard-2016:D9" not in after_d9
    assert "moonboard-2016:C9" not in after_d9
    assert "<end>" not in after_d9


def test_a_third_finish_is_impossible() -> None:
    problem = Problem(grade="7A", start=("F5",), hands=("D9",), finish=("A18", "E18"))
    batch = Encoded([problem], HOLD, exclude_impossible=True).batch(np.array([0]))
    assert batch.possible is not None
    assert batch.possible[-1].nonzero().flatten().tolist() == [HOLD.end]


def test_an_epoch_covers_every_row_once_and_depends_on_seed_and_epoch_alone() -> None:
    batches = epoch_batches(1000, 64, seed=1, epoch=2)
    assert sorted(np.concatenate(batches)) == list(range(1000))
    again = epoch_batches(1000, 64, seed=1, epoch=2)
    assert all((a == b).all() for a, b in zip(batches, again, strict=True))
    assert not np.array_equal(batches[0], epoch_batches(1000, 64, seed=1, epoch=3)[0])


def test_shares_of_a_batch_make_up_the_batch() -> None:
    encoded = Encoded(random_problems(7), HOLD, exclude_impossible=False)
    whole = encoded.batch(np.arange(7))
    shares = [encoded.batch(np.arange(7), rank, 9) for rank in range(9)]  # two processes have nothing to do
    assert sum(int((share.targets >= 0).sum()) for share in shares) == int((whole.targets >= 0).sum())


@pytest.mark.parametrize("grade", ["5+", "8C", None])
def test_a_grade_without_a_token_is_named(grade: str | None) -> None:
    problem = Problem(grade=grade, start=("F5",), finish=("G18",))
    with pytest.raises(ClimbpathError, match=f"no grade {grade}"):
        COORDINATE.encode(problem)


def test_unknown_vocabularies_are_refused() -> None:
    with pytest.raises(ClimbpathError, match="choose coordinate or hold"):
        Vocabulary("words", ("moonboard-2016",))
    with pytest.raises(ClimbpathError, match="one board"):
        Vocabulary("coordinate", BOARDS)


def test_random_problems_of_the_tests_are_valid() -> None:
    from climbpath.problem import violations

    rules = Rules(max_reach=120, max_holds=10)
    assert all(not violations(problem, rules) for problem in random_problems(50))
