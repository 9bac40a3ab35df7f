"""Pictures of the page compared with kept ones, by what a glance would notice.

Both are cut into cells. A cell differs where its mean colour does, or how much is going on in it, also from the cells
above and below its place: letters of another font, and what they shift, change little of that, but a board that is not
there, a lost panel or a style that was not loaded does.
"""

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

KEPT = Path(__file__).parent / "baselines"
ARTIFACTS = Path(os.environ.get("CLIMBPATH_SCREENSHOTS", Path(__file__).parents[2] / "out" / "screenshots"))
RENEW = "CLIMBPATH_RENEW_BASELINES"
WIDTHS = {"phone": 240, "desktop": 480}
CELL = 12
MEAN_FAR, SPREAD_FAR = 24, 24
"""From where on, of 255, a cell differs in its mean colour or its spread."""
MOST_DIFFERENT = {"phone": 0.07, "desktop": 0.04}
"""Share of cells that may differ; words have more of a phone's screen."""

Floats = NDArray[np.float64]


def small(picture: Path, device: str) -> Image.Image:
    """A screenshot as it is kept: light enough for a repository."""
    with Image.open(picture) as image:
        width = WIDTHS[device]
        size = (width, round(image.height * width / image.width))
        return image.convert("RGB").resize(size, Image.Resampling.BOX)


def keep(image: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.quantize(96, dither=Image.Dither.NONE).save(path, optimize=True)


def cells(image: Image.Image) -> Floats:
    """Means of the three colours, and the spread of the brightness, of every cell [rows, columns, 4]."""
    pixels = np.asarray(image.convert("RGB"), np.float64)
    rows, columns = pixels.shape[0] // CELL, pixels.shape[1] // CELL
    cut = pixels[: rows * CELL, : columns * CELL].reshape(rows, CELL, columns, CELL, 3)
    return np.concatenate([cut.mean((1, 3)), cut.mean(4).std((1, 3))[:, :, None]], axis=2)


def difference(one: Image.Image, other: Image.Image) -> float:
    """Share of cells in which two pictures differ; 1 where their sizes do."""
    if one.size != other.size:
        return 1.0
    return max(_missing(cells(one), cells(other)), _missing(cells(other), cells(one)))


def _missing(cells: Floats, among: Floats) -> float:
    """Share of cells that are like none of those at their place, above and below it."""
    near = np.pad(among, ((1, 1), (0, 0), (0, 0)), mode="edge")
    limits = [MEAN_FAR, MEAN_FAR, MEAN_FAR, SPREAD_FAR]
    far = [(np.abs(cells - near[i : i + len(cells)]) > limits).any(axis=2) for i in range(3)]
    return float(np.logical_and.reduce(far).mean())


def compare(name: str, device: str, screenshot: bytes) -> float:
    """The difference between a screenshot and the kept one of this name, which is made anew where that is asked for."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    taken = ARTIFACTS / f"{name}-{device}.png"
    taken.write_bytes(screenshot)
    image, kept = small(taken, device), KEPT / f"{name}-{device}.png"
    if os.environ.get(RENEW):
        keep(image, kept)
    assert kept.exists(), f"{kept.name} is not among the kept pictures: make them with `make baselines`"
    with Image.open(kept) as before:
        return difference(image, before)
