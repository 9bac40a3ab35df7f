"""The command line: one function per command, which parses, calls one module and prints.

Nothing heavy is imported before the command is known.
"""

import io
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from climbpath import __version__, grades
from climbpath.errors import ClimbpathError

if TYPE_CHECKING:
    from climbpath.api import Generator
    from climbpath.problem import Problem

SETTINGS = {
    "help_option_names": ["-h", "--help"],
    "token_normalize_func": lambda name: name.replace("_", "-"),  # the guide writes --batch_size
    "show_default": True,
    "max_content_width": 100,
}

FILE = click.Path(path_type=Path)
PROBLEM_LENGTH = 1 << 20
"""Characters of a PROBLEM argument that are read."""
EXTRA = {"ijson", "jinja2", "lightning_fabric", "matplotlib", "pyarrow", "sklearn", "tensorboard", "torch"}
"""Libraries of the extra `train`."""
Item = TypeVar("Item")


@click.group(context_settings=SETTINGS)
@click.version_option(__version__)
def cli() -> None:
    """Train a climbing-board problem generator on an ordinary CPU, and climb what it makes."""


@cli.group()
def data() -> None:
    """Import, look at, filter and split files of problems."""


@data.command("import")
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("-o", "--output", required=True, type=FILE, help="The Parquet file to write.")
@click.option("--report", type=FILE, help="The JSON file for the report; by default beside the output.")
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
def import_problems(files: tuple[Path, ...], output: Path, report: Path | None, force: bool) -> None:
    """Read FILES of problems in any known format, clean them and merge them into one.

    Formats are told by content: the guide's CSV, the site scrape, the app's API dump, climbpath's own JSON and
    Parquet, packed by gzip or not. Every record is kept, merged or rejected, and the report says which and why.

    \b
    Example:
      climbpath data import guide.csv scrape.json.gz -o problems.parquet
    """
    from climbpath import dataset, importers, stats
    from climbpath.files import refuse_overwrite

    report = report or output.with_suffix(".report.json")
    refuse_overwrite([output, report], force)
    for file in files:
        if not file.is_file():
            raise ClimbpathError(f"{file}: there is no such file")
    gathered = dataset.gather((str(file), _watched(importers.read(file), file.name)) for file in files)
    account = dataset.report(gathered)
    _write_json(report, account)
    total = ("all", *(sum(counts) for counts in list(zip(*gathered.tallies, strict=True))[1:]))
    click.echo(stats.table(dataset.Tally._fields, [*gathered.tallies, total]))
    _list_some("rejected", [f"{r.file}, record {r.record}: {r.reason}" for r in gathered.rejections], report)
    _list_some("grade conflicts", gathered.conflicts, report)
    if not gathered.problems:
        raise ClimbpathError(f"nothing in {', '.join(map(str, files))} can be used; the reasons are in {report}")
    dataset.write(output, gathered.problems)
    places = [tuple(place.values()) for place in account["problems"]]
    click.echo("\n" + stats.table(("board", "angle", "problems"), places))
    click.echo(f"\nWrote {output} and {report}")


@data.command("stats")
@click.argument("file", type=FILE)
@click.option("--png", type=FILE, help="Draw a chart to this file, too.")
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
def show_stats(file: Path, png: Path | None, force: bool) -> None:
    """Show what a FILE of problems is made of: grades, lengths, repeats, reaches and methods.

    \b
    Example:
      climbpath data stats problems.parquet --png stats.png
    """
    from climbpath import dataset, stats
    from climbpath.files import refuse_overwrite

    if png:
        refuse_overwrite([png], force)
    problems = dataset.load(file)
    if not problems:
        raise ClimbpathError(f"{file} holds no problems")
    click.echo(stats.describe(problems))
    if png:
        stats.chart(problems, png)
        click.echo(f"\nWrote {png}")


