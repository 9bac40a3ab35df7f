"""Databases of the Aurora boards: the facts of a board, and its climbs."""

import gzip
import json
import sqlite3
import zipfile
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from climbpath import board as boards
from climbpath.data import importers
from climbpath.data.aurora import frames
from climbpath.data.aurora.database import opened
from climbpath.data.aurora.layout import as_json, layouts
from climbpath.data.aurora.layout import facts_of as read_facts
from climbpath.data.aurora.limits import ENOUGH, Roles, limits_of
from climbpath.data.importers import Failure, LeftOut, Rejection, Wanted
from climbpath.errors import ClimbpathError
from climbpath.problem import Problem
from support.aurora import Row, cave, facts_of, write_database, write_snapshot, write_tables

AURORA = ["kilter-original", "kilter-homewall", "tension-1", "tension-2-mirror", "tension-2-spray"]
PRODUCTS = {"kilter": "Kilter Board", "tension": "Tension Board"}
LIMITS = ("reach_cm", "foot_reach_cm", "length", "most_feet", "alike")
KILTER = "p1083r15p1117r15p1164r12p1233r13p1302r14"


def read(path: Path, **wanted: Any) -> list[importers.Item]:
    return list(importers.read_file(path.name, path, wanted=Wanted(**wanted)))


def kilter(path: Path, *climbs: Row, **options: Any) -> Path:
    """A database with the facts of the Kilter Board Original."""
    return write_database(path / "kilter.sqlite3", facts_of("kilter-original"), climbs, **options)


def one(path: Path, climb: Row, **wanted: Any) -> importers.Item:
    """What becomes of one climb of the Kilter Board Original."""
    (item,) = read(kilter(path, climb), **wanted)
    return item


def facts_in(path: Path) -> dict[str, Any]:
    with opened(path) as connection:
        (layout,) = layouts(connection)
        return read_facts(connection, layout)


# What is on the wall


@pytest.mark.parametrize("name", AURORA)
def test_the_facts_of_a_board_come_back_from_a_database_of_them(name: str, tmp_path: Path) -> None:
    facts = facts_of(name)
    found = facts_in(write_database(tmp_path / "a", facts, product=PRODUCTS[facts["family"]]))
    without = {key: value for key, value in found.items() if key not in LIMITS}
    assert without == {key: value for key, value in facts.items() if key not in LIMITS}
    assert list(found["holds"]) == list(facts["holds"])


@pytest.mark.parametrize("name", ["kilter-original", "tension-1"])
def test_without_lights_a_size_has_the_holds_between_its_edges(name: str, tmp_path: Path) -> None:
    facts = facts_of(name)
    found = facts_in(write_database(tmp_path / "a", facts, product=PRODUCTS[facts["family"]], is_new=True))
    assert found["holds"] == {label: dict(list(hold.items())[:3]) for label, hold in facts["holds"].items()}
    for size, told in facts["sizes"].items():
        assert found["sizes"][size]["leds"] == dict.fromkeys(told["leds"])


def test_a_board_s_file_is_read_back_to_the_same_facts() -> None:
    for name in boards.shipped_names():
        facts = facts_of(name)
        assert json.loads(as_json(facts)) == facts


def test_partners_are_what_is_in_the_mirrored_hole_and_of_the_same_set(tmp_path: Path) -> None:
    facts = facts_of("tension-1")
    labels = [label for label, hold in facts["holds"].items() if hold["mirror"] != label]
    first = facts["holds"][labels[0]]
    first["set"] = next(name for name in facts["hold_sets"] if name != first["set"])
    found = facts_in(write_database(tmp_path / "a", facts, product="Tension Board"))
    assert [label for label, hold in found["holds"].items() if hold["mirror"] is None] == sorted(
        [labels[0], first["mirror"]], key=list(facts["holds"]).index
    )


