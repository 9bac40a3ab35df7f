"""Training the grader: a causal transformer reads a problem's tokens, without its grade, and then predicts the grade.

Labels are noisy: the setter's and the users' grades differ, and of some problems only the V grade is known. So a label
is a set of grades, and the loss is -log of the probability that the grade is in it. Consensus grades are learned by a
head of their own, apart from grades that few have confirmed. Each member also learns to predict the next hold (weight
FOLLOWS), which keeps it from memorising so small a set of labels. Where a board has mirror partners, half of its
problems are mirrored, anew in every epoch.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from lightning_fabric.utilities.apply_func import move_data_to_device
from torch import Tensor, nn
from torch.nn import functional as F

from climbpath import board as boards
from climbpath.board import METHODS, Setup
from climbpath.data.split import check_split, split
from climbpath.data.usable import whole_numbers, why_unusable
from climbpath.errors import ClimbpathError
from climbpath.grader.grader import Grader, expected, load_grader, mean_softmax, save_grader, v_of
from climbpath.grader.metrics import nats, steps_of
from climbpath.grader.scale import Scale, fit_scale
from climbpath.model.config import ModelConfig
from climbpath.model.inference import fold
from climbpath.model.model import Transformer
from climbpath.model.order import Ints
from climbpath.model.tokens import ANY_GRADE, PREFIX, Vocabulary
from climbpath.problem import Problem
from climbpath.progress import progress_bar
from climbpath.training.batches import epoch_batches
from climbpath.training.lines import fit_lines
from climbpath.training.machine import resolve_device
from climbpath.training.optimizers import Stepper
from climbpath.training.recipes import FAST, Recipe, config_of
from climbpath.training.selection import evidence, methods_in

MEMBERS = 3
RECIPE = replace(
    FAST,
    name="grader",
    d_model=64,
    dim_feedforward=256,
    num_epochs=10,
    learning_rate=2e-3,
    muon_learning_rate=6e-3,
    ema_decay=0.995,
    pinned=0.0,
    grade_dropout=0.0,
    future_holds=0.0,
    consensus=False,
)
"""How a member is trained: the fast recipe with its own size, epochs, learning rates and EMA decay, without side tasks
and without early stopping."""
FOLLOWS, FOLLOWED_IN = 0.3, 4
"""Weight of learning to predict the next hold, and of how many problems one is asked for it."""
TEMPERATURES = np.geomspace(0.8, 1.6, 29)


class GraderNet(nn.Module):
    """Token ids -> logits of every grade at the last token of each problem, and of every next token."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.body = Transformer(config)
        self.head = nn.Linear(config.d_model, 2 * len(config.tokens.ladder))
        nn.init.zeros_(self.head.weight)

    def forward(self, batch: "GraderBatch") -> tuple[Tensor, Tensor]:
        """Logits of grades [B, 2, ladder], without and with consensus; of what follows M tokens, [M, V]."""
        x, table = self.body.hidden_states(batch.ids, batch.token_places)
        following = x[: len(batch.targets)] @ table[batch.columns].T
        return self.head(x.index_select(0, batch.last)).unflatten(1, (2, -1)), following


class GraderBatch(NamedTuple):
    """B problems of one board, with N tokens in all, the ends included."""

    ids: Tensor
    """Token ids, [B, T], without the grade."""
    token_places: Tensor
    """Which of the B * T places hold tokens, [N], sorted."""
    last: Tensor
    """Which of those N end a problem, [B]."""
    columns: Tensor
    """The V tokens that the board's problems are written in, as ids."""
    targets: Tensor
    """Which of them follows each of the first M tokens, [M]; -100 inside the condition and behind the last."""