@data.command("filter")
@click.argument("file", type=FILE)
@click.option("-o", "--output", required=True, type=FILE, help="The Parquet file to write.")
@click.option("--board", multiple=True, help="On this board; may be given several times.")
@click.option("--angle", multiple=True, type=int, help="At this angle in degrees; may be given several times.")
@click.option("--method", multiple=True, help="With this foot rule; may be given several times.")
@click.option("--grades", help="Of these grades: 7A, V5, 6C..7B or 6C,7A+.")
@click.option("--min-repeats", type=click.IntRange(min=0), default=0, help="With at least so many repeats.")
@click.option("--benchmarks", is_flag=True, help="Benchmarks only.")
@click.option("--max-holds", type=click.IntRange(min=1), help="With at most so many holds.")
@click.option("--hold-sets", help="With holds of these sets only: A,Original.")
@click.option("--shortest", type=click.IntRange(min=1), help="Of what is left, so many with the fewest holds.")
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
def filter_problems(
    file: Path,
    output: Path,
    board: tuple[str, ...],
    angle: tuple[int, ...],
    method: tuple[str, ...],
    grades: str | None,
    min_repeats: int,
    benchmarks: bool,
    max_holds: int | None,
    hold_sets: str | None,
    shortest: int | None,
    force: bool,
) -> None:
    """Write the problems of FILE that pass every filter given.

    \b
    Examples:
      climbpath data filter problems.parquet -o known.parquet --grades 6C..7B --min-repeats 10
      climbpath data filter problems.parquet -o small.parquet --hold-sets A,Original --shortest 5000
    """
    from climbpath import dataset, stats
    from climbpath.files import refuse_overwrite
    from climbpath.grades import parse_grades

    refuse_overwrite([output], force)
    kept, left_out = dataset.keep(
        dataset.load(file),
        board_names=board,
        angles=angle,
        methods=method,
        grades=parse_grades(grades) if grades is not None else (),
        min_repeats=min_repeats,
        benchmarks=benchmarks,
        max_holds=max_holds,
        hold_sets=hold_sets,
        shortest=shortest,
    )
    click.echo(stats.table(("filter", "left out"), left_out.items()))
    if not kept:
        raise ClimbpathError(f"no problem of {file} passes these filters")
    dataset.write(output, kept)
    click.echo(f"\nWrote {len(kept):,} problems to {output}")


@data.command("split")
@click.argument("file", type=FILE)
@click.option("-o", "--output", required=True, type=FILE, help="The folder for the three files.")
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
def split_problems(file: Path, output: Path, force: bool) -> None:
    """Split a FILE of problems into train.parquet, validation.parquet and test.parquet, 85/5/10.

    Problems on the same holds stay together, every grade is split alike, and the same problems always fall
    the same way.

    \b
    Example:
      climbpath data split problems.parquet -o split
    """
    from climbpath import dataset, stats
    from climbpath.files import refuse_overwrite

    paths = {name: output / f"{name}.parquet" for name in dataset.SPLITS}
    refuse_overwrite(list(paths.values()), force)
    parts = dataset.split(dataset.load(file))
    for name, path in paths.items():
        dataset.write(path, parts[name])
    click.echo(stats.table(("grade", *parts), stats.grade_rows(parts.values())))
    click.echo(f"\nWrote {', '.join(map(str, paths.values()))}")


def _watched(items: Iterable[Item], name: str) -> Iterable[Item]:
    """The items, under a progress bar from the third second on."""
    from tqdm import tqdm

    yield from tqdm(items, name, unit=" records", delay=2, leave=False)


def _list_some(what: str, lines: Sequence[str], report: Path) -> None:
    if lines:
        click.echo(f"\n{len(lines):,} {what}:")
        click.echo("\n".join(f"  {line}" for line in lines[:20]))
    if len(lines) > 20:
        click.echo(f"  … and {len(lines) - 20:,} more in {report}")


def _write_json(path: Path, content: object) -> None:
    from climbpath.files import replacing

    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


RECIPE_FLAGS: dict[str, tuple[type, str]] = {
    "batch_size": (int, "Problems per step."),
    "num_epochs": (int, "Times through the data."),
    "learning_rate": (float, "AdamW's highest learning rate."),
    "warmup_steps": (int, "Steps until the learning rate is reached."),
    "max_seq_len": (int, "Longest problem in tokens; longer ones are left out."),
    "d_model": (int, "Width of the model."),
    "num_layers": (int, "Layers of the model."),
    "nhead": (int, "Attention heads per layer."),
    "dim_feedforward": (int, "Width of the feed-forward part."),
    "dropout": (float, "Share of activations dropped in training."),
    "embedding_dropout": (float, "The same behind the embeddings."),
    "weight_decay": (float, "AdamW's and Muon's weight decay."),
    "patience": (int, "Epochs without improvement before training stops."),
    "seed": (int, "Seed of weights, data order and dropout."),
}


def recipe_flags(command: Callable[..., None]) -> Callable[..., None]:
    """Adds a flag for every setting of a recipe that may be overridden."""
    for name, (kind, text) in reversed(RECIPE_FLAGS.items()):
        command = click.option(f"--{name.replace('_', '-')}", type=kind, help=f"{text} [default: the recipe's]")(
            command
        )
    return command


