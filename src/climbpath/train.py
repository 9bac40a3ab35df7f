"""Training: recipe -> batches -> loop -> logs. Reads straight down from `train`.

Everything random is a function of (seed, epoch) or (seed, step), so a run that is interrupted and resumed ends
with the same weights, bit for bit, as one that is not.
"""

import json
import logging
import math
import signal
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader

from climbpath import dataset
from climbpath.batches import Batch, Encoded, epoch_batches
from climbpath.charts import BANDS, training_curves
from climbpath.checkpoint import keys_to_tensor, load_checkpoint, model_of, save_checkpoint
from climbpath.config import ModelConfig
from climbpath.draw import sheet
from climbpath.errors import ClimbpathError
from climbpath.files import replacing, set_aside
from climbpath.model import Transformer
from climbpath.muon import Muon
from climbpath.problem import DEFAULT_METHOD, Problem
from climbpath.progress import progress
from climbpath.recipes import RECIPES, Recipe
from climbpath.sample import generate
from climbpath.tokens import PREFIX, Vocabulary

KEEP_EVERY = 10
"""Epochs between checkpoints that are kept."""
PICTURES_EVERY = 5
"""Epochs between pictures of sampled problems in TensorBoard."""
VALIDATION_BATCH = 256


@dataclass
class Machine:
    """Where and how to train; none of it changes the recipe."""

    device: str = "auto"
    devices: int = 1
    num_nodes: int = 1
    threads: int | None = None
    num_workers: int = 0


@dataclass
class Progress:
    """How far a run has come. `train_nats` and `train_tokens` are of the epoch under way."""

    epoch: int = 0
    step: int = 0
    step_in_epoch: int = 0
    train_nats: float = 0.0
    train_tokens: int = 0
    best: float = math.inf
    bad_epochs: int = 0
    seconds: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)


class Interrupted(Exception):
    """Ctrl-C or SIGTERM came; the step is finished and everything is saved."""

    def __init__(self, signal_number: int, progress: Progress) -> None:
        super().__init__(signal.Signals(signal_number).name)
        self.signal_number, self.progress = signal_number, progress


class Data:
    """The train and validation problems that a recipe takes from a data set, and why it leaves out the others."""

    def __init__(self, problems: Sequence[Problem], recipe: Recipe) -> None:
        self.boards = recipe.boards or tuple(sorted({problem.board for problem in problems}))
        self.tokens = Vocabulary(recipe.vocabulary, self.boards)
        self.left_out: Counter[str] = Counter()
        parts = dataset.split(problems)
        self.parts = {name: [p for p in parts[name] if self._takes(p, recipe)] for name in ("train", "validation")}
        for name, part in self.parts.items():
            if not part:
                reasons = "; ".join(f"{count} {reason}" for reason, count in self.left_out.items())
                raise ClimbpathError(
                    f"the recipe {recipe.name} finds no {name} problems among {len(problems)}"
                    + (f" (left out: {reasons})" if reasons else ": at least 20 problems of a grade are needed")
                )
        self.train = Encoded(self.parts["train"], self.tokens, recipe.exclude_impossible)
        self.validation = Encoded(self.parts["validation"], self.tokens, recipe.exclude_impossible)
        self.train_keys = keys_to_tensor({p.key for p in self.parts["train"]})
        self.known_keys = keys_to_tensor({p.key for p in problems})

    def _takes(self, problem: Problem, recipe: Recipe) -> bool:
        reason = self._reason(problem, recipe)
        if reason:
            self.left_out[reason] += 1
        return not reason

    def _reason(self, problem: Problem, recipe: Recipe) -> str | None:
        if problem.method != DEFAULT_METHOD:
            return "with other foot rules than feet follow hands"
        if problem.board not in self.boards:
            return f"not on {', '.join(self.boards)}"
        if problem.grade not in self.tokens.grades:
            return f"graded outside {self.tokens.grades[0]} … {self.tokens.grades[-1]}"
        if PREFIX + self.tokens.width * len(problem.sequence) + 1 > recipe.max_seq_len:
            return f"longer than {recipe.max_seq_len} tokens"
        return None

    def evidence(self) -> dict[str, dict[str, int]]:
        """How many train problems there are of every grade, by board and angle."""
        found: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for problem in self.parts["train"]:
            found[f"{problem.board}@{problem.angle}"][problem.grade or ""] += 1
        return {place: dict(counts) for place, counts in sorted(found.items())}


