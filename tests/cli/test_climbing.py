"""climbpath grade, beta, show, harder, easier and train-grader, as a user runs them."""

import io
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest
from PIL import Image

from climbpath import board as boards
from climbpath import progress
from climbpath.api import bundled_grader
from climbpath.beta.body import Climber
from climbpath.beta.solver import solve
from climbpath.board import Setup
from climbpath.cli import beta as beta_command
from climbpath.data import parquet
from climbpath.data.split import split
from climbpath.grader.grader import graded_setups, grader_of, load_grader, own_graders, save_grader
from climbpath.grades import LADDER, rank, show, v_grade
from climbpath.model.checkpoint import bundled_model
from climbpath.naming import suggested_name
from climbpath.problem import Problem, parse_notation, violations
from climbpath.workout import plan as planner
from support.aurora import facts_of, write_database
from support.commands import climbpath, climbpath_here
from support.making import random_problems

FIVE = "F5 D9 G13 I16 G18"
FOUR = "F5 D9 G13 G18"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One with generated problems in out/7A: problems.json and problems.csv."""
    path = tmp_path_factory.mktemp("climbing")
    made = climbpath(
        *("generate", "--grade", "7A", "--num-samples", 4, "--seed", 1, "--format", "json,csv", "--out", "a"), cwd=path
    )
    assert made.returncode == 0, made.stderr
    return path


def generated(folder: Path) -> list[Problem]:
    return [Problem.from_dict(record) for record in json.loads((folder / "a/problems.json").read_text())]


def out(*arguments: object, cwd: Path) -> str:
    """What a command prints, that must succeed without a word of complaint."""
    done = climbpath_here(*arguments, cwd=cwd)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def piped(text: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A command with something on standard input."""
    command = [sys.executable, "-m", "climbpath", *arguments]
    return subprocess.run(command, cwd=cwd, input=text, capture_output=True, text=True, timeout=300, check=False)


# grade


def test_a_problem_in_notation_is_graded(tmp_path: Path) -> None:
    printed = out("grade", FIVE, "--out", "graded.json", cwd=tmp_path)
    problem = parse_notation(FIVE)
    (prediction,) = bundled_grader().predict([problem])
    lines = printed.splitlines()
    assert lines[0] == problem.notation
    assert lines[1].startswith(f"Grade: {show(prediction.grade)}")
    assert [line for line in lines if "◀" in line] == [
        line for line in lines if line.startswith(f"  {prediction.grade} ")
    ]
    bars = dict(re.findall(r"^  (\S+) \(V\d+\) +([\d.]+)%  █+(?: ◀)?$", printed, re.MULTILINE))
    likely = {grade: value for grade, value in prediction.probabilities.items() if value >= 0.005}
    assert {grade: float(percent) for grade, percent in bars.items()} == pytest.approx(
        {grade: 100 * value for grade, value in likely.items()}, abs=0.06
    )
    assert lines[-5] == "Without a hold, in grades harder (+) or easier (-):"
    assert {line.split()[0] for line in lines[-4:-1]} == {"D9", "G13", "I16"}  # neither the start nor the finish
    (record,) = json.loads((tmp_path / "graded.json").read_text())
    assert Problem.from_dict(record["problem"]) == problem
    assert (record["grade"], record["v_grade"]) == (prediction.grade, v_grade(prediction.grade))
    assert list(record["probabilities"]) == list(LADDER)
    assert sum(record["probabilities"].values()) == pytest.approx(1, abs=2e-3)
    assert record["perhaps"] == prediction.perhaps
    assert set(record["influence"]) == {"D9", "G13", "I16"}


def test_start_and_finish_may_be_given_beside_the_holds(tmp_path: Path) -> None:
    printed = out("grade", "f5 g6 d9, g13 g18 h18", "--start", "f5,g6", "--finish", "G18,H18", cwd=tmp_path)
    assert printed.splitlines()[0] == "F5s G6s D9 G13 G18e H18e"
    assert printed == out("grade", "F5s G6s D9 G13 G18e H18e", cwd=tmp_path)
    only = out("grade", "F5 G6 D9 G13 G18", "--start", "G6", cwd=tmp_path)
    assert only.splitlines()[0] == "G6s F5 D9 G13 G18e"


