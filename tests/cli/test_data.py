import json
import os
import re
import shlex
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from matplotlib.figure import Figure
from PIL import Image

from climbpath import board as boards
from climbpath import progress
from climbpath.angles import show_angle
from climbpath.cli.data import data
from climbpath.data import parquet, stats
from climbpath.data.split import SPLITS, split
from climbpath.errors import ClimbpathError
from climbpath.problem import Problem, parse_notation
from support.aurora import Row, facts_of, write_database
from support.commands import climbpath, climbpath_here
from support.making import DATA, guide_row, write_csv, write_json

SIX = parse_notation("F5s E8 G11 E13 H15 G18e", grade="6C")
MASTERS = parse_notation("C5s F6s D9 G12 E15 F18e", "moonboard-masters-2017", 25, "6A")
KILTER = "p1083r15p1117r15p1164r12p1233r13p1302r14"
"""The frames of a climb of the Kilter Board Original."""
SHAPES = [str(DATA / name) for name in ("guide.csv", "site_scrape.json", "api_dump.json")]


@pytest.fixture
def problems(tmp_path: Path) -> Path:
    path = tmp_path / "problems.parquet"
    parquet.write(path, [replace(SIX, repeats=20), replace(SIX, grade="7A", hands=("E13",)), MASTERS])
    return path