@cli.command()
@click.option("--recipe", type=click.Choice(["fast", "guide", "guide-small"]), help="Settings. [default: fast]")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Parquet file of 'climbpath data import'. [default: the bundled demo problems]",
)
@click.option(
    "--teacher",
    "teachers",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A checkpoint of a trained model to learn from, too; may be given several times.",
)
@click.option("--resume", is_flag=True, help="Go on from latest.pt in the checkpoint folder.")
@click.option("--checkpoint-dir", type=click.Path(path_type=Path), help="[default: checkpoints/climb_path_DEVICE]")
@click.option(
    "--log-dir", type=click.Path(path_type=Path), help="TensorBoard's folder. [default: runs/climb_path_DEVICE]"
)
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda", "mps"]), default="auto")
@click.option("--devices", type=click.IntRange(1), default=1, help="Processes (or GPUs) that share each batch.")
@click.option("--num-nodes", type=click.IntRange(1), default=1, help="Machines that take part.")
@click.option("--threads", type=click.IntRange(1), help="CPU threads. [default: all cores]")
@click.option("--num-workers", type=click.IntRange(0), default=0, help="Processes that prepare batches.")
@recipe_flags
def train(
    recipe: str | None,
    data: Path | None,
    teachers: tuple[Path, ...],
    resume: bool,
    checkpoint_dir: Path | None,
    log_dir: Path | None,
    device: str,
    devices: int,
    num_nodes: int,
    threads: int | None,
    num_workers: int,
    **settings: float | None,
) -> None:
    """Train a generator.

    \b
    climbpath train                                     the fast recipe on the demo problems
    climbpath train --data problems.parquet             on your own problems
    climbpath train --recipe guide --num-epochs 5       the guide's settings, a quick test
    climbpath train --teacher large.pt --data …         a small model learns from a large one, too
    climbpath train --resume                            go on after an interruption

    Writes best.pt, latest.pt, every tenth epoch, config.json and training_curves.png. An earlier run in the
    same folder is set aside, not overwritten.
    """
    from climbpath import train as training
    from climbpath.machine import Machine, resolve_device

    machine = Machine(device, devices, num_nodes, threads, num_workers)
    name = f"climb_path_{resolve_device(device)}"
    checkpoint_dir = checkpoint_dir or Path("checkpoints") / name
    log_dir = log_dir or Path("runs") / name
    changes: dict[str, object] = {key: value for key, value in settings.items() if value is not None}
    changes |= {"teachers": tuple(str(path.resolve()) for path in teachers)} if teachers else {}
    chosen, source = training.choose_recipe(recipe, changes, data, checkpoint_dir if resume else None)
    try:
        training.train(training.read_problems(source), chosen, checkpoint_dir, log_dir, machine, resume, source)
    except training.InterruptedRunError as interrupted:
        at = interrupted.progress
        click.echo(
            f"\nStopped by {interrupted} after step {at.step} in epoch {at.epoch + 1}; all is saved. Go on with:"
        )
        click.echo(f"  climbpath train --resume --checkpoint-dir {checkpoint_dir} --log-dir {log_dir}")
        sys.exit(128 + interrupted.signal_number)