@pytest.mark.parametrize("name", ["problems.json", "problems.csv"])
def test_every_problem_of_a_file_is_graded(name: str, folder: Path, tmp_path: Path) -> None:
    printed = out("grade", f"a/{name}", "--out", tmp_path / "graded.json", cwd=folder)
    problems = generated(folder)
    found = bundled_grader().predict(problems)
    *lines, last = printed.splitlines()
    assert last == f"wrote {tmp_path / 'graded.json'}"
    for number, (line, prediction, problem) in enumerate(zip(lines, found, problems, strict=True), 1):
        sure = f"{prediction.probabilities[prediction.grade]:.0%}"
        assert line.startswith(f"{number:>4}. {show(prediction.grade)}")
        assert line.endswith(f" {sure}  {problem.notation}")
    records = json.loads((tmp_path / "graded.json").read_text())
    assert [Problem.from_dict(record["problem"]) for record in records] == problems
    assert [record["grade"] for record in records] == [prediction.grade for prediction in found]


def test_problems_on_standard_input_are_graded(folder: Path) -> None:
    lines = piped(f"{FIVE}\n\n{FOUR}\n", "grade", "-", cwd=folder)
    assert lines.returncode == 0, lines.stderr
    assert [line.split()[0] for line in lines.stdout.splitlines()] == ["1.", "2."]
    assert lines.stdout.splitlines()[1].endswith(parse_notation(FOUR).notation)
    as_json = piped((folder / "a/problems.json").read_text(), "grade", "-", cwd=folder)
    assert as_json.stdout == out("grade", "a/problems.json", cwd=folder)
    assert piped(FIVE, "grade", "-", cwd=folder).stdout == out("grade", FIVE, cwd=folder)


