"""Rebuilds what is bundled from files of real problems: model, grader, beta, demo problems, model card, pictures.

    python tools/build_assets.py DATA

Every file below DATA/moonboard2016 and DATA/moonboard2017 in a format of problems is imported. Generator, grader and
beta learn from the train part of the split alone; the test part is only measured. Takes some four hours on two cores.
"""

import argparse
import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from climbpath import board as boards
from climbpath.api import Generator
from climbpath.beta.fit import fit
from climbpath.board import Setup
from climbpath.data import parquet
from climbpath.data.importers import detect
from climbpath.data.split import split
from climbpath.data.usable import why_unusable
from climbpath.drawing.problem import sheet
from climbpath.errors import ClimbpathError
from climbpath.evaluation.density_ratio import fit_density_ratio
from climbpath.evaluation.evaluate import held_out
from climbpath.evaluation.likelihood import nats_per_problem
from climbpath.files import replacing
from climbpath.generator.request import OWN, Request
from climbpath.generator.sample import generate
from climbpath.grader.grader import Grader, load_grader
from climbpath.grader.metrics import table
from climbpath.grades import rank, scale_counts
from climbpath.model.checkpoint import (
    Model,
    bundled_model,
    load_checkpoint,
    load_model,
    model_of,
    save_checkpoint,
    save_model,
)
from climbpath.problem import Problem
from climbpath.training.correction import correct
from climbpath.training.distillation import drawn_by
from climbpath.training.grader import learnable, train_grader
from climbpath.training.machine import Machine
from climbpath.training.recipes import FAST, Recipe
from climbpath.training.train import train

ROOT = Path(__file__).parents[1]
ASSETS, BUILD = ROOT / "src/climbpath/assets", ROOT / "build/assets"
FOLDERS = ("moonboard2016", "moonboard2017")
SETUP, DEMO_PROBLEMS = Setup("moonboard-2016", 40), 11_000

GENERALIST = replace(FAST, name="generalist", d_model=128, dim_feedforward=512, num_epochs=14, pinned=0.25)
SPECIALIST = replace(GENERALIST, name="specialist", num_epochs=13, pinned=0.0, grade_dropout=0.0)
TEACHERS = (
    replace(SPECIALIST, seed=4),
    replace(SPECIALIST, seed=3),
    replace(SPECIALIST, seed=5, dropout=0.25, embedding_dropout=0.25),
    replace(GENERALIST, seed=2),
)
"""The student starts from the first; specialists are the best at plain problems, and the generalist knows pins."""
TEMPERATURES = (1.0, 1.02, 1.04, 1.06, 1.08, 1.1)
STUDENT = replace(
    GENERALIST,
    name="student",
    dropout=0.05,
    embedding_dropout=0.05,
    num_epochs=5,
    learning_rate=1.5e-3,
    muon_learning_rate=5e-3,
    ema_decay=0.998,
    pinned=0.2,
    seed=9,
)
AGAIN = replace(STUDENT, num_epochs=3, learning_rate=0.8e-3, muon_learning_rate=2.7e-3, seed=31)
"""A second round for the student, which then is the first of its own teachers."""
CORRECTIONS, COMPARED, CORRECTED = 3, 100_000, 300_000
"""Rounds of correction; problems drawn in each to learn what tells them from real ones, and to be weighted by it."""


def climbpath(*arguments: object) -> None:
    """Run the command line."""
    subprocess.run([sys.executable, "-m", "climbpath", *map(str, arguments)], check=True)


def problem_files(data: Path) -> list[Path]:
    """The files of problems below the two folders, by name."""
    files = [path for folder in FOLDERS for path in sorted((data / folder).iterdir())]
    found = []
    for path in files:
        with suppress(ClimbpathError):
            detect(path)
            found.append(path)
    return found


