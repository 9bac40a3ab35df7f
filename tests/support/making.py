"""What several tests need: any sound problem, and files in the shapes that importers read."""

import csv
import gzip
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from climbpath import board as boards
from climbpath.board import COLUMNS, FINISH, HAND, START, Setup, row_of
from climbpath.generator.lookahead import Lookahead
from climbpath.generator.request import OWN, Request, Sampling
from climbpath.grades import on_ladder
from climbpath.model.order import Ints, problem_of
from climbpath.problem import DEFAULT_METHOD, Problem, Rules

DATA = Path(__file__).parent / "files"
SETUP = Setup("moonboard-2016", 40)
ROLES = (START, HAND, FINISH)
GRADES = ["6B", "6B+", "6C", "7A", "7B"]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
BOARDS = tuple(name for name in boards.names() if boards.load(name).has_grid)
"""MoonBoards."""
EVERY_BOARD = tuple(boards.names())
ANGLES = (25, 40, None)
"""Angles that every board has one of, an unknown one among them."""


@st.composite
def problems(
    pick: st.DrawFn,
    board_names: Sequence[str] = BOARDS,
    grades: Sequence[str] | None = None,
    angles: Sequence[int | None] = (),
    feet: bool = True,
    partial: bool = False,
    details: bool = True,
    max_holds: int = 16,
    crowded: Collection[int] = (),
) -> Problem:
    """Any sound problem, with everything that may be known of one.

    Some tests leave out footholds or `details` (name, ids, repeats, …), or want partial problems, too. Half of the
    holds of the middle come from the `crowded` rows.
    """
    layout = boards.load(pick(st.sampled_from(board_names)))
    angle = pick(st.sampled_from([one for one in angles or layout.angles if layout.has_angle(one)]))
    may = {
        role: [label for label, can in zip(layout.labels, layout.may(angle)[role], strict=True) if can]
        for role in ROLES
    }
    start = pick(st.lists(st.sampled_from(may[START]), min_size=1, max_size=2, unique=True))
    finish = pick(
        st.lists(st.sampled_from([one for one in may[FINISH] if one not in start]), min_size=1, max_size=2, unique=True)
    )
    free = [label for label in may[HAND] if label not in {*start, *finish}]
    middle = st.sampled_from(free)
    if near := [label for label in free if crowded and row_of(label) in crowded]:
        middle = st.sampled_from(near) | middle
    others = pick(st.lists(middle, max_size=max_holds - len(start + finish), unique=True))
    footholds = pick(st.integers(0, 2)) if feet and layout.has_feet else 0
    problem = Problem(
        board=layout.name,
        angle=angle,
        grade=pick(st.sampled_from(grades or layout.ladder)),
        start=tuple(start),
        hands=tuple(others[footholds:]),
        feet=tuple(others[:footholds]),
        finish=tuple(finish),
        partial=pick(st.booleans()) if partial else False,
    )
    if not details:
        return problem
    return replace(
        problem,
        name=pick(st.none() | TEXT),
        ids=tuple(pick(st.lists(TEXT, max_size=2, unique=True))),
        repeats=pick(st.none() | st.integers(0, 2**31 - 1)),
        benchmark=pick(st.booleans()),
        method=pick(st.just(DEFAULT_METHOD) | TEXT),
        user_grade=pick(st.none() | st.sampled_from(layout.ladder)),
    )


def walk(lookahead: Lookahead, count: int, rng: np.random.Generator) -> Ints:
    """Sequences [count, N] with every allowed choice equally likely; asserts that there is one at every step."""
    end = len(lookahead.board.choice_roles)
    batch = lookahead.initial_state(count)
    steps: list[Ints] = []
    while not steps or (steps[-1] < end).any():
        allowed = lookahead.allowed(batch)
        assert allowed.any(axis=1).all(), f"nothing is allowed at step {batch.step} under {lookahead.rules}"
        lookahead.choose(batch, np.where(allowed, rng.random(allowed.shape), -1).argmax(axis=1))
        steps.append(batch.last)
    return np.stack(steps, axis=1)


def random_problems(
    count: int, board: str = "moonboard-2016", seed: int = 0, rules: Rules | None = None, angle: int | None = 40
) -> list[Problem]:
    """Valid problems with every allowed choice equally likely."""
    layout = boards.load(board)
    rng = np.random.default_rng(seed)
    sequences = walk(Lookahead(layout, angle, rules or Rules(max_reach=120, max_holds=10)), count, rng)
    grades = [on_ladder(grade, layout.ladder)[0] for grade in rng.choice(GRADES, count)]
    return [problem_of(s, layout, angle, str(g)) for s, g in zip(sequences, grades, strict=True)]


def ask(grades: str, number: int, setup: Setup = SETUP, sampling: Sampling = OWN, **more: Any) -> Request:
    """A request for problems of some grades, by default from the model's own distribution and seed 0."""
    return Request(
        setup=setup, grades=tuple(grades.split(",")), number=number, sampling=sampling, **{"seed": 0, **more}
    )


def guide_row(problem: Problem, number: int = 1) -> dict[str, object]:
    """A row of the guide's CSV."""

    def places(labels: Sequence[str]) -> str:
        return json.dumps([[COLUMNS.index(label[0]), int(label[1:]) - 1] for label in labels])

    return {
        "problem_id": number,
        "grade": problem.grade,
        "start_holds": places(problem.start),
        "mid_holds": places(problem.hands),
        "end_holds": places(problem.finish),
        "is_benchmark": problem.benchmark,
        "repeats": "" if problem.repeats is None else problem.repeats,
    }


def scrape_record(problem: Problem, number: int = 1) -> dict[str, Any]:
    """A record of the site scrape."""
    return {
        "site_id": str(number),
        "name": problem.name,
        "grade": (problem.grade or "").lower(),
        "holds": {"SH": list(problem.start), "IH": list(problem.hands), "FH": list(problem.finish)},
        "holds_setup": ["Hold Set A 2016"],
    }


def api_record(problem: Problem, number: int = 1) -> dict[str, Any]:
    """A record of the app's API."""
    return {
        "Id": number,
        "Name": problem.name,
        "Grade": problem.grade,
        "UserGrade": problem.user_grade,
        "Method": problem.method,
        "MoonBoardConfiguration": {"Description": f"{problem.angle}° MoonBoard"},
        "Holdsetup": {"Description": boards.load(problem.board).title},
        "Moves": [
            {"Description": label, "IsStart": label in problem.start, "IsEnd": label in problem.finish}
            for label in problem.holds
        ],
        "Repeats": problem.repeats,
        "IsBenchmark": problem.benchmark,
    }


def write_csv(path: Path, rows: Iterable[dict[str, object]]) -> Path:
    rows = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_json(path: Path, content: object, packed: bool = False) -> Path:
    text = json.dumps(content).encode()
    path.write_bytes(gzip.compress(text) if packed else text)
    return path
