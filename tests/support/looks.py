"""Comparison of screenshots with stored baselines, by differences that are visible at a glance.

Both are divided into cells. A cell differs if its mean colour or its contrast differs from that of the same cell and of
the cells above and below. Another font, and the small shifts that it causes, hardly matter; a missing board, a missing
panel or a missing style sheet does.
"""

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

BASELINES = Path(__file__).parent / "baselines"
ARTIFACTS = Path(os.environ.get("CLIMBPATH_SCREENSHOTS", Path(__file__).parents[2] / "out" / "screenshots"))
RENEW = "CLIMBPATH_RENEW_BASELINES"
WIDTHS = {"phone": 240, "desktop": 480}
CELL = 12
MEAN_FAR, SPREAD_FAR = 24, 24
"""Differences, of 255, in a cell's mean colour and spread above which it counts as different."""
MOST_DIFFERENT = {"phone": 0.07, "desktop": 0.04}
"""Share of cells that may differ; text covers more of a phone's screen."""

Floats = NDArray[np.float64]


def small(picture: Path, device: str) -> Image.Image:
    """A screenshot scaled down to the size of a baseline, small enough for a repository."""
    with Image.open(picture) as image:
        width = WIDTHS[device]
        size = (width, round(image.height * width / image.width))
        return image.convert("RGB").resize(size, Image.Resampling.BOX)


def save(image: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.quantize(96, dither=Image.Dither.NONE).save(path, optimize=True)


def cells(image: Image.Image) -> Floats:
    """Mean of each colour, and the standard deviation of the brightness, of every cell [rows, columns, 4]."""
    pixels = np.asarray(image.convert("RGB"), np.float64)
    rows, columns = pixels.shape[0] // CELL, pixels.shape[1] // CELL
    cut = pixels[: rows * CELL, : columns * CELL].reshape(rows, CELL, columns, CELL, 3)
    return np.concatenate([cut.mean((1, 3)), cut.mean(4).std((1, 3))[:, :, None]], axis=2)


def difference(one: Image.Image, other: Image.Image) -> float:
    """Share of cells in which two pictures differ; 1 if their sizes differ."""
    if one.size != other.size:
        return 1.0
    return max(_missing(cells(one), cells(other)), _missing(cells(other), cells(one)))


def _missing(cells: Floats, among: Floats) -> float:
    """Share of cells that differ from the same cell and from those above and below it."""
    near = np.pad(among, ((1, 1), (0, 0), (0, 0)), mode="edge")
    limits = [MEAN_FAR, MEAN_FAR, MEAN_FAR, SPREAD_FAR]
    far = [(np.abs(cells - near[i : i + len(cells)]) > limits).any(axis=2) for i in range(3)]
    return float(np.logical_and.reduce(far).mean())


def compare(name: str, device: str, screenshot: bytes) -> float:
    """The difference between a screenshot and its baseline, which is replaced if CLIMBPATH_RENEW_BASELINES is set."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    taken = ARTIFACTS / f"{name}-{device}.png"
    taken.write_bytes(screenshot)
    image, baseline = small(taken, device), BASELINES / f"{name}-{device}.png"
    if os.environ.get(RENEW):
        save(image, baseline)
    assert baseline.exists(), f"there is no baseline {baseline.name}: create it with `make baselines`"
    with Image.open(baseline) as before:
        return difference(image, before)