def test_sizes_of_one_name_are_told_apart_by_kit_or_number(tmp_path: Path) -> None:
    path = write_database(tmp_path / "a", cave())
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("ALTER TABLE product_sizes ADD description TEXT")
        db.execute("UPDATE product_sizes SET name = '7x10', description = 'Mainline LED Kit' WHERE id = 1")
        db.execute("UPDATE product_sizes SET name = '7x10', description = 'Full Ride LED Kit' WHERE id = 2")
    assert list(facts_in(path)["sizes"]) == ["7x10 Mainline", "7x10 Full Ride"]
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE product_sizes SET description = NULL")
    assert list(facts_in(path)["sizes"]) == ["7x10 (1)", "7x10 (2)"]


def test_a_database_without_sizes_has_the_whole_wall(tmp_path: Path) -> None:
    tables = ("product_sizes", "product_sizes_layouts_sets", "leds", "products_angles", "sets", "products")
    found = facts_in(write_database(tmp_path / "a", cave(), without=tables))
    assert found["sizes"] == {"whole wall": {"edges": [-10, 40.48, -10, 162.4], "leds": dict.fromkeys(cave()["holds"])}}
    assert found["hold_sets"] == ["set 1", "set 2"]
    assert found["angles"] == list(range(0, 75, 5))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("DROP TABLE placements", "has no table 'placements'"),
        ("DROP TABLE holes", "has no table 'holes'"),
        ("DROP TABLE holds", "has no table 'holds'"),
        ("DROP TABLE placement_roles", "has no table 'placement_roles'"),
        ("DROP TABLE layouts", "has no table 'layouts'"),
        ("ALTER TABLE holes RENAME COLUMN x TO z", "'holes' of the database has no column 'x'"),
        ("DELETE FROM holes WHERE id = 10103", "placement 103 of the database has no hole"),
        ("DELETE FROM holds WHERE id = 103", "placement 103 of the database has no hold set"),
        ("DELETE FROM placements", "has no placements of"),
        ("UPDATE holes SET x = 'left' WHERE id = 10103", "x of placement 103 is no length: 'left'"),
        ("UPDATE holes SET x = 9e99 WHERE id = 10103", "x of placement 103 is no length"),
        ("UPDATE holes SET x = 0, y = 0", "is where another one of"),
        ("UPDATE placements SET id = 1.5 WHERE id = 103", "a placement's number is no whole number: '1.5'"),
        ("UPDATE placement_roles SET name = 'cyan' WHERE id = 1", "has no role 'start': its roles are cyan, middle"),
        ("UPDATE sets SET name = x'1b5b'", "a set's name is"),
        ("UPDATE products_angles SET angle = 120", "at 120°: no board can be set to that"),
        ("UPDATE product_sizes SET edge_left = NULL", "an edge of the size 'tall' is no length: 'None'"),
        ("CREATE TABLE plain AS SELECT * FROM holes; DROP TABLE holes; CREATE VIEW holes AS SELECT * FROM plain",
         "has no table 'holes'"),
    ],
)  # fmt: skip
def test_what_is_missing_or_wrong_on_a_wall_is_named(change: str, words: str, tmp_path: Path) -> None:
    path = write_database(tmp_path / "a", cave())
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(change)
    with pytest.raises(ClimbpathError, match=r"^[^\n]+$") as raised:
        facts_in(path)
    assert words in str(raised.value)


@pytest.mark.parametrize("is_new", [False, True])
def test_numbers_that_are_stored_as_text_are_read_as_numbers(is_new: bool, tmp_path: Path) -> None:
    path = kilter(tmp_path, Row("AB", KILTER), is_new=is_new)
    facts, problems = facts_in(path), read(path)
    with closing(sqlite3.connect(path)) as db, db:
        for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            columns = [column for (column,) in db.execute("SELECT name FROM pragma_table_info(?)", (table,))]
            db.execute(f"CREATE TABLE as_text ({', '.join(f'{column} TEXT' for column in columns)})")
            db.execute(f"INSERT INTO as_text SELECT * FROM {table}")
            db.execute(f"DROP TABLE {table}")
            db.execute(f"ALTER TABLE as_text RENAME TO {table}")
    assert facts_in(path) == facts
    assert read(path) == problems
    assert isinstance(problems[0], Problem)


