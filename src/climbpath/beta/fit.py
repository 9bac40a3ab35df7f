"""Fitting the weights of the beta solver (solver.py) on hand sequences and grades.

Only problems of the train part of the split are used; benchmarks/beta.py measures on the rest.

`choice` is fitted by the averaged structured perceptron (Collins 2002): where the solver takes another way than
BetaMove, the weights move away from the features of its way and towards those of BetaMove's. `difficulty` is fitted by
least squares, so that the norm of a problem's moves predicts its grade. Neither may be negative. `poorness`, for boards
without estimates of their holds, is how much using a hold adds to the grade (ridge regression), scaled to the mean and
spread of the estimates for MoonBoard 2016.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize
from sklearn.linear_model import Ridge

from climbpath import board as boards
from climbpath.beta import solver
from climbpath.data.importers import hand_sequences
from climbpath.data.split import source_numbers, split
from climbpath.errors import ClimbpathError
from climbpath.features import presence
from climbpath.grades import rank
from climbpath.problem import DEFAULT_METHOD, Problem

EPOCHS, BATCH, RATE = 18, 64, 0.2
START = {"span": 0.1, "inward": 0.1, "match": 1.0, "skipped": 0.5}
ESTIMATED = "moonboard-2016"
"""The board with estimates of its holds."""
Hands = list[tuple[str, str]]


class Known(NamedTuple):
    """A problem, and the order in which BetaMove's hands take all of its holds: (hold, hand), the start first."""

    problem: Problem
    hands: Hands


def whole_sequences(sequences: Path, problems: Sequence[Problem]) -> list[Known]:
    """The hand sequences of a file that use every hold of their problem, which is found by its number."""
    by_number = {
        number: problem
        for problem in problems
        if problem.board == hand_sequences.BOARD and not problem.partial
        for number in source_numbers(problem)
    }
    known = []
    for record in hand_sequences.records(sequences):
        if isinstance(record, ClimbpathError):
            raise record
        hands, problem = hand_sequences.sequence(record), by_number.get(record.key or "")
        if problem and {label for label, _ in hands} == set(problem.holds):
            known.append(Known(problem, hands))
    return known


def to_ways(known: Sequence[Known], ours: solver.Ways) -> tuple[solver.Ways, list[int]]:
    """BetaMove's sequences in the form of the solver's ways, and the indices of those that the solver could take.

    It could take those with both hands on the start in which every move goes up the canonical order. `ours` are the
    solver's ways for the same problems. BetaMove's sequences end with one hand on the finish; the match is added.
    """
    sequences, possible = [], []
    for i, (problem, hands) in enumerate(known):
        # Holds as indices, and where each hand is: first on the start, then after every move.
        index = {label: number for number, label in enumerate(problem.holds)}
        steps = [(index[label], solver.HANDS.index(hand)) for label, hand in hands]
        at = [0, 0]
        for taken, by in steps[:2]:
            at[by] = taken
        start, moves = tuple(at), []
        for taken, by in steps[2:]:
            moves.append((by, at[by], at[1 - by], taken))
            at[by] = taken
        # The match on a single finish hold.
        last = len(problem.holds) - 1
        behind = solver.LEFT if at[solver.LEFT] != last else solver.RIGHT
        if len(problem.finish) == 1 and at[behind] != last:
            moves.append((behind, at[behind], at[1 - behind], last))
        if steps[0][1] != steps[1][1] and all(before < taken for _, before, _, taken in moves):
            possible.append(i)
        sequences.append((start, moves))
    # Packed as [hand, origin, other, hold] x [sequences, moves], -1 after the last move of each.
    longest = max(len(moves) for _, moves in sequences)
    packed = np.full((4, len(known), longest), -1)
    for i, (_, moves) in enumerate(sequences):
        packed[:, i, : len(moves)] = np.array(moves).T
    counts = np.array([len(moves) for _, moves in sequences])
    starts = np.array([start for start, _ in sequences])
    hand, origin, other, hold = packed
    return solver.Ways(starts, hand, origin, other, hold, counts, ours.x, ours.y, ours.poor), possible


