"""TensorBoard: the writer, and pictures of sampled problems."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from lightning_fabric import Fabric
from PIL import Image

from climbpath.drawing.problem import sheet
from climbpath.errors import ClimbpathError
from climbpath.generator.request import OWN, Request
from climbpath.generator.sample import generate
from climbpath.model.checkpoint import model_of


class _Silent:
    """A writer that does nothing, for all processes but the first."""

    def __getattr__(self, _: str) -> Any:
        return lambda *_, **__: None


@contextmanager
def log_writer(fabric: Fabric, log_dir: Path, step: int) -> Iterator[Any]:
    """TensorBoard's writer, in the first process; raises ClimbpathError where log_dir cannot be written."""
    if not fabric.is_global_zero:
        yield _Silent()
        return
    from torch.utils.tensorboard import SummaryWriter

    try:
        with SummaryWriter(log_dir, purge_step=step + 1 if step else None) as writer:
            yield writer
    except OSError as error:
        raise ClimbpathError(
            f"cannot write TensorBoard's files to {log_dir}: {error}; choose another --log-dir"
        ) from None


def log_pictures(checkpoint: Mapping[str, Any], writer: Any, step: int) -> None:
    """Log a sheet of six problems from the checkpoint's model, at the grade that it learned most of."""
    model = model_of(checkpoint)
    setup, counts = next(iter(model.evidence.items()))
    grade = max(counts, key=counts.__getitem__)
    problems = list(generate(model, Request(setup=setup, grades=(grade,), number=6, sampling=OWN, seed=0)))
    if problems:
        picture = np.asarray(Image.open(io.BytesIO(sheet(problems))).convert("RGB"))
        writer.add_image("problems", picture, step, dataformats="HWC")