def test_a_comma_in_the_name_of_a_set_is_left_out_because_lists_have_commas(tmp_path: Path) -> None:
    cave_facts = json.loads(json.dumps(cave()).replace("Wood", "Wood, small"))
    found = facts_in(write_database(tmp_path / "a", cave_facts))
    assert found["hold_sets"] == ["Wood small", "Resin"]


@pytest.mark.parametrize(
    "marks", ["is_draft = 'true'", "is_listed = 'false'", "is_listed = 0", "frames_count = 2", "frames = frames || ','"]
)
def test_climbs_that_are_not_for_everybody_tell_nothing_of_a_boards_limits(marks: str, tmp_path: Path) -> None:
    usual = facts_in(kilter(tmp_path, *(Row(f"{i:X}", KILTER) for i in range(ENOUGH))))
    (tmp_path / "other").mkdir()
    path = kilter(tmp_path / "other", *(Row(f"{i:X}", KILTER) for i in range(ENOUGH)))
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(f"UPDATE climbs SET {marks} WHERE uuid = '0'")
    others = facts_in(path)
    assert [usual[name] == others[name] for name in ("reach_cm", "length")] == [False, False]


def test_limits_are_those_of_real_problems_where_there_are_enough() -> None:
    short = Roles([(0, 0)], [(0, 100)], [(0, 0)], [(0, 200)])
    long = Roles([(0, 0), (10, 0)], [(0, 100)] * 8, [(50, 0), (60, 0)], [(0, 300)])
    few, many = limits_of([short] * (ENOUGH - 1)), limits_of([short] * (ENOUGH - 1) + [long])
    assert few == limits_of([])
    assert many == (100, 40, (3, 3), 1)
    assert limits_of([short] * ENOUGH + [long] * ENOUGH) == (200, 50, (3, 11), 2)


# Climbs


def test_a_climb_is_a_problem_at_each_of_its_angles(tmp_path: Path) -> None:
    climb = Row("AB", KILTER, [(40, 18.2, 100), (45, 20.6, 5), (50, 22, 4), (20, None, 9), (30, 16, None)])
    items = read(kilter(tmp_path, climb))
    problems = {item.angle: item for item in items if isinstance(item, Problem)}
    assert {angle: (p.grade, p.repeats) for angle, p in problems.items()} == {
        40: ("6B", 100),
        45: ("6C+", 5),
        30: ("6A", None),
    }
    assert problems[40].notation == "1164s 1233 1083f 1117f 1302e"
    assert (problems[40].board, problems[40].ids, problems[40].name) == ("kilter-original", ("kilter:AB",), "Swooper")
    left_out = Counter(item.reason for item in items if isinstance(item, LeftOut))
    assert left_out == {"fewer than 5 ascents at its angle": 1, "ungraded at its angle": 1}


def test_a_grade_of_no_angle_is_kept_at_an_unknown_one(tmp_path: Path) -> None:
    problem = one(tmp_path, Row("AB", KILTER, (), (22.4, None)))
    assert isinstance(problem, Problem)
    assert (problem.angle, problem.grade, problem.repeats) == (None, "7A", None)


def test_grades_of_angles_win_over_the_one_of_none(tmp_path: Path) -> None:
    problem = one(tmp_path, Row("AB", KILTER, [(40, 18, 7)], (30, 99)))
    assert isinstance(problem, Problem)
    assert (problem.angle, problem.grade) == (40, "6B")


def test_tension_problems_have_v_grades(tmp_path: Path) -> None:
    facts = facts_of("tension-1")
    path = write_database(tmp_path / "a", facts, [Row("AB", "p1r1p2r2p3r3", (), (18.5, None))], product="Tension Board")
    (problem,) = read(path)
    assert isinstance(problem, Problem)
    assert (problem.board, problem.grade) == ("tension-1", "V4")


