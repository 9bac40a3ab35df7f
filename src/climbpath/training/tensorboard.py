"""TensorBoard: the writer, and pictures of sampled problems."""

import io
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from lightning_fabric import Fabric
from PIL import Image

from climbpath.drawing.problem import sheet
from climbpath.errors import cut, reason
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
            _note(self.log_dir, error)


@contextmanager
def log_writer(fabric: Fabric, log_dir: Path, step: int) -> Iterator[LogWriter]:
    """TensorBoard's writer, in the first process; where log_dir cannot be written, a note says so."""
    if not fabric.is_global_zero:
        yield LogWriter(None, log_dir)
        return
    from torch.utils.tensorboard import SummaryWriter

    with _threads_fail_silently():
        writer = None
        try:
            writer = SummaryWriter(log_dir, purge_step=step + 1 if step else None)
        except OSError as error:
            _note(log_dir, error)
        log = LogWriter(writer, log_dir)
        try:
            yield log
        finally:
            log.flush()
            if writer:
                with suppress(OSError):
                    writer.close()


@contextmanager
def _threads_fail_silently() -> Iterator[None]:
    """TensorBoard's thread prints no traceback where it cannot write: the next call raises its error."""
    before = threading.excepthook

    def hook(raised: threading.ExceptHookArgs) -> None:
        is_its_own = type(raised.thread).__module__.startswith("tensorboard.")
        if not (is_its_own and isinstance(raised.exc_value, OSError)):
            before(raised)

    threading.excepthook = hook
    try:
        yield
    finally:
        threading.excepthook = before


def _note(log_dir: Path, error: OSError) -> None:
    text = f"TensorBoard's files in {cut(log_dir)} cannot be written ({error.strerror or error})"
    print(f"Note: {text}; training continues without them")


def log_pictures(checkpoint: Mapping[str, Any], log: LogWriter, step: int) -> None:
    """Log a sheet of six problems from the checkpoint's model, at the grade with the most training problems.

    Where there are none, for example because the model's sequences are too short, a note says why: whatever goes wrong
    with a picture, the training goes on.
    """
    try:
        picture = _picture(checkpoint)
    except Exception as error:
        print(f"Note: no pictures for TensorBoard: {reason(error)}")
        return
    if picture is not None:
        log.add_image("problems", picture, step)


def _picture(checkpoint: Mapping[str, Any]) -> np.ndarray | None:
    """The sheet, [height, width, 3]; None where there are no problems to show."""
    model = model_of(checkpoint)
    setup, counts = next(iter(model.evidence.items()))
    grade = max(counts, key=counts.__getitem__)
    problems = list(generate(model, Request(setup=setup, grades=(grade,), number=6, sampling=OWN, seed=0)))
    return np.asarray(Image.open(io.BytesIO(sheet(problems))).convert("RGB")) if problems else None