def fit_choice(known: Sequence[Known], seed: int = 0) -> dict[str, float]:
    """The weights with which the solver's ways agree best with the sequences."""
    rng = np.random.default_rng(seed)
    by_size: dict[int, list[Known]] = {}
    for item in known:
        by_size.setdefault(len(item.problem.holds), []).append(item)
    weights = np.array([START.get(name, 0.0) for name in solver.CHOICE])
    total, steps = np.zeros_like(weights), 0
    for epoch in range(EPOCHS):
        # Batches of problems of one number of holds, in random order.
        batches = []
        for items in by_size.values():
            order = rng.permutation(len(items))
            batches += [[items[i] for i in order[first : first + BATCH]] for first in range(0, len(order), BATCH)]
        wrong = 0.0
        for number in rng.permutation(len(batches)):
            batch = batches[number]
            current = dict(zip(solver.CHOICE, weights.tolist(), strict=True))
            ((_, ours),) = solver.solve_batches([item.problem for item in batch], solver.DEFAULT_CLIMBER, current)
            gold, possible = to_ways(batch, ours)
            # Features that BetaMove's ways have more of get cheaper.
            gap = (solver.choice_features(gold) - solver.choice_features(ours))[possible]
            wrong += float((np.abs(gap).max(axis=1, initial=0) > 1e-9).sum())
            weights = np.maximum(0, weights - RATE / (1 + epoch / 4) * gap.sum(axis=0) / len(batch))
            if epoch >= EPOCHS // 2:  # the mean over the second half is steadier than the last weights
                total, steps = total + weights, steps + 1
        print(f"epoch {epoch + 1}: {wrong / len(known):.1%} take another way")
    return dict(zip(solver.CHOICE, (total / steps).round(4).tolist(), strict=True))


def fit_difficulty(problems: Sequence[Problem], choice: dict[str, float]) -> dict[str, float]:
    """The weights with which the norm of a problem's moves predicts its grade best."""
    # Features of all problems [N, M, DIFFICULTY], 0 after the last move of each, and their grades as steps [N].
    parts, grades = [], []
    for rows, ways in solver.solve_batches(problems, solver.DEFAULT_CLIMBER, choice):
        parts.append(solver.difficulty_features(ways))
        grades += [rank(problems[i].grade or "") for i in rows]
    longest = max(part.shape[1] for part in parts)
    features = np.concatenate([np.pad(part, ((0, 0), (0, longest - part.shape[1]), (0, 0))) for part in parts])
    steps = np.array(grades, float)

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        """Mean squared error in steps and its gradient; the last parameter is the grade of a problem without moves."""
        weights, base = parameters[:-1], parameters[-1]
        hard = features @ weights + 1e-9
        norm = (hard**solver.NORM).sum(axis=1) ** (1 / solver.NORM)
        off = base + norm - steps
        by_move = hard ** (solver.NORM - 1) / norm[:, None] ** (solver.NORM - 1)  # d norm / d hard
        slope = np.einsum("bm,bmf->bf", by_move, features)
        return float((off**2).mean()), np.append(2 * (off[:, None] * slope).mean(axis=0), 2 * off.mean())

    start = np.append(np.ones(len(solver.DIFFICULTY)), 0.0)
    bounds = [(0, None)] * len(solver.DIFFICULTY) + [(None, None)]
    fitted = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B")
    print(f"difficulty: mean squared error {fitted.fun:.3f} steps, {np.var(steps):.3f} before")
    return dict(zip(solver.DIFFICULTY, fitted.x[:-1].round(4).tolist(), strict=True))


def poorness_of_use(problems: Sequence[Problem], board: str) -> dict[str, float]:
    """How poor the holds of a board are by the grades of its problems, with the mean and spread of the estimates."""
    layout = boards.load(board)
    used = presence([problem.holds for problem in problems], layout)
    adds = Ridge(5.0).fit(used, [rank(problem.grade or "") for problem in problems]).coef_
    estimates = solver.poorness(ESTIMATED).mean(axis=0)
    scaled = estimates.mean() + (adds - adds.mean()) / adds.std() * estimates.std()
    labels = [label for label, uses in zip(layout.labels, used.sum(axis=0), strict=True) if uses]
    return {label: round(float(np.clip(scaled[layout.index[label]], 0, 1)), 3) for label in labels}


def fit(sequences: Path, problems: Sequence[Problem]) -> dict[str, Any]:
    """The content of assets/beta.json, fitted on the train part of the problems and of a file of hand sequences."""
    train = split(problems)["train"]
    keys = {problem.key for problem in train}
    known = [item for item in whole_sequences(sequences, problems) if item.problem.key in keys]
    graded = [p for p in train if p.grade and not p.partial and p.method == DEFAULT_METHOD]
    print(f"{len(known):,} sequences and {len(graded):,} grades")
    choice = fit_choice(known)
    return {
        "choice": choice,
        "difficulty": fit_difficulty([p for p in graded if p.board == ESTIMATED], choice),
        "poorness": {
            board: poorness_of_use([p for p in graded if p.board == board], board)
            for board in sorted({p.board for p in graded} - {ESTIMATED})
        },
    }
