"""Files in the shapes that people have: each case of shared/cases/import with its outcome, and the real files."""

import os
import re
from collections import Counter
from pathlib import Path

import pytest

from climbpath.data import importers
from climbpath.data.importers import Failure, LeftOut, Rejection
from climbpath.problem import Problem

REAL = Path(os.environ.get("CLIMBPATH_DATA") or Path(__file__).parents[3] / "shared" / "data")
CASES = REAL.parent / "cases" / "import"

M16, M17, M19, MINI = (
    "moonboard-2016@40",
    "moonboard-masters-2017@40",
    "moonboard-masters-2019@40",
    "moonboard-mini-2020@40",
)
WITHDRAWN = "withdrawn by its setter (it has a date of deletion)"
OTHER_ANGLE = "not set at this angle: its configuration has no grade"
FEW = "fewer than 5 ascents at its angle"
MOVING = "several frames: a moving climb is no problem"

KEPT: dict[str, list[tuple[str, str | None, str, int | None]]] = {
    "01-community-dump.json": [
        (M17, "6B+", "J4s G6 F7 B8 D15 F18e", 42),
        ("moonboard-masters-2017@25", "6A", "J4s G6 F7 B9 D15 F18e", 42),
        (M16, "7A", "F5s D9 G13 I16 G18e", 42),
    ],
    "02-catalog.json": [(M16, "7A", "F5s D9 G13 I16 G18e", 12), (M16, "6C", "H5s E8 H11 F5f H18e", 4)],
    "03-keyed-by-id.json": [(M16, "7A", "F5s D9 G13 I16 G18e", 3), (M16, "6C+", "H5s E8 H11 H18e", 3)],
    "04-config-null.json": [(M16, "7A", "F5s D9 G13 I16 G18e", 3)],
    "05-mini-title.json": [
        (MINI, "6B", "F4s D7 G9 G12e", 3),
        ("moonboard-2024@40", "6B", "F5s D9 G13 I16 G18e", 3),
    ],
    "06-guidebook.json": [(M16, "6B+", "C5s E6s E8 F11 C13 D15 D18e", 28920)],
    "08-aurora.sqlite3": [("kilter-original@40", "6B", "1164s 1233 1083f 1117f 1302e", 100)],
    "09a-pandas-index.csv": [(M16, "6C", "F5s E8 G11 G18e", 137), (M16, "7A", "F5s E8 G13 G18e", None)],
    "09b-semicolon.csv": [(M16, "6C", "F5s E8 G11 G18e", None)],
    "09c-labels.csv": [(M16, "6C", "F5s E8 G11 G18e", 3)],
    "09d-label-lists.csv": [(M16, "6C", "F5s E8 G11 G18e", None)],
    "09e-tuples.csv": [(M16, "6C", "F5s E8 G11 G18e", None)],
    "09f-plain.csv": [(M16, "6C", "F5s E8 G11 G18e", None)],
    "09g-notation.csv": [
        (M16, "6C+", "F5s D9 G13 I16 G18e", None),
        (M16, "6C", "F5s D9 G13 I16 H18e", None),
        (M16, "6C+", "F5s D9 G13 H18e", None),
    ],
    "10-pages.jsonl": [
        (M17, "7A", "J4s G6 F7 B8 D15 F18e", 3),
        (M17, "7A", "J4s G6 F7 B9 D15 F18e", 3),
        (M17, "7A", "J4s G6 F7 A11 D15 F18e", 3),
    ],
    "11-problems.zip": [
        (M17, "6B+", "J4s G6 F7 B8 D15 F18e", 42),
        ("moonboard-masters-2017@25", "6A", "J4s G6 F7 B9 D15 F18e", 42),
        (M16, "7A", "F5s D9 G13 I16 G18e", 42),
    ],
    "12-grades-and-fields.json": [
        (M17, "7A", "J4s G6 F7 B8 D15 F18e", 3),
        (M17, "6A", "J4s G6 F7 B9 D15 F18e", 3),
        (M17, None, "J4s G6 F7 A11 D15 F18e", 3),
        (M17, None, "J4s G6 F7 B8 A11 D15 F18e", 3),
        (M17, None, "J4s G6 F7 A11 A16 F18e", 3),
        (M17, "6B+", "J4s G6 F7 B9 A16 F18e", 3),
        (M17, "6B+", "J4s G6 B9 A16 F18e", 3),
        (M17, "6B+", "J4s F7 B9 A16 F18e", 3),
        (M17, "6B+", "J4s F7 B9 A11 A16 F18e", 3),
        (M17, "6B+", "J4s B9 A11 D15 F18e", None),
        (M17, "6B+", "J4s B9 A11 F18e", 3),
        (M17, "6B+", "J4s B9 D15 F18e", 3),
        ("moonboard-masters-2017@25", "5+", "J4s B9 D15 F18e", 3),
    ],
    "13-logbook-site.json": [(M17, "7A", "J4s G6 D15 F18e", 9)],
    "14-ticks.csv": [
        (M16, "7A", "F5s D9 G13 I16 G18e", None),
        (M16, "7A", "F5s D9 G13 I16 G18e", None),
        (M16, "7A", "F5s D9 G13 I16 H18e", None),
        (M16, "7A", "F5s D9 G13 I16 D18e", None),
    ],
    "16-grades.csv": [
        (M16, "8C", "F5s D9 G13 I16 G18e", None),
        (M16, "8C+", "F5s D9 G13 I16 H18e", None),
        (M16, None, "F5s D9 G13 I16 E18e", None),
        (M16, None, "F5s D9 G13 I16 D18e", None),
        (M16, None, "F5s D9 G13 I16 A18e", None),
        (M16, None, "F5s D9 G13 I16 K18e", None),
    ],
    "17-boards.json": [
        (MINI, "6B", "C5s G5s E8 E12 K12e", None),
        ("moonboard-masters-2019@25", "6B", "I5s J8 K10 I13 G15 F18 D18e", None),
        (M19, "6B", "I5s A5 K10 I13 G15 D18e", None),
        (MINI, "6B", "F4s H9 K12e", None),
    ],
    "18-lowercase.json": [(M16, "7A", "J5s G9 A18e", 2764)],
    "19-list-of-api-records.json": [(M17, "6B", "J4s G6 F7 B8 D15 F18e", 3)],
    "20-wooden-c.csv": [(M19, "6C", "J4s A5 D9 F12 H15 F18e", None)],
}
"""Case -> setup, grade, notation and repeats of each problem that is kept."""
NOT_KEPT: dict[str, list[tuple[type, str]]] = {
    "02-catalog.json": [(LeftOut, OTHER_ANGLE)],
    "12-grades-and-fields.json": [
        (LeftOut, WITHDRAWN),
        (Rejection, "3 start holds (J4, K4, I5); a problem has one or two"),
    ],
    "13b-boardlib-logbook.csv": [(Failure, "it is a logbook")],
    "13c-moonboard-export.csv": [(Failure, "it is a logbook")],
}
NOTES: dict[str, dict[str, int]] = {
    "12-grades-and-fields.json": {
        "user grade '5' is not on the ladder: left out": 1,
        "ungraded: no grade": 2,
        "ungraded: grade '5A' is not on the ladder": 1,
    },
    "16-grades.csv": {
        "ungraded: grade '9A' is not on the ladder": 1,
        "ungraded: grade '5' is not on the ladder": 1,
        "ungraded: grade '?' is not on the ladder": 1,
        "ungraded: no grade": 1,
    },
}

