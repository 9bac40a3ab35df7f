"""Training: recipe -> batches -> loop -> logs. Reads straight down from `train`.

Everything random is a function of (seed, epoch) or (seed, step), so a run that is interrupted and resumed ends
with the same weights, bit for bit, as one that is not.
"""

import json
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib import resources
from pathlib import Path
from shutil import rmtree
from types import FrameType
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.utils.data import DataLoader

from climbpath.data import parquet
from climbpath.data.merge import distinct
from climbpath.data.parquet import RowGroups
from climbpath.drawing.charts import training_curves
from climbpath.errors import ClimbpathError, loading
from climbpath.files import replacing, sync
from climbpath.model.checkpoint import load_checkpoint
from climbpath.model.config import ModelConfig
from climbpath.model.inference import shapes_of
from climbpath.model.model import Transformer
from climbpath.model.order import Ints
from climbpath.model.tokens import ANY_GRADE, PREFIX
from climbpath.problem import Problem
from climbpath.progress import progress_bar
from climbpath.training.batches import Batch, Encoded, epoch_batches, part_of
from climbpath.training.distillation import (
    DISTILL_WEIGHT,
    SYNTHETIC_RATIO,
    check_teachers,
    load_teachers,
    start_from,
    synthetic_problems,
    teacher_probabilities,
)
from climbpath.training.folders import locked, set_aside
from climbpath.training.losses import distillation_nats, future_holds_nats, nats
from climbpath.training.machine import Machine, by_torchrun, has_lost_another, launch
from climbpath.training.optimizers import Stepper, side_task_weight
from climbpath.training.recipes import RECIPES, Recipe, config_of
from climbpath.training.run import Progress, Run, summary
from climbpath.training.selection import TrainingData
from climbpath.training.streaming import STREAMED, StreamedData
from climbpath.training.tensorboard import LogWriter, log_pictures, log_writer

KEEP_EVERY = 10
"""Every so many epochs a checkpoint is kept."""
SAVE_EVERY = 1000
"""Steps of an epoch between two writes of latest.pt."""
PICTURES_EVERY = 5
"""Epochs between pictures of sampled problems in TensorBoard."""
VALIDATION_BATCH = 256
DIVERGED = 10
"""A validation loss of so many times what chance gives is no longer a model."""