def train(
    problems: Sequence[Problem],
    recipe: Recipe,
    checkpoint_dir: Path,
    log_dir: Path,
    machine: Machine | None = None,
    resume: bool = False,
    source: str = "",
) -> Progress:
    """Train a model by a recipe; writes best.pt, latest.pt, epoch_10.pt, …, config.json and training_curves.png.

    Args:
        problems: all problems; the train and validation parts of their split are used, the test part is not.
        recipe: the settings.
        checkpoint_dir: where checkpoints go.
        log_dir: where TensorBoard's files go.
        machine: device, processes, threads.
        resume: go on from checkpoint_dir/latest.pt.
        source: where the problems came from, kept in the checkpoint for `--resume`.

    Raises:
        ClimbpathError: unusable data or device, a loss that is not finite, a full disk, a batch that does not fit.
        Interrupted: after Ctrl-C or SIGTERM, with everything saved.
    """
    fabric = launch(machine or Machine())
    data = Data(problems, recipe)
    config = ModelConfig(
        vocabulary=recipe.vocabulary,
        boards=data.boards,
        **{name: getattr(recipe, name) for name in ("d_model", "num_layers", "nhead", "dim_feedforward")},
        dropout=recipe.dropout,
        max_seq_len=recipe.max_seq_len,
    )
    torch.manual_seed(recipe.seed)
    net = Transformer(config)
    optimizers = make_optimizers(net, recipe)
    model, *wrapped = fabric.setup(net, *optimizers.values())
    averaged = AveragedModel(net, multi_avg_fn=_average(recipe.average)) if recipe.average else None
    run = Run(fabric, recipe, config, data, net, averaged, optimizers, checkpoint_dir, source)
    if resume:
        run.restore(load_checkpoint(checkpoint_dir / "latest.pt"))
    run.announce(machine or Machine())
    if fabric.is_global_zero:
        if not resume:
            for folder in (checkpoint_dir, log_dir):
                set_aside(folder)
        with replacing(checkpoint_dir / "config.json") as temporary:
            temporary.write_text(json.dumps(run.about(), indent=1) + "\n", encoding="utf-8")
    if not resume:
        run.save("latest.pt", val_loss=math.inf, nats_per_problem=math.inf)
    with _signals() as caught, _writer(fabric, log_dir, run.at.step) as board:
        while run.at.epoch < recipe.num_epochs and run.at.bad_epochs < recipe.patience:
            train_epoch(run, model, wrapped, machine or Machine(), caught, board)
            finish_epoch(run, board)
    if fabric.is_global_zero:
        curves = checkpoint_dir / "training_curves.png"
        training_curves(run.at.history, curves, recipe.vocabulary == "coordinate")
        print(summary(run))
        print(f"Loss curve: {curves}")
        print(f"Best model: {checkpoint_dir / 'best.pt'}")
    return run.at


def resolve_device(device: str) -> str:
    """cpu, cuda or mps for what `--device` says. Raises ClimbpathError where this machine has no such device."""
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device == "auto":
        return next(name for name, there in available.items() if there)
    if not available[device]:
        raise ClimbpathError(
            f"--device {device}: torch {torch.__version__} sees none here; use --device cpu or auto, "
            "or install a build of torch for it (README, 'Installing torch')"
        )
    return device


def choose_recipe(
    name: str | None, changes: Mapping[str, Any], data: Path | None, resumed: Path | None
) -> tuple[Recipe, str]:
    """The recipe with its changed settings, and where its problems come from ('' for the bundled ones).

    A resumed run keeps its recipe; only one without decay may be given more epochs. Raises ClimbpathError where a
    setting contradicts that.
    """
    if resumed is None:
        return replace(RECIPES[name or next(iter(RECIPES))], **changes), str(data or "")
    checkpoint = load_checkpoint(resumed / "latest.pt")
    recipe = Recipe.from_dict(checkpoint["recipe"])
    asked = {**changes, **({"name": name} if name else {})}
    for setting, value in asked.items():
        old = getattr(recipe, setting)
        if value != old and (setting != "num_epochs" or recipe.decay):
            raise ClimbpathError(
                f"--resume goes on with {setting} {old}; {value} contradicts it: leave that flag out, "
                "or leave --resume out to train anew"
            )
    return replace(recipe, **asked), str(data or checkpoint["source"])


