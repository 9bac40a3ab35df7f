"""TensorBoard: the writer, and pictures of sampled problems."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
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


class LogWriter:
    """TensorBoard's writer, which a full disk silences instead of ending the training; None writes nothing."""

    def __init__(self, writer: Any, log_dir: Path) -> None:
        self.writer, self.log_dir = writer, log_dir

    def add_scalar(self, tag: str, value: float, step: int) -> None:
        """Log a number."""
        self._write("add_scalar", tag, value, step)

    def add_image(self, tag: str, picture: np.ndarray, step: int) -> None:
        """Log a picture, [height, width, 3]."""
        self._write("add_image", tag, picture, step, dataformats="HWC")

    def flush(self) -> None:
        """Write what is still in memory."""
        self._write("flush")

    def _write(self, method: str, *arguments: Any, **options: Any) -> None:
        if self.writer is None:
            return
        try:
            getattr(self.writer, method)(*arguments, **options)
        except OSError as error:
            self.writer = None
            print(
                f"Note: TensorBoard's files in {self.log_dir} cannot be written ({error}); "
                "training continues without them"
            )


@contextmanager
def log_writer(fabric: Fabric, log_dir: Path, step: int) -> Iterator[LogWriter]:
    """TensorBoard's writer, in the first process. Raises ClimbpathError if log_dir cannot be written at the start."""
    if not fabric.is_global_zero:
        yield LogWriter(None, log_dir)
        return
    from torch.utils.tensorboard import SummaryWriter

    try:
        writer = SummaryWriter(log_dir, purge_step=step + 1 if step else None)
    except OSError as error:
        raise ClimbpathError(
            f"cannot write TensorBoard's files to {log_dir}: {error}; choose another --log-dir"
        ) from None
    log = LogWriter(writer, log_dir)
    try:
        yield log
    finally:
        log.flush()
        with suppress(OSError):
            writer.close()


def log_pictures(checkpoint: Mapping[str, Any], log: LogWriter, step: int) -> None:
    """Log a sheet of six problems from the checkpoint's model, at the grade with the most training problems.

    Logs nothing if the model cannot generate any, for example because its sequences are too short.
    """
    model = model_of(checkpoint)
    setup, counts = next(iter(model.evidence.items()))
    grade = max(counts, key=counts.__getitem__)
    try:
        problems = list(generate(model, Request(setup=setup, grades=(grade,), number=6, sampling=OWN, seed=0)))
    except ClimbpathError as error:
        print(f"Note: no pictures for TensorBoard: {error}")
        return
    if problems:
        picture = np.asarray(Image.open(io.BytesIO(sheet(problems))).convert("RGB"))
        log.add_image("problems", picture, step)