@pytest.mark.parametrize(
    ("climb", "reason"),
    [
        (Row("AB", KILTER, is_draft=1), "a draft"),
        (Row("AB", KILTER, is_listed=0), "not listed"),
        (Row("AB", KILTER, frames_count=3), "several frames: a moving climb is no problem"),
        (Row("AB", f"{KILTER},{KILTER}"), "several frames: a moving climb is no problem"),
        (Row("AB", KILTER, ()), "ungraded: it has no grade at any angle"),
        (Row("AB", KILTER, [(40, 0, 9)]), "ungraded at its angle"),
        (Row("AB", KILTER, [(40, "hard", 9)]), "ungraded at its angle"),
        (Row("AB", KILTER, [(40, 38, 9)]), "ungraded at its angle"),
        (Row("AB", KILTER, (), (20, 3)), "fewer than 5 ascents at its angle"),
    ],
)
def test_what_is_not_for_everybody_or_ungraded_is_left_out(climb: Row, reason: str, tmp_path: Path) -> None:
    item = one(tmp_path, climb)
    assert isinstance(item, LeftOut)
    assert item.reason == reason


@pytest.mark.parametrize(
    ("climb", "words"),
    [
        (Row("AB", None), "the text of its frames is damaged"),
        (Row("AB", ""), "the text of its frames is damaged"),
        (Row("AB", "p1083r12p11"), "the text of its frames is damaged"),
        (Row("AB", KILTER + "p1083r99"), "a role that its board does not have"),
        (Row("AB", KILTER + "p9r13"), "there is no hold '9' on Kilter Board Original"),
        (Row("AB", "".join(f"p{n}r13" for n in range(1073, 1280))), "over 200 holds"),
        (Row("AB", "p1083r13p1164r14"), "the problem has no start hold"),
        (Row("AB", KILTER + "p1084r12p1085r12"), "3 start holds"),
        (Row("AB", KILTER, [(42, 18, 9)]), "not 42°"),
        (Row("AB", KILTER, [("steep", 18, 9)]), "cannot read an angle from 'steep'"),
        (Row("AB", KILTER, layout=77), "its layout is not among the layouts of its database"),
    ],
)
def test_what_is_no_problem_is_rejected_with_the_reason(climb: Row, words: str, tmp_path: Path) -> None:
    item = one(tmp_path, climb)
    assert isinstance(item, Rejection)
    assert words in item.reason


def test_of_a_placement_that_is_named_again_a_start_counts_before_a_hand(tmp_path: Path) -> None:
    problem = one(tmp_path, Row("AB", KILTER + "p1164r15p1302r13p1233r12"))
    assert isinstance(problem, Problem)
    assert problem.notation == "1164s 1233s 1083f 1117f 1302e"


def test_roles_of_other_boards_of_the_app_are_understood(tmp_path: Path) -> None:
    problem = one(tmp_path, Row("AB", "p1083r45p1164r42p1233r43p1302r44"))
    assert isinstance(problem, Problem)
    assert problem.notation == "1164s 1233 1083f 1302e"


def test_ascents_that_are_asked_for_are_known_ones(tmp_path: Path) -> None:
    path = kilter(tmp_path, Row("AB", KILTER, [(40, 18, 1), (45, 20, None)]))
    assert [type(item) for item in read(path, min_ascents=0)] == [Problem, Problem]
    assert [type(item) for item in read(path, min_ascents=2)] == [LeftOut, Problem]


def test_a_benchmark_has_a_difficulty_as_one(tmp_path: Path) -> None:
    climbs = [Row("AB", KILTER, benchmark=18), Row("CD", KILTER, benchmark=0), Row("EF", KILTER)]
    problems = [item for item in read(kilter(tmp_path, *climbs)) if isinstance(item, Problem)]
    assert [problem.benchmark for problem in problems] == [True, False, False]


@pytest.mark.parametrize("is_new", [False, True])
def test_both_schemas_have_the_same_climbs(is_new: bool, tmp_path: Path) -> None:
    climbs = [Row("AB", KILTER), Row("CD", KILTER, (), (30, None)), Row("EF", None)]
    items = read(kilter(tmp_path, *climbs, is_new=is_new))
    assert [type(item) for item in items] == [Problem, Problem, Rejection]