@cli.command()
@click.option("--grade", required=True, help="'7A', 'V5', '6C..7B' or '6C,7A'; several share the number evenly.")
@click.option("--num-samples", type=click.IntRange(1), default=10, help="How many problems.")
@click.option("--board", default="moonboard-2016", help="Board by name; a wrong one lists them.")
@click.option("--angle", type=int, default=40, help="Angle of the board in degrees.")
@click.option(
    "--model",
    "--checkpoint",
    "model",
    type=click.Path(path_type=Path),
    help="A model or a checkpoint. [default: the bundled model]",
)
@click.option("--temperature", type=float, default=1.0, help="Above 1 more adventurous, below 1 more usual.")
@click.option("--top-p", type=float, default=1.0, help="Nucleus sampling: share of likely holds that are considered.")
@click.option("--seed", type=click.IntRange(0), help="The same seed gives the same problems. [default: random]")
@click.option("--guidance", type=float, help="Above 1 truer to the grade. [default: 1.25; 1 if not learned]")
@click.option("--pin", help="Holds that every problem uses, in any role: F5,E12.")
@click.option("--start", help="Exactly these start holds: F5 or F5,G6.")
@click.option("--finish", help="Exactly these finish holds: E18.")
@click.option("--ban", help="Holds that must not be used: G2,H10.")
@click.option("--hold-sets", help="Only holds of these sets: A,Original.")
@click.option("--min-holds", type=int, default=3, help="Fewest holds.")
@click.option("--max-holds", type=int, default=14, help="Most holds.")
@click.option("--max-reach", type=float, help="Longest move in cm. [default: the board's reach]")
@click.option("--visualize", is_flag=True, help="Draw the problems here, and write PNGs and a contact sheet.")
@click.option("--out", type=FILE, help="Folder for files, or one file for parquet. [default: a new out/GRADE]")
@click.option(
    "--format", "formats", help="Files to write: any of png,svg,json,csv,app; or parquet (of climbpath[train]) alone."
)
@click.option("--force", is_flag=True, help="Overwrite files in --out.")
def generate(
    grade: str,
    num_samples: int,
    board: str,
    angle: int,
    model: Path | None,
    seed: int | None,
    visualize: bool,
    out: Path | None,
    formats: str | None,
    force: bool,
    **conditions: Any,
) -> None:
    """Generate new, valid problems at a grade.

    \b
    climbpath generate --grade 7A --visualize
    climbpath generate --grade 6C..7A+ --num-samples 20 --format png,json --out evening
    climbpath generate --grade 7A --pin F5,E12 --ban G2
    climbpath generate --grade V5 --start F5 --hold-sets A,B --max-holds 8
    climbpath generate --grade 6C..7B --num-samples 1000000 --format parquet --out million.parquet
    climbpath generate --grade 7A --checkpoint checkpoints/climb_path_cpu/best.pt

    Every problem is valid, not among the problems the model knows, and distinct from the others.
    """
    import secrets

    from climbpath import api

    generator = api.load(model)
    seed = secrets.randbelow(2**32) if seed is None else seed
    if formats and "parquet" in formats.lower():
        _generate_to_parquet(generator, model, grade, num_samples, board, angle, seed, out, formats, force, conditions)
        return
    writers = _writers(formats, visualize, out)
    problems = generator.generate(grade, num_samples, board=board, angle=angle, seed=seed, **conditions)
    _warn_of_thin_evidence(generator, grade, board, angle)
    _show(problems, num_samples, seed, visualize, out, writers, _file_name(grade), force)


def _writers(formats: str | None, visualize: bool, out: Path | None) -> list[str]:
    from climbpath import exporters

    if out and out.is_file():
        raise ClimbpathError(f"{out} is a file: name a folder with --out (a file is for --format parquet)")
    return exporters.parse_formats(formats or ("png" if visualize or out else ""))


def _warn_of_thin_evidence(generator: "Generator", grade: str, board: str, angle: int) -> None:
    for thin, count in generator.thin_evidence(grade, board, angle).items():
        warn(f"{thin} rests on thin evidence: the model learned it from {count} problems")


def _generate_to_parquet(
    generator: "Generator",
    model: Path | None,
    grade: str,
    number: int,
    board: str,
    angle: int,
    seed: int,
    out: Path | None,
    formats: str,
    force: bool,
    conditions: dict[str, Any],
) -> None:
    """Generate any number of problems into one file."""
    from climbpath import api, bulk, sample
    from climbpath.files import refuse_overwrite

    if formats.strip().lower() != "parquet":
        raise ClimbpathError("parquet is for many problems in one file: write it alone, without other formats")
    path = out or Path("out") / f"{_file_name(grade)}.parquet"
    refuse_overwrite([path], force)
    temperature, top_p, guidance = (conditions.pop(name) for name in ("temperature", "top_p", "guidance"))
    request = bulk.Request(
        model=str(model) if model else None,
        board=board,
        angle=angle,
        grades=tuple(grades.parse_grades(grade)),
        number=number,
        rules=api.parse_rules(board, **conditions),
        sampling=sample.Sampling(temperature, top_p, generator.guidance(guidance)),
        seed=seed,
    )
    try:
        written = bulk.generate_to_parquet(generator.model, request, path)
    except KeyboardInterrupt:
        click.echo(f"\nStopped; what is drawn is kept. Go on with the same command and --seed {seed}", err=True)
        sys.exit(130)
    if written < number:
        warn(f"only {written:,} of {number:,} problems: the conditions leave hardly any more new ones")
    click.echo(f"wrote {written:,} problems to {path}, seed {seed}")


def _file_name(grade: str) -> str:
    return grade.replace("..", "-").replace(",", "_").replace("/", "_")


