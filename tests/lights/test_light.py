"""climbpath light without a board: the bytes that would be sent, and the virtual board."""

import json
import sys
from pathlib import Path

import pytest

from climbpath import lights, settings
from climbpath.lights.memory import Memory, recall, remember
from climbpath.wall import parse_wall
from support.commands import climbpath_on_a_thread

FIVE = "F5 D9 G13 I16 G18"
FOOT = "F5s D9 D3f G18e"


@pytest.fixture(autouse=True)
def own_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a test remembers."""
    path = tmp_path / "data" / "lights.json"
    monkeypatch.setattr("climbpath.lights.memory.memory_file", lambda: path)
    monkeypatch.setenv("CLIMBPATH_HOME", str(path.parent))
    return path


def out(*arguments: object, cwd: Path) -> str:
    done = climbpath_on_a_thread("light", *arguments, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refusal(*arguments: object, cwd: Path) -> str:
    done = climbpath_on_a_thread("light", *arguments, cwd=cwd)
    assert done.returncode == 2
    assert done.stdout == ""
    return done.stderr


def test_a_dry_run_prints_the_bytes_and_sends_nothing(tmp_path: Path) -> None:
    assert out(FIVE, "--dry-run", cwd=tmp_path) == "l#S103,P63,P120,P159,E125#\n"
    assert out(FIVE, "--dry-run", "--extra-leds", cwd=tmp_path) == "~D*l#S103,P63,P120,P159,E125#\n"
    assert out("A2 B5 K12", "--board", "moonboard-mini-2020", "--mini", "--dry-run", cwd=tmp_path).startswith("~M*l#")
    assert out("--off", "--dry-run", cwd=tmp_path) == "l##\n"
    assert not (tmp_path / "data").exists()


def test_footholds_that_stay_dark_are_named(tmp_path: Path) -> None:
    done = climbpath_on_a_thread("light", FOOT, "--dry-run", cwd=tmp_path)
    assert "Note: D3, for the feet, stay dark: --new-letters" in done.stderr
    done = climbpath_on_a_thread("light", FOOT, "--dry-run", "--new-letters", cwd=tmp_path)
    assert "F69" in done.stdout
    assert done.stderr == ""


def test_the_new_letters_name_the_hands_of_the_beta(tmp_path: Path) -> None:
    letters = {word[0] for word in out(FIVE, "--dry-run", "--new-letters", cwd=tmp_path)[2:-2].split(",")}
    assert letters <= set("SLRMPE")
    assert letters & set("LRM")


def test_the_virtual_board_shows_what_would_light(tmp_path: Path) -> None:
    shown = out(FIVE, "--virtual", cwd=tmp_path).splitlines()
    assert shown[-1] == "F5 start, D9 hand, G13 hand, I16 hand, G18 finish"
    assert "".join(shown[:-1]).count("H") == 3
    assert out("--off", "--virtual", cwd=tmp_path).splitlines()[-1] == "all lights are out"


def test_a_share_link_is_lit_on_its_own_board(tmp_path: Path) -> None:
    link = "http://localhost:8000/?board=moonboard-mini-2020&angle=40&problem=A2s-B5-K12e"
    assert out(link, "--dry-run", cwd=tmp_path) == "l#S1,P19,E131#\n"


def test_a_mapping_file_replaces_the_numbers(tmp_path: Path) -> None:
    numbers = {"A1": 9, "F5": 0, "D9": 1, "G13": 2, "I16": 3, "G18": 4}
    (tmp_path / "strip.json").write_text(json.dumps(numbers))
    assert out(FIVE, "--mapping", "strip.json", "--dry-run", cwd=tmp_path) == "l#S0,P1,P2,P3,E4#\n"
    assert "has no D10" in refusal("F5 D10 G18", "--mapping", "strip.json", "--dry-run", cwd=tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[1]", "a mapping is a JSON object"),
        ("{", "is not a mapping of LEDs"),
        ('{"Z1": 1}', "there is no hold 'Z1'"),
        ('{"F5": "1"}', "the LED of F5 is a number"),
        ('{"F5": true}', "the LED of F5 is a number"),
        ('{"F5": 70000}', "the LED of F5 is a number"),
        ('{"F5": 1, "D9": 1}', "LED 1 is at F5 and at D9"),
        ('{"F5": 1, "f5": 2}', "F5"),
        ("[" * 100_000, "is not a mapping of LEDs"),
    ],
)
def test_a_bad_mapping_file_is_refused_with_the_reason(content: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "strip.json").write_text(content)
    told = refusal(FIVE, "--mapping", "strip.json", "--dry-run", cwd=tmp_path)
    assert words in told
    assert "strip.json" in told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "name one problem, or --scan, or --off"),
        ((FIVE, "--off"), "name one problem"),
        ((FIVE, "--dry-run", "--virtual"), "choose one"),
        (("--scan", "--virtual"), "choose one"),
        ((FIVE, "--board", "../x", "--dry-run"), "there is no board '../x'"),
        ((FIVE, "--size", "8 x 12", "--dry-run"), "MoonBoard 2016 has no size '8 x 12': choose from 11 x 18"),
        ((FIVE, "--mirror", "--dry-run"), "have no mirror image"),
        ((FIVE, "--brightness", "50", "--dry-run"), "take no brightness"),
        ((FIVE, "--brightness", "0", "--dry-run"), "brightness"),
        ((FIVE, "--level", "1", "--dry-run"), "level"),
        ((FIVE, "--mapping", "none.json", "--dry-run"), "none.json: there is no such file"),
        (("F5 X9 G18", "--dry-run"), "X9"),
    ],
)
def test_what_cannot_be_lit_says_why(arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    assert words in refusal(*arguments, cwd=tmp_path)


def test_what_was_lit_last_is_remembered(tmp_path: Path) -> None:
    path = tmp_path / "here" / "lights.json"
    assert recall(path) == Memory()
    memory = Memory("moonboard-2016", {"moonboard-2016": "11 x 18"}, {"moonboard-2016": "AA:BB:CC:DD:EE:FF"})
    remember(path, memory)
    assert recall(path) == memory


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"board": null, "sizes": {"a": 1}, "devices": {}}', "\xff", "null"]
)
def test_a_damaged_memory_is_an_empty_one(content: str, tmp_path: Path) -> None:
    (tmp_path / "lights.json").write_text(content, encoding="latin-1")
    assert recall(tmp_path / "lights.json") == Memory()


def test_the_board_and_size_in_use_are_lit(tmp_path: Path) -> None:
    settings.remember(parse_wall("moonboard-mini-2020"))
    assert out("A2s B5 K12", "--dry-run", cwd=tmp_path) == "l#S1,P19,E131#\n"
    settings.remember(parse_wall("kilter-original", "12 x 14"))
    sent = out("1130s 1505 1595e", "--dry-run", cwd=tmp_path)
    assert sent == out("1130s 1505 1595e", "--size", "12x14", "--dry-run", cwd=tmp_path)


def test_all_is_the_size_of_a_board_that_has_one_and_no_size_of_others(tmp_path: Path) -> None:
    assert out("A2s B5 K12", "--board", "moonboard-mini-2020", "--size", "all", "--dry-run", cwd=tmp_path)
    settings.remember(parse_wall("kilter-original", "12 x 14"))
    words = refusal("1130s 1505 1595e", "--size", "all", "--dry-run", cwd=tmp_path)
    assert "which size is your Kilter Board Original? Name it with --size: 16 x 12," in words


def test_the_lights_of_a_board_go_out_whatever_its_size(tmp_path: Path) -> None:
    assert out("--off", "--board", "kilter-original", "--dry-run", cwd=tmp_path).startswith("01 ")


def test_a_hold_of_a_set_that_the_board_in_use_lacks_is_named(tmp_path: Path) -> None:
    settings.remember(parse_wall("kilter-original", "12 x 14", "Bolt Ons"))
    done = climbpath_on_a_thread("light", "1130s 1505 1391e", "--dry-run", cwd=tmp_path)
    assert (
        "Note: 1505 not in hold sets Bolt Ons, which your board has: there may be a light without a hold" in done.stderr
    )
    assert done.stdout.startswith("01 ")
    done = climbpath_on_a_thread("light", FIVE, "--board", "moonboard-2016", "--dry-run", cwd=tmp_path)
    assert done.stderr == ""


@pytest.mark.parametrize("flag", ["--mini", "--extra-leds", "--new-letters"])
def test_what_only_moonboards_know_is_refused_for_other_boards(flag: str, tmp_path: Path) -> None:
    wall = ("1130s 1505 1391e", "--board", "kilter-original", "--size", "12 x 14")
    assert "MoonBoards do" in refusal(*wall, flag, "--dry-run", cwd=tmp_path)
    assert "have no API level" in refusal(FIVE, "--level", 2, "--dry-run", cwd=tmp_path)


def test_the_board_lit_last_is_lit_again(tmp_path: Path, own_memory: Path) -> None:
    remember(own_memory, Memory("moonboard-mini-2020", {}, {}))
    assert out("A2s B5 K12", "--dry-run", cwd=tmp_path) == "l#S1,P19,E131#\n"


def test_the_size_of_a_board_that_was_lit_is_known_the_next_time(tmp_path: Path, own_memory: Path) -> None:
    three = ("1130s 1505 1595e", "--board", "kilter-original", "--dry-run")
    assert "which size is your Kilter Board Original? Name it with --size: " in refusal(*three, cwd=tmp_path)
    remember(own_memory, Memory("moonboard-2016", {"kilter-original": "12 x 14"}, {}))
    assert out(*three, cwd=tmp_path).startswith("01 0a ")


def test_without_bleak_a_dry_run_works_and_lighting_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("bleak", "climbpath.lights.bluetooth"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.delattr(lights, "bluetooth", raising=False)
    monkeypatch.setitem(sys.modules, "bleak", None)
    assert "this command needs bleak" in refusal(FIVE, cwd=tmp_path)
    assert "pip install '.[lights]'" in refusal("--scan", cwd=tmp_path)
    assert out(FIVE, "--dry-run", cwd=tmp_path).startswith("l#")
    assert "F5 start" in out(FIVE, "--virtual", cwd=tmp_path)
