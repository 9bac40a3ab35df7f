"""Bad command lines: exit code 2 and one message that names what is wrong, never a traceback, and quickly."""

import os
import random
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import pytest

from climbpath.cli import beta, cli
from climbpath.cli.common import data_files, refuse_options
from climbpath.cli.data import import_problems
from climbpath.cli.train_grader import train_grader
from climbpath.data import exporters, parquet
from climbpath.data.importers.aurora import MIN_ASCENTS
from climbpath.errors import ClimbpathError
from climbpath.model.checkpoint import save_checkpoint
from climbpath.training.grader import MEMBERS, RECIPE
from support.commands import climbpath_here
from support.making import random_problems
from support.server import free_port
from support.untrained import checkpoint

NUMBERS = (
    *("-1", "0", "nan", "inf", "-inf", "1e308", "1e-308", "1e20", "99999999999999999999", "18446744073709551616"),
    *("3000000000", "-9223372036854775809", "0.999999", "1.0000001", "0x10", "1_0", "٣", "", " ", "1e", "--", "-0.0"),
)
TEXTS = (
    *("", " ", ",", "..", "..7A", "7A..", "7B..6A", "V99", "\x1b[31m", "\x00"[:0] + "\x07", "\udcff", "7" * 10_000),
    *("F5 " * 3000, "F5s F5e", "F5s G18e", "{", "[" * 5000, "[]", "null", "https://x/?problem=%zz", "a/../b", "Ω", "-"),
    *("moonboard-2016@40", "F5sG18e", "{'a': 1}", '{"start": [1]}', '[{"start": ["F5"]}]', "%s%n", "a\nb"),
)


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files that are good and files that are not, under names that commands are given."""
    root = tmp_path_factory.mktemp("edges")
    problems = random_problems(30)
    parquet.write(root / "good.parquet", problems)
    (root / "good.json").write_text(exporters.to_json(problems[:3]))
    save_checkpoint(root / "good.pt", checkpoint())
    rng = random.Random(0)
    for name in ("good.parquet", "good.json", "good.pt"):
        whole = (root / name).read_bytes()
        (root / f"cut-{name}").write_bytes(whole[: len(whole) // 2])
        damaged = bytearray(whole)
        for _ in range(20):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        (root / f"damaged-{name}").write_bytes(damaged)
    (root / "empty.json").touch()
    (root / "folder").mkdir()
    (root / "loop.json").symlink_to("loop.json")
    for name in ("pipe", "pipe.json"):
        os.mkfifo(root / name)
    (root / "locked").mkdir(mode=0o500)
    (root / "my.toml").write_text("name = 1\n")
    return root


PATHS = (
    *("", ".", "a/../b", "folder", "missing.json", "missing.parquet", "good.json", "good.parquet", "good.pt"),
    *("cut-good.parquet", "cut-good.json", "cut-good.pt", "damaged-good.parquet", "damaged-good.json", "empty.json"),
    *("damaged-good.pt", "loop.json", "good.json/x.json", "x" * 300, "x" * 300 + ".json", "a/" * 3000, "locked/x"),
    *("pipe", "pipe.json", "/proc/self/mem", "/proc/x/y.json", "\x1b[31mred.json", "\udcff.json", "my.toml", "-"),
)
"""Names of files: good ones, damaged ones, and such as cannot be looked at, read or written."""
GOOD = {
    "generate": ["--grade", "7A", "--num-samples", "1"],
    "vary": ["F5s D9 G13 I16 G18e", "--grade", "7A", "--num-samples", "1"],
    "workout": ["--grade", "6C", "--minutes", "10", "--format", ""],
    "grade": ["F5 D9 G13 I16 G18"],
    "beta": ["F5 D9 G13 I16 G18"],
    "show": ["F5 D9 G13 I16 G18"],
    "harder": ["F5 D9 G13 I16 G18", "--model", "missing.pt"],
    "export": ["good.pt", "--to", "new.safetensors", "--force"],
    "train": ["--data", "good.parquet", "--print-recipe"],
    "data import": ["good.json", "-o", "new.parquet", "--force"],
    "data stats": ["good.parquet"],
    "data filter": ["good.parquet", "-o", "new.parquet", "--force"],
    "data split": ["good.parquet", "-o", "parts", "--force"],
    "evaluate": ["--data", "good.parquet", "--samples", "10", "--split", "nope"],
    "train-grader": ["--data", "good.parquet", "--out", "new", "--num-epochs", "1", "--members", "1"],
}
"""For each command, arguments that are good (or soon refused, where a good run takes long)."""


def bad_command(rng: random.Random) -> list[str]:
    """A good command with one or two options or arguments made bad."""
    name = rng.choice(list(GOOD))
    command: Any = cli
    for word in name.split():
        command = command.get_command(click.Context(command), word)
    arguments = list(GOOD[name])
    for _ in range(rng.choice((1, 1, 2))):
        option = rng.choice(command.params)
        value = _value(option, rng)
        if option.param_type_name == "argument":
            arguments[0] = value
        elif option.is_flag:
            arguments.append(option.opts[-1] + rng.choice(("", "", "=1")))
        else:
            arguments += [rng.choice(option.opts), value]
    return [*name.split(), *arguments]


def _value(option: Any, rng: random.Random) -> str:
    kinds: list[Sequence[str]] = [TEXTS, NUMBERS, PATHS]
    numbers = dict.fromkeys(("integer", "integer range", "float", "float range"), NUMBERS)
    likely = {**numbers, "path": PATHS}.get(option.type.name, TEXTS)
    return rng.choice(rng.choice([*kinds, likely, likely, likely, likely]))


SECONDS = 60.0


def fuzz(folder: Path, count: int, seed: int, monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """The exit codes of bad commands, run in this process; an exception that would be a traceback is raised."""
    monkeypatch.setenv("CLIMBPATH_HOME", str(folder / "home"))  # of its own: what it keeps there is used everywhere
    rng = random.Random(seed)
    codes: Counter[int] = Counter()
    keep = {path.name for path in folder.iterdir()}
    for number in range(count):
        command = bad_command(rng)
        begin = time.process_time()
        try:
            done = climbpath_here(*command, cwd=folder)
        except Exception as error:
            raise AssertionError(f"seed {seed}, number {number}: {command} ended in a traceback") from error
        assert time.process_time() - begin < SECONDS, f"seed {seed}, number {number}: {command}"
        assert done.returncode in (0, 2, 3), f"seed {seed}, number {number}: {command}: {done.stderr}"
        if done.returncode == 2:
            assert "Error: " in done.stderr, command
            assert len(done.stderr) < 5000, command
        for text in (done.stdout, done.stderr):
            assert not {"\x1b", "\x07", "\r"} & set(text), command
        codes[done.returncode] += 1
        for path in folder.iterdir():  # what good commands wrote
            if path.name not in keep:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    return codes


def test_bad_command_lines_give_one_message_and_no_traceback(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = fuzz(folder, 60, 1, monkeypatch)
    assert codes[2] > 30


@pytest.mark.slow
def test_a_thousand_bad_command_lines(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = time.perf_counter()
    codes = fuzz(folder, 1000, 2, monkeypatch)
    print(f"command lines: 1,000 tries, 0 failures, exit codes {dict(codes)}, {time.perf_counter() - begin:.0f} s")
    assert codes[2] > 500


@pytest.mark.parametrize("command", ["grade", "show", "beta", "vary", "harder"])
@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("/dev/null", "/dev/null: it is a pipe or a device"),
        ("pipe", "pipe: it is a pipe or a device"),
        ("pipe.json", "pipe.json: it is a pipe or a device"),
        ("folder", "folder: it is a folder: name a file in it"),
        (".", ".: it is a folder"),
        ("/", "/: it is a folder"),
        ("empty.json", "empty.json: it is empty"),
        ("no/such", "no/such: there is no such file"),
        ("", "'' holds no problem"),
        ('{"a": "/"}', "it is in no format that climbpath reads. It is JSON; a record has a; "),
    ],
)
def test_what_is_no_file_of_problems_is_called_what_it_is(
    command: str, argument: str, words: str, folder: Path
) -> None:
    """And no message speaks of notation where a file was meant."""
    done = climbpath_here(command, argument, *(["--grade", "7A"] if command == "vary" else []), cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert "write holds as" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["generate", "--grade", "7A", "--model", "/dev/null"], "/dev/null is a pipe or a device: name a file\n"),
        (["generate", "--grade", "7A", "--model", "folder"], "name a file, for example folder/best.pt"),
        (["grade", "F5s G18e", "--grader", "/dev/zero"], "/dev/zero is no file: name one of"),
        (["grade", "F5s G18e", "--grader", "folder"], "folder is no file: name one of"),
    ],
)
def test_a_hint_fits_what_was_named(arguments: list[str], words: str, folder: Path) -> None:
    done = climbpath_here(*arguments, cwd=folder)
    assert done.returncode == 2
    assert words in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["beta", "p", "--cluster", "auto", "--force", "--board", "tension-1", "--angle", "40"],
            "--board, --angle, --force",
        ),
        (["beta", "p", "--cluster", "auto", "--size", "11 x 18", "--hold-sets", "A"], "--size, --hold-sets"),
        (["beta", "p", "--cluster", "auto", "--theme", "dark", "--format", "png"], "--format, --theme"),
        (
            ["grade", "p", "--cluster", "auto", "--force", "--start", "F5", "--finish", "G18"],
            "--start, --finish, --force",
        ),
        (["grade", "p", "--cluster", "auto", "--board", "tension-1", "--angle", "40"], "--board, --angle"),
        (["generate", "--grade", "7A", "--cluster", "auto", "--visualize", "--force"], "--visualize, --force"),
        (
            ["generate", "--grade", "7A", "--cluster", "auto", "--theme", "light", "--format", "png"],
            "--format, --theme",
        ),
        (["generate", "--grade", "7A", "--cluster", "auto", "--theme", "dark", "--format", "parquet"], "--theme"),
        (
            ["generate", "--grade", "7A", "--format", "Parquet", "--visualize", "--theme", "light"],
            "--visualize, --theme",
        ),
    ],
)
def test_options_that_do_not_apply_are_refused(arguments: list[str], words: str, tmp_path: Path) -> None:
    done = climbpath_here(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(f": leave out {words}\n")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["grade", "show", "beta", "vary", "harder"])
@pytest.mark.parametrize("problem", ["?problem=F5s-D9-G18e", "good.json"])
def test_the_board_and_angle_of_a_link_or_file_are_its_own(command: str, problem: str, folder: Path) -> None:
    for option in (["--angle", "25"], ["--board", "kilter-original"]):
        done = climbpath_here(command, problem, *option, cwd=folder)
        assert done.returncode == 2
        assert f"a link or file says its board and angle itself: leave out {option[0]}" in done.stderr


def test_options_that_apply_or_are_remembered_are_not_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIMBPATH_HOME", str(tmp_path / "home"))
    climbpath_here("board", "use", "kilter-original", "--size", "12 x 14", "--angle", "45", cwd=tmp_path)
    asked = ["p", "--cluster", "auto", "--out", "betas", "--height", "165", "--ape", "3"]
    with command_of("beta").make_context("beta", asked) as context:
        assert (context.params["board"], context.params["angle"]) == ("kilter-original", 45)
        refuse_options(beta.NOT_ON_CLUSTER, "none of these is typed")
        with pytest.raises(ClimbpathError, match=r"these are: leave out --height, --ape$"):
            refuse_options(["board", "height", "ape"], "these are")


@pytest.mark.parametrize(
    ("version", "words"), [(1, "belongs to another program"), (99, "written by a newer climbpath")]
)
def test_a_logbook_that_is_not_ours_is_refused_at_the_start(tmp_path: Path, version: int, words: str) -> None:
    path = tmp_path / "logbook.sqlite3"
    with closing(sqlite3.connect(path)) as db:
        for table in ("profiles", "entries", "ticks", "lists"):
            db.execute(f"CREATE TABLE {table} (text TEXT)")
        db.execute(f"PRAGMA user_version = {version}")
    before = path.read_bytes()
    done = climbpath_here("serve", "--port", free_port(), "--logbook", path, cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("command", "option", "values"),
    [
        ("generate", "--ban", ("F5", "G2")),
        ("generate", "--grade", ("6C", "7A")),
        ("show", "--hold-sets", ("A", "B")),
        ("train-grader", "--out", ("a.safetensors", "b.safetensors")),
    ],
)
def test_what_takes_one_value_is_not_given_two(command: str, option: str, values: Sequence[str]) -> None:
    arguments = [part for value in values for part in (option, value)]
    with pytest.raises(click.UsageError, match=f"{option} is given 2 times"):
        command_of(command).make_context(command, arguments)


def command_of(name: str) -> click.Command:
    found = cli.get_command(click.Context(cli), name)
    assert found
    return found


@pytest.mark.parametrize("command", ["train", "train-grader", "evaluate", "tune"])
@pytest.mark.parametrize("arguments", [["--data", "a", "--data", "b"], ["--data", "a", "b"]])
def test_data_of_several_files_are_read_alike_by_all_commands(command: str, arguments: list[str]) -> None:
    given = command_of(command).make_context(command, list(arguments)).params
    assert data_files(given["data"], given["more"]) == (Path("a"), Path("b"))


def test_a_number_of_the_guides_script_is_overridden_by_a_later_one() -> None:
    given = command_of("train").make_context("train", ["--num-epochs", "50", "--num-epochs", "1"]).params
    assert given["num_epochs"] == 1


def test_defaults_that_stand_in_the_shell_are_those_of_the_code() -> None:
    """They are typed there, because what they are the defaults of is slow to import."""
    of_grader = {one.name: one.default for one in train_grader.params}
    assert (of_grader["num_epochs"], of_grader["members"]) == (RECIPE.num_epochs, MEMBERS)
    assert {one.name: one.default for one in import_problems.params}["min_ascents"] == MIN_ASCENTS
