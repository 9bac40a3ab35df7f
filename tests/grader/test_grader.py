"""The grader: the network that was trained, its answers in NumPy, its file, and how its answers are measured."""

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from climbpath import board as boards
from climbpath.board import Setup, as_learned
from climbpath.cluster.columns import grade_columns
from climbpath.data.split import source_numbers, split
from climbpath.errors import ClimbpathError
from climbpath.grader.grader import (
    Grader,
    bundled_grader,
    bundled_graders,
    checked_grader_of,
    expected,
    graded_by,
    grader_of,
    influence,
    load_grader,
    predict,
    predictions,
    save_grader,
)
from climbpath.grader.line import Line, input_count
from climbpath.grader.metrics import confusion, measure, table
from climbpath.grader.scale import Scale, fit_scale
from climbpath.grades import LADDER, parse_grades, rank, v_grade
from climbpath.model.checkpoint import save_model
from climbpath.model.config import ModelConfig
from climbpath.model.inference import fold
from climbpath.model.tokens import PREFIX
from climbpath.problem import Problem, parse_notation
from climbpath.training.grader import FOLLOWED_IN, GraderNet, labelled, learnable, train_grader
from support.making import BOARDS, GRADES, problems, random_problems
from support.untrained import model

SIX = parse_notation("F5s E8 G11 E13 H15 G18e", grade="6C")
CONFIG = ModelConfig(
    vocabulary="hold",
    boards=BOARDS,
    d_model=16,
    num_layers=2,
    nhead=2,
    dim_feedforward=32,
    dropout=0.2,
    embedding_dropout=0.2,
    max_seq_len=64,
    tied=True,
    takes_pins=False,
    predicts_future=False,
    consensus=False,
)
MAIN = Setup("moonboard-2016", 40)
SETUPS = {Setup(name, angle): {"7A": 1} for name in BOARDS for angle in boards.load(name).angles}


def shaken(seed: int) -> GraderNet:
    """A network with random weights, of which every part matters."""
    torch.manual_seed(seed)
    net = GraderNet(CONFIG).eval()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return net


def folded(net: GraderNet) -> dict[str, np.ndarray]:
    """The weights of a network, folded as training does it."""
    config = net.body.config
    state = {name: value.numpy() for name, value in net.body.state_dict().items()}
    weights = fold(state, config.tokens.features()[1], config.nhead)
    del weights["output"]
    return weights | {f"head.{name}": value.numpy() for name, value in net.head.state_dict().items()}


def made_of(*nets: GraderNet) -> Grader:
    """The grader of networks."""
    members = [folded(net) for net in nets]
    nothing: tuple[np.ndarray, list[str], np.ndarray] = (np.zeros(0, np.float32), [], np.zeros(0, bool))
    scales = {setup: fit_scale(*nothing, counts, LADDER) for setup, counts in SETUPS.items()}
    return Grader(CONFIG, members, SETUPS, {}, scales, np.array([3, 5], np.uint64), {"seed": 0})


@cache
def untrained() -> Grader:
    return made_of(shaken(0), shaken(1))


def flat(setup: Setup, seed: int = 0) -> Line:
    """A line of small random weights."""
    count = input_count(boards.load(setup.board))
    weights = np.random.default_rng(seed).normal(0, 0.01, count).astype(np.float32)
    return Line(weights, 8.0, 0.7, 3.0)


def mixed(count: int = 5) -> list[Problem]:
    """Problems of several boards and lengths, one behind another."""
    groups = [random_problems(count, name, seed=i) for i, name in enumerate(BOARDS)]
    return [problem for group in zip(*groups, strict=True) for problem in group]


def rows(*weights: dict[str, float]) -> np.ndarray:
    """Probabilities of grades, one row each."""
    return np.array([[row.get(grade, 0.0) for grade in LADDER] for row in weights], np.float32)


# Answers