needs_cases = pytest.mark.skipif(not CASES.exists(), reason="needs the cases of shared/cases/import")
needs_data = pytest.mark.skipif(not REAL.exists(), reason="needs the files of shared/data")


@needs_cases
@pytest.mark.parametrize("name", sorted({*KEPT, *NOT_KEPT}))
def test_every_case_has_its_outcome(name: str) -> None:
    notes = importers.Tallied()
    items = list(importers.read(CASES / name, notes.note))
    problems = [item for item in items if isinstance(item, Problem)]
    assert [(str(p.setup), p.grade, p.notation, p.repeats) for p in problems] == KEPT.get(name, [])
    others = [item for item in items if not isinstance(item, Problem)]
    wanted = NOT_KEPT.get(name, [])
    assert [type(item) for item in others] == [kind for kind, _ in wanted]
    assert all(item.reason.startswith(words) for item, (_, words) in zip(others, wanted, strict=True))
    assert dict(notes) == NOTES.get(name, {})


@needs_cases
def test_no_case_is_forgotten() -> None:
    assert {path.name for path in CASES.iterdir()} == {*KEPT, *NOT_KEPT}


@needs_cases
def test_foot_rules_user_grades_and_names_are_kept() -> None:
    problems = [p for p in importers.read(CASES / "12-grades-and-fields.json") if isinstance(p, Problem)]
    assert [p.method for p in problems if p.method != "Feet follow hands"] == ["Feet follow hands + screw ons"]
    assert "\u202eRTL 🧗 \x07 名" in {p.name for p in problems}
    (logged,) = importers.read(CASES / "13-logbook-site.json")
    assert isinstance(logged, Problem)
    assert (logged.name, logged.user_grade, logged.ids) == ("OLD SCHOOL", "6C+", ("api-dump:900050",))