class InterruptedRunError(Exception):
    """Ctrl-C or SIGTERM arrived; the step is finished and everything is saved."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal.Signals(signal_number).name)
        self.signal_number = signal_number


def choose_recipe(
    recipe: Recipe | None, changes: Mapping[str, Any], data: Sequence[Path], resumed: Path | None
) -> tuple[Recipe, str]:
    """The recipe with its changed settings, and the files that its problems come from, a line each ('' for the bundled
    ones).

    A resumed run keeps its recipe; only one whose learning rates do not decay may be given more epochs. Raises
    ClimbpathError where a setting contradicts that.
    """
    given = "\n".join(map(str, data))
    if resumed is None:
        return replace(recipe or next(iter(RECIPES.values())), **changes), given
    checkpoint = load_checkpoint(resumed / "latest.pt")
    with loading(resumed / "latest.pt", "cannot be resumed"):
        before, source = Recipe.from_dict(checkpoint["recipe"]), str(checkpoint["source"])
    # a built-in recipe is only named: the run may have changed its settings by flags
    named = {} if recipe is None else {"name": recipe.name} if recipe.name in RECIPES else vars(recipe)
    asked = {**named, **changes}
    for setting, value in asked.items():
        old = getattr(before, setting)
        if value != old and (setting != "num_epochs" or before.lr_decay):
            raise ClimbpathError(
                f"--resume keeps {setting} {old}, but {value} was given: leave it out, "
                "or leave out --resume to start over"
            )
    return replace(before, **asked), given or source


def read_problems(source: str) -> list[Problem]:
    """The problems of Parquet files, a line each, those of several files once; the bundled demo problems where the
    source is ''."""
    if source:
        return distinct([Path(path) for path in source.splitlines()]).problems
    with resources.as_file(resources.files("climbpath") / "assets" / "demo.parquet") as bundled:
        return parquet.load(bundled)


def problems_of(source: str) -> Sequence[Problem] | RowGroups:
    """The problems of a source, as `read_problems` has them, or its files to be streamed where they have many."""
    if source and len(groups := RowGroups([Path(path) for path in source.splitlines()])) > STREAMED:
        return groups
    return read_problems(source)


def train(
    problems: Sequence[Problem] | RowGroups,
    recipe: Recipe,
    checkpoint_dir: Path,
    log_dir: Path,
    machine: Machine,
    resume: bool = False,
    source: str = "",
    after_epoch: Callable[[Progress], None] = lambda progress: None,
) -> Progress:
    """Train a model by a recipe; writes best.pt, latest.pt, epoch_10.pt, …, config.json and training_curves.png.

    Args:
        problems: all problems, or files of them to be streamed; the train and validation parts of their split are used,
            the test part is not.
        recipe: the settings.
        checkpoint_dir: where checkpoints go.
        log_dir: where TensorBoard's files go.
        machine: device, processes, threads.
        resume: continue from checkpoint_dir/latest.pt.
        source: where the problems came from, kept in the checkpoint for `--resume`.
        after_epoch: called after each epoch, when its checkpoint is saved.

    Raises:
        ClimbpathError: unusable data or device, a loss that is not finite, a full disk, a batch that does not fit,
            another process of the run that has ended.
        InterruptedRunError: after Ctrl-C or SIGTERM, with everything saved.
    """
    fabric = launch(machine)
    try:
        with locked(*([checkpoint_dir, log_dir] if fabric.is_global_zero else [])):
            return _train(fabric, problems, recipe, checkpoint_dir, log_dir, machine, resume, source, after_epoch)
    except RuntimeError as error:
        if not has_lost_another(error):
            raise
        raise ClimbpathError(
            f"process {fabric.global_rank + 1} of {fabric.world_size} ends, because another one of this run has ended; "
            "climbpath train --resume continues it"
        ) from error


def _train(
    fabric: Fabric,
    problems: Sequence[Problem] | RowGroups,
    recipe: Recipe,
    checkpoint_dir: Path,
    log_dir: Path,
    machine: Machine,
    resume: bool,
    source: str,
    after_epoch: Callable[[Progress], None],
) -> Progress:
    if isinstance(problems, RowGroups):
        if recipe.teachers:
            raise ClimbpathError(
                f"teachers draw {SYNTHETIC_RATIO} problems for each real one and keep them in memory, which "
                f"{len(problems):,} problems are too many for: filter them first, or train without teachers"
            )
        data: TrainingData | StreamedData = StreamedData(problems, recipe, fabric.is_global_zero)
    else:
        data = TrainingData(problems, recipe)
    config = config_of(recipe, data.boards)
    # teachers draw synthetic problems, which join the real ones
    teachers = load_teachers(recipe.teachers, config)
    if teachers and isinstance(data, TrainingData):
        check_teachers(teachers, data.held_out_keys)
        learned = data.parts["train"]
        if fabric.is_global_zero:
            print(f"{len(teachers)} teachers draw {SYNTHETIC_RATIO * len(learned):,} problems …", flush=True)
        data.train = data.encoded([*learned, *synthetic_problems(teachers, len(learned), recipe.seed)], recipe)
    # network and optimizers, on the device
    torch.manual_seed(recipe.seed)
    _check_memory(config, recipe)
    with _memory_explained(recipe):
        net = Transformer(config)
        start_from(net, teachers)
        stepper = Stepper(net, recipe)
        model = stepper.wrap(fabric)
        for teacher in teachers:
            teacher.net.to(fabric.device)
    run = Run(fabric, recipe, config, data, net, stepper, checkpoint_dir, source, teachers)
    # the first process reads for all, as it writes for all: other machines need not have the folder
    checkpoint = fabric.broadcast(_begun(run, resume) if fabric.is_global_zero else None)
    if checkpoint:
        with loading(checkpoint_dir / "latest.pt", "cannot be resumed"):
            run.restore(checkpoint)
    run.announce()
    if fabric.is_global_zero and not checkpoint:
        # the first checkpoint shows that the folder can be written; only then is an earlier run moved aside
        first = checkpoint_dir.with_name(f".{checkpoint_dir.name}.new")
        rmtree(first, ignore_errors=True)
        run.save("latest.pt", math.inf, math.inf, folder=first)
        for folder in (checkpoint_dir, log_dir):
            set_aside(folder)
        first.replace(checkpoint_dir)
        sync(checkpoint_dir.parent)
    if fabric.is_global_zero:
        with replacing(checkpoint_dir / "config.json") as temporary:
            temporary.write_text(json.dumps(run.about(), indent=1) + "\n", encoding="utf-8")
    with _signals() as caught, log_writer(fabric, log_dir, run.progress.step) as log:
        try:
            while not run.is_over:
                train_epoch(run, model, machine, caught, log)
                finish_epoch(run, log)
                after_epoch(run.progress)
        except (InterruptedRunError, RuntimeError) as error:
            # after a signal, and without one of the processes, the weights are those of the last whole step
            if isinstance(error, InterruptedRunError) or has_lost_another(error):
                run.save_latest()
                by = f" by {error}" if isinstance(error, InterruptedRunError) else ""
                if fabric.is_global_zero:
                    print(
                        f"\nStopped{by} after step {run.progress.step} in epoch {run.progress.epoch + 1}; all is "
                        "saved. Continue with:\n"
                        f"  climbpath train --resume --checkpoint-dir {checkpoint_dir} --log-dir {log_dir}"
                    )
            raise
    if fabric.is_global_zero:
        curves = checkpoint_dir / "training_curves.png"
        training_curves(run.progress.history, curves, recipe.vocabulary == "coordinate")
        print(summary(run))
        print(f"Loss curve: {curves}")
        print(f"Best model: {checkpoint_dir / 'best.pt'}")
    return run.progress


def _begun(run: Run, resume: bool) -> Mapping[str, Any] | None:
    """The checkpoint to go on from; None to start. Raises ClimbpathError where it is asked for and cannot be read.

    torchrun starts a run anew with the same words when one of its processes has ended. Then it goes on from latest.pt,
    if that is of the same recipe and the same files, whose end is the same as that of a run from the start.
    """
    latest = run.checkpoint_dir / "latest.pt"
    if not resume and not (by_torchrun() and latest.exists()):
        return None
    checkpoint = load_checkpoint(latest)
    same = checkpoint["recipe"] == run.recipe.to_dict() and checkpoint.get("source") == run.source
    return checkpoint if resume or same else None


def train_epoch(run: Run, model: Any, machine: Machine, caught: list[int], log: LogWriter) -> None:
    """Train the rest of an epoch.

    Raises InterruptedRunError after a signal and ClimbpathError for a loss that is not finite.
    """
    fabric, recipe, progress = run.fabric, run.recipe, run.progress
    steps = recipe.num_epochs * run.epoch_steps
    description = f"Epoch {progress.epoch + 1}/{recipe.num_epochs} [Train]"
    bar = progress_bar(None, description, run.epoch_steps, fabric.is_global_zero)
    bar.update(progress.step_in_epoch)
    started = time.perf_counter()
    model.train()
    for batch, problems, tokens in rest_of_epoch(run, machine):
        lr = run.stepper.begin(progress.step, steps)
        torch.manual_seed(derive_seed(recipe.seed, progress.step, fabric.global_rank))
        with _memory_explained(recipe):
            batch = fabric.to_device(batch)
            # main task: the next token, after the data and after the teachers
            future_weight = recipe.future_holds * side_task_weight(progress.step, steps)
            output = model(batch.inputs, batch.token_places, batch.columns, batch.pins, future_weight > 0)
            loss = nats(output.logits, batch)
            if run.teachers:
                probabilities = teacher_probabilities(run.teachers, batch, run.config.tokens.ids[ANY_GRADE])
                distilled = distillation_nats(output.logits, batch, probabilities)
                loss = (1 - DISTILL_WEIGHT) * loss + DISTILL_WEIGHT * distilled
            # side task: which holds occur anywhere later
            side = future_weight * future_holds_nats(output.future_logits, batch) if future_weight else 0.0
            # Fabric averages gradients over processes, each of which has a part of the tokens
            fabric.backward((loss + side) * (fabric.world_size / tokens))
        total = float(_all_reduce(fabric, loss.detach(), "sum"))
        if not math.isfinite(total):
            raise ClimbpathError(
                f"the loss is {total} in epoch {progress.epoch + 1}, step {progress.step + 1}: "
                f"try a lower --learning_rate (now {recipe.learning_rate:g}); "
                f"{run.checkpoint_dir / 'latest.pt'} was saved before this and is intact"
            )
        run.stepper.finish()
        # account for the step, show and log it
        progress.step += 1
        progress.step_in_epoch += 1
        progress.train_nats += total
        progress.train_tokens += tokens
        bar.set_postfix_str(f"loss={progress.train_nats / progress.train_tokens:.4f}, lr={lr:.3g}", refresh=False)
        bar.update(1)
        log.add_scalar("train/loss", total / tokens, progress.step)
        log.add_scalar("train/learning_rate", lr, progress.step)
        log.add_scalar("train/problems_per_second", problems / (time.perf_counter() - started), progress.step)
        progress.seconds += time.perf_counter() - started
        started = time.perf_counter()
        # a signal that any process caught stops them all, with everything saved
        stopped = int(_all_reduce(fabric, torch.tensor(caught[-1] if caught else 0), "max"))
        if stopped:
            bar.close()
            raise InterruptedRunError(stopped)
        if progress.step_in_epoch % SAVE_EVERY == 0:
            run.save_latest()
    bar.close()


def rest_of_epoch(run: Run, machine: Machine) -> Iterator[tuple[Batch, int, int]]:
    """The rest of the epoch's batches, of each this process's part, and the problems and tokens of all processes.

    Each has its fraction of pins and a seed of its own: what a loader of any number of workers makes of them does not
    depend on what was done before.
    """
    data, recipe, rank, world = run.data, run.recipe, run.fabric.global_rank, run.fabric.world_size
    steps, to_skip = recipe.num_epochs * run.epoch_steps, run.progress.step_in_epoch
    step = run.progress.step
    for window in np.random.default_rng([recipe.seed, run.progress.epoch, data.windows]).permutation(data.windows):
        order = epoch_batches(data.boards_in(window), recipe.batch_size, recipe.seed, run.progress.epoch, window)
        rest, to_skip = order[to_skip:], max(0, to_skip - len(order))
        if not rest:
            continue
        encoded = data.window(window, np.concatenate([rows[part_of(len(rows), rank, world)] for rows in rest]))
        batch_specs = [
            (rows, recipe.pinned * side_task_weight(step + i, steps), derive_seed(recipe.seed, step + i))
            for i, rows in enumerate(rest)
        ]
        loader: DataLoader[Batch] = DataLoader(
            batch_specs,  # type: ignore[arg-type]
            batch_size=None,
            num_workers=machine.num_workers,
            collate_fn=_Collate(encoded, rank, world),  # type: ignore[arg-type]
            generator=torch.Generator(),  # leaves the global generator, which dropout uses, alone
        )
        for batch, rows in zip(loader, rest, strict=True):
            yield batch, len(rows), int((encoded.token_lengths[rows] - PREFIX).sum())
        step += len(rest)


def finish_epoch(run: Run, log: LogWriter) -> None:
    """Validate, log, save."""
    fabric, progress, recipe = run.fabric, run.progress, run.recipe
    val_loss, per_problem = validate(run)
    _check_diverged(run, val_loss)
    progress.epoch += 1
    record = {
        "epoch": progress.epoch,
        "step": progress.step,
        "train_loss": progress.train_nats / progress.train_tokens,
        "val_loss": val_loss,
        "nats_per_problem": per_problem,
        "seconds": progress.seconds,
    }
    progress.history.append(record)
    progress.step_in_epoch, progress.train_nats, progress.train_tokens = 0, 0.0, 0
    improved = per_problem < progress.best
    progress.best, progress.bad_epochs = (per_problem, 0) if improved else (progress.best, progress.bad_epochs + 1)
    log.add_scalar("val/loss", val_loss, progress.step)
    log.add_scalar("val/nats_per_problem", per_problem, progress.step)
    if fabric.is_global_zero:
        print(f"Train Loss: {record['train_loss']:.4f}")
        print(f"Val Loss: {val_loss:.4f} ({per_problem:.3f} nats per problem)")
    if improved:
        run.save("best.pt", val_loss, per_problem)
        if fabric.is_global_zero:
            print(f"✓ Saved best model with val_loss={val_loss:.4f}")
    if progress.epoch % KEEP_EVERY == 0:
        run.save(f"epoch_{progress.epoch}.pt", val_loss, per_problem)
    run.save_latest()
    if fabric.is_global_zero and (progress.epoch % PICTURES_EVERY == 0 or progress.epoch == recipe.num_epochs):
        log_pictures(run.state(val_loss, per_problem), log, progress.step)
    if fabric.is_global_zero and progress.bad_epochs >= recipe.patience:
        print(f"Stopping early: no improvement in {recipe.patience} epochs")
    fabric.barrier()


def _check_diverged(run: Run, val_loss: float) -> None:
    """Raises ClimbpathError, before anything is saved, if the weights are not finite or far worse than chance."""
    chance = math.log(len(run.data.tokens.names))
    finite = all(bool(value.isfinite().all()) for value in run.stepper.kept.state_dict().values())
    if not finite or not val_loss < DIVERGED * chance:
        raise ClimbpathError(
            f"training diverged in epoch {run.progress.epoch + 1} (validation loss {val_loss:.3g}): try a lower "
            f"--learning_rate (now {run.recipe.learning_rate:g}); "
            f"{run.checkpoint_dir / 'latest.pt'} was saved before this"
        )


@torch.no_grad()
def validate(run: Run) -> tuple[float, float]:
    """Nats per token and nats per problem of the validation problems, under the kept weights."""
    fabric, data = run.fabric, run.data.validation
    # batches of one board and about one length, so that little is padding
    batches = []
    for board in np.unique(data.board_of):
        rows = np.flatnonzero(data.board_of == board)
        by_length = rows[np.argsort(data.lengths[rows], kind="stable")]
        batches += [by_length[i : i + VALIDATION_BATCH] for i in range(0, len(rows), VALIDATION_BATCH)]
    description = f"Epoch {run.progress.epoch + 1}/{run.recipe.num_epochs} [Val]"
    bar = progress_bar(None, description, len(batches), fabric.is_global_zero)
    run.stepper.kept.eval()
    total, tokens = 0.0, 0
    for rows in batches:
        batch = fabric.to_device(data.batch(rows, rank=fabric.global_rank, world=fabric.world_size))
        total += float(
            _all_reduce(
                fabric, nats(run.stepper.kept(batch.inputs, batch.token_places, batch.columns).logits, batch), "sum"
            )
        )
        tokens += int((data.token_lengths[rows] - PREFIX).sum())
        bar.set_postfix_str(f"loss={total / tokens:.4f}", refresh=False)
        bar.update(1)
    bar.close()
    return total / tokens, total / len(data)


def derive_seed(*numbers: int) -> int:
    """A seed that is a function of some numbers, 0 to 2^63 - 1."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)