def read_problems(source: str) -> list[Problem]:
    """The problems of a Parquet file, or the bundled demo problems where the source is ''."""
    if source:
        return dataset.load(Path(source))
    with resources.as_file(resources.files("climbpath") / "assets" / "demo.parquet") as bundled:
        return dataset.load(bundled)


def launch(machine: Machine) -> Fabric:
    """Fabric on the device asked for. Raises ClimbpathError where this machine has no such device."""
    if machine.threads:
        torch.set_num_threads(machine.threads)
    torch.set_float32_matmul_precision("high")
    logging.getLogger("lightning_fabric").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning")
    strategy = "ddp" if machine.devices * machine.num_nodes > 1 else "auto"
    fabric = Fabric(
        accelerator=resolve_device(machine.device), devices=machine.devices, num_nodes=machine.num_nodes, strategy=strategy
    )
    fabric.launch()
    return fabric


def make_optimizers(net: Transformer, recipe: Recipe) -> dict[str, torch.optim.Optimizer]:
    """AdamW as 'optimizer' and, where the recipe says so, Muon for the blocks' matrices as 'muon'."""
    adamw = {"lr": recipe.learning_rate, "weight_decay": recipe.weight_decay, "fused": True}
    if recipe.muon_learning_rate is None:
        return {"optimizer": torch.optim.AdamW(net.parameters(), **adamw)}
    matrices = [p for name, p in net.named_parameters() if name.startswith("blocks.") and p.ndim == 2]
    chosen = {id(p) for p in matrices}
    rest = [p for p in net.parameters() if id(p) not in chosen]
    return {
        "optimizer": torch.optim.AdamW(rest, betas=(0.9, 0.95), **adamw),
        "muon": Muon(matrices, lr=recipe.muon_learning_rate, weight_decay=recipe.weight_decay),
    }


def learning_rate_factor(recipe: Recipe, step: int, steps: int) -> float:
    """What the recipe's learning rates are multiplied by at a step (from 0) of all steps."""
    warm = min(1.0, (step + 1) / max(1, recipe.warmup_steps))
    return warm * (1 - step / steps) if recipe.decay else warm


def nats(logits: Tensor, batch: Batch) -> Tensor:
    """-log p of the batch's problems given their conditions, summed; logits are those of batch.inputs."""
    logits = logits[:, PREFIX - 1 :]
    if batch.possible is not None:
        logits = logits.masked_fill(~batch.possible, -torch.inf)
    return F.cross_entropy(logits.flatten(0, 1), batch.targets.flatten(), ignore_index=-100, reduction="sum")