def _show(
    problems: Sequence["Problem"],
    wanted: int,
    seed: int,
    visualize: bool,
    out: Path | None,
    writers: list[str],
    name: str,
    force: bool,
) -> None:
    """Print generated problems, and write the files asked for."""
    from climbpath import draw, exporters, files

    for number, problem in enumerate(problems, 1):
        if visualize:
            click.echo(draw.text(problem, colour=sys.stdout.isatty()) + "\n")
        else:
            click.echo(f"{number:>3}. {grades.show(problem.grade or '')}  {problem.notation}")
    if len(problems) < wanted:
        warn(f"only {len(problems)} of {wanted} problems: the conditions leave no more new ones")
    click.echo(f"{len(problems)} problems, seed {seed}")
    if writers:
        for path in exporters.write(problems, out or files.new_folder(Path("out") / name), writers, force):
            click.echo(f"wrote {path}")


@cli.command()
@click.argument("problem")
@click.option("--keep", type=float, default=0.7, help="Share of the holds that each variation keeps.")
@click.option("--num-samples", type=click.IntRange(1), default=5, help="How many variations.")
@click.option("--grade", help="Grade of the problem, where it is not told in PROBLEM: 7A or V6.")
@click.option("--board", default="moonboard-2016", help="Board by name; a wrong one lists them.")
@click.option("--angle", type=int, default=40, help="Angle of the board in degrees.")
@click.option("--ban", help="Holds that must not be used: G2,H10.")
@click.option("--model", type=FILE, help="A model or a checkpoint. [default: the bundled model]")
@click.option("--seed", type=click.IntRange(0), help="The same seed gives the same variations. [default: random]")
@click.option("--visualize", is_flag=True, help="Draw them here, and write PNGs and a contact sheet.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder. [default: a new out/vary]")
@click.option("--format", "formats", help="Files to write: any of png,svg,json,csv,app.")
@click.option("--force", is_flag=True, help="Overwrite files in --out.")
def vary(
    problem: str,
    keep: float,
    num_samples: int,
    grade: str | None,
    board: str,
    angle: int,
    ban: str | None,
    model: Path | None,
    seed: int | None,
    visualize: bool,
    out: Path | None,
    formats: str | None,
    force: bool,
) -> None:
    """Make variations of PROBLEM: each keeps some of its holds, and the rest is made anew.

    PROBLEM is in notation, 'F5s D9 G13 I16 G18e', a JSON file that climbpath wrote (its first problem is taken),
    or - for standard input.

    \b
    climbpath vary "F5s D9 G13 I16 G18e" --grade 7A
    climbpath vary out/7A/problems.json --keep 0.5 --visualize
    """
    import secrets
    from dataclasses import replace

    from climbpath import api

    original = _read_problem(problem, board, angle)
    if grade:
        original = replace(original, grade=_one_grade(grade))
    if original.grade is None:
        raise ClimbpathError("which grade is it? Name one with --grade, for example --grade 7A")
    seed = secrets.randbelow(2**32) if seed is None else seed
    writers, generator = _writers(formats, visualize, out), api.load(model)
    variations = generator.vary(original, num_samples, keep=keep, seed=seed, ban=ban)
    _warn_of_thin_evidence(generator, original.grade, original.board, original.angle)
    click.echo(f"  of {grades.show(original.grade)}  {original.notation}")
    _show(variations, num_samples, seed, visualize, out, writers, "vary", force)


def _read_problem(text: str, board: str, angle: int) -> "Problem":
    """A PROBLEM argument: notation, a JSON file, or - for either on standard input."""
    from climbpath.problem import Problem, parse_notation

    source = "standard input" if text == "-" else text
    if text == "-":
        text = sys.stdin.read(PROBLEM_LENGTH)
    elif text.endswith(".json") or Path(text).is_file():
        try:
            text = Path(text).read_text(encoding="utf-8")[:PROBLEM_LENGTH]
        except (OSError, UnicodeDecodeError) as error:
            raise ClimbpathError(f"{source} cannot be read: {error}") from None
    if not text.lstrip().startswith(("{", "[")):
        return parse_notation(text, board, angle)
    try:
        content = json.loads(text)
    except ValueError as error:
        raise ClimbpathError(f"{source} is not whole JSON: {error}") from None
    if isinstance(content, list) and not content:
        raise ClimbpathError(f"{source} holds no problem")
    return Problem.from_dict(content[0] if isinstance(content, list) else content)