@contextmanager
def _memory_explained(recipe: Recipe) -> Iterator[None]:
    """Raises ClimbpathError with the way out where memory does not suffice, for torch's RuntimeError."""
    try:
        yield
    except RuntimeError as error:
        if not any(words in str(error) for words in ("out of memory", "not enough memory", "can't allocate memory")):
            raise
        raise _too_large(recipe) from None


def _check_memory(config: ModelConfig, recipe: Recipe) -> None:
    """Raises ClimbpathError where the weights, their gradients and two averages of each exceed this machine's memory.

    Systems grant more memory than there is, and end the process when it is used.
    """
    weights = sum(math.prod(shape) for shape in shapes_of(config).values())
    if hasattr(os, "sysconf") and 16 * weights > os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"):
        raise _too_large(recipe)


def _too_large(recipe: Recipe) -> ClimbpathError:
    return ClimbpathError(
        f"a model of d_model {recipe.d_model} with batches of {recipe.batch_size} problems does not fit in memory: "
        f"try --batch_size {max(1, recipe.batch_size // 2)}, or fewer or narrower layers"
    )


def _all_reduce(fabric: Fabric, value: Tensor, operation: str) -> Tensor:
    reduced = fabric.all_reduce(value, reduce_op=operation)
    assert isinstance(reduced, Tensor)
    return reduced


class _Collate:
    """Rows, fraction of pinned problems and seed -> Batch; picklable, for worker processes."""

    def __init__(self, data: Encoded, rank: int, world: int) -> None:
        self.data, self.rank, self.world = data, rank, world

    def __call__(self, item: tuple[Ints, float, int]) -> Batch:
        return self.data.batch(*item, self.rank, self.world)


@contextmanager
def _signals() -> Iterator[list[int]]:
    """Collects SIGINT and SIGTERM, which only the main thread gets; a second SIGINT interrupts at once."""
    caught: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield caught
        return

    def handle(number: int, _: FrameType | None) -> None:
        if caught and number == signal.SIGINT and not by_torchrun():  # which passes Ctrl-C on to those that have it
            raise KeyboardInterrupt
        caught.append(number)

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