@dataclass
class Run:
    """All that a run is made of, and what of it stands in a checkpoint."""

    fabric: Fabric
    recipe: Recipe
    config: ModelConfig
    data: Data
    net: Transformer
    averaged: AveragedModel | None
    optimizers: dict[str, torch.optim.Optimizer]
    checkpoint_dir: Path
    source: str
    at: Progress = field(default_factory=Progress)

    @property
    def kept(self) -> nn.Module:
        """The weights that are validated and kept: the averaged ones where the recipe averages."""
        return self.averaged.module if self.averaged else self.net

    def about(self) -> dict[str, Any]:
        """Settings, sizes and data of the run, in plain JSON types."""
        return {
            "config": self.config.to_dict(),
            "recipe": self.recipe.to_dict(),
            "evidence": self.data.evidence(),
            "parameters": self.net.count_parameters(),
            "train_problems": len(self.data.train),
            "validation_problems": len(self.data.validation),
        }

    def state(self, val_loss: float, nats_per_problem: float) -> dict[str, Any]:
        """The checkpoint of this moment."""
        state = {
            **self.about(),
            "epoch": self.at.epoch,
            "val_loss": val_loss,
            "nats_per_problem": nats_per_problem,
            "model_state_dict": self.kept.state_dict(),
            **{f"{name}_state_dict": optimizer.state_dict() for name, optimizer in self.optimizers.items()},
            "progress": self.at.__dict__,
            "source": self.source,
            "train_keys": self.data.train_keys,
            "known_keys": self.data.known_keys,
        }
        if self.averaged:
            state["training_state_dict"] = self.net.state_dict()
            state["averaged_steps"] = int(self.averaged.n_averaged)
        return state

    def save(self, name: str, val_loss: float, nats_per_problem: float) -> None:
        """Write a checkpoint, from the first process alone."""
        if self.fabric.is_global_zero:
            save_checkpoint(self.checkpoint_dir / name, self.state(val_loss, nats_per_problem))

    def restore(self, checkpoint: Mapping[str, Any]) -> None:
        """Go on from a checkpoint. Raises ClimbpathError where it is of other data."""
        if not torch.equal(checkpoint["train_keys"], self.data.train_keys):
            raise ClimbpathError(
                f"{self.checkpoint_dir / 'latest.pt'} was trained on other problems than these: name the same --data, "
                "or leave --resume out to train anew"
            )
        self.net.load_state_dict(checkpoint["training_state_dict" if self.averaged else "model_state_dict"])
        if self.averaged:
            self.averaged.module.load_state_dict(checkpoint["model_state_dict"])
            self.averaged.n_averaged.fill_(checkpoint["averaged_steps"])
        for name, optimizer in self.optimizers.items():
            optimizer.load_state_dict(checkpoint[f"{name}_state_dict"])
        self.at = Progress(**checkpoint["progress"])

    def announce(self, machine: Machine) -> None:
        """Print what is about to be trained, on what and where."""
        if not self.fabric.is_global_zero:
            return
        data, recipe = self.data, self.recipe
        sizes = f"d_model {recipe.d_model}, {recipe.num_layers} layers, {recipe.nhead} heads, {recipe.dim_feedforward}"
        print(f"Recipe {recipe.name}: {sizes} feed-forward, {recipe.vocabulary} tokens ({len(data.tokens.names)})")
        print(f"Model: {self.net.count_parameters():,} parameters")
        print(f"Data: {len(data.train):,} train and {len(data.validation):,} validation problems")
        for reason, count in data.left_out.items():
            print(f"  left out: {count:,} {reason}")
        where = f"{self.fabric.device.type}, {self.fabric.world_size} process(es), {torch.get_num_threads()} threads"
        print(f"Device: {where}", flush=True)
        if self.at.step:
            print(f"Resuming in epoch {self.at.epoch + 1} after step {self.at.step}", flush=True)


def train_epoch(
    run: Run,
    model: Any,
    optimizers: Sequence[Any],
    machine: Machine,
    caught: list[int],
    board: Any,
) -> None:
    """Train the rest of an epoch. Raises Interrupted after a signal, ClimbpathError for a loss that is not finite."""
    fabric, recipe, at = run.fabric, run.recipe, run.at
    order = epoch_batches(run.data.train.lengths, recipe.batch_size, recipe.seed, at.epoch)
    rest = order[at.step_in_epoch :]
    loader = DataLoader(
        rest,  # type: ignore[arg-type]
        batch_size=None,
        num_workers=machine.num_workers,
        collate_fn=_Collate(run.data.train, fabric.global_rank, fabric.world_size),
        generator=torch.Generator(),  # leaves the global generator, which dropout uses, alone
    )
    description = f"Epoch {at.epoch + 1}/{recipe.num_epochs} [Train]"
    bar = progress(None, description, len(order), fabric.is_global_zero)
    bar.update(at.step_in_epoch)
    started, rates = time.perf_counter(), [recipe.learning_rate, recipe.muon_learning_rate]
    model.train()
    for batch, rows in zip(loader, rest, strict=True):
        factor = learning_rate_factor(recipe, at.step, recipe.num_epochs * len(order))
        for optimizer, rate in zip(optimizers, rates, strict=False):
            optimizer.param_groups[0]["lr"] = (rate or 0.0) * factor
            optimizer.zero_grad()
        torch.manual_seed(_mix(recipe.seed, at.step, fabric.global_rank))
        tokens = int((run.data.train.token_lengths[rows] - PREFIX).sum())
        try:
            batch = fabric.to_device(batch)
            loss = nats(model(batch.inputs), batch)
            fabric.backward(loss * (fabric.world_size / tokens))
        except RuntimeError as error:
            raise _explained(error, recipe) from error
        total = float(fabric.all_reduce(loss.detach(), reduce_op="sum"))
        if not math.isfinite(total):
            raise ClimbpathError(
                f"the loss is {total} in epoch {at.epoch + 1}, step {at.step + 1}: "
                f"try a lower --learning_rate (now {recipe.learning_rate:g}); "
                f"{run.checkpoint_dir / 'latest.pt'} is from before and whole"
            )
        for optimizer in optimizers:
            optimizer.step()
        if run.averaged:
            run.averaged.update_parameters(run.net)
        at.step += 1
        at.step_in_epoch += 1
        at.train_nats += total
        at.train_tokens += tokens
        lr = recipe.learning_rate * factor
        bar.set_postfix_str(f"loss={at.train_nats / at.train_tokens:.4f}, lr={lr:.3g}", refresh=False)
        bar.update(1)
        board.add_scalar("train/loss", total / tokens, at.step)
        board.add_scalar("train/learning_rate", lr, at.step)
        board.add_scalar("train/problems_per_second", len(rows) / (time.perf_counter() - started), at.step)
        at.seconds += time.perf_counter() - started
        started = time.perf_counter()
        stopped = int(fabric.all_reduce(torch.tensor(caught[-1] if caught else 0), reduce_op="max"))
        if stopped:
            bar.close()
            last = at.history[-1] if at.history else {"val_loss": math.inf, "nats_per_problem": math.inf}
            run.save("latest.pt", last["val_loss"], last["nats_per_problem"])
            raise Interrupted(stopped, at)
    bar.close()