def test_numpy_agrees_with_torch() -> None:
    """Each problem by the head for it: without consensus, with it, or the mean where repeats are not known."""
    nets = [shaken(0), shaken(1)]
    some = [replace(problem, repeats=(None, 0, 9, 10, 500)[i % 5]) for i, problem in enumerate(mixed())]
    consensus = torch.tensor([i % 5 > 2 for i in range(len(some))]).long()
    labels = labelled(some, CONFIG)
    assert len(set(labels.lengths.tolist())) > 2
    assert torch.equal(labels.consensus, consensus)
    batches = [torch.tensor([i for i, one in enumerate(some) if one.board == board]) for board in BOARDS]
    both = torch.zeros(len(nets), len(some), 2, len(LADDER))
    for number, net in enumerate(nets):
        for which in batches:
            both[number, which] = net(labels.batch(which))[0].softmax(dim=2).detach()
    assert (both[0] - both[1]).abs().max() > 0.1
    without, given = both.mean(dim=0).numpy().swapaxes(0, 1)
    heads = ((without + given) / 2, without, without, given, given)
    wanted = [heads[i % 5][i] for i in range(len(some))]
    assert np.abs(made_of(*nets).probabilities(some) - wanted).max() < 1e-4


@settings(max_examples=60, deadline=None)
@given(problems(partial=True))
def test_probabilities_of_all_grades_sum_to_one(problem: Problem) -> None:
    (row,) = untrained().probabilities([problem])
    assert row.sum() == pytest.approx(1, abs=1e-5)
    assert row.min() >= 0


def test_each_problem_is_graded_as_if_it_were_alone() -> None:
    some = mixed()
    together = untrained().probabilities(some)
    for row, problem in zip(together, some, strict=True):
        assert untrained().probabilities([problem])[0] == pytest.approx(row, abs=1e-5)
    assert untrained().probabilities([]).shape == (0, len(LADDER))


def test_only_holds_of_hands_setup_and_consensus_count() -> None:
    """Neither the grade that a problem claims nor its name and feet, and of its repeats only whether they are
    many, few or not known."""
    (before,) = untrained().probabilities([SIX])
    others = [
        replace(SIX, grade=None),
        replace(SIX, grade="8A", user_grade="6A", name="Hard", ids=("a:1",), benchmark=True, partial=True),
        replace(SIX, feet=("B3",)),
    ]
    assert np.allclose(untrained().probabilities(others), before, atol=1e-6)
    assert not np.allclose(untrained().probabilities([replace(SIX, hands=("E8", "G11", "E13"))]), before, atol=1e-3)
    never, seldom, often, oftener = untrained().probabilities([replace(SIX, repeats=n) for n in (0, 9, 10, 999)])
    assert np.allclose(never, seldom, atol=1e-6)
    assert np.allclose(often, oftener, atol=1e-6)
    assert not np.allclose(often, before, atol=1e-3)
    assert not np.allclose(often, seldom, atol=1e-3)
    assert np.allclose((often + seldom) / 2, before, atol=1e-6)


def test_what_was_not_learned_is_refused() -> None:
    small = replace(untrained(), evidence={Setup("moonboard-2016", 40): {"7A": 1}})
    masters = parse_notation("C5s F6s D9 G12 E15 F18e", "moonboard-masters-2017", 25)
    with pytest.raises(ClimbpathError, match="has not learned MoonBoard Masters 2017 at 25°: it knows moonboard-2016"):
        small.probabilities([SIX, masters])
    with pytest.raises(ClimbpathError, match="F9"):
        small.probabilities([Problem(start=("F9",), finish=("G18",))])


def test_the_prediction_is_a_likely_font_grade_of_the_v_grade_that_fits_best() -> None:
    """V4 is 6B and 6B+; each is less likely than 7A, but not both together. V7 is one off V6 and V8: it fits best."""
    prediction, plain = predictions(rows({"6B": 0.25, "6B+": 0.3, "7A": 0.4, "8C+": 0.05}, {"5+": 1.0}), LADDER)
    assert prediction.grade == "6B+"
    assert v_grade(prediction.grade) == "V4"
    assert list(prediction.probabilities) == list(LADDER)
    assert prediction.probabilities["7A"] == pytest.approx(0.4)
    assert (plain.grade, plain.perhaps, plain.words) == ("5+", None, "5+")
    assert (prediction.perhaps, prediction.words) == ("7A", "6B+, perhaps 7A")
    (between,) = predictions(rows({"7A": 0.35, "7A+": 0.25, "7B": 0.4}), LADDER)
    assert between.grade == "7A+"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0.001, 1), min_size=19, max_size=19))
