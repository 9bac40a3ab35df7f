"""Builds the bundled models of the boards beside MoonBoard 2016 and Masters 2017, one family after the other.

    python tools/build_models.py DATA                every family
    python tools/build_models.py DATA kilter         one alone

Every file below DATA's folders of a family is imported. A model learns from the train part of the split alone. A stage
that was stopped goes on where it was when it is started again; on two cores each takes some 20 minutes. What each file
was made from is written to build/assets/models.json.
"""

import argparse
import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from build_assets import ASSETS, BUILD, ROOT, climbpath, tempered, validation_of
from climbpath.board import Setup
from climbpath.data import parquet
from climbpath.files import replacing
from climbpath.model.checkpoint import Model, load_model, save_model
from climbpath.training.machine import Machine
from climbpath.training.recipes import FAST, Recipe
from climbpath.training.train import train

TEMPERATURES = (1.0, 1.02, 1.05, 1.08, 1.1)
LEAST_AT_ANGLE = 300
"""With fewer train problems at an angle, a board that also knows an unknown angle is drawn at that one."""


class Family(NamedTuple):
    """Boards that share a model."""

    folders: tuple[str, ...]
    """Where its problems are, below the data."""
    pattern: str
    """Which files there."""
    recipe: Recipe
    """How it is trained."""
    hottest: float
    """The highest temperature: beyond, problems of these boards are easier to tell from real ones, though validation
    problems are likelier."""


FAMILIES = {
    "kilter": Family(("aurora",), "kilter_climbs.sqlite3", replace(FAST, name="kilter"), 1.05),
    "tension": Family(
        ("aurora",),
        "tension_climbs.sqlite3",
        replace(FAST, name="tension", mirrored=0.5, boards=("tension-1", "tension-2-mirror", "tension-2-spray")),
        1.05,
    ),
    "moonboard-newer": Family(
        ("moonboard2016", "moonboard2017", "moonboard_catalog"),
        "*[vz]",
        replace(FAST, name="moonboard-newer", d_model=128, dim_feedforward=512),
        1.1,
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("families", nargs="*", choices=[*FAMILIES, []])
    arguments = parser.parse_args()
    BUILD.mkdir(parents=True, exist_ok=True)
    made = BUILD / "models.json"
    record = json.loads(made.read_text(encoding="utf-8")) if made.exists() else {}
    for name in arguments.families or FAMILIES:
        files = build(name, FAMILIES[name], arguments.data)
        record[name] = {
            "files": [str(path.relative_to(arguments.data)) for path in files],
            "seed": FAMILIES[name].recipe.seed,
            "commit": subprocess.run(
                ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True
            ).stdout.strip(),
        }
        with replacing(made) as temporary:
            temporary.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(record, indent=1))


def build(name: str, family: Family, data: Path) -> list[Path]:
    """Train and bundle the model of a family; returns the files that it was made from."""
    files = [path for folder in family.folders for path in sorted((data / folder).glob(family.pattern))]
    source, folder = BUILD / f"{name}.parquet", BUILD / name
    climbpath("data", "import", *files, "-o", source, "--force")
    known = parquet.load(source)
    resume = (folder / "latest.pt").exists()
    train(known, family.recipe, folder, folder / "logs", Machine("cpu", 1, 1, None, 0), resume=resume)
    model = load_model(folder / "best.pt")
    learned = [one for one in validation_of(known) if model.evidence.get(one.setup, {}).get(one.grade or "")]
    model = without_thin_angles(tempered(model, learned, [t for t in TEMPERATURES if t <= family.hottest]))
    save_model(ASSETS / "models" / f"{name}.safetensors", model, half=True)
    return files


def without_thin_angles(model: Model) -> Model:
    """The model without the angles that it learned from few problems, where it knows the board at an unknown angle."""
    evidence = {
        setup: counts
        for setup, counts in model.evidence.items()
        if setup.angle is None
        or Setup(setup.board, None) not in model.evidence
        or sum(counts.values()) >= LEAST_AT_ANGLE
    }
    return replace(model, evidence=evidence, consensus={s: c for s, c in model.consensus.items() if s in evidence})


if __name__ == "__main__":
    main()