def finish_epoch(run: Run, board: Any) -> None:
    """Validate, log, save."""
    fabric, at, recipe = run.fabric, run.at, run.recipe
    val_loss, per_problem = validate(run)
    at.epoch += 1
    record = {
        "epoch": at.epoch,
        "step": at.step,
        "train_loss": at.train_nats / at.train_tokens,
        "val_loss": val_loss,
        "nats_per_problem": per_problem,
        "seconds": at.seconds,
    }
    at.history.append(record)
    at.step_in_epoch, at.train_nats, at.train_tokens = 0, 0.0, 0
    improved = per_problem < at.best
    at.best, at.bad_epochs = (per_problem, 0) if improved else (at.best, at.bad_epochs + 1)
    board.add_scalar("val/loss", val_loss, at.step)
    board.add_scalar("val/nats_per_problem", per_problem, at.step)
    if fabric.is_global_zero:
        print(f"Train Loss: {record['train_loss']:.4f}")
        print(f"Val Loss: {val_loss:.4f} ({per_problem:.3f} nats per problem)")
        if at.epoch % PICTURES_EVERY == 0 or at.epoch == recipe.num_epochs:
            _add_pictures(run, board, val_loss, per_problem)
    if improved:
        run.save("best.pt", val_loss, per_problem)
        if fabric.is_global_zero:
            print(f"✓ Saved best model with val_loss={val_loss:.4f}")
    if at.epoch % KEEP_EVERY == 0:
        run.save(f"epoch_{at.epoch}.pt", val_loss, per_problem)
    run.save("latest.pt", val_loss, per_problem)
    if fabric.is_global_zero and at.bad_epochs >= recipe.patience:
        print(f"Stopping early: no improvement in {recipe.patience} epochs")
    fabric.barrier()


@torch.no_grad()
def validate(run: Run) -> tuple[float, float]:
    """Nats per token and nats per problem of the validation problems, under the weights that are kept."""
    fabric, data = run.fabric, run.data.validation
    by_length = np.argsort(data.lengths, kind="stable")
    batches = [by_length[i : i + VALIDATION_BATCH] for i in range(0, len(data), VALIDATION_BATCH)]
    description = f"Epoch {run.at.epoch + 1}/{run.recipe.num_epochs} [Val]"
    bar = progress(None, description, len(batches), fabric.is_global_zero)
    run.kept.eval()
    total, tokens = 0.0, 0
    for rows in batches:
        batch = fabric.to_device(data.batch(rows, fabric.global_rank, fabric.world_size))
        total += float(fabric.all_reduce(nats(run.kept(batch.inputs), batch), reduce_op="sum"))
        tokens += int((data.token_lengths[rows] - PREFIX).sum())
        bar.set_postfix_str(f"loss={total / tokens:.4f}", refresh=False)
        bar.update(1)
    bar.close()
    return total / tokens, total / len(data)


