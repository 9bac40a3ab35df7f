"""What is bundled, as stages: the problems, teachers, students, corrections, model and grader of each family of boards,
and what is made of all of them. tools/build_assets.py runs them.

Generator, grader and beta learn from the train part of the split alone; the test part is only measured.
"""

import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from hashlib import file_digest
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors.numpy import load_file, save_file

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
from climbpath.generator.sample import generate, plain_samples
from climbpath.grader.grader import load_grader, save_grader
from climbpath.grader.metrics import table
from climbpath.grades import rank, scale_counts
from climbpath.model.checkpoint import Model, load_checkpoint, load_model, model_of, save_checkpoint, save_model
from climbpath.problem import Problem
from climbpath.training.correction import correct
from climbpath.training.distillation import drawn_by, mixes
from climbpath.training.grader import MEMBERS, RECIPE, assembled, learnable, member
from climbpath.training.machine import Machine
from climbpath.training.recipes import FAST, Recipe
from climbpath.training.train import train

ROOT = Path(__file__).resolve().parents[1]
ASSETS, BUILD = ROOT / "src/climbpath/assets", ROOT / "build/assets"
MODELS, GRADERS = ASSETS / "models", ASSETS / "graders"

TEACHER = replace(FAST, name="teacher", d_model=128, dim_feedforward=512)
STUDENT = replace(
    TEACHER,
    name="student",
    dropout=0.05,
    embedding_dropout=0.05,
    num_epochs=5,
    learning_rate=1.5e-3,
    muon_learning_rate=5e-3,
    ema_decay=0.998,
    seed=9,
)
TENSION: dict[str, Any] = {"boards": ("tension-1", "tension-2-mirror", "tension-2-spray"), "mirrored": 0.5}
"""What all networks of Tension's boards have in common."""


class Family(NamedTuple):
    """Boards that share a model."""

    folders: tuple[str, ...]
    """Where its problems are, below the data."""
    pattern: str
    """Which files there."""
    teachers: tuple[Recipe, ...]
    """How its teachers are trained, if it has any."""
    student: Recipe
    """How the model is trained, by the teachers, too."""
    corrections: int
    """Rounds of correction; the mean of the last AVERAGED is released."""
    drawn: int
    """Problems that are drawn in each of them, to be weighted."""
    temperatures: tuple[float, ...]
    """Which temperatures of the logits are tried. On some boards problems drawn at a higher one are easier to tell from
    real ones, though validation problems are likelier."""


FAMILIES = {
    "moonboard": Family(
        folders=("moonboard2016", "moonboard2017", "moonboard_catalog"),
        pattern="*",
        teachers=(
            replace(TEACHER, seed=2),
            replace(TEACHER, seed=3),
            replace(TEACHER, seed=4),
            replace(TEACHER, seed=5, dropout=0.25, embedding_dropout=0.25),
        ),
        student=STUDENT,
        corrections=3,
        drawn=300_000,
        temperatures=(1.0, 1.02, 1.04, 1.06, 1.08, 1.1),
    ),
    "kilter": Family(
        folders=("aurora",),
        pattern="kilter_climbs.sqlite3",
        teachers=(
            replace(TEACHER, num_epochs=10),
            *(replace(TEACHER, num_epochs=12, seed=seed, dropout=0.25, embedding_dropout=0.25) for seed in (2, 3, 4)),
        ),
        student=STUDENT,
        corrections=5,
        drawn=120_000,
        temperatures=(1.0,),
    ),
    "tension": Family(
        folders=("aurora",),
        pattern="tension_climbs.sqlite3",
        teachers=(
            replace(TEACHER, **TENSION, d_model=112, dim_feedforward=448, num_epochs=14),
            *(
                replace(TEACHER, **TENSION, num_epochs=16, seed=seed, dropout=0.25, embedding_dropout=0.25)
                for seed in (2, 3, 4)
            ),
        ),
        student=replace(STUDENT, **TENSION, d_model=112, dim_feedforward=448),
        corrections=5,
        drawn=120_000,
        temperatures=(1.0,),
    ),
}
AVERAGED = 3
"""Rounds of correction of which the mean is released."""
DRAWN_PER_COMPARED = 3
"""For so many problems that are drawn to be weighted one more is drawn, to learn what tells them from real ones."""
LEAST_AT_ANGLE = 300
"""With fewer train problems at an angle, a board that also knows an unknown angle is drawn at that one."""
LEAST_NOVEL, COUNTED = 0.975, 8_000
"""The least fraction of plain samples at a setup that are no train problems, and how many are drawn to find it out."""
WARMER = (1.05, 1.1, 1.15, 1.2)
"""Temperatures beside the model's own that are tried for a setup where fewer are novel."""
DEMO, DEMO_PROBLEMS = Setup("moonboard-2016", 40), 11_000