def test_json_on_standard_input_is_read_as_in_a_file(tmp_path: Path) -> None:
    text = '[{"start": ["f5"], "hands": ["D9"], "finish": ["G18"], "grade": "?", "setter": "nobody"}]'
    (tmp_path / "a.json").write_text(text)
    assert piped(text, "grade", "-", cwd=tmp_path).stdout == out("grade", "a.json", cwd=tmp_path)
    assert out("grade", text, cwd=tmp_path) == out("grade", "a.json", cwd=tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{FIVE}\n\nF5 D9 ?? G18\n", "standard input, line 3: cannot read '??': write holds as"),
        ("F5 D9", "standard input, line 1: the problem has no finish hold"),
        (
            '[{"start": ["F5"], "finish": ["G18"]}, {"start": ["Z5"]}]',
            "standard input, record 1: there is no hold 'Z5'",
        ),
        ('{"start": ["F5"]}', "standard input, record 0: the problem has no finish hold"),
        ("[]", "standard input: it is in no format that climbpath reads. It is a JSON list, and no record"),
    ],
)
def test_what_is_wrong_on_standard_input_says_where(
    text: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    done = climbpath_here("grade", "-", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"Error: {words}")


def test_the_grade_that_a_file_claims_stands_beside_the_graders(folder: Path) -> None:
    (folder / "one.csv").write_text("notation,grade\nF5s D9 G13 I16 G18e,8A\n")
    assert "; given as 8A (V11)\n" in out("grade", "one.csv", cwd=folder)


# beta and show


def test_a_beta_is_printed_and_written(tmp_path: Path) -> None:
    body = ("--height", 165, "--ape", -3)
    printed = out("beta", FIVE, *body, "--format", "png,svg,gif,json", "--out", "b", cwd=tmp_path)
    graded = bundled_grader().graded([parse_notation(FIVE)])
    (found,) = solve(graded, Climber(165, -3))
    assert not found.too_far
    name = suggested_name(found.problem)
    assert printed.startswith(f"{name}  F5s D9 G13 I16 G18e\nstart  both hands on F5\n1. ")
    for move in found.moves:
        assert f"{move.hand} → {move.hold}  " in printed
    stem = f"{graded[0].grade}-{name.lower().replace(' ', '-')}-beta"
    assert re.findall(r"^wrote (.*)$", printed, re.MULTILINE) == [
        str(Path("b") / f"{stem}.{ending}") for ending in ("png", "svg", "gif", "json")
    ]
    assert json.loads((tmp_path / f"b/{stem}.json").read_text("utf-8")) == found.to_dict()
    with Image.open(tmp_path / f"b/{stem}.png") as picture, Image.open(tmp_path / f"b/{stem}.gif") as animation:
        assert picture.width > 400
        assert getattr(animation, "n_frames", 1) > len(found.moves)
    ET.parse(tmp_path / f"b/{stem}.svg")
    again = climbpath_here("beta", FIVE, "--format", "svg", "--out", "b", cwd=tmp_path)
    assert again.returncode == 2
    assert "beta.svg exists already: add --force" in again.stderr
    assert climbpath_here("beta", FIVE, "--format", "svg", "--out", "b", "--force", cwd=tmp_path).returncode == 0


def test_what_a_climber_cannot_reach_is_printed_with_move_and_distance(tmp_path: Path) -> None:
    printed = out("beta", "F5 G18", "--height", 165, cwd=tmp_path)
    assert "1. RH → G18  2.6 m up  crux  out of reach by 145 cm\n" in printed
    assert printed.endswith("out of reach for a climber of 165 cm: move 1, RH → G18, by 145 cm\n")
    apart = out("beta", "A5s K5s F9 G14 G18", "--height", 150, "--ape", 5, cwd=tmp_path)
    wanted = (
        "out of reach for a climber of 150 cm with an ape index of +5 cm: the start holds are 45 cm too far apart\n"
    )
    assert apart.endswith(wanted)


def test_holds_that_no_hand_needs_are_listed(tmp_path: Path) -> None:
    printed = out("beta", "B3s A5s G2 C7 D10 C11 F12 F14 H14 D3f E18e", cwd=tmp_path)
    assert "\nfor the feet: D3\nfor the feet or as intermediates: G2\n" in printed


@pytest.mark.parametrize("name", ["problems.json", "problems.csv"])
def test_every_problem_of_a_file_is_climbed(name: str, folder: Path, tmp_path: Path) -> None:
    printed = out("beta", f"a/{name}", "--height", "5'1\"", "--format", "json,svg", "--out", tmp_path / "b", cwd=folder)
    *lines, json_written, svg_written = printed.splitlines()
    found = solve(generated(folder), Climber(154.94))
    for number, one in enumerate(found, 1):
        heading, moves = lines[2 * number - 2 : 2 * number]
        assert heading.strip() == f"{number}. {one.problem.name}  {one.problem.notation}"
        far = moves.partition("  out of reach: ")[2]
        assert bool(far) == bool(one.too_far)
        crux = one.moves[one.crux]
        assert f"{crux.hand} {crux.hold} crux" in moves
    records = json.loads((tmp_path / "b/betas.json").read_text("utf-8"))
    assert [record["moves"] for record in records] == [one.to_dict()["moves"] for one in found]
    assert json_written == f"wrote {tmp_path / 'b' / 'betas.json'}"
    assert re.fullmatch(r"wrote .*1-7A-[a-z-]+-beta\.svg to 4-7A-[a-z-]+-beta\.svg", svg_written)
    assert len(list((tmp_path / "b").glob("*-7A-*-beta.svg"))) == 4


def test_problems_on_standard_input_are_climbed(folder: Path) -> None:
    lines = piped(f"{FIVE}\n\n{FOUR}\n", "beta", "-", cwd=folder).stdout.splitlines()
    assert [line.split()[0] for line in lines[::2]] == ["1.", "2."]
    assert piped(FIVE, "beta", "-", cwd=folder).stdout == out("beta", FIVE, cwd=folder)


def test_a_long_file_shows_progress(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "many.txt.csv").write_text("notation\n" + f"{FIVE}\n{FOUR}\n" * 3)
    monkeypatch.setattr(progress, "PATIENCE", 0)
    monkeypatch.setattr(beta_command, "AT_A_TIME", 2)
    beta_command.beta.main([str(tmp_path / "many.txt.csv")], standalone_mode=False)
    assert "6/6" in capsys.readouterr().err


@pytest.mark.parametrize("height", ["165", "165 cm", "1.65 m"])
def test_a_height_may_be_typed_in_many_ways(height: str, tmp_path: Path) -> None:
    assert out("beta", FIVE, "--height", height, cwd=tmp_path) == out("beta", FIVE, "--height", 165, cwd=tmp_path)


def test_a_problem_is_shown_with_grade_beta_and_what_is_like_it(folder: Path) -> None:
    printed = out("show", FIVE, "--height", 180, cwd=folder)
    (prediction,) = bundled_grader().predict([parse_notation(FIVE)])
    assert f"\nGrade: {show(prediction.grade)}" in printed
    assert out("beta", FIVE, "--height", 180, cwd=folder).partition("\n")[2] in printed
    assert "known problem" in printed
    first, *_ = generated(folder)
    alike = out("show", first.notation, "--data", "a/problems.json", cwd=folder).partition("Most similar")[2]
    lines = alike.splitlines()[1:]
    assert len(lines) == 3
    assert lines[0] == f"  100% similar  {first.name}  {show('7A')}  {first.notation}"
    shares = [int(line.split("%")[0]) for line in lines]
    assert shares == sorted(shares, reverse=True)


def test_one_problem_is_shown_with_the_models_of_its_board_alone(tmp_path: Path) -> None:
    bundled_model.cache_clear()
    assert out("show", FIVE, cwd=tmp_path).endswith("\nA known problem has exactly these holds.\n")
    assert bundled_model.cache_info().currsize == 1


def test_a_board_that_the_grader_does_not_know_is_shown_without_a_grade_and_says_so(tmp_path: Path) -> None:
    printed = out("show", "682s 615 600e", "--board", "tension-2-mirror", cwd=tmp_path)
    assert "\nGrade: no grader has learned Tension Board 2 Mirror at 40°\n" in printed
    assert "→ 600" in printed


# harder and easier


@pytest.mark.parametrize(("command", "steps"), [("harder", 1), ("easier", -1)])
def test_a_problem_is_moved_by_a_grade(command: str, steps: int, tmp_path: Path) -> None:
    arguments = ("--num-samples", 2, "--seed", 1, "--out", "h", "--format", "json")
    done = climbpath_here(command, FOUR, *arguments, cwd=tmp_path)
    assert done.stderr.startswith("… versions with 1 hold change\n")
    first, *lines, wrote = done.stdout.splitlines()
    before = bundled_grader().graded([parse_notation(FOUR)])[0].grade or ""
    assert first == f"from {show(before)}  {suggested_name(parse_notation(FOUR))}  F5s D9 G13 G18e"
    assert wrote == f"wrote {Path('h') / 'problems.json'}"
    problems = [Problem.from_dict(record) for record in json.loads((tmp_path / "h/problems.json").read_text())]
    assert 1 <= len(problems) <= 2
    for line, problem in zip(lines, problems, strict=True):
        assert problem.grade == LADDER[rank(before) + steps]
        assert [problem] == bundled_grader().graded([problem])
        assert problem.name == suggested_name(problem)
        assert f"{show(problem.grade)}  {problem.name}  {problem.notation}   with" in line
        assert violations(problem) == []


def test_a_version_of_a_grade_that_the_angle_lacks_is_of_an_unknown_angle_as_its_original_is(tmp_path: Path) -> None:
    """Nothing easier than 6B was learned at 40°."""
    one = "1149s 1196 1200 1248 1300 1315 1353 1371 1084f 1111f 1144f 1231f 1270f 1287f 1390e"
    where = ("--board", "kilter-original", "--angle")
    written = ("--seed", 1, "--out", "h", "--format", "json")
    done = climbpath_here("easier", one, *where, 40, *written, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    version, *_ = [Problem.from_dict(record) for record in json.loads((tmp_path / "h/problems.json").read_text())]
    assert version.angle is None
    said = "on Kilter Board Original at 40°: these problems and their grades are as if the angle were unknown\n"
    assert f"Note: too few problems of {show(version.grade or '')} were learned {said}" in done.stderr
    for notation in (one, version.notation):
        graded = (
            out("grade", notation, *where, "unknown", cwd=tmp_path).split("Grade: ")[1].split(",")[0].split("\n")[0]
        )
        assert graded in done.stdout
    assert climbpath_here("harder", one, *where, 40, cwd=tmp_path).stderr == "… versions with 1 hold change\n"


# generate


def test_a_problem_without_a_grade_is_varied_at_the_graders(tmp_path: Path) -> None:
    (graded,) = bundled_grader().graded([parse_notation(FIVE)])
    done = climbpath("vary", FIVE, "--num-samples", "1", "--seed", "1", cwd=tmp_path)
    assert f"from {show(graded.grade or '')}" in done.stdout
    assert "1 problem, seed 1" in done.stdout


def test_problems_are_generated_for_a_climber_and_checked_by_the_grader(tmp_path: Path) -> None:
    printed = out(
        *("generate", "--grade", "7A", "--num-samples", 5, "--seed", 3, "--height", 150, "--ape", -5),
        *("--format", "json", "--out", "a"),
        cwd=tmp_path,
    )
    problems = generated(tmp_path)
    assert len(problems) == 5
    assert not any(violations(problem) for problem in problems)
    assert not any(found.too_far for found in solve(problems, Climber(150, -5)))
    assert {(problem.grade, problem.asked_grade) for problem in problems} == {("7A", "7A")}
    for line, prediction in zip(printed.splitlines(), bundled_grader().predict(problems), strict=False):
        assert prediction.grade == "7A"
        assert line.endswith(f"  perhaps {prediction.perhaps}" if prediction.perhaps else "e")


def test_any_grade_keeps_what_the_grader_grades_otherwise_and_says_what_it_was_asked_for(tmp_path: Path) -> None:
    loose = ("generate", "--grade", "7A", "--num-samples", 20, "--seed", 3, "--any-grade")
    printed = out(*loose, "--format", "json", "--out", "a", cwd=tmp_path)
    problems = generated(tmp_path)
    assert {problem.asked_grade for problem in problems} == {"7A"}
    assert {problem.grade for problem in problems} > {"7A"}
    for line, problem in zip(printed.splitlines(), problems, strict=False):
        assert ("asked for 7A" in line) == (problem.grade != "7A")


# train-grader


def test_a_grader_is_trained_measured_and_used(tiny: Path, tmp_path: Path) -> None:
    sizes = ("--num-epochs", 1, "--members", 1, "--threads", 1)
    train = ("train-grader", "--data", tiny, *sizes, "--out", "g.safetensors")
    done = climbpath_here(*train, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    parts = {name: len(part) for name, part in split(parquet.load(tiny)).items()}
    assert done.stdout.startswith(f"Data: {parts['train']} train and {parts['validation']} validation problems\n")
    assert re.search(rf"^moonboard-2016@40 +{parts['test']} ", done.stdout, re.MULTILINE)
    assert done.stdout.endswith("\nwrote g.safetensors\n")
    grader = load_grader(tmp_path / "g.safetensors")
    (prediction,) = grader.predict([parse_notation(FIVE)])
    printed = out("grade", FIVE, "--grader", "g.safetensors", cwd=tmp_path)
    assert f"Grade: {show(prediction.grade)}" in printed
    written = (tmp_path / "g.safetensors").read_bytes()
    refused = climbpath_here(*train, cwd=tmp_path)
    assert refused.returncode == 2
    assert "g.safetensors exists already: add --force" in refused.stderr
    assert (tmp_path / "g.safetensors").read_bytes() == written


def test_a_grader_of_ones_own_is_used_wherever_it_has_learned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a board that no bundled grader knows: problems that were asked for at a grade are checked, and made harder."""
    monkeypatch.setenv("CLIMBPATH_HOME", str(tmp_path / "home"))
    database = write_database(tmp_path / "gym.sqlite3", facts_of("kilter-original"))
    assert climbpath_here("board", "import", database, "--name", "gym", cwd=tmp_path).returncode == 0
    climbs = [replace(one, board="gym") for one in random_problems(60, "kilter-original", seed=1)]
    parquet.write(tmp_path / "gym.parquet", climbs)
    sizes = ("--num-epochs", 1, "--members", 1, "--threads", 1)
    train = ("train-grader", "--data", "gym.parquet", *sizes, "--out", "gym.safetensors", "--use")
    assert grader_of(climbs[0].setup) is None
    done = climbpath_here(*train, cwd=tmp_path)
    assert (
        f"\nwrote {tmp_path / 'home' / 'graders' / 'gym.safetensors'}, which every command grades with" in done.stdout
    )
    own = grader_of(climbs[0].setup)
    assert own is not None
    assert climbs[0].setup in graded_setups()
    (prediction,) = own.predict(climbs[:1])
    graded = climbpath_here("grade", climbs[0].notation, "--board", "gym", cwd=tmp_path)
    assert f"Grade: {show(prediction.grade)}" in graded.stdout
    number = sum(own.evidence[climbs[0].setup].values())
    few = f"the grader learned from only {number} problems on Kilter Board Original at 40°"
    assert graded.stderr == f"Note: the grade is uncertain: {few}\n"
    again = climbpath_here(*train, cwd=tmp_path)
    assert again.returncode == 2
    assert "exists already: add --force" in again.stderr
    (tmp_path / "home" / "graders" / "broken.safetensors").write_text("no grader")
    broken = climbpath_here("grade", climbs[0].notation, "--board", "gym", cwd=tmp_path)
    assert broken.returncode == 2
    assert "Error: a grader of yours cannot be used: " in broken.stderr
    assert "broken.safetensors" in broken.stderr
    assert "; remove it, or replace it with 'climbpath train-grader --use --force'\n" in broken.stderr


def test_a_workout_s_problems_are_each_predicted_by_the_grader_of_their_angle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which draws warm-ups at an unknown angle: the grader of ones own knows 40° alone."""
    monkeypatch.setenv("CLIMBPATH_HOME", str(tmp_path))
    (tmp_path / "graders").mkdir()
    at_40, bundled = Setup("kilter-original", 40), bundled_grader("kilter")
    upside_down = [{name: -value if name.startswith("head.") else value for name, value in one.items()}
                   for one in bundled.members]  # fmt: skip
    own = replace(
        bundled,
        members=upside_down,
        lines={},
        evidence={at_40: bundled.evidence[at_40]},
        scales={at_40: bundled.scales[at_40]},
    )
    save_grader(tmp_path / "graders/own.safetensors", own)
    steep = random_problems(2, "kilter-original", seed=1)
    mixed = [replace(one, angle=angle) for one in steep for angle in (40, None)]
    expected = [(own if one.angle else bundled).predict([one])[0] for one in mixed]
    found = planner._predicted(mixed)
    assert [one and one.grade for one in found] == [one.grade for one in expected]
    elsewhere = [replace(one, board="moonboard-2016", angle=25) for one in random_problems(1, "moonboard-2016")]
    assert planner._predicted([*elsewhere, *mixed])[1:] == found


def test_the_grader_that_has_learned_an_angle_comes_before_one_of_ones_own_that_has_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And of two of one's own that have, the newer one."""
    monkeypatch.setenv("CLIMBPATH_HOME", str(tmp_path))
    (tmp_path / "graders").mkdir()
    at_40, unknown = Setup("kilter-homewall", 40), Setup("kilter-homewall", None)
    bundled = bundled_grader("kilter")
    for age, name in ((200, "a"), (100, "b")):
        evidence, scales = {unknown: bundled.evidence[unknown]}, {unknown: bundled.scales[unknown]}
        own = replace(bundled, lines={}, evidence=evidence, scales=scales)
        save_grader(tmp_path / f"graders/{name}.safetensors", own)
        os.utime(tmp_path / f"graders/{name}.safetensors", (1e9 - age, 1e9 - age))
    assert grader_of(at_40) is bundled
    assert grader_of(unknown) is own_graders()[0]
    assert [path.stem for path in sorted(tmp_path.glob("graders/*"), key=os.path.getmtime)] == ["a", "b"]


def test_share_links_may_stand_on_lines_of_standard_input(tmp_path: Path) -> None:
    link = "?board=moonboard-2016&angle=40&grade=7A&problem=F5s-D9-G13-G18e"
    done = piped(f"{FIVE}\n{link}\n", "grade", "-", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "F5s D9 G13 G18e" in done.stdout.splitlines()[1]


def test_a_problem_too_long_for_the_grader_is_shown_without_its_word(tmp_path: Path) -> None:
    layout = boards.load("kilter-original")
    first, *hands, last = sorted(layout.labels, key=lambda label: layout.hold(label).y)[:63]
    printed = out("show", " ".join([f"{first}s", *hands, f"{last}e"]), "--board", "kilter-original", cwd=tmp_path)
    assert "Grade: the grader reads no problem as long as this" in printed
    assert "\nBeta:\n" in printed


def test_known_problems_of_a_file_keep_the_grade_on_record(tmp_path: Path) -> None:
    known = replace(parse_notation(FIVE), grade="8A", ids=("csv:1",))
    (tmp_path / "two.json").write_text(json.dumps([known.to_dict(), parse_notation(FOUR).to_dict()]))
    first, second = out("grade", "two.json", cwd=tmp_path).splitlines()
    assert first.endswith("on record: 8A (V11)")
    assert "on record" not in second


# What goes wrong

MODEL = resources.files("climbpath") / "assets" / "models" / "moonboard.safetensors"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("grade", "F5 D9 G13 Z18"), "'Z18'"),
        (("grade", "F5 D9 ?? G18"), "'??'"),
        (("grade", "F5 D9"), "no finish hold"),
        (("grade", FIVE, "--start", "H9"), f"H9 is not among the holds of '{FIVE}'"),
        (("grade", FIVE, "--finish", "G18,H18"), "H18 is not among the holds"),
        (("grade", FIVE, "--start", "L19"), "there is no hold 'L19' on MoonBoard 2016"),
        (("grade", FIVE, "--board", "kilter"), "there is no board 'kilter'"),
        (("grade", FIVE, "--angle", "30"), "can be set to 25° or 40°, not 30°"),
        (("grade", "682s 615 600e", "--board", "tension-2-mirror"), "Tension Board 2 Mirror"),
        (("grade", "nowhere.json"), "nowhere.json: there is no such file"),
        (("grade", "broken.json"), "broken.json"),
        (("grade", "empty.csv"), "empty.csv"),
        (("grade", FIVE, "--grader", "nowhere.safetensors"), "there is no grader nowhere.safetensors"),
        (("grade", FIVE, "--grader", "broken.json"), "broken.json cannot be read as a grader"),
        (("grade", FIVE, "--grader", str(MODEL)), "moonboard.safetensors is not a climbpath grader"),
        (("grade", FIVE, "--out", "broken.json"), "broken.json exists already"),
        (("beta", FIVE, "--height", "20"), "a climber's height is 100 to 230 cm (3'3\" to 7'7\"), not 20"),
        (("beta", FIVE, "--height", "nan"), "cannot read the height 'nan': write it as 165, 1.65 m or 5'5\""),
        (("beta", FIVE, "--height", "tall"), "cannot read the height 'tall': write it as 165, 1.65 m or 5'5\""),
        (("beta", FIVE, "--ape", "-99"), 'a climber\'s ape index is -40 to 40 cm (-16" to 16"), not -99'),
        (("beta", FIVE, "--format", "pdf"), "there is no format 'pdf': choose from png, svg, gif, json"),
        (("beta", FIVE, "--out", "broken.json"), "broken.json is a file"),
        (("show", FIVE, "--data", "nowhere.parquet"), "nowhere.parquet: there is no such file"),
        (("show", FIVE, "--height", "300"), "not 300"),
        (("easier", FIVE, "--format", "gif"), "there is no format 'gif'"),
        (("easier", FIVE, "--model", "nowhere.pt"), "there is no model nowhere.pt"),
        (("generate", "--grade", "7A", "--height", "20"), "height is 100 to 230 cm (3'3\" to 7'7\"), not 20"),
        (("train-grader",), "Missing option '--data'"),
    ],
)
def test_bad_input_exits_with_2_and_a_way_out(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text('{"start": ["F5"')
    (tmp_path / "empty.csv").touch()
    done = climbpath_here(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"broken.json", "empty.csv"}


@pytest.mark.parametrize("command", ["grade", "beta", "show", "harder"])
@pytest.mark.parametrize("text", ["", "\n \n"])
def test_empty_standard_input_is_refused(command: str, text: str, tmp_path: Path) -> None:
    done = piped(text, command, "-", cwd=tmp_path)
    assert done.returncode == 2
    assert "standard input holds no problem" in done.stderr
    assert "Traceback" not in done.stderr
