"""climbpath generate with the bundled model, as a user runs it, and the Python interface."""

import csv
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from PIL import Image

import climbpath
from climbpath.data import importers
from climbpath.generator.request import DEFAULT_GUIDANCE
from climbpath.model.checkpoint import bundled_model
from climbpath.naming import suggested_name
from climbpath.problem import Problem, violations
from support.commands import climbpath as run_climbpath


def test_every_format_is_written_and_reads_back(tmp_path: Path) -> None:
    formats = "png,svg,json,csv,app"
    done = run_climbpath(
        *("generate", "--grade", "6C..7A", "--num-samples", 7, "--seed", 1, "--out", "a", "--format", formats),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "a"
    for line in done.stdout.splitlines():
        if line.startswith("wrote "):
            assert (tmp_path / line.removeprefix("wrote ")).is_file()
    problems = [Problem.from_dict(record) for record in json.loads((folder / "problems.json").read_text())]
    assert [p.grade for p in problems] == ["6C", "6C", "6C", "6C+", "6C+", "7A", "7A"]
    assert not any(violations(problem) for problem in problems)
    rows = list(csv.DictReader((folder / "problems.csv").open()))
    assert [row["notation"] for row in rows] == [problem.notation for problem in problems]
    again = [item for item in importers.read(folder / "problems.app.json") if isinstance(item, Problem)]
    assert [(p.identity, p.grade) for p in again] == [(p.identity, p.grade) for p in problems]
    assert [item for item in importers.read(folder / "problems.json") if isinstance(item, Problem)] == problems
    assert len(list(folder.glob("*.svg"))) == 7
    assert all(p.name == suggested_name(p) for p in problems)
    slug = (problems[0].name or "").lower().replace(" ", "-")
    ET.parse(folder / f"1-6C-{slug}.svg")
    with Image.open(folder / "sheet.png") as sheet, Image.open(folder / f"1-6C-{slug}.png") as picture:
        assert sheet.width > picture.width > 500


def test_the_same_seed_prints_the_same_and_files_are_not_overwritten(tmp_path: Path) -> None:
    arguments = ("generate", "--grade", "V5", "--num_samples", 4, "--seed", 8)
    first, second = (run_climbpath(*arguments, cwd=tmp_path).stdout for _ in range(2))
    assert first == second
    assert first.count("V5") == 4
    files = (*arguments, "--format", "json", "--out", "a")
    assert run_climbpath(*files, cwd=tmp_path).returncode == 0
    refused = run_climbpath(*files, cwd=tmp_path)
    assert refused.returncode == 2
    assert "--force" in refused.stderr
    assert run_climbpath(*files, "--force", cwd=tmp_path).returncode == 0


def test_conditions_are_kept(tmp_path: Path) -> None:
    conditions = ("--start", "F5", "--finish", "E18,G18", "--ban", "G13,H10", "--max-holds", 8, "--max-reach", 150)
    done = run_climbpath("generate", "--grade", "7A", *conditions, "--num-samples", 5, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if "7A (V6)" in line]
    assert len(lines) == 5
    for line in lines:
        assert "F5s" in line
        assert re.search(r" E18e G18e(  perhaps \S.*)?$", line), line  # names may end with e, too
        assert "G13" not in line
        assert "H10" not in line


def test_what_else_the_grade_might_be_has_a_line_of_its_own_below_the_picture(tmp_path: Path) -> None:
    done = run_climbpath("generate", "--grade", "7A", "--num-samples", 1, "--visualize", "--seed", 1, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    (at,) = [number for number, line in enumerate(lines) if line.startswith("perhaps ")]
    assert lines[at - 1].endswith("e"), "the notation, whose last hold is the finish"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--grade", "7Z"), "'7Z' is not a grade"),
        (("--grade", "8C+"), "has not learned grade 8C+"),
        (("--grade", "7A", "--start", "F9"), "F9 cannot be a start hold"),
        (("--grade", "7A", "--model", "nowhere.pt"), "there is no model nowhere.pt"),
        (("--grade", "7A", "--model", "."), "is a folder"),
        (
            ("--grade", "7A", "--format", "pdf"),
            "there is no format 'pdf': choose from png, svg, json, csv, app, parquet",
        ),
        (("--grade", "7A", "--num-samples", "0"), "num-samples"),
        (("--grade", "7A", "--temperature", "-1"), "temperature"),
        (("--grade", "7A", "--temperature", "nan"), "temperature"),
        (("--grade", "7A", "--max-reach", "nan"), "the longest move is a length in cm above 0, not nan"),
        (("--grade", "7A", "--max-feet", "-1"), "there cannot be at most -1 foot holds: 0 is none"),
        (("--grade", "7A", "--board", "../../etc/passwd"), "there is no board"),
        ((), "Missing option '--grade'"),
    ],
)
def test_bad_input_exits_with_2_and_a_way_out(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    done = run_climbpath("generate", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_thin_evidence_is_noted(tmp_path: Path) -> None:
    refused = run_climbpath("generate", "--grade", "6B", "--num-samples", 2, cwd=tmp_path)
    assert refused.returncode == 2
    assert "6B on MoonBoard 2016 at 40° rests on 4 real problems, too few" in refused.stderr
    done = run_climbpath("generate", "--grade", "6B", "--num-samples", 2, "--any-grade", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "6B is uncertain" in done.stderr


def test_the_bundled_model_knows_all_moonboards_and_ships_no_problem() -> None:
    model = bundled_model("moonboard")
    assert set(map(str, model.evidence)) == {
        *(f"moonboard-{board}@{angle}" for board in ("2016", "2024") for angle in (25, 40)),
        *(f"moonboard-masters-{year}@{angle}" for year in (2017, 2019) for angle in (25, 40)),
        *(f"moonboard-mini-{year}@40" for year in (2020, 2025)),
    }
    assert len(model.known_keys) > len(model.train_keys) > 10_000
    for setup in model.evidence:
        problems = climbpath.load().generate("6B+", 5, board=setup.board, angle=setup.angle, seed=1)
        known = set(model.known_keys.tolist())
        assert len(problems) == 5
        assert not any(violations(problem) or problem.key in known for problem in problems)


def test_the_demo_problems_are_valid_and_novel() -> None:
    from climbpath.training.train import read_problems

    problems = read_problems("")
    known = set(bundled_model("moonboard").known_keys.tolist())
    assert len(problems) == 11_000
    assert len({problem.key for problem in problems}) == 11_000
    assert not any(problem.key in known for problem in problems)
    assert not any(violations(problem) for problem in problems)


def test_python_interface() -> None:
    problems = climbpath.load().generate("7A", 10, seed=1)
    assert problems == climbpath.load().generate("7A", 10, seed=1)
    assert problems[0]._repr_svg_().startswith("<svg")
    picture = problems._repr_png_()
    assert picture is not None
    assert picture.startswith(b"\x89PNG")
    assert climbpath.generate_path("7A", seed=2).grade == "7A"


def test_the_help_names_the_default_guidance(tmp_path: Path) -> None:
    printed = run_climbpath("generate", "--help", cwd=tmp_path).stdout
    assert f"[default: 1; {DEFAULT_GUIDANCE:g} with --any-grade" in " ".join(printed.split())
