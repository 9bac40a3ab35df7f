"""The stages of what is bundled, and their record."""

from pathlib import Path

import pytest

import build_assets
from asset_stages import FAMILIES, GRADERS, MODELS, ROOT, Stage, file_hash, stages
from build_assets import RECORD, digests_of, is_wanted, missing, read, run
from climbpath.data.exporters import to_csv
from support.making import random_problems

RELEASED = sorted([*MODELS.iterdir(), *GRADERS.iterdir()])


def test_every_released_model_and_grader_is_the_one_on_record() -> None:
    recorded = {path: digest for entry in read(RECORD).values() for path, digest in entry["files"].items()}
    for path in RELEASED:
        assert recorded.get(path.relative_to(ROOT).as_posix()) == file_hash(path), path.name


def test_every_recorded_stage_names_its_seed_and_commit() -> None:
    for entry in read(RECORD).values():
        assert entry["seed"] >= 0
        assert entry["commit"]


def test_stages_come_behind_those_that_they_need(tmp_path: Path) -> None:
    seen: set[str] = set()
    for name, stage in stages(tmp_path).items():
        assert seen.issuperset(stage.after), name
        seen.add(name)
    assert {f"{family}/model" for family in FAMILIES} <= seen


def test_other_data_change_the_digest_of_all_that_is_made_of_them(tmp_path: Path) -> None:
    folder = tmp_path / "moonboard_catalog"
    folder.mkdir()
    before = digests_of(stages(tmp_path))
    (folder / "mine.csv").write_text(to_csv(random_problems(3, "moonboard-2024")), encoding="utf-8")
    changed = {name for name, digest in digests_of(stages(tmp_path)).items() if digest != before[name]}
    assert changed == {name for name in before if is_wanted(name, ["moonboard", "beta", "demo", "sheet", "card"])}


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Stage], list[str]]:
    """Three stages, each of the one before, in a folder of their own, and the names of those that ran."""
    monkeypatch.setattr(build_assets, "ROOT", tmp_path)
    monkeypatch.setattr(build_assets, "BUILD", tmp_path / "build")
    monkeypatch.setattr(build_assets, "RECORD", tmp_path / "assets.json")
    monkeypatch.setattr(build_assets, "BEGUN", tmp_path / "build/begun.json")
    ran: list[str] = []

    def stage(name: str, after: tuple[str, ...], path: str) -> Stage:
        def make() -> None:
            ran.append(name)
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(name)

        return Stage(name, after, {"seed": 3}, (tmp_path / path,), make)

    every = [
        stage("a/one", (), "build/one"),
        stage("a/two", ("a/one",), "build/two"),
        stage("a/three", ("a/two",), "out"),
    ]
    return {one.name: one for one in every}, ran


def go_on(every: dict[str, Stage]) -> None:
    digests = digests_of(every)
    for name in list(missing(every, digests, list(every))):
        run(every[name], digests[name])


def test_what_is_made_is_not_made_again(made: tuple[dict[str, Stage], list[str]]) -> None:
    every, ran = made
    go_on(every)
    assert ran == ["a/one", "a/two", "a/three"]
    go_on(every)
    assert len(ran) == 3


def test_a_released_file_needs_nothing_that_only_led_to_it(made: tuple[dict[str, Stage], list[str]]) -> None:
    every, _ = made
    go_on(every)
    (every["a/one"].files[0]).unlink()
    assert list(missing(every, digests_of(every), ["a/three"])) == []


def test_a_changed_file_is_made_again_of_what_is_there(made: tuple[dict[str, Stage], list[str]]) -> None:
    every, ran = made
    go_on(every)
    every["a/three"].files[0].write_text("changed by hand")
    go_on(every)
    assert ran[3:] == ["a/three"]


def test_other_settings_make_a_stage_and_all_behind_it_again(made: tuple[dict[str, Stage], list[str]]) -> None:
    every, ran = made
    go_on(every)
    every["a/two"] = every["a/two"]._replace(settings={"seed": 4})
    go_on(every)
    assert ran[3:] == ["a/two", "a/three"]