def test_climbs_of_one_layout_are_read_where_it_is_named(tmp_path: Path) -> None:
    path = kilter(tmp_path, Row("AB", KILTER), Row("CD", "p4117r42p4118r43p4119r44", layout=8))
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO layouts VALUES (8, 7, 'Kilter Board Homewall', 0)")
    assert [p.board for p in read(path) if isinstance(p, Problem)] == ["kilter-original", "kilter-homewall"]
    for name in ("kilter board homewall", "kilter-homewall", "8"):
        assert [p.board for p in read(path, layout=name) if isinstance(p, Problem)] == ["kilter-homewall"]
    (failure,) = read(path, layout="Spire")
    assert isinstance(failure, Failure)
    assert failure.reason == (
        "the database has no layout 'Spire': it has 'Kilter Board Original', 'Kilter Board Homewall'"
    )


def test_climbs_are_on_the_board_of_the_same_holes_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIMBPATH_HOME", str(tmp_path / "home"))
    (tmp_path / "home/boards").mkdir(parents=True)
    (tmp_path / "home/boards/gym.json").write_text(as_json(facts_of("kilter-original")), encoding="utf-8")
    path = kilter(tmp_path, Row("AB", KILTER))
    wanted = {None: "kilter-original", "Kilter Board Original": "kilter-original", "gym": "gym", "Gym": "gym"}
    for layout, board in wanted.items():
        assert [p.board for p in read(path, layout=layout) if isinstance(p, Problem)] == [board]


def test_a_layout_without_a_board_says_how_to_make_one(tmp_path: Path) -> None:
    (item,) = read(write_database(tmp_path / "a", cave(), [Row("AB", "p100r1p102r2p110r3")], product="Decoy Board"))
    assert isinstance(item, Rejection)
    assert item.reason == (
        "climbpath has no board for the layout 'Decoy Board Cave Board': climbpath board import FILE --layout "
        "'Decoy Board Cave Board'"
    )


def test_a_layout_whose_holds_are_elsewhere_is_not_taken_for_ours(tmp_path: Path) -> None:
    facts = cave() | {"aurora": facts_of("kilter-original")["aurora"]}
    (item,) = read(write_database(tmp_path / "a", facts, [Row("AB", "p100r12p102r13p110r14")]))
    assert isinstance(item, Rejection)
    assert "are not where those of kilter-original are: climbpath board import FILE --layout" in item.reason


def test_climbs_without_any_table_of_boards_are_those_of_the_board_of_their_layout(tmp_path: Path) -> None:
    tables = ("layouts", "products", "placements", "placement_roles", "holes", "holds", "leds", "climb_cache_fields")
    (problem,) = read(kilter(tmp_path, Row("AB", KILTER), without=tables))
    assert isinstance(problem, Problem)
    assert problem.board == "kilter-original"


def test_a_snapshot_has_the_climbs_of_several_apps(tmp_path: Path) -> None:
    path = write_snapshot(
        tmp_path / "a",
        [
            ("kilter", Row("AB", KILTER, [(40, 18, 9), (45, 20, 9)], layout=1)),
            ("kilter", Row("CD", "p4117r42p4118r43p4119r44", layout=8)),
            ("tension", Row("AB", "p1r1p2r2p3r3", [(30, 22, 9)], layout=9)),
            ("decoy", Row("EF", "p1r1p2r2p3r3", layout=9)),
            ("kilter", Row("GH", KILTER, layout=1, is_draft=1)),
        ],
    )
    items = read(path)
    assert [(p.board, p.angle, p.grade) for p in items if isinstance(p, Problem)] == [
        ("kilter-original", 40, "6B"),
        ("kilter-original", 45, "6C"),
        ("kilter-homewall", 40, "6B"),
        ("tension-1", 30, "V6"),
    ]
    assert [item.reason for item in items if isinstance(item, Rejection)] == [
        "climbpath has no board for the layout 9 of decoy"
    ]
    assert [item.reason for item in items if isinstance(item, LeftOut)] == ["a draft"]
    assert [p.angle for p in read(path, layout="tension-1") if isinstance(p, Problem)] == [30]


def test_packed_databases_are_read(tmp_path: Path) -> None:
    content = kilter(tmp_path, Row("AB", KILTER)).read_bytes()
    (tmp_path / "a.gz").write_bytes(gzip.compress(content))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("db.sqlite3", content)
    for name in ("a.gz", "a.zip"):
        (problem,) = importers.read(tmp_path / name)
        assert isinstance(problem, Problem)