def demo_problems(model: Model, known: list[Problem]) -> list[Problem]:
    """Samples of the model in the grade mix of the known problems that it learned."""
    learned = model.evidence[SETUP]
    grades = [p.grade for p in known if p.board == SETUP.board and p.grade in learned and not p.partial]
    mix = Counter(grade for grade in grades if grade and rank(grade) >= rank("6B"))
    request = Request(setup=SETUP, grades=tuple(mix), sampling=OWN, seed=0)
    found = list(generate(model, request, scale_counts(mix, DEMO_PROBLEMS)))
    order = np.random.default_rng(0).permutation(len(found))
    return [found[i] for i in order]


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table."""
    return "\n".join(f"| {' | '.join(row)} |" for row in [header, ["---"] * len(header), *rows])


def model_card(model: Model, grader: Grader, known: list[Problem]) -> str:
    """What the models are, what they learned from and how well, in Markdown."""
    test = by_setup(held_out(model, known, "test").problems)
    rows = []
    for setup, counts in model.evidence.items():
        nats, conditioned = (float(nats_per_problem(model, test[setup], given).mean()) for given in (False, True))
        rows.append(f"| {setup} | {sum(counts.values()):,} | {len(test[setup]):,} | {nats:.2f} | {conditioned:.2f} |")
    trained = set(model.train_keys.tolist())
    partial = sum(problem.partial and problem.key in trained for problem in known)
    whole = sum(not problem.partial for problem in known)
    consensus = sum(sum(counts.values()) for counts in model.consensus.values())
    teachers = len(model.about["recipe"]["teachers"])
    parameters = sum(value.size for value in model.weights.values())
    return f"""# Model card: the bundled generator and grader

A causal transformer over hold tokens (docs/architecture.md, "Tokens") that generates climbing-board problems, given
board, angle and grade. {parameters:,} parameters, float32, safetensors: weights, settings and key hashes only, nothing
executable.

**Trained on** the train part (85 %, split by key) of {whole:,} real problems of MoonBoard 2016 and MoonBoard Masters
2017, feet-follow-hands problems only, and on hand sequences of further problems of MoonBoard 2016 (BetaMove,
arXiv:2102.01788; {partial:,} partial problems, of which some holds may be missing; none that has the number of a
held-out problem or fits inside one). It was given which problems ten or more had repeated ({consensus:,}), and is asked
for problems like those. It was distilled from {teachers} teachers, and learned from classifiers that tell its problems
from those of the train part (tools/build_assets.py has their settings; docs/dev/experiments.md what each step gave). No
real problem is shipped: of the data the file holds only 64-bit hashes of hold sets, to tell novel problems and held-out
ones.

**Measured** on the test part (10 %), which neither training nor early stopping saw. Nats per problem is the mean
-log p of a whole problem given its board, angle and grade, over problems of grades that were learned, and also given
whether ten or more have repeated it; lower is better.

| board and angle | train problems | test problems | nats per problem | given consensus |
|---|---|---|---|---|
{chr(10).join(rows)}

**The grader** (graders/moonboard.safetensors) predicts the probability of every grade of a problem. It was trained on
the same train part, and measured on the same test part. A new problem has the grade whose real problems the grader
finds most alike (docs/climbing.md, "One grade"):

{markdown(*table(grader, learnable(known)[0]["test"]))}

**The beta solver's weights** (beta.json) were fitted on the grades of problems of the train part. The hold
ratings of MoonBoard 2016 that the solver uses are one author's estimates (NOTICE).

**Demo problems** (demo.parquet): {DEMO_PROBLEMS:,} samples of this model on MoonBoard 2016 in the real grade mix, each
valid, distinct, and novel against all {len(model.known_keys):,} known hold sets. They stand in for real problems in
`make demo`; a model trained on them learns this model's taste, not the community's.

**Limits.** Grades are the community's opinions, and the model repeats them. Grades with few problems (6B and 8A+ and
above on MoonBoard 2016) rest on little evidence. Nobody has climbed its problems: look at a problem, and at the mats,
before you try it.