def test_predictions_follow_the_definition(weights: list[float]) -> None:
    shares = np.array([weights], np.float32) / np.float32(sum(weights))
    (prediction,) = predictions(shares, LADDER)
    by_v: Counter[str] = Counter()
    for grade, share in zip(LADDER, shares[0].tolist(), strict=True):
        by_v[v_grade(grade)] += share
    off = {v: sum(share * abs(int(v[1:]) - int(other[1:])) for other, share in by_v.items()) for v in by_v}
    assert off[v_grade(prediction.grade)] == pytest.approx(min(off.values()), rel=1e-5)
    mine = [prediction.probabilities[grade] for grade in parse_grades(v_grade(prediction.grade))]
    assert prediction.probabilities[prediction.grade] == max(mine)
    assert expected(shares)[0] == pytest.approx(sum(i * share for i, share in enumerate(shares[0])), rel=1e-4)
    json.dumps(prediction._asdict())


def test_influence_is_what_grading_without_the_hold_says() -> None:
    two = parse_notation("E6s G6s D9 H12 F15 B3f E18e G18e")
    changes = influence(untrained(), two)
    assert set(changes) == set(two.holds)
    assert changes["B3"] == pytest.approx(0, abs=1e-5)  # a foothold
    without = {
        "E6": replace(two, start=("G6",)),
        "H12": replace(two, hands=("D9", "F15")),
        "E18": replace(two, finish=("G18",)),
    }
    before = float(expected(untrained().probabilities([two]))[0])
    for label, fewer in without.items():
        after = float(expected(untrained().probabilities([fewer]))[0])
        assert changes[label] == pytest.approx(after - before, abs=1e-4)
    sizes = [abs(change) for change in changes.values()]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 0.01


def test_influence_compares_all_at_the_angle_at_which_the_problem_is_graded() -> None:
    """At 40° nothing easy was learned: this problem is graded as at an unknown angle, though without some of its holds
    it would not be."""
    notation = "1257s 1270s 1308 1361 1173f 1236f 1391e 1394e"
    steep, unknown = (parse_notation(notation, "kilter-original", angle) for angle in (40, None))
    assert influence(bundled_grader("kilter"), steep) == influence(bundled_grader("kilter"), unknown)


def test_an_only_start_and_an_only_finish_cannot_be_taken_away() -> None:
    assert set(influence(untrained(), SIX)) == {"E8", "G11", "E13", "H15"}
    assert influence(untrained(), parse_notation("F5s G18e")) == {}


# Files


def test_a_grader_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "grader.safetensors"
    save_grader(path, untrained())
    again = load_grader(path)
    assert (again.config, again.evidence, again.about) == (CONFIG, SETUPS, {"seed": 0})
    assert again.train_keys.dtype == np.uint64
    assert again.train_keys.tolist() == [3, 5]
    assert [member.keys() for member in again.members] == [member.keys() for member in untrained().members]
    some = mixed(2)
    assert np.array_equal(again.probabilities(some), untrained().probabilities(some))


def test_half_of_the_room_costs_a_thousandth(tmp_path: Path) -> None:
    whole, half = tmp_path / "whole.safetensors", tmp_path / "half.safetensors"
    save_grader(whole, untrained())
    save_grader(half, untrained(), half=True)
    assert half.stat().st_size < 0.55 * whole.stat().st_size
    again = load_grader(half)
    assert {value.dtype.name for member in again.members for value in member.values()} == {"float32"}
    some = mixed(2)
    assert np.abs(again.probabilities(some) - untrained().probabilities(some)).max() < 0.01


def missing(path: Path) -> None:
    pass


def a_text(path: Path) -> None:
    path.write_text("7A")


def nothing(path: Path) -> None:
    path.touch()


def a_folder(path: Path) -> None:
    path.mkdir()


def a_generator(path: Path) -> None:
    save_model(path, model())


def other_tensors(path: Path) -> None:
    save_file({"a": np.zeros(3)}, path)


def another_format(path: Path) -> None:
    save_file({"a": np.zeros(3)}, path, metadata={"climbpath grader": json.dumps({"format": 99})})


def truncated(path: Path) -> None:
    save_grader(path, untrained())
    path.write_bytes(path.read_bytes()[:-100])


def cut_in_its_head(path: Path) -> None:
    save_grader(path, untrained())
    path.write_bytes(path.read_bytes()[:100])