class Stage(NamedTuple):
    """A step that makes files, and is not taken again while what it is made from stays the same."""

    name: str
    """Its family and what it makes."""
    after: tuple[str, ...]
    """Names of the stages whose files it reads."""
    settings: Mapping[str, Any]
    """What else decides what it makes, as plain JSON types."""
    files: tuple[Path, ...]
    """What it makes."""
    run: Callable[[], None]
    """Makes them."""

    @property
    def seed(self) -> int:
        """The seed that it draws from."""
        return int(self.settings.get("seed", 0))


def stages(data: Path) -> dict[str, Stage]:
    """Every stage by name, each behind those that it needs."""
    found: list[Stage] = []
    for name, family in FAMILIES.items():
        found += family_stages(name, family, data)
    sources = [f"{name}/problems" for name in FAMILIES]
    problems = [problems_of(name) for name in FAMILIES]
    found.append(Stage("beta", tuple(sources), {}, (ASSETS / "beta.json",), partial(write_beta, problems)))
    main = "moonboard/model"
    found.append(Stage("demo", (main,), {"seed": 0}, (ASSETS / "demo.parquet",), write_demo))
    found.append(Stage("sheet", (main,), {"seed": 7}, (ROOT / "docs/sheet.png",), write_sheet))
    measured = tuple(stage.name for stage in found if stage.name.endswith(("/model", "/grader")))
    found.append(Stage("card", measured, {}, (ASSETS / "MODEL_CARD.md",), write_card))
    return {stage.name: stage for stage in found}


def family_stages(name: str, family: Family, data: Path) -> Iterator[Stage]:
    """The stages of a family of boards."""
    files = problem_files(data, family)
    hashes = {str(path.relative_to(data)): file_hash(path) for path in files}
    problems, source = f"{name}/problems", problems_of(name)
    yield Stage(problems, (), hashes, (source,), partial(import_problems, files, source))
    # the teachers, and their student
    teachers = [f"{name}/teacher-{number}" for number in range(1, len(family.teachers) + 1)]
    for teacher, recipe in zip(teachers, family.teachers, strict=True):
        yield network_stage(teacher, (problems,), source, recipe)
    student = f"{name}/student"
    yield network_stage(student, (problems, *teachers), source, family.student)
    # the corrections, each of the model that the one before it made
    last, checkpoint, rounds = student, released_of(student), []
    for number in range(family.corrections):
        one = f"{name}/correction-{number + 1}"
        before, checkpoint = checkpoint, BUILD / one / "corrected.pt"
        work = partial(correct_once, before, checkpoint, source, family, 2 * number)
        settings = {"seed": number, "drawn": family.drawn, "temperatures": family.temperatures}
        yield Stage(one, (problems, last), settings, (checkpoint,), work)
        last = one
        rounds.append(checkpoint)
    # what is released
    model = MODELS / f"{name}.safetensors"
    work = partial(write_model, rounds[-AVERAGED:], source, family, model)
    settings = {
        "temperatures": family.temperatures,
        "least_novel": LEAST_NOVEL,
        "counted": COUNTED,
        "warmer": WARMER,
    }
    yield Stage(f"{name}/model", (problems, last), settings, (model,), work)
    yield from grader_stages(name, source)


def network_stage(name: str, after: tuple[str, ...], source: Path, recipe: Recipe) -> Stage:
    """The stage that trains a network; all stages that it needs but the first are its teachers."""
    taught_by = tuple(str(released_of(one).relative_to(ROOT)) for one in after[1:])
    taught = replace(recipe, teachers=taught_by)
    return Stage(
        name, after, recipe.to_dict(), (released_of(name),), partial(train_network, source, taught, BUILD / name)
    )


def released_of(network: str) -> Path:
    """The checkpoint of a network that is used: of a teacher the best one, and of a student the last one, since
    validation asks for plain problems only, while pins are learned last; and of two models with the same nats per
    problem, problems of the one trained longer are harder to tell from real ones."""
    return BUILD / network / ("latest.pt" if "student" in network else "best.pt")