def _one_grade(text: str) -> str:
    found = grades.parse_grades(text)
    if len(found) > 1:
        raise ClimbpathError(f"--grade {text} is {' and '.join(found)}: name one of them")
    return found[0]


@cli.command()
@click.option("--model", type=FILE, help="A model or a checkpoint. [default: the bundled model]")
@click.option("--data", type=FILE, required=True, help="Parquet file of 'climbpath data import'.")
@click.option(
    "--split",
    type=click.Choice(["test", "validation", "all"]),
    help="What is held out. [default: test; all, where the model was trained on none of the data]",
)
@click.option("--samples", type=click.IntRange(10), default=5000, help="Problems to generate for each setting.")
@click.option("--compare", type=FILE, multiple=True, help="A list of problems from elsewhere, measured alike.")
@click.option("--report", type=FILE, help="Folder for report.html and report.json. [default: a new out/evaluate]")
@click.option("--seed", type=click.IntRange(0), default=0, help="Seed of samples, folds and resamples.")
@click.option("--force", is_flag=True, help="Overwrite a report.")
def evaluate(
    model: Path | None,
    data: Path,
    split: str | None,
    samples: int,
    compare: tuple[Path, ...],
    report: Path | None,
    seed: int,
    force: bool,
) -> None:
    """Measure a model against real problems that it never saw.

    Nats per problem, and of generated problems: valid, distinct and novel shares, likeness to real ones, whether a
    classifier can tell them from real ones (AUC; 0.5: it cannot), and whether a grader agrees with their grades.
    Takes some minutes, and needs climbpath[train].

    Lists from elsewhere (--compare) are JSON [[hold, ...], ...], CSV with a problem to a line, or any format of
    'climbpath data import'; they are compared on the board and angle with the most held-out problems.

    \b
    climbpath evaluate --data problems.parquet --report out/evaluate
    climbpath evaluate --model best.pt --data problems.parquet --compare theirs.json
    """
    from climbpath import api, dataset, files, sample
    from climbpath import board as boards
    from climbpath import evaluate as evaluation
    from climbpath import report as reports
    from climbpath.yardstick import read_hold_lists

    folder = report or files.new_folder(Path("out") / "evaluate")
    page, numbers = folder / "report.html", folder / "report.json"
    files.refuse_overwrite([page, numbers], force)
    generator = api.load(model)
    held = evaluation.held_out(generator.model, dataset.load(data), split)
    place = evaluation.main_place(held)
    board = boards.load(place.partition("@")[0])
    stems = [path.stem for path in compare]
    lists = [
        read_hold_lists(path, board)._replace(name=path.stem if stems.count(path.stem) == 1 else str(path))
        for path in compare
    ]
    default = sample.Sampling(guidance=generator.guidance(None))
    result = evaluation.evaluate(
        generator.model,
        held,
        samples=samples,
        default=default,
        compare={place: lists},
        seed=seed,
        tell=lambda stage: click.echo(f"… {stage}", err=True),
    )
    click.echo(reports.text(result))
    _write_json(numbers, result)
    with files.replacing(page) as temporary:
        temporary.write_text(reports.page(result), encoding="utf-8")
    click.echo(f"\nWrote {page} and {numbers}")


@cli.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("--to", "target", type=click.Path(path_type=Path), required=True, help="A new .safetensors file.")
@click.option("--force", is_flag=True, help="Overwrite the file.")
def export(checkpoint: Path, target: Path, force: bool) -> None:
    """Make a released model (weights and settings only) of a checkpoint.

    \b
    climbpath export checkpoints/climb_path_cpu/best.pt --to my-board.safetensors
    """
    from climbpath.checkpoint import load_model, save_model
    from climbpath.files import refuse_overwrite

    refuse_overwrite([target], force)
    save_model(target, load_model(checkpoint))
    click.echo(f"wrote {target}")


def warn(message: str) -> None:
    """A note on standard error that something is not as the user may expect."""
    click.secho(f"Note: {message}", fg="yellow", err=True)


def main() -> None:
    """Run the command line; a ClimbpathError is printed and exits with code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # not every console can show █, °, or any byte of a file name
    try:
        cli(prog_name="climbpath")
    except ClimbpathError as error:
        click.secho(f"Error: {error}", fg="red", err=True)
        sys.exit(2)
    except ModuleNotFoundError as error:
        if error.name not in EXTRA:
            raise
        message = f"this command needs {error.name}, which a lean install leaves out: pip install 'climbpath[train]'"
        click.secho(f"Error: {message}", fg="red", err=True)
        sys.exit(2)
