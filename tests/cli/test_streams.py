"""Standard streams that are closed, full or broken, colours, and the text of strangers in a terminal."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from climbpath import terminal
from climbpath.errors import LONGEST, explained, short
from support.commands import climbpath, climbpath_here, needs_posix

pytestmark = needs_posix
GENERATE = "generate --grade 7A --num-samples 100 --seed 1 --format json --out out"


def shell(command: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a line of shell in which $C is the command line."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "C": f"{sys.executable} -m climbpath", **env}
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, capture_output=True, text=True, env=environment, timeout=300
    )


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        (f"$C {GENERATE} | head -1 >/dev/null; exit ${{PIPESTATUS[0]}}", 0, ""),
        (f"$C {GENERATE} >&-", 0, ""),
        (f"$C {GENERATE} 2>&-", 0, ""),
        (f"$C {GENERATE} > /dev/full", 2, "cannot write to standard output: No space left on device"),
    ],
)
def test_files_are_written_whatever_becomes_of_the_output(command: str, code: int, words: str, tmp_path: Path) -> None:
    if "/dev/full" in command and sys.platform != "linux":
        pytest.skip("only Linux has /dev/full")
    done = shell(command, tmp_path)
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert (tmp_path / "out/problems.json").exists()


def test_a_closed_standard_input_is_named(tmp_path: Path) -> None:
    done = shell("$C show - <&-", tmp_path)
    assert (done.returncode, done.stderr) == (
        2,
        "Error: standard input is closed: name a file, or write the problem itself\n",
    )


def in_terminal(*arguments: str, folder: Path, **env: str) -> str:
    """What a command prints in a terminal."""
    mine, theirs = pty.openpty()
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TERM": "xterm", **env}
    command = [sys.executable, "-m", "climbpath", *arguments]
    with subprocess.Popen(command, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        printed = b""
        try:
            while piece := os.read(mine, 65536):
                printed += piece
        except OSError:  # how Linux says that the terminal was closed
            pass
        process.wait()
    os.close(mine)
    return printed.decode("utf-8", "replace")


def test_colours_are_for_terminals_and_no_color_is_honoured(tmp_path: Path) -> None:
    assert "\x1b[31mError: " in in_terminal("show", "nope", folder=tmp_path)
    assert "\x1b" not in in_terminal("show", "nope", folder=tmp_path, NO_COLOR="1")
    assert "\x1b" not in climbpath("show", "nope", cwd=tmp_path).stderr


EVIL = "\x1b]0;owned\x07\x1b[2J\r\x9b31m\u202egnp.\x00"[:-1]


def test_control_characters_of_names_and_files_never_reach_a_terminal(tmp_path: Path) -> None:
    content = '[{"start": ["F5"], "hands": ["E8"], "finish": ["G18"], "name": %s, "method": %s}]'
    name = tmp_path / f"{EVIL}.json"
    name.write_text(content % ((f'"{"".join(f"{chr(92)}u{ord(c):04x}" for c in EVIL)}"',) * 2))
    for arguments in (
        ["show", str(name)],
        ["grade", str(name)],
        ["show", EVIL],
        ["show", str(name), "--data", str(name)],
    ):
        printed = in_terminal(*arguments, folder=tmp_path).replace("\r\n", "\n")
        # climbpath's own colours are all that is left of ESC
        for piece in printed.split("\x1b")[1:]:
            assert piece[:1] == "[", arguments
            assert piece[1:].partition("m")[0].replace(";", "").isdigit(), arguments
        assert not {"\x07", "\r", "\x9b", "\u202e"} & set(printed), arguments
        assert len(printed) > 20


def test_what_looks_like_our_own_colours_is_written_out(tmp_path: Path) -> None:
    assert terminal.printable("a\x1b[31mb\tc\n\x85\u202e") == "a\\u001b[31mb\tc\n\\u0085\\u202e"


def test_long_inputs_are_shortened_in_errors(tmp_path: Path) -> None:
    for arguments in (
        ["show", "x" * 100_000],
        ["generate", "--grade", "x" * 100_000],
        ["data", "stats", "x/" * 50_000],
    ):
        done = climbpath_here(*arguments, cwd=tmp_path)
        assert done.returncode == 2
        assert len(done.stderr) < 1500
        assert "…" in done.stderr
    assert len(short("y" * 10_000)) == LONGEST
    assert short("short words stay " * 5) == "short words stay " * 5


def test_what_the_system_says_names_the_file_and_the_way_out(tmp_path: Path) -> None:
    assert explained(OSError(28, "No space left on device", "a/b")) == (
        "cannot use a/b: No space left on device; free some space, or name another place"
    )
    assert "not enough memory" in (explained(MemoryError()) or "")
    assert explained(ValueError("a bug")) is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "F5 D9 G13 I16 G18", "--data", "nope"], "nope: there is no such file"),
        (["export", "nope.pt", "--to", "."], "is a folder: name a file in it"),
        (["export", "nope.pt", "--to", "missing/../x/y"], "there is no model nope.pt"),
        (["train-grader", "--data", "nope", "--out", "."], "is a folder: name a file in it"),
        (["data", "import", "nope", "-o", "."], "is a folder: name a file in it"),
        (["data", "import", "nope", "-o", "/"], "is a folder: name a file in it"),
        (["data", "stats", ""], "it is empty: name a file or folder"),
        (["generate", "--grade", "7A", "--num-samples", "99999999999999999999"], "is not in the range"),
        (["generate", "--grade", "7A", "--num-samples", "200000"], "go to one file: --format parquet"),
        (["generate", "--grade", "7A", "--seed", str(2**64)], "is not in the range"),
        (["train", "--threads", "3000000000"], "is not in the range"),
        (["train", "--print-recipe", "--dropout", "nan", "--weight-decay", "nan"], "weight_decay must be from 0"),
        (["train", "--checkpoint-dir", "."], "a run needs a folder of its own"),
        (["train", "--log-dir", "/"], "a run needs a folder of its own"),
        (["train", "--dropout", "0.999999"], "dropout must be from 0 to 0.99"),
        (
            ["train", "--d-model", "16384", "--dim-feedforward", "65536", "--num-layers", "250"],
            "does not fit in memory",
        ),
    ],
)
def test_edges_are_named_with_the_way_out(arguments: list[str], words: str, tmp_path: Path) -> None:
    done = climbpath_here(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