def grader_stages(name: str, source: Path) -> Iterator[Stage]:
    """The stages that make a grader: its members, then all in one file."""
    members = {
        f"{name}/grader-{number}": BUILD / name / f"grader-{number}.safetensors" for number in range(1, MEMBERS + 1)
    }
    for seed, (one, path) in enumerate(members.items()):
        recipe = replace(RECIPE, seed=seed)
        yield Stage(one, (f"{name}/problems",), recipe.to_dict(), (path,), partial(train_member, source, recipe, path))
    target = GRADERS / f"{name}.safetensors"
    work = partial(write_grader, source, tuple(members.values()), target)
    yield Stage(f"{name}/grader", (f"{name}/problems", *members), {}, (target,), work)


# What the stages do


def problems_of(family: str) -> Path:
    """The Parquet file of a family's problems."""
    return BUILD / family / "problems.parquet"


def problem_files(data: Path, family: Family) -> list[Path]:
    """The files of a family's problems, by name."""
    found = []
    for path in (path for folder in family.folders for path in sorted((data / folder).glob(family.pattern))):
        with suppress(ClimbpathError):  # other files lie beside them
            detect(path)
            found.append(path)
    return found


def file_hash(path: Path) -> str:
    """A hash of what is in a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def import_problems(files: Sequence[Path], target: Path) -> None:
    """Import files of problems as a user would."""
    target.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "climbpath", "data", "import", *map(str, files), "-o", str(target), "--force"]
    subprocess.run(command, check=True)


def train_network(source: Path, recipe: Recipe, folder: Path) -> None:
    """Train a network, or go on where its training stopped."""
    resume = (folder / "latest.pt").exists()
    train(parquet.load(source), recipe, folder, folder / "logs", Machine(), resume=resume)


def correct_once(before: Path, target: Path, source: Path, family: Family, seed: int) -> None:
    """A checkpoint after it has learned which of its problems are unlike the real ones."""
    parts = split(parquet.load(source))
    real = by_setup(p for p in parts["train"] if not why_unusable(p, needs_grade=True))
    checkpoint = load_checkpoint(before)
    model = tempered(model_of(checkpoint), parts["validation"], family.temperatures)
    compared = by_setup(drawn_by(model, family.drawn // DRAWN_PER_COMPARED, seed=seed))
    drawn = by_setup(drawn_by(model, family.drawn, seed=seed + 1))
    likely = [
        fit_density_ratio(real[setup], compared[setup], boards.load(setup.board))(problems)
        for setup, problems in drawn.items()
    ]
    every = [problem for problems in drawn.values() for problem in problems]
    weights = np.concatenate([some / some.mean() for some in likely])
    target.parent.mkdir(parents=True, exist_ok=True)
    save_checkpoint(target, correct(checkpoint, model.about["temperature"], every, weights, seed=seed // 2))


def write_model(rounds: Sequence[Path], source: Path, family: Family, target: Path) -> None:
    """Write the model that is released: the mean of some checkpoints of one network, at its best temperature."""
    checkpoints = [load_checkpoint(path) for path in rounds]
    states = [checkpoint["model_state_dict"] for checkpoint in checkpoints]
    mean = {name: sum(state[name] for state in states) / len(states) for name in states[0]}
    model = model_of({**checkpoints[-1], "model_state_dict": mean})
    validation = split(parquet.load(source))["validation"]
    model = warmed(without_thin_angles(transferred(tempered(model, validation, family.temperatures))))
    about = {**model.about, "nats_per_problem": mean_nats(model, validation)}
    save_model(target, replace(model, about=about), half=True)


def transferred(model: Model) -> Model:
    """The model with the holds of each board that no problem taught it taken for those of the board that it shares its
    holes with: every hold in a role for the nearest one that may have that role there."""
    weights, tokens = dict(model.weights), model.config.tokens
    learned = {setup.board for setup in model.evidence}
    for board in map(boards.load, set(model.config.boards) - learned):
        if board.alike not in learned:
            continue
        other = boards.load(board.alike)
        places, others = (
            np.array([(hold.x, hold.y) for hold in one.holds])[one.choice_holds] for one in (board, other)
        )
        apart = np.linalg.norm(places[:, None] - others, axis=2)
        nearest = np.where(board.choice_roles[:, None] == other.choice_roles, apart, np.inf).argmin(axis=1)
        mine, theirs = tokens.tokens_of(board.name)[: len(nearest)], tokens.tokens_of(other.name)[nearest]
        for name in ("embedding", "output", "pin"):
            weights[name] = weights[name].copy()
            weights[name][mine] = weights[name][theirs]
    return replace(model, weights=weights)


def tempered(model: Model, validation: Sequence[Problem], temperatures: Sequence[float]) -> Model:
    """The model with its logits divided by the temperature that suits the validation problems best."""
    cooled = [
        replace(model, weights={**model.weights, "output": model.weights["output"] / np.float32(t)})
        for t in temperatures
    ]
    nats = [mean_nats(one, validation) for one in cooled]
    best = int(np.argmin(nats))
    print(f"temperature {temperatures[best]}: {nats[best]:.3f} nats per validation problem")
    return replace(cooled[best], about={**model.about, "temperature": temperatures[best]})


def mean_nats(model: Model, problems: Sequence[Problem]) -> float:
    """The nats per problem of those that the model has learned to score."""
    return float(nats_per_problem(model, [problem for problem in problems if is_learned(model, problem)]).mean())


def warmed(model: Model) -> Model:
    """The model with a temperature of its own for each setup at which it draws too many of its train problems again, as
    it does on small boards: the lowest of WARMER at which enough are novel, or the highest."""
    own: dict[str, float] = {}
    for setup in model.evidence:
        for warmer in (1.0, *WARMER):
            one = replace(model, about={**model.about, "temperatures": {str(setup): warmer}})
            if (novel := novelty(one, setup)) >= LEAST_NOVEL:
                break
        print(f"{setup}: {novel:.1%} novel at {warmer:g} times the temperature")
        own |= {str(setup): warmer} if warmer > 1 else {}
    return replace(model, about={**model.about, "temperatures": own})


def novelty(model: Model, setup: Setup) -> float:
    """The fraction of plain samples at a setup that are no train problems, in the mix of grades that was learned."""
    trained = set(model.train_keys.tolist())
    requests = mixes(replace(model, evidence={setup: model.evidence[setup]}), COUNTED, seed=0)
    drawn = [problem for request, wanted in requests for problem in plain_samples(model, request, wanted)]
    return float(np.mean([problem.key not in trained for problem in drawn]))


def is_learned(model: Model, problem: Problem) -> bool:
    """Whether a problem can be measured, and its grade was learned on its board at its angle."""
    return not why_unusable(problem) and bool(model.evidence.get(problem.setup, {}).get(problem.grade or ""))


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


def train_member(source: Path, recipe: Recipe, target: Path) -> None:
    """Train a member of a grader."""
    weights = member(learnable(parquet.load(source))[0]["train"], recipe, f"member {recipe.seed + 1}/{MEMBERS}")
    with replacing(target) as temporary:
        save_file({name: np.ascontiguousarray(value) for name, value in weights.items()}, temporary)


def write_grader(source: Path, members: Sequence[Path], target: Path) -> None:
    """Write a grader of trained members."""
    about = {"epochs": RECIPE.num_epochs, "members": len(members), "seed": 0}
    parts = learnable(parquet.load(source))[0]
    save_grader(target, assembled(parts, [load_file(path) for path in members], about), half=True)


def write_beta(sources: Sequence[Path]) -> None:
    """Write the beta solver's weights."""
    known = {problem.identity: problem for source in sources for problem in parquet.load(source)}
    with replacing(ASSETS / "beta.json") as temporary:
        temporary.write_text(json.dumps(fit(list(known.values())), indent=1) + "\n", encoding="utf-8")