Rebuild everything here with `make assets DATA=folder-of-problem-files`.
"""


# The student's last epoch is released, not its best: validation asks plain problems only, and pins are learned last.


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    data = parser.parse_args().data
    BUILD.mkdir(parents=True, exist_ok=True)
    known_file = BUILD / "known.parquet"
    climbpath("data", "import", *problem_files(data), "-o", known_file, "--force")
    known = parquet.load(known_file)
    write_beta(known)
    train_grader(known, ASSETS / "graders/moonboard.safetensors")
    best = [trained(known_file, recipe, number) for number, recipe in enumerate(TEACHERS)]
    for recipe in (STUDENT, AGAIN):
        student = trained(known_file, replace(recipe, teachers=tuple(map(str, best))), len(best)).with_name("latest.pt")
        best.insert(0, student)
    bundle(corrected(student, known), known_file)


def write_beta(known: list[Problem]) -> None:
    """Fit the beta solver's weights and bundle them."""
    with replacing(ASSETS / "beta.json") as temporary:
        temporary.write_text(json.dumps(fit(known), indent=1) + "\n", encoding="utf-8")


def trained(known_file: Path, recipe: Recipe, number: int) -> Path:
    """The best checkpoint of a recipe."""
    folder = BUILD / f"{number}-{recipe.name}"
    train(parquet.load(known_file), recipe, folder, folder / "logs", Machine("cpu", 1, 1, None, 0))
    return folder / "best.pt"


def corrected(student: Path, known: list[Problem]) -> Path:
    """The checkpoint after it has learned which of its problems are unlike the real ones: the mean of all rounds."""
    real = by_setup(p for p in split(known)["train"] if not why_unusable(p, needs_grade=True))
    rounds = [load_checkpoint(student)]
    for number in range(CORRECTIONS):
        checkpoint = rounds[-1]
        model = tempered(model_of(checkpoint), validation_of(known))
        compared = by_setup(drawn_by(model, COMPARED, seed=2 * number))
        drawn = by_setup(drawn_by(model, CORRECTED, seed=2 * number + 1))
        likely = [
            fit_density_ratio(real[setup], compared[setup], boards.load(setup.board))(problems)
            for setup, problems in drawn.items()
        ]
        every = [problem for problems in drawn.values() for problem in problems]
        weights = np.concatenate([some / some.mean() for some in likely])
        rounds.append(correct(checkpoint, model.about["temperature"], every, weights, seed=number))
    states = [checkpoint["model_state_dict"] for checkpoint in rounds[1:]]
    mean = {name: sum(state[name] for state in states) / CORRECTIONS for name in states[0]}
    save_checkpoint(BUILD / "corrected.pt", {**rounds[-1], "model_state_dict": mean})
    return BUILD / "corrected.pt"


def by_setup(problems: Iterable[Problem]) -> dict[Setup, list[Problem]]:
    """Problems by board and angle."""
    found = defaultdict(list)
    for problem in problems:
        found[problem.setup].append(problem)
    return found


def tempered(model: Model, validation: Sequence[Problem], temperatures: Sequence[float] = TEMPERATURES) -> Model:
    """The model with its logits divided by the temperature that suits the validation problems best."""
    cooled = [
        replace(model, weights={**model.weights, "output": model.weights["output"] / np.float32(t)})
        for t in temperatures
    ]
    nats = [float(nats_per_problem(one, validation).mean()) for one in cooled]
    best = int(np.argmin(nats))
    print(f"temperature {temperatures[best]}: {nats[best]:.3f} nats per validation problem")
    about = {**model.about, "temperature": temperatures[best], "nats_per_problem": nats[best]}
    return replace(cooled[best], about=about)


def validation_of(known: list[Problem]) -> list[Problem]:
    """The validation problems that every model can be measured on."""
    return [problem for problem in split(known)["validation"] if not why_unusable(problem)]


def bundle(checkpoint: Path, known_file: Path) -> None:
    """Write everything that is bundled, from the checkpoint that is released."""
    known = parquet.load(known_file)
    released = tempered(load_model(checkpoint), validation_of(known))
    save_model(ASSETS / "models" / "moonboard.safetensors", released)
    model = bundled_model("moonboard")
    parquet.write(ASSETS / "demo.parquet", demo_problems(model, known))
    pictures = Generator(model).generate("7A", 12, seed=7)
    files = {
        ASSETS / "MODEL_CARD.md": model_card(model, load_grader(), known).encode(),
        ROOT / "docs/sheet.png": sheet(pictures, columns=4),
    }
    for path, content in files.items():
        with replacing(path) as temporary:
            temporary.write_bytes(content)
        print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
