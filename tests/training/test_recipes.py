"""Recipes: found by name or in a file, written to a file and read back as they were."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from climbpath.cli import main
from climbpath.errors import ClimbpathError
from climbpath.model.checkpoint import load_checkpoint
from climbpath.training.recipes import (
    FAST,
    GUIDE,
    RECIPES,
    SETTINGS,
    Recipe,
    doc_of,
    find_recipe,
    read_recipe,
    recipe_file,
    type_of,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
ANY: dict[type, st.SearchStrategy[Any]] = {
    str: TEXT,
    bool: st.booleans(),
    int: st.integers(1, 2**32 - 1),
    float: st.floats(0, 1000, exclude_min=True),
    tuple: st.lists(TEXT, max_size=3).map(tuple),
}
FRACTION = st.floats(0, 1)
NARROWER: dict[str, st.SearchStrategy[Any]] = {
    "vocabulary": st.sampled_from(["hold", "coordinate"]),
    "pinned": FRACTION,
    "grade_dropout": FRACTION,
    "mirrored": FRACTION,
    "ema_decay": st.floats(0, 1, exclude_max=True),
    "weight_decay": st.floats(0, 1000),
    "warmup_steps": st.integers(0, 2**32 - 1),
    "seed": st.integers(0, 2**32 - 1),
}
WITHOUT_HOLD_TOKENS = {"pinned": 0.0, "grade_dropout": 0.0, "consensus": False, "teachers": ()}


@st.composite
def recipes(pick: st.DrawFn) -> Recipe:
    """Any recipe."""
    values = {name: pick(NARROWER.get(name, ANY[type_of(name)])) for name in SETTINGS}
    left_out = pick(st.sets(st.sampled_from([name for name, one in SETTINGS.items() if one.default is None])))
    values |= dict.fromkeys(left_out)
    return Recipe(**values | (WITHOUT_HOLD_TOKENS if values["vocabulary"] != "hold" else {}))


in_one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@in_one_folder
@given(recipes())
def test_every_recipe_is_read_back_from_its_file_bit_for_bit(tmp_path: Path, recipe: Recipe) -> None:
    path = tmp_path / "my.toml"
    path.write_text(recipe_file(recipe), encoding="utf-8")
    again = read_recipe(path)
    assert repr(again) == repr(recipe)  # numbers by their types, too
    assert recipe_file(again) == recipe_file(recipe)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
def test_a_recipe_file_has_every_setting_under_its_documentation(recipe: Recipe) -> None:
    lines = recipe_file(recipe).splitlines()
    for name, value in recipe.to_dict().items():
        place = lines.index(f"# {doc_of(name)}")
        assert lines[place + 1].startswith(f"# {name} =" if value is None else f"{name} = ")


def test_a_recipe_is_found_by_its_name_or_in_its_file(tmp_path: Path) -> None:
    assert {name: find_recipe(name) for name in RECIPES} == RECIPES
    mine = replace(GUIDE, name="mine", num_epochs=3)
    (tmp_path / "mine.toml").write_text(recipe_file(mine), encoding="utf-8")
    assert find_recipe(str(tmp_path / "mine.toml")) == mine


def test_settings_with_a_default_may_be_left_out_and_whole_numbers_are_numbers(tmp_path: Path) -> None:
    path = tmp_path / "short.toml"
    kept = [line for line in recipe_file(FAST).splitlines() if not line.startswith(("teachers", "weight_decay"))]
    path.write_text("\n".join([*kept, "weight_decay = 1"]), encoding="utf-8")
    assert read_recipe(path) == replace(FAST, weight_decay=1.0)
    assert type(read_recipe(path).weight_decay) is float


def changed(old: str, new: str) -> bytes:
    """The file of the fast recipe with one line changed."""
    whole = recipe_file(FAST)
    assert f"\n{old}\n" in whole
    return whole.replace(f"\n{old}\n", f"\n{new}\n").encode()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (changed("d_model = 96", "d_model = 96\nwidth = 96"), "a recipe has no setting 'width'"),
        (changed("d_model = 96", ""), "the recipe lacks d_model"),
        (b"", "the recipe lacks name, vocabulary, mask_invalid, d_model"),
        (changed("d_model = 96", 'd_model = "96"'), "d_model is a whole number, not '96'"),
        (changed("d_model = 96", "d_model = 96.0"), "d_model is a whole number, not 96.0"),
        (changed("d_model = 96", "d_model = true"), "d_model is a whole number, not True"),
        (changed("tied = true", "tied = 1"), "tied is true or false, not 1"),
        (changed("pinned = 0.2", "pinned = true"), "pinned is a number, not True"),
        (changed("pinned = 0.2", "pinned = []"), r"pinned is a number, not \[\]"),
        (changed('name = "fast"', "name = 5"), "name is a text, not 5"),
        (changed("teachers = []", 'teachers = "one.pt"'), "teachers is a list of texts, not 'one.pt'"),
        (changed("teachers = []", "teachers = [1]"), r"teachers is a list of texts, not \[1\]"),
        (changed("pinned = 0.2", "pinned = 1.5"), "pinned is a fraction from 0 to 1, not 1.5"),
        (changed('vocabulary = "hold"', 'vocabulary = "coordinate"'), "the recipe fast has no hold tokens"),
        (changed("d_model = 96", "d_model ="), "Invalid value"),
        (changed("d_model = 96", "d_model = 96\nd_model = 96"), "Cannot overwrite a value"),
        (b'{"name": "fast"}', "Invalid statement"),
        (b"\xff\xfe\x00", "can't decode byte"),
    ],
)
def test_what_is_wrong_in_a_recipe_file_is_said_with_file_setting_and_way_out(
    content: bytes, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "my.toml"
    path.write_bytes(content)
    with pytest.raises(ClimbpathError, match=words) as refused:
        find_recipe(str(path))
    assert str(refused.value).startswith(f"{path} is not a recipe: ")
    assert str(refused.value).endswith("'climbpath train --print-recipe' writes a whole one")


def test_a_recipe_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClimbpathError, match=r"cannot read the recipe .*mine\.toml: No such file"):
        find_recipe(str(tmp_path / "mine.toml"))
    with pytest.raises(
        ClimbpathError, match=r"no recipe 'huge': choose from fast, guide, guide-small, or name a \.toml"
    ):
        find_recipe("huge")


def train(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: object) -> int:
    """The exit code of climbpath train in a folder, run in this process, where torch is imported."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr("sys.argv", ["climbpath", "train", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.mark.parametrize("name", [None, *RECIPES])