class Labelled(NamedTuple):
    """N problems to learn from."""

    tokens: Vocabulary
    """What they are written in."""
    board_of: Ints
    """The board of each, as an index into the vocabulary's, [N]."""
    ids: Tensor
    """Token ids, [N, T], without the grade."""
    mirrored: Tensor
    """The same of their mirror images, or of themselves where the board has no mirror partners, [N, T]."""
    lengths: Tensor
    """How many tokens each has, [N]."""
    right: Tensor
    """Which grades are right, bool [N, ladder]."""
    consensus: Tensor
    """Whether the grade is a consensus, bool [N]."""

    def batch(self, rows: Tensor, turned: Tensor | None = None) -> GraderBatch:
        """These rows, which are of one board; `turned` bool [B] are those to take the mirror image of."""
        lengths = self.lengths[rows]
        longest = int(lengths.max())
        ids = self.ids[rows, :longest]
        if turned is not None:
            ids = torch.where(turned[:, None], self.mirrored[rows, :longest], ids)
        token_places = (torch.arange(longest) < lengths[:, None]).flatten().nonzero()[:, 0]
        last = lengths.cumsum(0) - 1
        board = self.tokens.boards[self.board_of[int(rows[0])]]
        # What follows is asked of a part of the problems: on a board of many holds it costs more than all else.
        asked = last[: -(-len(rows) // FOLLOWED_IN)]
        places = token_places[: int(asked[-1]) + 1]
        following = torch.from_numpy(self.tokens.columns_of(board, ids.flatten().roll(-1)[places].numpy()))
        following[places % longest < PREFIX - 1] = -100
        following[asked] = -100
        return GraderBatch(ids, token_places, last, torch.from_numpy(self.tokens.tokens_of(board)), following)


def labelled(problems: Sequence[Problem], config: ModelConfig) -> Labelled:
    """Problems as tokens without the grade, and the grades that are right for them."""
    tokens, ladder, v = config.tokens, config.tokens.ladder, v_of(config.tokens.ladder)
    sequences = [tokens.encode(problem) for problem in problems]
    ids = np.full((len(problems), max(map(len, sequences))), tokens.end)
    right = np.zeros((len(problems), len(ladder)), bool)
    for row, (problem, sequence) in enumerate(zip(problems, sequences, strict=True)):
        ids[row, : len(sequence)] = sequence
        step = ladder.index(problem.grade or "")
        right[row] = v[step] == v if problem.partial else np.arange(len(ladder)) == step
        if problem.user_grade:
            right[row, ladder.index(problem.user_grade)] = True
    mirrored = ids.copy()
    for row, problem in enumerate(problems):
        if boards.load(problem.board).has_mirror:
            turned = tokens.encode(problem.mirrored)
            mirrored[row, : len(turned)] = turned
    ids[:, 1] = mirrored[:, 1] = tokens.ids[ANY_GRADE]
    return Labelled(
        tokens=tokens,
        board_of=np.array([tokens.boards.index(problem.board) for problem in problems]),
        ids=torch.from_numpy(ids),
        mirrored=torch.from_numpy(mirrored),
        lengths=torch.tensor([len(sequence) for sequence in sequences]),
        right=torch.from_numpy(right),
        consensus=torch.tensor([problem.has_consensus for problem in problems]),
    )


def learnable(problems: Sequence[Problem]) -> tuple[dict[str, list[Problem]], Counter[str]]:
    """The parts of the split with what can be learned from, and why how many problems are left out."""
    parts = split(problems)
    whole = whole_numbers(problems)
    left_out: Counter[str] = Counter()
    kept: dict[str, list[Problem]] = defaultdict(list)
    for name, part in parts.items():
        for problem in part:
            reason = why_unusable(problem, name, whole, needs_grade=True, methods=METHODS) or _too_long(problem)
            left_out.update([reason] if reason else [])
            kept[name] += [] if reason else [problem]
    check_split(kept)
    return kept, left_out


def _too_long(problem: Problem) -> str | None:
    is_longer = PREFIX + len(problem.sequence) + 1 > RECIPE.max_seq_len
    return f"longer than {RECIPE.max_seq_len} tokens" if is_longer else None


def train_grader(
    problems: Sequence[Problem],
    target: Path,
    epochs: int = RECIPE.num_epochs,
    members: int = MEMBERS,
    seed: int = 0,
    tell: Callable[[str], None] = print,
    device: str = "auto",
) -> Grader:
    """Train a grader on the train part of the split, calibrate it on the validation part, and write it to a file.

    Args:
        problems: all problems; the test part is left alone.
        target: the .safetensors file to write.
        epochs: times through the data, for each member.
        members: networks whose probabilities are averaged.
        seed: of weights, order and dropout; the same seed, machine and threads give the same grader.
        tell: called with lines of text: what is learned from.
        device: cpu, cuda or mps; auto is a GPU where there is one.

    Raises ClimbpathError if there is too little to learn from.
    """
    parts, left_out = learnable(problems)
    if not parts["train"] or not parts["validation"]:
        raise ClimbpathError("too few graded problems to learn from: at least 20 of a grade are needed")
    tell(f"Data: {len(parts['train']):,} train and {len(parts['validation']):,} validation problems")
    for reason, count in left_out.items():
        tell(f"  left out: {count:,} {reason}")
    recipes = [replace(RECIPE, num_epochs=epochs, seed=seed + number) for number in range(members)]
    names = [f"Member {number}/{members}" for number in range(1, members + 1)]
    weights = [member(parts["train"], recipe, name, device) for recipe, name in zip(recipes, names, strict=True)]
    grader = assembled(parts, weights, {"epochs": epochs, "members": members, "seed": seed})
    save_grader(target, grader, half=True)
    return load_grader(target)


def member(train: Sequence[Problem], recipe: Recipe, name: str, device: str = "auto") -> dict[str, np.ndarray]:
    """The weights of one network, trained on a device; `name` is shown while it is."""
    config = config_for(train)
    net = fit_member(labelled(train, config), config, recipe, name, device)
    state = {name: value.numpy() for name, value in net.body.state_dict().items()}
    head = {f"head.{name}": value.numpy() for name, value in net.head.state_dict().items()}
    folded = fold(state, config.tokens.features()[1], config.nhead)
    del folded["output"]  # only the next hold is predicted with it
    return folded | head


def config_for(train: Sequence[Problem]) -> ModelConfig:
    """The shape of the networks that learn from these problems."""
    return config_of(RECIPE, tuple(sorted({problem.board for problem in train})))


def assembled(
    parts: Mapping[str, list[Problem]], weights: list[dict[str, np.ndarray]], about: Mapping[str, Any]
) -> Grader:
    """The grader of networks trained on the train part, calibrated on the validation part."""
    train, validation = parts["train"], parts["validation"]
    keys = np.array(sorted({problem.key for problem in train}), np.uint64)
    learned = {"methods": methods_in(train), "consensus": kinds_of(train)}
    whole = {**about, "train_problems": len(train), **learned}
    grader = calibrated(Grader(config_for(train), weights, evidence(train), {}, {}, keys, whole), validation)
    grader = replace(grader, lines=fit_lines(grader, train, validation))
    return replace(grader, scales=fit_scales(grader, validation))


def kinds_of(problems: Sequence[Problem]) -> dict[str, list[int]]:
    """How many problems of every setup have no consensus grade, and how many have one."""
    found: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for problem in problems:
        found[str(problem.setup)][problem.has_consensus] += 1
    return dict(sorted(found.items()))


def fit_member(train: Labelled, config: ModelConfig, recipe: Recipe, name: str, device: str) -> GraderNet:
    """One member, trained on a device: the moving average of its weights."""
    torch.manual_seed(recipe.seed)
    device = resolve_device(device)
    net = GraderNet(config).to(device)
    stepper = Stepper(net, recipe)
    epochs = [
        epoch_batches(train.board_of, recipe.batch_size, recipe.seed, epoch) for epoch in range(recipe.num_epochs)
    ]
    steps, step = sum(map(len, epochs)), 0
    bar = progress_bar(None, name, steps, True)
    net.train()
    for batches in epochs:
        for rows in map(torch.from_numpy, batches):
            stepper.begin(step, steps)
            labels = train.batch(rows, torch.rand(len(rows)) < 0.5), train.consensus[rows, None], train.right[rows]
            batch, consensus, right = move_data_to_device(labels, device)
            graded, following = net(batch)
            # the head of the label's kind, and the probability that the grade is one of the label's
            head = torch.where(consensus, graded[:, 1], graded[:, 0])
            likely = head.softmax(dim=1).masked_fill(~right, 0).sum(dim=1)
            loss = -likely.clamp_min(1e-9).log().mean()
            (loss + FOLLOWS * F.cross_entropy(following, batch.targets, ignore_index=-100)).backward()
            stepper.finish()
            step += 1
            bar.set_postfix_str(f"loss={float(loss.detach()):.4f}", refresh=False)
            bar.update(1)
    bar.close()
    kept = stepper.kept
    assert isinstance(kept, GraderNet)
    return kept.cpu().requires_grad_(False).eval()


def calibrated(grader: Grader, problems: Sequence[Problem]) -> Grader:
    """The grader with its logits divided by the temperature that suits held-out problems best (Guo et al. 2017)."""
    logits, weights = grader.logits(problems), grader.consensus_weights(problems)
    true = steps_of(problems, grader.ladder)
    found = [nats(mean_softmax(logits / np.float32(t), weights), true) for t in TEMPERATURES]
    best = float(TEMPERATURES[int(np.argmin(found))])
    members = [
        {name: value / np.float32(best if name.startswith("head.") else 1) for name, value in weights.items()}
        for weights in grader.members
    ]
    about = {**grader.about, "temperature": round(best, 3), "validation_nats": round(min(found), 4)}
    return replace(grader, members=members, about=about)


def fit_scales(grader: Grader, problems: Sequence[Problem]) -> dict[Setup, Scale]:
    """The scale of every setup that the grader has learned, fitted on held-out problems."""
    whole = [problem for problem in problems if not problem.partial]
    steps = expected(grader.probabilities([replace(problem, repeats=None) for problem in whole]))
    scales = {}
    for setup, counts in grader.evidence.items():
        rows = [i for i, problem in enumerate(whole) if problem.setup == setup]
        consensus = np.array([whole[i].has_consensus for i in rows], bool)
        scales[setup] = fit_scale(steps[rows], [whole[i].grade or "" for i in rows], consensus, counts, grader.ladder)
    return scales