def summary(run: Run) -> str:
    """The finished run in a few lines, with the guide's reading of its loss where the vocabulary is the guide's."""
    best = min(run.at.history, key=lambda record: record["nats_per_problem"])
    reading = ""
    if run.recipe.vocabulary == "coordinate":
        reached = [name for name, loss in BANDS if best["val_loss"] < loss]
        reading = f"  {reached[-1] if reached else 'not yet good'} (good < 2.0, great < 1.7, excellent < 1.5)"
    rows = {
        "recipe": run.recipe.name,
        "parameters": f"{run.net.count_parameters():,}",
        "train problems": f"{len(run.data.train):,}",
        "epochs": f"{run.at.epoch} (best: {best['epoch']:.0f})",
        "training time": f"{run.at.seconds:.1f} s",
        "best val loss per token": f"{best['val_loss']:.4f}{reading}",
        "best nats per problem": f"{best['nats_per_problem']:.3f}",
    }
    width = max(map(len, rows))
    return "\n".join(["", *(f"  {name:<{width}}  {value}" for name, value in rows.items()), ""])


def _add_pictures(run: Run, board: Any, val_loss: float, per_problem: float) -> None:
    """A sheet of six sampled problems of the best-known grade."""
    import io

    from PIL import Image

    model = model_of(run.state(val_loss, per_problem))
    place, counts = next(iter(model.evidence.items()))
    name, _, angle = place.partition("@")
    grade = max(counts, key=counts.__getitem__)
    problems = list(generate(model, name, int(angle), {grade: 6}, seed=run.recipe.seed))
    if problems:
        picture = np.asarray(Image.open(io.BytesIO(sheet(problems))).convert("RGB"))
        board.add_image("problems", picture, run.at.step, dataformats="HWC")


class _Collate:
    """Row numbers -> Batch, in a worker process too."""

    def __init__(self, data: Encoded, rank: int, world: int) -> None:
        self.data, self.rank, self.world = data, rank, world

    def __call__(self, rows: np.ndarray) -> Batch:
        return self.data.batch(rows, self.rank, self.world)


def _average(decay: float) -> Any:
    """A moving average that starts as a plain one, so that the first steps weigh little."""
    ema = {}

    def update(averaged: list[Tensor], current: list[Tensor], count: Tensor) -> None:
        rate = min(decay, (1 + int(count)) / (10 + int(count)))
        ema.setdefault(rate, get_ema_multi_avg_fn(rate))(averaged, current, count)

    return update


def _mix(*numbers: int) -> int:
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)


def _explained(error: RuntimeError, recipe: Recipe) -> Exception:
    text = str(error)
    if isinstance(error, torch.OutOfMemoryError) or "not enough memory" in text or "out of memory" in text:
        smaller = max(1, recipe.batch_size // 2)
        return ClimbpathError(f"a batch of {recipe.batch_size} problems does not fit: try --batch_size {smaller}")
    return error


@contextmanager
def _signals() -> Iterator[list[int]]:
    """Collects SIGINT and SIGTERM; a second SIGINT interrupts at once."""
    caught: list[int] = []

    def handle(number: int, _: FrameType | None) -> None:
        if caught and number == signal.SIGINT:
            raise KeyboardInterrupt
        caught.append(number)

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Silent:
    """Takes what TensorBoard's writer takes and does nothing: the other processes' writer."""

    def __getattr__(self, _: str) -> Any:
        return lambda *_, **__: None


@contextmanager
def _writer(fabric: Fabric, log_dir: Path, step: int) -> Iterator[Any]:
    if not fabric.is_global_zero:
        yield _Silent()
        return
    from torch.utils.tensorboard import SummaryWriter

    try:
        with SummaryWriter(log_dir, purge_step=step + 1 if step else None) as writer:
            yield writer
    except OSError as error:
        raise ClimbpathError(f"cannot write TensorBoard's files to {log_dir}: {error}; choose another --log-dir") from None