def test_import_accounts_for_every_record(tmp_path: Path) -> None:
    done = climbpath("data", "import", *SHAPES, "-o", "new/folder/problems.parquet", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["file", "read", "kept", "merged", "rejected", "left", "out"]
    assert [line.split()[1:] for line in lines[1:5]] == [
        list("43010"),
        list("42110"),
        list("32010"),
        ["11", "7", "1", "3", "0"],
    ]
    assert "3 rejected:" in done.stdout
    assert f"{SHAPES[0]}, record 3: there is no hold 'A6' on MoonBoard 2016" in done.stdout
    assert "1 grade conflicts:" in done.stdout
    assert re.search(r"moonboard-masters-2017 +25 +1\n", done.stdout)
    assert len(parquet.load(tmp_path / "new/folder/problems.parquet")) == 7
    report = json.loads((tmp_path / "new/folder/problems.report.json").read_text(encoding="utf-8"))
    assert report["files"][1] == {"file": SHAPES[1], "read": 4, "kept": 2, "merged": 1, "rejected": 1, "left_out": 0}
    assert len(report["rejections"]) == 3
    assert len(report["conflicts"]) == 1


def test_import_shows_twenty_rejections_and_saves_all(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "bad.csv", [guide_row(SIX), *[{**guide_row(SIX), "mid_holds": "[[0, 5]]"}] * 30])
    done = climbpath_here("data", "import", path, "-o", "out.parquet", "--report", "why/report.json", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.count("there is no hold 'A6'") == 20
    assert "… and 10 more in why/report.json" in done.stdout
    report = json.loads((tmp_path / "why/report.json").read_text())
    assert len(report["rejections"]) == 30
    assert report["reasons"] == {"there is no hold 'A6' on MoonBoard 2016": 30}


def test_import_of_nothing_usable_fails_and_says_why(tmp_path: Path) -> None:
    path = write_json(tmp_path / "bad.json", {"problems": [None, {"holds": 5}]})
    done = climbpath_here("data", "import", path, "-o", "out.parquet", cwd=tmp_path)
    assert done.returncode == 2
    assert "the field 'holds' is 5 where an object should be" in done.stdout
    assert "can be used; the reasons are in out.report.json" in done.stderr
    assert not (tmp_path / "out.parquet").exists()


def test_an_import_of_nothing_does_not_stand_in_the_way_of_the_next(tmp_path: Path) -> None:
    path = write_database(tmp_path / "kilter.sqlite3", facts_of("kilter-original"), [Row("AB", KILTER)])
    command = ("data", "import", path, "-o", "out.parquet")
    for _ in range(2):
        assert climbpath_here(*command, "--layout", "Spire", cwd=tmp_path).returncode == 2
    assert "no layout 'Spire'" in (tmp_path / "out.report.json").read_text(encoding="utf-8")
    assert climbpath_here(*command, "--layout", "kilter-original", cwd=tmp_path).returncode == 0
    (tmp_path / "out.parquet").unlink()
    again = climbpath_here(*command, cwd=tmp_path)
    assert again.stderr == "Error: out.report.json exists already: add --force to overwrite it, or name another file\n"
    (tmp_path / "out.report.json").write_text('{"problems": []}', encoding="utf-8")
    assert "out.report.json exists already" in climbpath_here(*command, cwd=tmp_path).stderr


def test_a_layout_without_climbs_is_named(tmp_path: Path) -> None:
    write_database(tmp_path / "kilter.sqlite3", facts_of("kilter-original"))
    command = ("data", "import", "kilter.sqlite3", "-o", "out.parquet")
    done = climbpath_here(*command, "--layout", "kilter-original", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "Error: there are no climbs of the layout 'kilter-original' in kilter.sqlite3\n"
    assert climbpath_here(*command, cwd=tmp_path).stderr == "Error: there are no problems in kilter.sqlite3\n"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["kilter.sqlite3"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("unknown.json", "in no format that climbpath reads"),
        ("empty.csv", "it is empty"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_failure_and_the_others_are_kept(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "unknown.json").write_text('{"routes": []}')
    (tmp_path / "empty.csv").write_text("")
    done = climbpath_here("data", "import", SHAPES[0], name, "-o", "out.parquet", cwd=tmp_path)
    assert done.returncode == 3, done.stderr
    assert "1 of the files could not be read" in done.stderr
    assert words in done.stdout
    assert parquet.load(tmp_path / "out.parquet")
    report = json.loads((tmp_path / "out.report.json").read_text(encoding="utf-8"))
    assert [tally["file"] for tally in report["files"]] == [SHAPES[0]]
    assert [failure["file"] for failure in report["failures"]] == [name]
    assert words in report["failures"][0]["reason"]
    alone = climbpath_here("data", "import", name, "-o", "alone.parquet", cwd=tmp_path)
    assert alone.returncode == 2
    assert "nothing in" in alone.stderr


def test_a_folder_is_read_as_its_files(tmp_path: Path) -> None:
    """Also those of zips in it; what the import writes there itself is not read again."""
    (tmp_path / "in" / "deeper").mkdir(parents=True)
    (tmp_path / "in" / "guide.csv").write_bytes((DATA / "guide.csv").read_bytes())
    (tmp_path / "in" / ".hidden").write_text("not read")
    with zipfile.ZipFile(tmp_path / "in" / "deeper" / "dump.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(DATA / "api_dump.json", "some folder/api_dump.json")
    for _ in range(2):
        done = climbpath_here("data", "import", "in", "-o", "in/out.parquet", "--force", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        report = json.loads((tmp_path / "in" / "out.report.json").read_text(encoding="utf-8"))
        assert {Path(tally["file"]).name: tally["kept"] for tally in report["files"]} == {
            "api_dump.json": 2,
            "guide.csv": 3,
        }


def test_a_file_that_is_not_there_stops_before_anything_is_written(tmp_path: Path) -> None:
    done = climbpath_here("data", "import", SHAPES[0], "missing.csv", "-o", "out.parquet", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "Error: missing.csv: there is no such file\n"
    assert list(tmp_path.iterdir()) == []


def test_imported_problems_can_be_imported_again(tmp_path: Path) -> None:
    climbpath_here("data", "import", *SHAPES, "-o", "one.parquet", cwd=tmp_path)
    done = climbpath_here("data", "import", "one.parquet", SHAPES[0], "-o", "two.parquet", cwd=tmp_path)
    assert done.returncode == 0
    assert parquet.load(tmp_path / "two.parquet") == parquet.load(tmp_path / "one.parquet")


OVERWRITING: list[tuple[list[str], list[str]]] = [
    (["import", SHAPES[0], "-o", "out.parquet"], ["out.parquet"]),
    (["import", SHAPES[0], "-o", "out.parquet"], ["out.report.json"]),
    (["stats", "problems.parquet", "--png", "out.png"], ["out.png"]),
    (["filter", "problems.parquet", "-o", "out.parquet"], ["out.parquet"]),
    (["split", "problems.parquet", "-o", "parts"], ["parts/test.parquet"]),
]


@pytest.mark.parametrize(("arguments", "outputs"), OVERWRITING)
def test_nothing_is_overwritten_but_by_force(problems: Path, arguments: list[str], outputs: list[str]) -> None:
    folder = problems.parent
    for output in outputs:
        (folder / output).parent.mkdir(exist_ok=True)
        (folder / output).write_text("precious")
    done = climbpath_here("data", *arguments, cwd=folder)
    assert done.returncode == 2
    assert f"{outputs[0]} exists already: add --force to overwrite it" in done.stderr
    assert all((folder / output).read_text() == "precious" for output in outputs)
    assert climbpath_here("data", *arguments, "--force", cwd=folder).returncode == 0
    assert all((folder / output).read_bytes() != b"precious" for output in outputs)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["data", "import", SHAPES[0], "-o", "a/x.csv"],
            "cannot write a/x.csv: the file is parquet, not csv; name it a/x.parquet",
        ),
        (["data", "import", SHAPES[0], "-o", "x.parquet.GZ"], "the file is parquet, not gz; name it x.parquet"),
        (["data", "import", SHAPES[0], "-o", "x", "--report", "y.csv"], "the file is json, not csv; name it y.json"),
        (["data", "filter", "problems.parquet", "-o", "x.json"], "the file is parquet, not json; name it x.parquet"),
        (["data", "stats", "problems.parquet", "--png", "x.svg"], "the file is png, not svg; name it x.png"),
        (["grade", "F5 D9 G13 I16 G18", "--out", "x.csv"], "the file is json, not csv; name it x.json"),
        (["export", "best.pt", "--to", "x.txt"], "the file is safetensors, not txt; name it x.safetensors"),
        (
            ["train-grader", "--data", "problems.parquet", "--out", "x.pt"],
            "the file is safetensors, not pt; name it x.s",
        ),
    ],
)
def test_nothing_is_written_under_the_name_of_another_kind_of_file(
    problems: Path, arguments: list[str], words: str
) -> None:
    done = climbpath_here(*arguments, cwd=problems.parent)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: cannot write ")
    assert words in done.stderr
    assert list(problems.parent.iterdir()) == [problems]


def test_one_name_for_two_outputs_is_refused(tmp_path: Path) -> None:
    done = climbpath_here("data", "import", SHAPES[0], "-o", "out", "--report", "out", cwd=tmp_path)
    assert done.returncode == 2
    assert "out is named for two files" in done.stderr


def test_an_output_that_is_a_folder_is_refused(problems: Path) -> None:
    done = climbpath_here("data", "filter", problems, "-o", ".", "--force", cwd=problems.parent)
    assert done.returncode == 2
    assert "is a folder: name a file in it" in done.stderr


def test_stats_in_the_terminal(problems: Path) -> None:
    done = climbpath_here("data", "stats", problems, cwd=problems.parent)
    assert done.returncode == 0, done.stderr
    assert "moonboard-2016 at 40°: 2 problems, 0 benchmarks" in done.stdout
    assert "moonboard-masters-2017 at 25°: 1 problem," in done.stdout
    assert re.search(r"6C \(V5\) +1  █+", done.stdout)
    assert re.search(r"repeats \(known for 1\)( +20){7}\n", done.stdout)
    assert re.search(r"repeats \(known for 0\)( +–){7}\n", done.stdout)
    assert re.search(r"least +10% +50% +90% +95% +99% +most", done.stdout)
    assert "longest reach, cm" in done.stdout
    assert re.search(r"Feet follow hands +2", done.stdout)


def test_stats_draws_one_row_of_panels_for_each_board(problems: Path) -> None:
    done = climbpath_here("data", "stats", problems, "--png", "pictures/stats.png", cwd=problems.parent)
    assert done.returncode == 0, done.stderr
    one = problems.parent / "one.png"
    stats.chart([SIX], one)
    with Image.open(problems.parent / "pictures/stats.png") as two_boards, Image.open(one) as one_board:
        assert two_boards.format == "PNG"
        assert two_boards.width == one_board.width
        assert two_boards.height == 2 * one_board.height


@pytest.mark.parametrize(
    "only",
    [
        [replace(SIX, grade=None)],
        [replace(SIX, grade=None, repeats=0), MASTERS, replace(MASTERS, angle=40)],
        [parse_notation("E2s B4s D5 G6 H8 F10 F12e", "moonboard-mini-2020")],
    ],
)
def test_stats_of_very_few_problems(tmp_path: Path, only: list[Problem]) -> None:
    assert "no grade" in stats.describe(only)
    stats.chart(only, tmp_path / "stats.png")
    assert [path.name for path in tmp_path.iterdir()] == ["stats.png"]


def test_a_chart_names_some_of_many_lengths_and_no_repeats_where_none_are_known() -> None:
    labels = boards.load("kilter-original").labels
    first, last = labels[:1], labels[1:2]
    climbs = [Problem(board="kilter-original", start=first, hands=labels[2:count], finish=last) for count in (4, 40)]
    panels = {}
    for known in (False, True):
        (figure,) = Figure().subfigures(1, 1, squeeze=False)[0]
        stats._draw_board(figure, [replace(one, repeats=n) if known else one for n, one in enumerate(climbs)])
        panels[known] = figure.axes[:4]
    named = [int(label.get_text()) for label in panels[False][2].get_yticklabels()]
    assert named == list(range(4, 41, 2))
    assert len(panels[False][2].patches) == 37
    assert (panels[False][3].get_title("left"), len(panels[False][3].patches)) == ("Repeats (not known)", 0)
    assert (panels[True][3].get_title("left"), len(panels[True][3].patches)) == ("Repeats", 11)


def test_a_chart_of_many_angles_has_a_colour_for_each() -> None:
    layout = boards.load("kilter-original")
    first, last = layout.labels[:1], layout.labels[1:2]
    angles = [*reversed(layout.angles), None]
    climbs = [Problem(board="kilter-original", angle=angle, start=first, finish=last) for angle in angles]
    (figure,) = Figure(layout="constrained").subfigures(1, 1, squeeze=False)[0]
    stats._draw_board(figure, climbs)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [show_angle(angle) for angle in angles]
    assert len({patch.get_facecolor() for patch in legend.get_patches()}) == len(angles)
    assert len({patch.get_facecolor() for patch in figure.axes[2].patches}) == len(angles)


def test_stats_of_no_problems(tmp_path: Path) -> None:
    parquet.write(tmp_path / "none.parquet", [])
    done = climbpath_here("data", "stats", "none.parquet", cwd=tmp_path)
    assert done.returncode == 2
    assert "none.parquet holds no problems" in done.stderr
    with pytest.raises(ClimbpathError, match="no problems to draw"):
        stats.chart([], tmp_path / "x.png")


def test_a_console_that_cannot_show_bars_gets_question_marks(problems: Path) -> None:
    command = [sys.executable, "-m", "climbpath", "data", "stats", str(problems)]
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(command, env=environment, capture_output=True, encoding="latin-1")
    assert done.returncode == 0, done.stderr
    assert "moonboard-2016 at 40°" in done.stdout
    assert re.search(r"6C \(V5\) +1  \?+", done.stdout)


@pytest.mark.parametrize("name", ["problems.csv", "problems.json", "app.json"])
def test_export_writes_what_import_reads_back(tmp_path: Path, name: str) -> None:
    known = replace(SIX, name='=1+1, "quoted"', ids=("csv:1", "site:2"), repeats=20, benchmark=True, user_grade="7A")
    kilter = parse_notation("1155s 1204 1074f 1383e", "kilter-original", None, "5C")
    before = [known, replace(MASTERS, method="Footless")] + ([] if name == "app.json" else [kilter])
    parquet.write(tmp_path / "some.parquet", before)
    app = ["--app"] if name == "app.json" else []
    done = climbpath("data", "export", "some.parquet", "-o", name, *app, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"wrote {name}\n"), done.stderr
    assert climbpath("data", "export", "some.parquet", "-o", name, *app, cwd=tmp_path).returncode == 2
    assert climbpath("data", "import", name, "-o", "again.parquet", cwd=tmp_path).returncode == 0
    assert parquet.load(tmp_path / "again.parquet") == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-o", "problems.xlsx"], "cannot write problems.xlsx: the file is json, not xlsx; name it problems.json"),
        (["-o", "app.json", "--app"], "the format app is the MoonBoard app's, which has no Kilter Board Original"),
    ],
)
def test_exports_that_cannot_be(tmp_path: Path, arguments: list[str], words: str) -> None:
    parquet.write(tmp_path / "some.parquet", [parse_notation("1155s 1204 1383e", "kilter-original", None, "5C")])
    done = climbpath("data", "export", "some.parquet", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["some.parquet"]


def test_a_csv_may_say_that_the_angle_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "some.csv").write_text('notation,grade,board,angle\n"1155s 1204 1383e",5C,kilter-original,Unknown\n')
    assert climbpath("data", "import", "some.csv", "-o", "some.parquet", cwd=tmp_path).returncode == 0
    assert parquet.load(tmp_path / "some.parquet")[0].angle is None


def test_filter_says_how_many_each_filter_left_out(problems: Path) -> None:
    done = climbpath_here(
        *shlex.split("data filter problems.parquet -o out/kept.parquet --grades 6C..V6 --min_repeats 10 --shortest 5"),
        cwd=problems.parent,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"grades +1\nmin-repeats +1\nshortest +0\n", done.stdout)
    assert "\nwrote 1 problems to out/kept.parquet" in done.stdout
    assert parquet.load(problems.parent / "out/kept.parquet") == [replace(SIX, repeats=20)]


@pytest.mark.parametrize(
    ("flags", "count"),
    [
        ("--board moonboard-2016 --board moonboard-masters-2017", 3),
        ("--angle 25", 1),
        ("--max-holds 3", 1),
        ("--method 'feet follow hands' --hold-sets 'a, b,original,' --board moonboard-2016", 2),
        ("", 3),
    ],
)
def test_filter_flags(problems: Path, flags: str, count: int) -> None:
    done = climbpath_here(*shlex.split(f"data filter problems.parquet -o kept {flags}"), cwd=problems.parent)
    assert done.returncode == 0, done.stderr
    assert f"wrote {count} problems" in done.stdout


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("--grades 7Z", "'7Z' is not a grade"),
        ("--grades ''", "is not a grade"),
        ("--grades 7B..6C", "write 6C..7B"),
        ("--method Campus", "no problem has the method 'Campus': there are Feet follow hands (3)"),
        (
            "--hold-sets Plastic",
            "no hold set 'Plastic' on MoonBoard 2016 and MoonBoard Masters 2017: there are Original, A",
        ),
        ("--hold-sets ,", "no hold set is named: there are Original, A"),
        ("--board kilter", "there are moonboard-2016 (2), moonboard-masters-2017 (1)"),
        ("--angle 30", "there are 40 (2), 25 (1)"),
        ("--benchmarks", "no problem of problems.parquet passes these filters"),
        ("--shortest 0", "0 is not in the range x>=1"),
        ("--min-repeats many", "'many' is not a valid integer"),
    ],
)
def test_filters_that_cannot_be_met(problems: Path, flags: str, words: str) -> None:
    done = climbpath_here(*shlex.split(f"data filter problems.parquet -o kept {flags}"), cwd=problems.parent)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (problems.parent / "kept").exists()


def test_split_writes_three_files_and_a_table(tmp_path: Path) -> None:
    labels = [f"{column}{row}" for column in "ABCDEFGHIJK" for row in range(7, 17)]
    many = [replace(MASTERS, hands=(label,), grade=("6A", "7A")[i % 2]) for i, label in enumerate(labels)]
    parquet.write(tmp_path / "problems.parquet", many)
    done = climbpath_here("data", "split", "problems.parquet", "-o", "new/parts", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.search(r"grade +train +validation +test\n6A \(V3\) +\d+ +\d+ +\d+\n7A \(V6\)", done.stdout)
    parts = {name: parquet.load(tmp_path / f"new/parts/{name}.parquet") for name in SPLITS}
    assert parts == split(many)
    assert sum(map(len, parts.values())) == 110


@pytest.mark.parametrize("command", ["stats", "filter", "split"])
def test_what_is_not_parquet_is_sent_to_import(tmp_path: Path, command: str) -> None:
    output = [] if command == "stats" else ["-o", "out"]
    done = climbpath_here("data", command, SHAPES[0], *output, cwd=tmp_path)
    assert done.returncode == 2
    assert "it is not Parquet: convert it with climbpath data import" in done.stderr


def examples() -> list[str]:
    lines = [line.strip() for command in data.commands.values() for line in (command.help or "").splitlines()]
    return [line for line in lines if line.startswith("climbpath ")]


def test_every_command_has_an_example() -> None:
    assert {line.split()[2] for line in examples()} == set(data.commands)


@pytest.mark.parametrize("line", examples())
def test_the_examples_in_the_help_work(problems: Path, line: str) -> None:
    folder = problems.parent
    (folder / "guide.csv").write_bytes((DATA / "guide.csv").read_bytes())
    write_json(folder / "scrape.json.gz", json.loads((DATA / "site_scrape.json").read_text()), packed=True)
    write_database(folder / "kilter.sqlite3", facts_of("kilter-original"), [Row("one", "p1073r12p1200r13p1390r14")])
    if " import " in line:
        problems.unlink()
    done = climbpath_here(*shlex.split(line)[1:], cwd=folder)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["import", "stats", "filter", "split"])
def test_help(name: str) -> None:
    done = CliRunner().invoke(data, [name, "--help"])
    assert done.exit_code == 0
    assert "Example" in done.output


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom climbpath.cli.data import data\n"
        "try: data(['import', '--help'])\nexcept SystemExit: pass\n"
        "print({'pyarrow', 'ijson', 'torch', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.endswith("set()\n")


def test_a_long_import_shows_its_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dict[str, object]] = []

    def bar(items: object, name: str, **options: object) -> object:
        shown.append({"name": name, **options})
        return items

    monkeypatch.setattr(progress, "tqdm", bar)
    assert list(progress.counted([1, 2], "guide\x1b.csv", "records")) == [1, 2]
    options = {"unit": " records", "delay": 2, "leave": False, "file": sys.stderr}
    assert shown == [{"name": "guide\\u001b.csv", **options}]


def test_a_database_of_climbs_with_few_ascents_names_the_flag_that_takes_them(tmp_path: Path) -> None:
    climbs = [Row("AB", "p1083r15p1117r15p1164r12p1233r13p1302r14", ((40, 18.2, 2),))]
    path = write_database(tmp_path / "kilter.sqlite3", facts_of("kilter-original"), climbs)
    done = climbpath_here("data", "import", path, "-o", "a.parquet", cwd=tmp_path)
    assert done.returncode == 2
    assert "; --min-ascents 0 takes climbs with any number of ascents\n" in done.stderr
    taken = climbpath_here(
        "data", "import", path, "-o", "a.parquet", "--min-ascents", 0, "--report", "b.json", cwd=tmp_path
    )
    assert taken.returncode == 0, taken.stderr