@pytest.mark.parametrize(
    "write",
    [missing, a_text, nothing, a_folder, a_generator, other_tensors, another_format, truncated, cut_in_its_head],
)
def test_what_is_no_grader_is_named(write: object, tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    assert callable(write)
    write(path)
    with pytest.raises(ClimbpathError, match=r"mine\.safetensors"):
        load_grader(path)


def test_the_bundled_grader_tells_easy_from_hard() -> None:
    grader = load_grader()
    assert set(map(str, grader.evidence)) >= {
        "moonboard-2016@40",
        "moonboard-masters-2017@25",
        "moonboard-masters-2017@40",
    }
    assert len(grader.train_keys) > 10_000
    assert grader.train_keys.dtype == np.uint64
    ladder = parse_notation("D5s F6s E8 F9 D10 F11 E13 F14 E16 G18e")
    jump = parse_notation("J2s K10 A13 K18e")
    easy, hard = expected(grader.probabilities([ladder, jump]))
    assert easy + 2 < hard


@pytest.mark.parametrize("setup", [Setup(name, 40) for name in boards.names()], ids=str)
def test_each_board_has_the_bundled_grader_that_has_learned_it(setup: Setup) -> None:
    graded = [name for name in bundled_graders() if as_learned(setup, graded_by(name)) in graded_by(name)]
    problem = random_problems(1, setup.board)[0]
    problem = replace(problem, angle=setup.angle) if boards.load(setup.board).has_feet else problem
    if not graded:
        assert grader_of(setup) is None
        with pytest.raises(ClimbpathError, match=f"no grader has learned .*: they know .*{MAIN}"):
            checked_grader_of(setup)
        return
    grader = checked_grader_of(setup)
    assert grader is bundled_grader(graded[0])
    (prediction,) = predict([problem], {problem.setup: grader})
    assert prediction.grade in boards.load(setup.board).ladder
    assert sum(prediction.probabilities.values()) == pytest.approx(1, abs=1e-4)


# where two rows of a batch are compared, they need not be alike to the last bit: some processors round them differently


def test_a_problem_at_an_angle_without_evidence_is_graded_as_at_an_unknown_one() -> None:
    kilter = replace(CONFIG, boards=("kilter-original",))
    torch.manual_seed(3)
    net = GraderNet(kilter).eval()
    torch.nn.init.normal_(net.head.weight)
    ladder = boards.load("kilter-original").ladder
    unknown = Setup("kilter-original", None)
    scale = Scale(ladder, tuple(map(float, range(len(ladder)))), 1.0)
    grader = Grader(kilter, [folded(net)], {unknown: {"7A": 1}}, {}, {unknown: scale}, np.zeros(0, np.uint64), {})
    (problem,) = random_problems(1, "kilter-original")
    known, other, none = (replace(problem, angle=angle) for angle in (20, 50, None))
    for one, another in ((known, other), (known, none)):
        first, second = grader.probabilities([one, another])
        np.testing.assert_allclose(first, second, rtol=1e-5)
    assert grader.predict([known])[0] == grader.predict([none])[0]


def test_a_foot_rule_counts_where_it_was_learned() -> None:
    footless = replace(SIX, method="Footless")
    first, second = untrained().probabilities([SIX, footless])
    np.testing.assert_allclose(first, second, rtol=1e-5)
    told = replace(untrained(), about={"methods": {str(MAIN): ["Footless"]}})
    before, after, other = told.probabilities([SIX, footless, replace(SIX, method="No kickboard")])
    np.testing.assert_allclose(before, other, rtol=1e-5)
    assert np.abs(before - after).max() > 1e-3


def test_a_problem_has_no_grade_of_another_boards_ladder() -> None:
    both = replace(CONFIG, boards=("moonboard-2016", "tension-1"))
    counts = {MAIN: {"7A": 1}, Setup("tension-1", None): {"V5": 1}}
    lines = {setup: flat(setup) for setup in counts}
    grader = Grader(both, [folded(GraderNet(both).eval())], counts, lines, {}, np.zeros(0, np.uint64), {})
    some = [SIX, *random_problems(1, "tension-1")]
    for problem, row in zip(some, grader.probabilities(some), strict=True):
        likely = {grade for grade, value in zip(grader.ladder, row.tolist(), strict=True) if value}
        assert likely == set(boards.load(problem.board).ladder)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_a_problem_and_its_mirror_image_have_one_grade(seed: int) -> None:
    """By networks and by line, new or known, alone or among others."""
    grader = checked_grader_of(Setup("tension-1", None))
    some = [replace(one, ids=("tension:1",)) for one in random_problems(3, "tension-1", seed=seed)]
    others = random_problems(2, "tension-2-spray", seed=seed, angle=None)
    found = grader.probabilities([*some, *others, *(one.mirrored for one in some)])
    assert found[:3] == pytest.approx(found[5:], abs=1e-4)
    assert found[:1] == pytest.approx(grader.probabilities(some[:1]), abs=1e-4)
    assert found[3:5] == pytest.approx(grader.probabilities(others), abs=1e-4)


# Training


@pytest.fixture(scope="module")
def some() -> list[Problem]:
    """500 problems on two boards, three of which cannot be learned from, and five partial ones."""
    whole = [*random_problems(300), *random_problems(180, "moonboard-masters-2017", seed=1)]
    partial = [replace(p, partial=True, ids=(f"hand-sequence:{i}",)) for i, p in enumerate(random_problems(5, seed=2))]
    odd = random_problems(3, seed=3)
    return [*whole, *partial, replace(odd[0], grade=None), replace(odd[1], method="Footless"), odd[2]]


@pytest.fixture(scope="module")
def trained(some: list[Problem], tmp_path_factory: pytest.TempPathFactory) -> tuple[Grader, Path, list[str]]:
    """A grader, its file, and what its training printed."""
    path, lines = tmp_path_factory.mktemp("grader") / "grader.safetensors", list[str]()
    return train_grader(some, path, epochs=1, members=1, tell=lines.append), path, lines


def test_training_writes_the_grader_that_it_returns(
    trained: tuple[Grader, Path, list[str]], some: list[Problem]
) -> None:
    grader, path, lines = trained
    again = load_grader(path)
    assert np.array_equal(again.probabilities(some[:50]), grader.probabilities(some[:50]))
    assert again.about == grader.about
    assert {"temperature", "validation_nats", "epochs", "members", "seed"} <= set(again.about)
    parts, left_out = learnable(some)
    assert lines[0] == f"Data: {len(parts['train'])} train and {len(parts['validation'])} validation problems"
    assert left_out == {"ungraded": 1}
    assert lines[1] == "  left out: 1 ungraded"
    assert grader.about["train_problems"] == len(parts["train"])
    validation = parts["validation"]
    nats = measure(grader.probabilities(validation), validation, LADDER)["nats"]
    assert nats == pytest.approx(grader.about["validation_nats"], abs=1e-3)


def test_nothing_that_is_held_out_is_learned(trained: tuple[Grader, Path, list[str]], some: list[Problem]) -> None:
    grader = trained[0]
    parts = split(some)
    learned = set(grader.train_keys.tolist())
    held_out = {problem.key for name in ("validation", "test") for problem in parts[name]}
    assert len(held_out) > 50
    assert not learned & held_out
    assert learned == {problem.key for problem in learnable(some)[0]["train"]}
    counts = Counter(p.setup for p in learnable(some)[0]["train"] if not p.partial)
    assert {setup: sum(grades.values()) for setup, grades in grader.evidence.items()} == counts
    assert set(map(str, grader.evidence)) == {"moonboard-2016@40", "moonboard-masters-2017@40"}
    assert set(grader.evidence[Setup("moonboard-2016", 40)]) == set(GRADES)


def test_partial_problems_that_are_there_whole_teach_nothing_new() -> None:
    whole = [replace(p, ids=(f"guide-csv:{i}",)) for i, p in enumerate(random_problems(200))]
    mine = learnable(whole)[0]
    number = source_numbers(mine["train"][0]).pop()
    held_out = source_numbers(mine["test"][0]).pop()
    part = random_problems(2, seed=9)
    again = [
        replace(part[0], partial=True, ids=(f"hand-sequence:{number}",)),
        replace(part[1], partial=True, ids=(f"hand-sequence:{held_out}",)),
    ]
    parts, left_out = learnable([*whole, *again])
    assert parts == mine
    assert left_out == {"partial, of problems that are here whole": 1, "partial, perhaps of held-out problems": 1}


def test_the_same_seed_gives_the_same_grader(trained: tuple[Grader, Path, list[str]], some: list[Problem]) -> None:
    grader, path, _ = trained
    again = train_grader(some, path.with_name("again.safetensors"), epochs=1, members=1, tell=lambda line: None)
    assert path.with_name("again.safetensors").read_bytes() == path.read_bytes()
    other = train_grader(some, path.with_name("b.safetensors"), epochs=1, members=1, seed=1, tell=lambda line: None)
    for name, value in grader.members[0].items():
        assert np.array_equal(again.members[0][name], value)
    assert not np.array_equal(other.members[0]["embedding"], grader.members[0]["embedding"])


@pytest.mark.parametrize("few", [[], random_problems(5)], ids=["none", "five"])
def test_too_few_problems_are_refused(few: list[Problem], tmp_path: Path) -> None:
    with pytest.raises(ClimbpathError, match="too few graded problems"):
        train_grader(few, tmp_path / "grader.safetensors", epochs=1, members=1)
    assert list(tmp_path.iterdir()) == []


def test_which_grades_are_right() -> None:
    """Of a partial problem the V grade is known, so each of its Font grades is right; the users' grade is, too."""
    cases = {
        ("6C", None, False): {"6C"},
        ("6C", None, True): {"6C", "6C+"},
        ("7A", None, True): {"7A"},
        ("6C", "6B+", False): {"6C", "6B+"},
        ("6C", "6B", True): {"6B", "6C", "6C+"},
    }
    some = [replace(SIX, grade=grade, user_grade=users, partial=partial) for grade, users, partial in cases]
    right = labelled(some, CONFIG).right
    assert [{LADDER[i] for i in row.nonzero().flatten()} for row in right] == list(cases.values())


def test_labels_are_not_among_the_tokens() -> None:
    some = mixed(3)
    labels = labelled(some, CONFIG)
    others = labelled([replace(p, grade="8C+", user_grade="5+") for p in some], CONFIG)
    assert torch.equal(labels.ids, others.ids)
    assert labels.lengths.tolist() == [PREFIX + len(p.sequence) + 1 for p in some]


def test_what_follows_is_counted_from_the_first_hold_to_the_end() -> None:
    """Of a quarter of a batch's problems, and in the tokens of their board alone."""
    some = random_problems(9, BOARDS[1], seed=0)
    batch = labelled(some, CONFIG).batch(torch.tensor([4, 1, 6, 7, 8]))
    assert FOLLOWED_IN == 4
    wanted = []
    for row in (4, 1):
        tokens = CONFIG.tokens.encode(some[row])
        wanted += [None] * (PREFIX - 1) + tokens[PREFIX:] + [None]
    found = [None if target < 0 else int(batch.columns[target]) for target in batch.targets.tolist()]
    assert found == wanted
    assert set(batch.columns.tolist()) == set(CONFIG.tokens.tokens_of(BOARDS[1]).tolist())
    graded, following = shaken(0)(batch)
    assert graded.shape == (5, 2, len(LADDER))
    assert following.shape == (len(wanted), len(batch.columns))


def test_half_of_the_problems_of_a_board_with_mirror_partners_are_turned_round() -> None:
    tension = replace(CONFIG, boards=("tension-1",))
    some = [replace(problem, grade="V4") for problem in random_problems(6, "tension-1", seed=2)]
    labels = labelled(some, tension)
    assert torch.equal(labels.mirrored, labelled([problem.mirrored for problem in some], tension).ids)
    chosen = torch.tensor([True, False, True, False, False, True])
    ids = labels.batch(torch.arange(6), chosen).ids
    wanted = torch.where(chosen[:, None], labels.mirrored, labels.ids)
    assert torch.equal(ids, wanted[:, : ids.shape[1]])
    grid = labelled(mixed(1), CONFIG)
    assert torch.equal(grid.mirrored, grid.ids)


# Measures


def graded(*grades: str) -> list[Problem]:
    return [replace(SIX, grade=grade) for grade in grades]


def test_measures_of_hand_made_probabilities() -> None:
    """Told are 6C, 6C, 7A and 7B; they are 6C, 6C+, 7A+ and 7A."""
    given = rows(
        {"6C": 0.95, "7A": 0.05}, {"6C": 0.55, "6C+": 0.45}, {"7A": 0.85, "7A+": 0.15}, {"7B": 0.95, "7A": 0.05}
    )
    found = measure(given, graded("6C", "6C+", "7A+", "7A"), LADDER)
    assert found["problems"] == 4
    font, v = found["font"], found["v"]
    assert font["exact"] == 1 / 4
    assert font["within_one"] == 3 / 4
    assert font["mean_absolute_error"] == (0 + 1 + 1 + 2) / 4
    # F1 of 6C is 2/3 (predicted twice, once rightly), of 6C+, 7A and 7A+ 0; 7B does not occur
    assert font["macro_f1"] == pytest.approx((2 / 3) / 4)
    # bins: {.95 right, .95 wrong} -> |.5 - .95|, {.55 wrong}, {.85 wrong}
    assert font["calibration_error"] == pytest.approx((2 * 0.45 + 0.55 + 0.85) / 4, abs=1e-6)
    assert v["exact"] == 2 / 4  # V5, V5 for V5, V5; V6 for V7; V8 for V6
    assert v["within_one"] == 3 / 4
    assert v["mean_absolute_error"] == (0 + 0 + 1 + 2) / 4
    assert v["macro_f1"] == pytest.approx((1 + 0 + 0) / 3)
    # V confidences .95 (right), 1.0 (right), .85 (wrong), .95 (wrong): all but .85 in the last bin
    assert v["calibration_error"] == pytest.approx((3 * abs(2 / 3 - 2.9 / 3) + 0.85) / 4, abs=1e-6)
    assert found["nats"] == pytest.approx(-sum(map(math.log, (0.95, 0.45, 0.15, 0.05))) / 4, abs=1e-5)
    json.dumps(found, allow_nan=False)


def test_perfect_answers_measure_as_perfect() -> None:
    some = graded("6C", "7A", "7A", "8A")
    found = measure(rows(*({str(p.grade): 1.0} for p in some)), some, LADDER)
    perfect = {"exact": 1, "within_one": 1, "mean_absolute_error": 0, "macro_f1": 1, "calibration_error": 0}
    assert found == {"problems": 4, "font": perfect, "v": perfect, "nats": 0}


def test_grades_that_were_held_impossible_cost_a_finite_number_of_nats() -> None:
    assert measure(rows({"6C": 1.0}), graded("8A"), LADDER)["nats"] == pytest.approx(-math.log(1e-9), abs=1e-4)


@pytest.mark.filterwarnings("ignore:A single label")
@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(LADDER), st.sampled_from(LADDER)), min_size=1, max_size=12))
def test_confusions_count_each_problem_once(pairs: list[tuple[str, str]]) -> None:
    """A row for each labelled grade, a column for each predicted one."""
    grades, counts = confusion(
        rows(*({predicted: 1.0} for _, predicted in pairs)), graded(*(true for true, _ in pairs)), LADDER
    )
    assert grades == sorted({grade for pair in pairs for grade in pair}, key=rank)
    counted = {(true, predicted): counts[i, j] for i, true in enumerate(grades) for j, predicted in enumerate(grades)}
    assert {pair: count for pair, count in counted.items() if count} == Counter(pairs)