REAL_FILES = {
    "moonboard2016/quality_train.csv": (5959, 1),
    "moonboard2016/quality_val.csv": (745, 0),
    "moonboard2016/site_scrape.json.gz": (8927, 1),
    "moonboard2016/hand_sequences.json.gz": (26458, 0),
    "moonboard2017/api_dump.json.gz": (12243, 0),
    "moonboard_catalog/masters-2019_25.json.gz": (3091, 2),
    "moonboard_catalog/masters-2019_40.json.gz": (2246, 3),
    "moonboard_catalog/mini-2020_40.json.gz": (3424, 2),
    "moonboard_catalog/2016_25.json.gz": (637, 1),
    "moonboard_catalog/2024_25.json.gz": (1165, 0),
    "moonboard_catalog/2024_40.json.gz": (4946, 12),
    "moonboard_catalog/mini-2025_40.json.gz": (4386, 0),
    "aurora/kilter_climbs.sqlite3": (22195, 2),
    "aurora/tension_climbs.sqlite3": (18823, 0),
}
"""Real file -> how many records are kept and how many rejected."""


@needs_data
@pytest.mark.parametrize("name", REAL_FILES)
def test_real_files(name: str) -> None:
    found = Counter(type(item) for item in importers.read(REAL / name))
    assert (found[Problem], found[Rejection]) == REAL_FILES[name]
    assert found.total() == sum(REAL_FILES[name])


@needs_data
def test_what_is_rejected_of_the_catalogue_is_only_a_start_above_the_board_s_rows() -> None:
    for path in sorted((REAL / "moonboard_catalog").iterdir()):
        reasons = {item.reason for item in importers.read(path) if isinstance(item, Rejection)}
        assert all(re.match(r"start hold [A-K]1[0-8] is not in rows", reason) for reason in reasons)


@needs_data
def test_foot_rules_of_the_newer_boards_are_kept() -> None:
    path = REAL / "moonboard_catalog" / "masters-2019_25.json.gz"
    methods = {item.method for item in importers.read(path) if isinstance(item, Problem)}
    assert methods == {"Feet follow hands", "Footless + kickboard", "No kickboard", "Footless"}


@needs_data
@pytest.mark.parametrize(
    ("name", "left_out"),
    [
        ("kilter_app", {"ungraded: it has no grade at any angle": 1595, "not listed": 198, FEW: 216, MOVING: 3}),
        ("kilter_sample", {"ungraded: it has no grade at any angle": 1483, "not listed": 191, FEW: 196, MOVING: 3}),
    ],
)
def test_climbs_of_an_app_without_ascents_are_left_out_by_reason(name: str, left_out: dict[str, int]) -> None:
    items = list(importers.read(REAL / "aurora" / f"{name}.sqlite3"))
    assert Counter(item.reason for item in items if isinstance(item, LeftOut)) == left_out
    assert all(isinstance(item, LeftOut) for item in items)


@needs_data
def test_every_climb_of_the_sample_without_an_angle_is_at_an_unknown_one() -> None:
    angles = Counter(
        item.angle for item in importers.read(REAL / "aurora/kilter_climbs.sqlite3") if isinstance(item, Problem)
    )
    assert set(angles) == {None, 40}
    assert angles[40] > 1000