def test_a_recipe_is_printed_as_a_file(
    name: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ("--recipe", name) if name else ()
    assert train(monkeypatch, tmp_path, *flags, "--print-recipe") == 0
    assert capsys.readouterr().out == recipe_file(RECIPES[name or "fast"])
    assert train(monkeypatch, tmp_path, *flags, "--num-epochs", 3, "--print-recipe") == 0
    assert capsys.readouterr().out == recipe_file(replace(RECIPES[name or "fast"], num_epochs=3))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot read the recipe my.toml: No such file"),
        (changed("d_model = 96", "depth = 3"), "my.toml is not a recipe: a recipe has no setting 'depth'"),
    ],
)
def test_a_bad_recipe_ends_the_command_with_exit_code_2(
    content: bytes | None,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if content:
        (tmp_path / "my.toml").write_bytes(content)
    assert train(monkeypatch, tmp_path, "--recipe", "my.toml") == 2
    assert words in capsys.readouterr().err


def test_a_run_by_a_recipe_file_resumes_with_that_recipe_alone(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = replace(FAST, name="mine", d_model=16, num_layers=1, nhead=2, dim_feedforward=16, num_epochs=1)
    (tmp_path / "my.toml").write_text(recipe_file(mine), encoding="utf-8")
    (tmp_path / "other.toml").write_text(recipe_file(replace(mine, dropout=0.3)), encoding="utf-8")
    assert train(monkeypatch, tmp_path, "--device", "cpu", "--recipe", "my.toml", "--data", tiny) == 0
    assert "Recipe mine" in capsys.readouterr().out
    checkpoint = load_checkpoint(tmp_path / "checkpoints/climb_path_cpu/latest.pt")
    assert Recipe.from_dict(checkpoint["recipe"]) == mine
    assert train(monkeypatch, tmp_path, "--device", "cpu", "--resume", "--recipe", "my.toml") == 0
    assert train(monkeypatch, tmp_path, "--device", "cpu", "--resume", "--recipe", "other.toml") == 2
    assert "--resume keeps dropout 0.2, but 0.3 was given" in capsys.readouterr().err
    assert load_checkpoint(tmp_path / "checkpoints/climb_path_cpu/latest.pt")["recipe"] == checkpoint["recipe"]
