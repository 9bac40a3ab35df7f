"""Charts: training curves, confusion matrices, and axes of a board."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from climbpath.board import COLUMNS, Board, column_of, row_of
from climbpath.files import replacing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BANDS = (("good", 2.0), ("great", 1.7), ("excellent", 1.5))
"""The guide's ratings of validation loss per token, for its own vocabulary of 45."""


def board_axes(axes: Any, layout: Board) -> None:
    """Give axes a board's true proportions and label its columns and rows."""
    axes.set_aspect("equal")
    axes.margins(0.07, 0.045)
    columns, rows = {}, {}
    if layout.has_grid:
        columns = {hold.x: COLUMNS[column_of(hold.label)] for hold in layout.holds}
        rows = {hold.y: str(row_of(hold.label)) for hold in layout.holds}
    axes.set_xticks(list(columns), list(columns.values()))
    axes.set_yticks(list(rows), list(rows.values()))
    axes.spines[:].set_visible(False)


def training_curves(history: Sequence[dict[str, float]], path: Path, guide_bands: bool) -> None:
    """Draw loss per token and nats per problem over epochs as a PNG."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt
    from matplotlib.ticker import MaxNLocator

    epochs = [record["epoch"] for record in history]
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    left.plot(epochs, [r["train_loss"] for r in history], ".-", color="#8d99ae", label="train")
    left.plot(epochs, [r["val_loss"] for r in history], ".-", color="#d1495b", label="validation")
    if guide_bands:
        for name, loss in BANDS:
            left.axhline(loss, color="#2a9d8f", linewidth=0.8, linestyle="--")
            left.annotate(f"{name} < {loss}", (epochs[0], loss), fontsize=8, color="#2a9d8f", va="bottom")
    left.set(title="Loss per token", xlabel="epoch", ylabel="nats")
    left.legend(frameon=False)
    values = [r["nats_per_problem"] for r in history]
    right.plot(epochs, values, ".-", color="#d1495b")
    best = min(range(len(values)), key=values.__getitem__)
    right.plot(epochs[best], values[best], "o", color="#1d3557")
    note: dict[str, Any] = {"textcoords": "offset points", "xytext": (0, 10), "ha": "center", "color": "#1d3557"}
    right.annotate(f"best {values[best]:.2f}", (epochs[best], values[best]), **note)
    right.margins(y=0.15)
    right.set(title="Validation nats per problem (lower is better)", xlabel="epoch", ylabel="nats")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.25)
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=150, format="png")
    plt.close(figure)


def trials_chart(trials: Sequence[tuple[dict[str, float], list[tuple[int, float]]]], path: Path) -> None:
    """Draw a search for settings as a PNG: the nats per problem of every trial over its epochs, and the fewest of each
    over every setting, the paler the earlier the trial ended.

    `trials` are settings with epochs and nats, the best trial first.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt
    from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

    shown = [(settings, history) for settings, history in trials if history]
    names = list(shown[0][0])
    columns = -(-len(names) // 2)
    figure = plt.figure(figsize=(5 + 2.6 * columns, 5.2), layout="constrained")
    grid = figure.add_gridspec(2, columns + 2)
    curves = figure.add_subplot(grid[:, :2])
    for number, (_, history) in reversed(list(enumerate(shown))):
        epochs, nats = zip(*history, strict=True)
        style: dict[str, Any] = {"color": "#d1495b", "zorder": 3} if number == 0 else {"color": "#8d99ae", "alpha": 0.6}
        curves.plot(epochs, nats, ".-", **style)
    curves.set(title="Trials, the best in red", xlabel="epoch", ylabel="fewest nats per validation problem")
    curves.xaxis.set_major_locator(MaxNLocator(integer=True))
    fewest = [min(nats for _, nats in history) for _, history in shown]
    passed = [history[-1][0] for _, history in shown]
    colours = [(0.36, 0.40, 0.49, 0.2 + 0.8 * epochs / max(passed)) for epochs in passed]
    for at, name in enumerate(names):
        axes = figure.add_subplot(grid[at // columns, 2 + at % columns])
        values = [settings[name] for settings, _ in shown]
        axes.scatter(values, fewest, s=14, color=colours, linewidths=0)
        axes.scatter(values[:1], fewest[:1], s=30, color="#d1495b", zorder=3)
        axes.set_xlabel(name)
        if name.endswith("rate"):
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.xaxis.set_major_formatter("{x:g}")
            axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_ylabel("nats" if at % columns == 0 else "")
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=150, format="png")
    plt.close(figure)


def confusion_chart(labels: Sequence[str], counts: "NDArray[np.int64]", path: Path) -> None:
    """Draw a confusion matrix as a PNG: labels in rows, predictions in columns, shaded by fraction of the row."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    fractions = counts / counts.sum(axis=1, keepdims=True).clip(1)
    figure, axes = plt.subplots(figsize=(0.62 * len(labels) + 2, 0.62 * len(labels) + 1.6), layout="constrained")
    axes.imshow(fractions, cmap="YlGnBu", vmin=0, vmax=1)
    for row, column in zip(*counts.nonzero(), strict=True):
        ink = "white" if fractions[row, column] > 0.5 else "#1d3557"
        axes.text(column, row, f"{counts[row, column]}", ha="center", va="center", color=ink, fontsize=9)
    axes.set_xticks(range(len(labels)), labels)
    axes.set_yticks(range(len(labels)), labels)
    axes.set(
        xlabel="predicted by the grader", ylabel="labelled", title="Held-out problems by labelled and predicted grade"
    )
    axes.spines[:].set_visible(False)
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=150, format="png")
    plt.close(figure)