def write_demo() -> None:
    """Write the demo problems: samples in the grade mix of the problems that the model learned."""
    model = load_model(MODELS / "moonboard.safetensors")
    mix = Counter({grade: n for grade, n in model.evidence[DEMO].items() if grade and rank(grade) >= rank("6B")})
    request = Request(setup=DEMO, grades=tuple(mix), sampling=OWN, seed=0)
    found = list(generate(model, request, scale_counts(mix, DEMO_PROBLEMS)))
    order = np.random.default_rng(0).permutation(len(found))
    parquet.write(ASSETS / "demo.parquet", [found[i] for i in order])


def write_sheet() -> None:
    """Write the contact sheet of the README."""
    pictures = Generator(load_model(MODELS / "moonboard.safetensors")).generate("7A", 12, seed=7)
    with replacing(ROOT / "docs/sheet.png") as temporary:
        temporary.write_bytes(sheet(pictures, columns=4))


def by_setup(problems: Iterable[Problem]) -> dict[Setup, list[Problem]]:
    """Problems by board and angle."""
    found = defaultdict(list)
    for problem in problems:
        found[problem.setup].append(problem)
    return found


# The model card


def write_card() -> None:
    """Write what models and graders are, what they learned from, and how well they do."""
    families = "\n\n".join(family_card(name, family) for name, family in FAMILIES.items())
    graders = "\n\n".join(map(grader_card, FAMILIES))
    card = f"""# Model card: the bundled generators and graders

Causal transformers over hold tokens (docs/architecture.md, "Tokens"). Generators draw climbing-board problems, given
board, angle, grade and foot rule; graders give the probability of every grade. All are safetensors: weights, settings
and key hashes only, nothing executable. No real problem is shipped: of the data the files hold only 64-bit hashes of
hold sets, to tell novel problems and held-out ones. Settings and seeds are in tools/asset_stages.py, which file came
from which data, seed and commit in tools/assets.json, and docs/dev/experiments.md has what each step gave.

**Measured** on the test part (10 %, split by key), which neither training nor early stopping saw. Nats per problem is
the mean -log p of a whole problem given its board, angle and grade, over problems of grades that were learned, and also
given whether ten or more have repeated it; lower is better. Unknown is an angle that was not recorded.

## Generators

{families}

## Graders

A grader was trained on the same train part, and is measured on the same test part. A new problem has the grade whose
real problems the grader finds most alike (docs/climbing.md, "One grade").

{graders}

## Beta, demo problems

The beta solver's weights (beta.json) were fitted on the grades of problems of the train part. The hold ratings of
MoonBoard 2016 that the solver uses are one author's estimates (NOTICE).

Demo problems (demo.parquet) are {DEMO_PROBLEMS:,} samples of the MoonBoards' model, on MoonBoard 2016 at 40° in the
real grade mix, each valid, distinct, and novel against all known hold sets. They stand in for real problems in `make
demo`; a model trained on them learns what this model draws, not what people set.

## Limits

Grades are the community's opinions, and the models repeat them. Grades with few problems rest on little evidence. The
grades of nearly all Kilter and Tension problems are for an angle that was not recorded. Nobody has climbed the problems
that these models draw: look at a problem, and at the mats, before you try it.

Rebuild everything here with `make assets DATA=folder-of-problem-files`.
"""
    with replacing(ASSETS / "MODEL_CARD.md") as temporary:
        temporary.write_text(card, encoding="utf-8")


