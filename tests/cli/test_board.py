"""climbpath board: list, use, import."""

import gzip
import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from climbpath import board as boards
from climbpath.cli.common import wall_of
from climbpath.cli.generate import generate
from climbpath.data import parquet
from climbpath.drawing import problem as drawing
from climbpath.drawing.shapes import elements
from climbpath.drawing.themes import DARK
from climbpath.grader.grader import checked_grader_of
from climbpath.problem import Problem, Rules, parse_notation, violations
from climbpath.settings import remembered
from climbpath.wall import Wall
from support.aurora import Row, cave, facts_of, write_database
from support.commands import climbpath_here


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without boards and settings."""
    monkeypatch.setenv("CLIMBPATH_HOME", str(tmp_path / "home"))
    boards.load.cache_clear()
    return tmp_path / "home"


def done(*arguments: object, cwd: Path) -> str:
    found = climbpath_here("board", *arguments, cwd=cwd)
    assert found.returncode == 0, found.stderr
    return found.stdout


def refused(*arguments: object, cwd: Path) -> str:
    found = climbpath_here("board", *arguments, cwd=cwd)
    assert found.returncode == 2
    assert found.stderr.startswith("Error: ")
    assert "Traceback" not in found.stderr
    return found.stderr


def test_all_boards_are_listed_with_their_sizes_sets_and_angles(tmp_path: Path) -> None:
    listed = done("list", cwd=tmp_path)
    for name in boards.names():
        layout = boards.load(name)
        assert f"{name}  {layout.title}" in listed
        assert all(f"{size.name} ({len(size.leds)} holds)" in listed for size in layout.sizes.values())
        assert all(one in listed for one in layout.hold_sets)
    assert "angles     0° to 70° in steps of 5°" in listed
    assert "angles     25° and 40°" in listed
    assert all(len(line) <= 100 for line in listed.splitlines())


def test_a_board_is_remembered_shown_and_forgotten(tmp_path: Path) -> None:
    said = done("use", "kilter-original", "--size", "12 X 12 with  KICKBOARD", "--hold-sets", "bolt ons", "--angle", 40,
                cwd=tmp_path)  # fmt: skip
    assert said == "In use: Kilter Board Original · 12 x 12 with kickboard · Bolt Ons · 40°\n"
    assert remembered() == Wall("kilter-original", "12 x 12 with kickboard", ("Bolt Ons",), 40)
    assert done("use", cwd=tmp_path) == said
    assert f"kilter-original  Kilter Board Original  ← {said}" in done("list", cwd=tmp_path)
    assert done("use", "--forget", cwd=tmp_path) == "No board is remembered any more\n"
    assert done("use", cwd=tmp_path).startswith("No board is remembered: climbpath board use NAME")
    assert remembered() is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("kilter",), "there is no board 'kilter': choose from kilter-homewall, kilter-original"),
        (("kilter-original", "--size", "12"), "has no size '12': choose from 16 x 12, 12 x 14"),
        (("kilter-original", "--hold-sets", "Wood"), "has no hold set 'Wood': it has Bolt Ons, Screw Ons"),
        (("kilter-original", "--angle", "42"), "Kilter Board Original can be set to 0° to 70° in steps of 5°, not 42°"),
        (("moonboard-2016", "--angle", "30"), "MoonBoard 2016 can be set to 25° or 40°, not 30°"),
        (("moonboard-2016", "--hold-sets", ","), "no hold set is named: MoonBoard 2016 has Original, A, B"),
        (("--angle", "30"), "name the board, too"),
        (("kilter-original", "--forget"), "--forget takes no board"),
        (("../../etc/passwd",), "there is no board '../../etc/passwd'"),
    ],
)
def test_what_a_board_does_not_have_is_not_remembered(arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    assert words in refused("use", *arguments, cwd=tmp_path)
    assert remembered() is None


def test_an_unknown_angle_is_remembered(home: Path) -> None:
    assert "Tension Board 1 · unknown angle" in done("use", "tension-1", "--angle", "unknown", cwd=home.parent)
    assert remembered() == Wall("tension-1", angle=None)
    assert flags_of()["angle"] is None
    assert flags_of("--angle", "30")["angle"] == 30
    assert "can be set to" in refused("use", "moonboard-2016", "--angle", "unknown", cwd=home.parent)


OTHER_SIZE = '{"wall": {"board": "tension-1", "size": "x"}}'


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"wall": 5}', '{"wall": {"board": "gone"}}', OTHER_SIZE, "[" * 9999]
)
def test_settings_that_cannot_be_read_name_their_file_and_the_way_out(content: str, home: Path) -> None:
    home.mkdir()
    (home / "settings.json").write_text(content, encoding="utf-8")
    assert f"{home / 'settings.json'}, which remembers your board" in refused("use", cwd=home)
    done("use", "tension-1", cwd=home)
    assert remembered() == Wall("tension-1", angle=40)


def test_a_board_of_a_database_is_there_for_all_commands(tmp_path: Path) -> None:
    path = write_database(
        tmp_path / "cave.sqlite3", cave(), [Row("AB", "p100r1p102r2p104r2p110r3")], product="Decoy Board"
    )
    said = done("import", path, "--layout", "cave board", cwd=tmp_path)
    assert said.startswith("decoy-board-cave-board  Decoy Board Cave Board\n  angles     20° and 45°\n")
    assert boards.names()[-1] == "decoy-board-cave-board"
    layout = boards.load("decoy-board-cave-board")
    assert (layout.family, len(layout.holds), layout.hold_sets) == ("decoy", 12, ("Wood", "Resin"))
    assert layout.size("short").leds == {str(100 + i): i for i in range(6)}
    imported = climbpath_here("data", "import", path, "-o", "cave.parquet", cwd=tmp_path)
    assert "rejected" in imported.stdout  # 40° is none of its angles
    assert "can be set to 20° or 45°, not 40°" in imported.stdout


def test_a_board_that_climbpath_brings_along_is_not_imported_again(tmp_path: Path) -> None:
    path = write_database(tmp_path / "kilter.sqlite3", facts_of("kilter-original"))
    said = done("import", path, "--layout", "Kilter Board Original", cwd=tmp_path)
    assert said == (
        "Kilter Board Original is there already: climbpath has it as the board kilter-original, with the same holds\n"
    )
    assert boards.names() == boards.shipped_names()


def test_a_board_of_a_name_of_its_own_gets_its_climbs_as_it_says(tmp_path: Path) -> None:
    climbs = [Row("AB", "p1083r15p1117r15p1164r12p1233r13p1302r14")]
    path = write_database(tmp_path / "kilter.sqlite3", facts_of("kilter-original"), climbs)
    said = done("import", path, "--name", "gym", cwd=tmp_path)
    assert f"import its climbs with climbpath data import {path} --layout gym -o gym.parquet\n" in said
    assert said.endswith("climbpath has its holds as the board kilter-original, whose models know nothing of gym\n")
    imported = climbpath_here("data", "import", path, "--layout", "gym", "-o", "gym.parquet", cwd=tmp_path)
    assert imported.stdout.splitlines()[-4].split() == ["gym", "40", "1"]


def test_a_board_that_no_model_knows_is_named_with_the_way_out(tmp_path: Path) -> None:
    path = write_database(tmp_path / "kilter.sqlite3", facts_of("kilter-original"))
    done("import", path, "--name", "gym", cwd=tmp_path)
    made = climbpath_here("generate", "--board", "gym", "--grade", "6C", cwd=tmp_path)
    assert made.stderr.startswith(
        "Error: the bundled models have not learned Kilter Board Original at 40° (gym@40): they know "
    )
    assert made.stderr.endswith("; 'climbpath train --data FILE' makes a model of your problems, for --model\n")
    shown = climbpath_here("show", SMALL, "--board", "gym", cwd=tmp_path)
    assert "\nNo known problem has exactly these holds." in shown.stdout
    graded = climbpath_here("grade", SMALL, "--board", "gym", cwd=tmp_path)
    assert graded.stderr.startswith("Error: no grader has learned Kilter Board Original at 40° (gym@40): they know ")
    assert "'climbpath train-grader --data FILE --use' makes one of your problems" in graded.stderr


def test_a_packed_database_has_its_board(tmp_path: Path) -> None:
    content = write_database(tmp_path / "cave.sqlite3", cave()).read_bytes()
    (tmp_path / "cave.gz").write_bytes(gzip.compress(content))
    with zipfile.ZipFile(tmp_path / "cave.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README", "a board")
        archive.writestr("cave.sqlite3", content)
    for name in ("gz", "zip"):
        done("import", f"cave.{name}", "--name", name, cwd=tmp_path)
        assert boards.load(name).labels == tuple(cave()["holds"])
    with zipfile.ZipFile(tmp_path / "cave.zip", "a") as archive:
        archive.writestr("cave2.sqlite3", content)
    assert "cave.zip: the zip holds 2 SQLite databases: name one" in refused("import", "cave.zip", cwd=tmp_path)
    (tmp_path / "text.gz").write_bytes(gzip.compress(b"no database"))
    assert "text.gz: it is not an SQLite database" in refused("import", "text.gz", cwd=tmp_path)
    (tmp_path / "cut.gz").write_bytes(gzip.compress(content)[:-50])
    assert "cut.gz: the gzip data break off" in refused("import", "cut.gz", cwd=tmp_path)


def test_a_layout_can_be_named_by_its_board(tmp_path: Path) -> None:
    path = write_database(tmp_path / "a", facts_of("tension-1"), product="Tension Board", layout="Original Layout")
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO layouts VALUES (77, 1, 'Other Layout', 0)")
    assert "as the board tension-1" in done("import", path, "--layout", "tension-1", cwd=tmp_path)
    assert "it has no layout 'kilter-original'" in refused("import", path, "--layout", "kilter-original", cwd=tmp_path)


def test_a_layout_of_that_name_with_other_holds_is_a_board_of_its_own(tmp_path: Path) -> None:
    facts = facts_of("kilter-original")
    facts["holds"]["1073"]["x"] += 2.54 * 4
    path = write_database(tmp_path / "kilter.sqlite3", facts)
    done("import", path, cwd=tmp_path)
    assert boards.names() == [*boards.shipped_names(), "kilter-board-original"]


def test_a_board_is_replaced_only_by_force(tmp_path: Path, home: Path) -> None:
    path = write_database(tmp_path / "cave.sqlite3", cave())
    done("import", path, "--name", "cave", cwd=tmp_path)
    before = (home / "boards/cave.json").read_bytes()
    larger = write_database(tmp_path / "larger.sqlite3", cave(14))
    assert "you have a board cave already: add --force to replace it" in refused(
        "import", larger, "--name", "cave", cwd=tmp_path
    )
    assert (home / "boards/cave.json").read_bytes() == before
    done("import", larger, "--name", "cave", "--force", cwd=tmp_path)
    assert len(boards.load("cave").holds) == 14


@pytest.mark.parametrize("name", ["kilter-original", "Cave", "../cave", "", "a" * 80, "-cave", "cave.json", "cave\n"])
def test_names_that_are_none_or_ours_are_refused(name: str, tmp_path: Path, home: Path) -> None:
    path = write_database(tmp_path / "cave.sqlite3", cave())
    said = refused("import", path, "--name", name, "--force", cwd=tmp_path)
    assert "is no name for a board" in said or "brings along a board" in said
    assert not home.exists()


def test_what_cannot_be_a_board_says_why(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database", encoding="utf-8")
    assert "text: it is not an SQLite database" in refused("import", "text", cwd=tmp_path)
    assert "none: there is no such file" in refused("import", "none", cwd=tmp_path)
    path = write_database(tmp_path / "cave.sqlite3", cave())
    assert f"{path}: it has no layout 'x'; its layouts: 'Kilter Board Cave Board'" in refused(
        "import", path, "--layout", "x", cwd=tmp_path
    )
    no_holes = write_database(tmp_path / "no.sqlite3", cave(), without=["holes"])
    assert f"{no_holes}: the database has no table 'holes'" in refused("import", no_holes, cwd=tmp_path)


def test_a_damaged_board_file_names_itself_and_leaves_the_others_alone(tmp_path: Path, home: Path) -> None:
    (home / "boards").mkdir(parents=True)
    (home / "boards/mine.json").write_text(json.dumps({"title": "Mine"}), encoding="utf-8")
    assert f"{home / 'boards/mine.json'} is no board" in refused("use", "mine", cwd=tmp_path)
    done("use", "tension-1", cwd=tmp_path)
    listed = done("list", cwd=tmp_path)
    assert "tension-1  Tension Board 1  ← In use" in listed
    assert "is no board" in listed


# What is remembered, in other commands


def flags_of(*arguments: str) -> dict[str, object]:
    """What the flags of climbpath generate come to."""
    return generate.make_context("generate", ["--grade", "6B", *arguments]).params


def wall_in(found: dict[str, object]) -> tuple[object, ...]:
    wall = wall_of(*(found[flag] for flag in ("board", "size", "hold_sets")))  # type: ignore[arg-type]
    return found["board"], found["angle"], wall.size, wall.hold_sets


def test_commands_use_the_board_that_is_remembered(tmp_path: Path) -> None:
    assert wall_in(flags_of()) == ("moonboard-2016", 40, None, None)
    done("use", "kilter-original", "--size", "7 x 10", "--hold-sets", "bolt ons", "--angle", "25", cwd=tmp_path)
    assert wall_in(flags_of()) == ("kilter-original", 25, "7 x 10", ("Bolt Ons",))
    assert wall_in(flags_of("--board", "kilter-original")) == ("kilter-original", 25, "7 x 10", ("Bolt Ons",))


def test_flags_win_over_what_is_remembered(tmp_path: Path) -> None:
    done("use", "kilter-original", "--size", "7 x 10", "--hold-sets", "bolt ons", "--angle", "25", cwd=tmp_path)
    assert wall_in(flags_of("--angle", "30", "--size", "12 x 14")) == ("kilter-original", 30, "12 x 14", ("Bolt Ons",))
    assert wall_in(flags_of("--size", "all", "--hold-sets", "ALL")) == ("kilter-original", 25, None, None)
    assert wall_in(flags_of("--angle", "unknown"))[1] is None
    assert wall_in(flags_of("--board", "tension-1")) == ("tension-1", 40, None, None)
    assert wall_in(flags_of("--angle", "30°", "--board", "tension-1")) == ("tension-1", 30, None, None)


SMALL = "1115s 1132s 1144 1181 1218 1234 1268 1356 1370 1462f 1457f 1570f 1391e 1392e"
"""A problem of Kilter Board Original on the size '12 x 12 with kickboard'; '8 x 12' lacks 1462."""
ONE = ("--num-samples", "1")


@pytest.mark.parametrize("command", ["show", "beta", "vary", "harder"])
def test_a_problem_is_drawn_and_changed_on_the_wall_that_is_remembered(command: str, tmp_path: Path) -> None:
    done("use", "kilter-original", "--size", "12 x 12 with kickboard", "--angle", "40", cwd=tmp_path)
    written = () if command == "show" else ("--out", "made", "--format", "svg")
    found = climbpath_here(command, SMALL, *(ONE if command in ("vary", "harder") else ()), *written, cwd=tmp_path)
    assert found.returncode == 0, found.stderr
    layout, size = boards.load("kilter-original"), "12 x 12 with kickboard"
    if command == "show":
        picture = found.stdout.split("Smooth Meander")[0]
        assert sum(map(picture.count, "·SHFE")) == len(layout.size(size).leds)
    else:
        pictures = [path.read_text(encoding="utf-8") for path in (tmp_path / "made").glob("*.svg")]
        assert pictures
        assert all(elements(drawing.wall_shapes(Wall("kilter-original", size), DARK)) in one for one in pictures)


@pytest.mark.parametrize("command", ["show", "beta", "vary", "harder", "easier"])
def test_a_hold_that_the_wall_lacks_is_named(command: str, tmp_path: Path) -> None:
    done("use", "kilter-original", "--size", "8 x 12", cwd=tmp_path)
    refused_here = climbpath_here(command, SMALL, cwd=tmp_path)
    assert refused_here.returncode == 2
    assert "1462 not on the size 8 x 12: --size all --hold-sets all takes the whole board" in refused_here.stderr
    sets = climbpath_here(command, SMALL, "--size", "all", "--hold-sets", "bolt ons", cwd=tmp_path)
    assert "1462, 1457, 1570 not in hold sets Bolt Ons" in sets.stderr
    wrong = climbpath_here(command, SMALL, "--size", "9 x 9", cwd=tmp_path)
    assert "Kilter Board Original has no size '9 x 9'" in wrong.stderr


@pytest.mark.parametrize("command", ["show", "beta", "vary", "harder"])
def test_a_wall_that_does_not_exist_is_named_before_a_fault_of_the_problem(command: str, tmp_path: Path) -> None:
    for flags in (("--size", "3x3"), ("--hold-sets", "Z")):
        found = climbpath_here(command, "F5s", *flags, cwd=tmp_path)
        assert found.returncode == 2
        assert found.stderr.startswith("Error: MoonBoard 2016 has no ")


def test_an_angle_that_a_board_does_not_have_is_answered_with_those_that_it_has(tmp_path: Path) -> None:
    for typed, words in (("30", "30°"), ("unknown", "an unknown angle")):
        found = climbpath_here("generate", "--grade", "7A", "--angle", typed, cwd=tmp_path)
        assert found.stderr == f"Error: MoonBoard 2016 can be set to 25° or 40°, not {words}\n"


def test_problems_that_are_drawn_as_on_another_board_or_at_an_unknown_angle_come_with_a_note(tmp_path: Path) -> None:
    notes = {
        "tension-2-mirror": "Note: the model had no problems on Tension Board 2 Mirror to learn from: these are drawn",
        "tension-1": "Note: Tension Board 1 at 40° has not been learned: these problems and their grades are as if",
    }
    for board, note in notes.items():
        for command in (("generate", *ONE), ("workout", "--minutes", "10", "--format", "json", "--out", board)):
            made = climbpath_here(*command, "--board", board, "--grade", "V3", cwd=tmp_path)
            assert made.returncode == 0
            assert made.stderr.startswith(note)


@pytest.mark.parametrize("command", ["grade", "show", "harder"])
def test_a_grade_at_an_angle_that_was_not_learned_comes_with_a_note(command: str, tmp_path: Path) -> None:
    found = climbpath_here(command, SMALL, "--board", "kilter-original", "--angle", "45", cwd=tmp_path)
    assert found.stderr.startswith("Note: Kilter Board Original at 45° has not been learned: ")
    assert "Note" not in climbpath_here(command, SMALL, "--board", "kilter-original", cwd=tmp_path).stderr


@pytest.mark.parametrize("command", ["vary", "harder"])
def test_problems_are_not_written_for_an_app_that_does_not_know_their_board(command: str, tmp_path: Path) -> None:
    found = climbpath_here(command, SMALL, "--board", "kilter-original", *ONE, "--format", "json,app", cwd=tmp_path)
    assert found.returncode == 2
    assert "  1. " not in found.stdout
    assert (
        "the format app is the MoonBoard app's, which has no Kilter Board Original: write json or csv" in found.stderr
    )
    assert not (tmp_path / "out").exists()


def test_grade_needs_nothing_that_is_remembered_of_a_wall(home: Path) -> None:
    home.mkdir()
    (home / "settings.json").write_text("{", encoding="utf-8")
    found = climbpath_here("grade", "F5 G8 G18", "--board", "moonboard-2016", "--angle", "40", cwd=home)
    assert (found.returncode, found.stderr) == (0, "")


def test_a_graded_problem_without_a_grader_keeps_its_grade(tmp_path: Path) -> None:
    link = "https://example.org/?board=tension-2-mirror&angle=40&grade=V4&problem=583s-576-693-326e"
    assert "V4 as given; no grader has learned" in climbpath_here("show", link, cwd=tmp_path).stdout


def test_what_is_remembered_of_one_board_says_nothing_of_another(tmp_path: Path) -> None:
    done("use", "kilter-original", "--size", "8 x 12", cwd=tmp_path)
    link = "https://example.org/?board=tension-1&angle=unknown&problem=" + ASLANT.replace(" ", "-")
    assert climbpath_here("show", link, cwd=tmp_path).returncode == 0


def test_of_several_problems_the_one_with_such_a_hold_is_named(tmp_path: Path) -> None:
    problems = [parse_notation(one, "kilter-original").to_dict() for one in ("1115s 1144 1391e", SMALL)]
    (tmp_path / "two.json").write_text(json.dumps(problems), encoding="utf-8")
    found = climbpath_here("beta", "two.json", "--size", "8 x 12", cwd=tmp_path)
    assert "Error: problem 2: 1462 not on the size 8 x 12" in found.stderr


# Mirror images

ASLANT = "141s 73s 49 235 20 229 197 38 301f 302f 76f 267f 151f 186f 142e"
"""A problem of Tension Board 1."""


def test_grades_that_an_angle_lacks_are_drawn_as_at_an_unknown_one(tmp_path: Path) -> None:
    """Kilter Original is learned at 40° from V4 on. Where a grade asked for is easier, all are as if the
    angle were unknown, and the note says which."""
    asked = ("generate", "--board", "kilter-original", "--num-samples", "2", "--seed", "1", "--format", "json")
    for grades, angle, words in (
        (
            "V3..V4",
            None,
            "too few problems of 6A (V3), 6A+ (V3) were learned on Kilter Board Original at 40°: these",
        ),
        ("V5", 40, ""),
    ):
        made = climbpath_here(*asked, "--grade", grades, "--out", grades, cwd=tmp_path)
        assert made.returncode == 0, made.stderr
        assert words in made.stderr
        assert bool(made.stderr) == bool(words)
        problems = json.loads((tmp_path / grades / "problems.json").read_text())
        assert {problem["angle"] for problem in problems} == {angle}


EASY = "1155s 1173s 1206 1208 1257 1259 1308 1076f 1104f 1120f 1482f 1137f 1170f 1242f 1288e 1306e"
"""A problem of Kilter Board Original for beginners."""


@pytest.mark.parametrize("command", ["grade", "show"])
def test_an_easy_problem_is_graded_as_at_an_unknown_angle_where_its_own_lacks_the_grade(
    command: str, tmp_path: Path
) -> None:
    """At 40° hardly anything below 6B was learned: without that, it would be 6B or harder."""
    for angle, words in (("40", "were learned on Kilter Board Original at 40°: the grade is as if"), ("unknown", "")):
        found = climbpath_here(command, EASY, "--board", "kilter-original", "--angle", angle, cwd=tmp_path)
        assert "4A (V0)" in found.stdout
        assert words in found.stderr
        assert bool(found.stderr) == bool(words)


def test_a_workout_warms_up_on_grades_that_the_angle_lacks(tmp_path: Path) -> None:
    asked = ("workout", "--board", "kilter-original", "--grade", "V5", "--minutes", "20", "--seed", "1")
    found = climbpath_here(*asked, "--format", "json", "--out", "evening", cwd=tmp_path)
    assert found.returncode == 0, found.stderr
    assert "Kilter Board Original · 40° · seed 1" in found.stdout
    sections = json.loads((tmp_path / "evening" / "workout.json").read_text())["sections"]
    angles = [{slot["problem"]["angle"] for slot in section["problems"]} for section in sections]
    assert angles == [{None}, {40}]


@pytest.mark.parametrize(("board", "grade"), [("moonboard-2016", "V4"), ("moonboard-mini-2020", "V3")])
def test_a_v_grade_is_those_of_its_font_grades_that_are_known(board: str, grade: str, tmp_path: Path) -> None:
    asked = ("generate", "--board", board, "--num-samples", "2", "--seed", "1", "--format", "json", "--out", "two")
    found = climbpath_here(*asked, "--grade", grade, cwd=tmp_path)
    assert found.returncode == 0, found.stderr
    known = {"V4": "6B+", "V3": "6A+"}[grade]
    assert {one["grade"] for one in json.loads((tmp_path / "two" / "problems.json").read_text())} == {known}
    other = climbpath_here("generate", "--board", board, "--grade", known[:2], cwd=tmp_path)
    assert other.returncode == 2  # a Font grade is that grade


def test_of_a_v_grade_a_variation_has_the_harder_font_grade(tmp_path: Path) -> None:
    problem = ("vary", "F5s D9 G13 I16 G18e", "--num-samples", "1", "--seed", "1")
    assert climbpath_here(*problem, "--grade", "V5", cwd=tmp_path).stdout.startswith("from 6C+ (V5)")
    assert "name one of them" in climbpath_here(*problem, "--grade", "V5..V6", cwd=tmp_path).stderr


def test_many_problems_of_grades_that_an_angle_lacks_have_one_angle(tmp_path: Path) -> None:
    asked = ("generate", "--board", "kilter-original", "--grade", "V3..V4", "--num-samples", "5", "--seed", "1")
    made = climbpath_here(*asked, "--format", "parquet", "--out", "five.parquet", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert {problem.angle for problem in parquet.load(tmp_path / "five.parquet")} == {None}


def test_what_stands_in_the_way_of_mirror_images_is_told_as_it_was_typed(tmp_path: Path) -> None:
    asked = ("generate", "--board", "tension-1", "--grade", "V5", "--pin", "67", "--ban", "67", "--mirror")
    assert "67 is both pinned and banned" in climbpath_here(*asked, cwd=tmp_path).stderr


def test_a_foot_rule_is_named_in_any_case(tmp_path: Path) -> None:
    asked = ("generate", "--board", "moonboard-2024", "--grade", "6C", "--format", "json", "--out", "out")
    assert climbpath_here(*asked, "--method", "FOOTLESS", cwd=tmp_path).returncode == 0
    assert json.loads((tmp_path / "out/problems.json").read_text())[0]["method"] == "Footless"


def test_a_mirror_image_is_shown(tmp_path: Path) -> None:
    shown = climbpath_here("show", ASLANT, "--board", "tension-1", "--mirror", cwd=tmp_path).stdout
    assert parse_notation(ASLANT, "tension-1").mirrored.notation in shown
    twice = parse_notation(ASLANT, "tension-1").mirrored.mirrored
    assert twice == parse_notation(ASLANT, "tension-1")


def test_mirrored_problems_keep_to_what_was_asked_and_have_their_own_grade(tmp_path: Path) -> None:
    """Size, bans and start hold for the problem that is shown, and not for its mirror image."""
    wall = ("--board", "tension-1", "--angle", "unknown", "--size", "Short", "--ban", "68,126", "--start", "67,125")
    asked = ("generate", *wall, "--grade", "V5", "--num-samples", "4", "--seed", "1", "--format", "json", "--mirror")
    made = climbpath_here(*asked, "--out", "turned", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    turned = [Problem.from_dict(one) for one in json.loads((tmp_path / "turned/problems.json").read_text())]
    rules = Rules(size="Short", bans=frozenset({"68", "126"}), start=frozenset({"67", "125"}))
    assert [violations(one, rules) for one in turned] == [[]] * 4
    assert [one.grade for one in turned] == ["V5"] * 4
    assert [one.grade for one in checked_grader_of(turned[0].setup).graded(turned)] == ["V5"] * 4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", SMALL, "--board", "kilter-original"), "Kilter Board Original has no mirror partners"),
        (("generate", "--grade", "7A", "--num-samples", "1"), "MoonBoard 2016 has no mirror partners"),
        (("generate", "--grade", "7A", "--format", "parquet"), "MoonBoard 2016 has no mirror partners"),
    ],
)
def test_what_has_no_mirror_image_says_so(arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    found = climbpath_here(*arguments, "--mirror", cwd=tmp_path)
    assert found.returncode == 2
    assert words in found.stderr


def test_a_board_without_40_degrees_is_at_its_steepest_angle(tmp_path: Path) -> None:
    path = write_database(tmp_path / "cave.sqlite3", cave())
    done("import", path, "--name", "cave", cwd=tmp_path)
    assert flags_of("--board", "cave")["angle"] == 45


def test_an_angle_that_is_none_is_refused(tmp_path: Path) -> None:
    found = climbpath_here("generate", "--grade", "6B", "--angle", "steep", cwd=tmp_path)
    assert found.returncode == 2
    assert "'steep' is no angle: write degrees, as in 40, or unknown" in found.stderr


def test_problems_at_an_unknown_angle_are_listed_and_filtered_as_such(tmp_path: Path) -> None:
    frames = "p1083r15p1117r15p1164r12p1233r13p1302r14"
    climbs = [Row("AB", frames), Row("CD", frames, (), (20, None))]
    write_database(tmp_path / "kilter.sqlite3", facts_of("kilter-original"), climbs)
    said = climbpath_here("data", "import", "kilter.sqlite3", "-o", "all.parquet", cwd=tmp_path).stdout
    rows = [line.split() for line in said.splitlines() if line.startswith("kilter-original")]
    assert rows == [["kilter-original", "unknown", "1"], ["kilter-original", "40", "1"]]
    for angle in ("unknown", "40"):
        left = climbpath_here("data", "filter", "all.parquet", "-o", f"{angle}.parquet", "--angle", angle, cwd=tmp_path)
        assert left.returncode == 0, left.stderr
    missing = climbpath_here("data", "filter", "40.parquet", "-o", "x.parquet", "--angle", "unknown", cwd=tmp_path)
    assert "no problem has the angle unknown: there are 40 (1)" in missing.stderr


def test_the_command_for_the_climbs_of_a_board_can_be_pasted(tmp_path: Path) -> None:
    path = write_database(tmp_path / "my gym.sqlite3", facts_of("kilter-original"))
    said = done("import", path, "--name", "gym", cwd=tmp_path)
    assert f"climbpath data import '{path}' --layout gym -o gym.parquet\n" in said


def test_a_board_that_is_drawn_as_another_says_so_of_its_angle_too(tmp_path: Path) -> None:
    one = ("generate", "--board", "tension-2-mirror", "--grade", "V4", "--num-samples", 1)
    drawn = climbpath_here(*one, "--angle", 40, cwd=tmp_path)
    assert "these are drawn as on Tension Board 2 Spray, which has its holes\n" in drawn.stderr
    assert "Mirror at 40° has not been learned: these problems and their grades are as if the angle" in drawn.stderr
    assert "angle" not in climbpath_here(*one, "--angle", "unknown", cwd=tmp_path).stderr