def test_the_table_has_rows_for_every_setup_with_held_out_problems_and_for_all() -> None:
    held_out: Sequence[Problem] = [*random_problems(20), *random_problems(10, "moonboard-masters-2019")]
    columns, lines = table(untrained(), [*held_out, replace(SIX, grade=None)])
    names = [("moonboard-2016@40", "20"), ("moonboard-masters-2019@40", "10"), ("all", "30")]
    assert [line[:3] for line in lines] == [(*name, grades) for name in names for grades in ("V", "Font")]
    assert {len(line) for line in lines} == {len(columns)}
    for mine, line in ((held_out[:20], 0), (held_out, 4)):
        found = measure(untrained().probabilities(mine), mine, LADDER)
        for key, row in zip(("v", "font"), lines[line:], strict=False):
            assert row[columns.index("exact")] == f"{found[key]['exact']:.1%}"
            assert row[columns.index("macro-F1")] == f"{found[key]['macro_f1']:.3f}"
    assert [line[0] for line in table(untrained(), held_out[:20])[1]] == ["moonboard-2016@40"] * 2
    assert table(untrained(), []) == (columns, [])


def test_a_problem_too_long_for_the_grader_has_no_columns_beside_others() -> None:
    layout = boards.load("kilter-original")
    first, *hands, last = sorted(layout.labels, key=lambda label: layout.hold(label).y)[:63]
    long = Problem(board=layout.name, angle=40, start=(first,), hands=tuple(hands), finish=(last,))
    short = replace(long, hands=long.hands[::10])
    rows = grade_columns(None)([long, short]).to_pylist()
    assert rows[0] == dict.fromkeys(("predicted", "v_grade", "perhaps", "probabilities"))
    assert rows[1]["predicted"] in dict(rows[1]["probabilities"])