def family_card(name: str, family: Family) -> str:
    """What the model of a family is, and the nats of its test problems."""
    model, known = load_model(MODELS / f"{name}.safetensors"), parquet.load(problems_of(name))
    test = by_setup(held_out(model, known, "test").problems)
    rows = []
    for setup, counts in model.evidence.items():
        nats = (
            [float(nats_per_problem(model, test[setup], given).mean()) for given in (False, True)]
            if test[setup]
            else []
        )
        given = [f"{value:.2f}" for value in nats] or ["", ""]
        rows.append((str(setup), f"{sum(counts.values()):,}", f"{len(test[setup]):,}", *given))
    weights = sum(value.size for value in model.weights.values())
    partial_ones = sum(problem.partial for problem in known)
    whole_ones = len(known) - partial_ones
    sentences = [f"It has {weights:,} weights, and learned from the train part (85 %) of {whole_ones:,} problems."]
    if partial_ones:
        sentences.append(
            f"It also learned from hand sequences of {partial_ones:,} further problems of MoonBoard 2016 (BetaMove, "
            "arXiv:2102.01788), of which some holds may be missing; none has the number of a held-out problem or fits "
            "inside one."
        )
    if family.teachers:
        sentences.append(f"It was distilled from {len(family.teachers)} teachers.")
    sentences.append("It learned from classifiers that tell its problems from those of the train part.")
    sentences += [
        f"At {setup} its logits are divided by {own:g}, so that fewer of its train problems are drawn again."
        for setup, own in model.about["temperatures"].items()
    ]
    header = ("board and angle", "train problems", "test problems", "nats per problem", "given repeats")
    return f"### models/{name}.safetensors\n\n{' '.join(sentences)}\n\n{markdown(header, rows)}"


def grader_card(family: str) -> str:
    """How well a grader does on the test part."""
    one = load_grader(GRADERS / f"{family}.safetensors")
    test = learnable(parquet.load(problems_of(family)))[0]["test"]
    return f"### graders/{family}.safetensors\n\n{markdown(*table(one, test))}"


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table."""
    return "\n".join(f"| {' | '.join(row)} |" for row in [header, ["---"] * len(header), *rows])