# Broken databases


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("DROP TABLE climbs", "the database has no table 'climbs': it is not a board's, or only a part of one"),
        ("DROP TABLE climb_stats; DROP TABLE climb_cache_fields", "nothing tells the grades"),
        ("ALTER TABLE climbs RENAME COLUMN frames TO holds", "'climbs' of the database has no column 'frames'"),
        ("ALTER TABLE climb_stats RENAME COLUMN angle TO a", "'climb_stats' of the database has no column 'angle'"),
        ("UPDATE layouts SET id = 'one'", "a layout's number is no whole number: 'one'"),
    ],
)
def test_what_a_database_lacks_is_named(change: str, words: str, tmp_path: Path) -> None:
    path = kilter(tmp_path, Row("AB", KILTER))
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(change)
    (failure,) = read(path)
    assert isinstance(failure, Failure)
    assert words in failure.reason


def test_a_database_that_another_program_holds_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("climbpath.data.aurora.database.PATIENCE", 0.01)
    path = kilter(tmp_path, Row("AB", KILTER))
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        (failure,) = read(path)
    assert isinstance(failure, Failure)
    assert failure.reason == "another program has locked the database: close it, or read a copy of the file"


@pytest.mark.parametrize("cut", [16, 200, 5000, 40_000])
def test_a_database_that_is_cut_off_is_told_and_survived(cut: int, tmp_path: Path) -> None:
    path = kilter(tmp_path, *(Row(f"{i:032x}", KILTER) for i in range(500)))
    path.write_bytes(path.read_bytes()[:cut])
    *before, last = read(path)
    assert isinstance(last, Failure | Rejection)
    assert "damaged or cut off" in last.reason or "cannot be read" in last.reason
    assert all(isinstance(item, Problem) for item in before)


@given(damage=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=30))
def test_a_damaged_database_ends_in_words(
    damage: list[tuple[float, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = bytearray(_small(tmp_path_factory))
    for place, byte in damage:
        content[int(place * len(content))] = byte
    path = tmp_path_factory.mktemp("damaged") / "a"
    path.write_bytes(content)
    for item in importers.read(path):
        assert isinstance(item, Problem | LeftOut | Rejection | Failure)


_content: list[bytes] = []


def _small(folder: pytest.TempPathFactory) -> bytes:
    """A small database, made once."""
    if not _content:
        path = write_database(folder.mktemp("small") / "a", cave(), [Row("AB", "p100r1p102r2p110r3")] * 20)
        _content.append(path.read_bytes())
    return _content[0]


# The text of frames

PLACEMENTS = st.lists(
    st.tuples(st.integers(0, 999_999_999), st.sampled_from([12, 13, 14, 15])), min_size=1, max_size=60
)
ROLES = {12: "start", 13: "hand", 14: "finish", 15: "foot"}


@given(PLACEMENTS)
def test_frames_are_read_as_they_are_written(written: list[tuple[int, int]]) -> None:
    found = frames.parse("".join(f"p{label}r{role}" for label, role in written), ROLES)
    assert sorted(label for labels in found.values() for label in labels) == sorted(
        {str(label) for label, _ in written}
    )
    for role, labels in found.items():
        for label in labels:
            roles = [ROLES[n] for other, n in written if str(other) == label]
            assert role == min(roles, key=frames.PRIORITY.__getitem__)


@given(st.text(max_size=40))
def test_any_other_text_is_refused_as_frames(text: str) -> None:
    try:
        found = frames.parse(text, ROLES)
    except ClimbpathError:
        return
    assert "".join(label for labels in found.values() for label in labels).isdigit()


def test_tables_that_run_code_are_not_read(tmp_path: Path) -> None:
    path = write_tables(tmp_path / "a", {"difficulty_grades": ("difficulty", [])})
    with closing(sqlite3.connect(path)) as db, db:
        endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS uuid FROM n"
        db.execute(f"CREATE VIEW climbs AS {endless}")
    (failure,) = read(path)
    assert isinstance(failure, Failure)
    assert "not one of an Aurora board" in failure.reason
