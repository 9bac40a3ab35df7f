"""Checkpoints (written by training, read by torch as weights only) and models (safetensors) on disk."""

import zipfile
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

from climbpath import board as boards
from climbpath.board import Evidence, Setup, drawn_as, evidence_from_json, evidence_to_json
from climbpath.errors import ClimbpathError, loading
from climbpath.files import replacing
from climbpath.model.bundled import evidence_in, names_in, opened
from climbpath.model.config import ModelConfig
from climbpath.model.inference import check_weights, fold, shapes_of
from climbpath.model.order import Ints
from climbpath.model.tensors import check_format, read_tensors, write_tensors
from climbpath.problem import DEFAULT_METHOD

FORMAT = 4
FIELD = "climbpath"
BUNDLED = "assets/models"
"""The folder of the package's models, each of some boards of one family; the first that has learned a setup is its."""


@dataclass(frozen=True)
class Model:
    """A trained model, ready to sample."""

    config: ModelConfig
    """Its shape."""
    weights: dict[str, np.ndarray]
    """As `fold` rearranges them."""
    evidence: Evidence
    """How many problems of every grade it was trained on."""
    consensus: Evidence
    """How many of these had a consensus grade; empty where the model does not take that as a condition."""
    known_keys: np.ndarray
    """Keys of all problems of its data set, uint64: what is not among them is novel."""
    train_keys: np.ndarray
    """Keys of the problems that it was trained on, uint64."""
    about: dict[str, Any]
    """Its recipe and how well it did, in plain JSON types."""

    def methods(self, setup: Setup) -> tuple[str, ...]:
        """The foot rules that it has learned on a setup, the usual one first."""
        learned = self.about.get("methods", {}).get(str(setup), [])
        return (DEFAULT_METHOD, *learned)

    def output(self, setup: Setup, tokens: Ints) -> np.ndarray:
        """The rows of the output table for V tokens, [V, D]: their product with hidden states gives the logits of a
        setup that was learned, divided by the setup's own temperature where it has one."""
        rows = np.asarray(self.weights["output"][tokens])
        own = self.about.get("temperatures", {}).get(str(setup))
        return rows if own is None else rows / np.float32(own)

    @cached_property
    def known(self) -> frozenset[int]:
        """The known keys as a set, for fast lookup."""
        return frozenset(self.known_keys.tolist())


def save_checkpoint(path: Path, checkpoint: Mapping[str, Any]) -> None:
    """Write a checkpoint atomically: at any moment the old or the new file is complete on disk.

    Raises ClimbpathError if the disk is full or not writable; the old file is kept.
    """
    import torch

    try:
        with replacing(path) as temporary:
            torch.save({"format": FORMAT, **checkpoint}, temporary)
    except (ClimbpathError, RuntimeError) as error:  # torch raises RuntimeError for a short write
        raise ClimbpathError(
            f"cannot write {path} ({str(error).splitlines()[0]}): free some space or choose another --checkpoint-dir; "
            "the previous checkpoint is intact"
        ) from None


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint, tensors on the CPU, weights only (no pickled code is ever run).

    Raises ClimbpathError if the file is missing, damaged, not a climbpath checkpoint or of another format.
    """
    import pickle

    import torch

    if not path.is_file():
        raise ClimbpathError(f"there is no checkpoint {path}: train one with 'climbpath train'")
    with loading(path, "is damaged, or not a climbpath checkpoint (another one of the same folder may be whole)"):
        with zipfile.ZipFile(path) as members:  # torch writes a CRC for each member, and does not look at it
            if any(info.compress_type != zipfile.ZIP_STORED for info in members.infolist()):
                raise zipfile.BadZipFile("it is compressed, and torch's files are not")
            if wrong := members.testzip():
                raise zipfile.BadZipFile(f"the checksum of {wrong} is wrong")
        try:
            checkpoint = torch.load(path, map_location="cpu", weights_only=True)
        except pickle.UnpicklingError as error:
            if "eights only" not in str(error):
                raise
            raise ClimbpathError(
                f"{path} is not a climbpath checkpoint: it is a PyTorch file of another program that holds more than "
                "weights, which climbpath never loads"
            ) from None
    if not isinstance(checkpoint, dict) or "format" not in checkpoint:
        raise ClimbpathError(f"{path} is not a climbpath checkpoint: train one with 'climbpath train'")
    check_format(path, "checkpoint", checkpoint["format"], FORMAT, "climbpath train")
    wanted = {"model_state_dict", "config", "evidence", "consensus", "train_keys", "known_keys", "recipe"}
    wanted |= {"epoch", "val_loss", "nats_per_problem"}
    if missing := sorted(wanted - set(checkpoint)):
        raise ClimbpathError(f"{path} is a checkpoint without {', '.join(missing)}: train one with 'climbpath train'")
    return checkpoint


def keys_to_tensor(keys: Collection[int] | np.ndarray) -> Any:
    """Keys, each once, as a sorted int64 tensor of the same bits, which torch.save takes (it has no full uint64)."""
    import torch

    found = keys if isinstance(keys, np.ndarray) else np.array(list(keys), np.uint64)
    return torch.from_numpy(np.unique(found).view(np.int64))


def model_of(checkpoint: Mapping[str, Any]) -> Model:
    """The model of a checkpoint."""
    config = ModelConfig.from_dict(checkpoint["config"])
    state = {name: value.float().cpu().numpy() for name, value in checkpoint["model_state_dict"].items()}
    return Model(
        config=config,
        weights=fold(state, config.tokens.features()[1], config.nhead),
        evidence=evidence_from_json(checkpoint["evidence"]),
        consensus=evidence_from_json(checkpoint["consensus"]),
        known_keys=checkpoint["known_keys"].numpy().view(np.uint64),
        train_keys=checkpoint["train_keys"].numpy().view(np.uint64),
        about={
            "recipe": {
                **checkpoint["recipe"],
                "teachers": [Path(path).parent.name for path in checkpoint["recipe"]["teachers"]],
            },
            **{name: checkpoint[name] for name in ("epoch", "val_loss", "nats_per_problem")},
            "methods": checkpoint.get("methods", {}),
        },
    )


def save_model(path: Path, model: Model, half: bool = False) -> None:
    """Write a model as safetensors: its weights, the key hashes, and everything else as JSON metadata.

    With `half` the weights take half the room, as float16, which cuts off what is beyond three digits.
    """
    about = {
        "config": model.config.to_dict(),
        "evidence": evidence_to_json(model.evidence),
        "consensus": evidence_to_json(model.consensus),
        "about": model.about,
    }
    keys = {"known_keys": model.known_keys, "train_keys": model.train_keys}
    weights = {name: value.astype(np.float16 if half else np.float32) for name, value in model.weights.items()}
    write_tensors(path, FIELD, FORMAT, about, {**weights, **keys})


def bundled_names() -> list[str]:
    """The names of the models that come with climbpath."""
    return names_in(BUNDLED)


def learned_by(setup: Setup) -> str | None:
    """The name of the bundled model that has learned a setup, if one has; no weights are read."""
    for name in bundled_names():
        evidence = evidence_in(BUNDLED, name, FIELD)
        if drawn_as(setup, evidence) in evidence:
            return name
    return None


def bundled_model_of(setup: Setup) -> str:
    """The name of the bundled model that has learned a setup. Raises ClimbpathError, listing those learned, if none."""
    if name := learned_by(setup):
        return name
    raise not_learned(setup, [one for name in bundled_names() for one in evidence_in(BUNDLED, name, FIELD)])


def not_learned(setup: Setup, known: Iterable[Setup]) -> ClimbpathError:
    """That no bundled model has learned a setup. Raises ClimbpathError itself where its board has no such angle."""
    boards.load(setup.board).check_angle(setup.angle)
    return ClimbpathError(
        f"the bundled models have not learned {setup.words} ({setup}): they know {', '.join(map(str, known))}; "
        "'climbpath train --data FILE' makes a model of your problems, for --model"
    )


@cache
def bundled_model(name: str) -> Model:
    """A model that comes with climbpath, read once."""
    with opened(BUNDLED, name) as path:
        return _read_model(path)


def load_model(path: Path) -> Model:
    """The model of a .safetensors file or a checkpoint.

    Raises ClimbpathError if the file is missing, damaged, or neither of the two.
    """
    if not path.exists():
        raise ClimbpathError(f"there is no model {path}: train one with 'climbpath train' or leave --model out")
    if not path.is_file():
        kind = "a folder" if path.is_dir() else "a pipe or a device"
        example = f", for example {path / 'best.pt'}" if path.is_dir() else ""
        raise ClimbpathError(f"{path} is {kind}: name a file{example}")
    with path.open("rb") as file:
        start = file.read(16)
    zipped = start.startswith(b"PK\x03\x04")
    if other := _foreign(path, start, zipped):
        raise ClimbpathError(f"{path} is not a climbpath model or checkpoint: it is {other}")
    with loading(path, "is not a climbpath model"):
        return checked(model_of(load_checkpoint(path)) if zipped else _read_model(path))


def checked(model: Model) -> Model:
    """The model itself. Raises ValueError where its parts are not of its shape, or not numbers."""
    check_weights(model.weights, shapes_of(model.config))
    for keys in (model.known_keys, model.train_keys):
        if keys.dtype != np.uint64 or keys.ndim != 1:
            raise ValueError("its keys of problems are not keys")
    if not isinstance(model.about["recipe"]["grade_dropout"], int | float):
        raise ValueError("its recipe's grade_dropout is not a number")
    for own in dict(model.about.get("temperatures", {})).values():
        if not isinstance(own, int | float) or not 0 < own < np.inf:
            raise ValueError(f"its temperatures are not numbers above 0: {own!r}")
    return model


FOREIGN = (
    (b"", "empty"),
    (b"\x80", "a Python pickle or an old PyTorch file, which is never opened: it can have any program run"),
    (b"PAR1", "Parquet, which holds problems: commands take it as --data or as a PROBLEM file"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\x1f\x8b", "compressed with gzip: decompress it first"),
    (b"\x89HDF", "HDF5, as Keras writes it"),
    (b"{", "JSON text"),
    (b"[", "JSON text"),
    (b"\x08", "perhaps ONNX, which no command reads"),
)
"""First bytes of files of other kinds, and what these are; a file of nothing matches the first."""


def _foreign(path: Path, start: bytes, zipped: bool) -> str | None:
    """What a file is by its first bytes, where it is certainly neither a model nor a checkpoint."""
    if zipped:
        try:
            with zipfile.ZipFile(path) as members:
                names = members.namelist()
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):  # names that are no text, new versions
            return None
        return (
            None
            if any(name.endswith("data.pkl") for name in names)
            else f"a zip of other files ({', '.join(names)[:60]})"
        )
    if start[8:9] == b"{":  # safetensors: the length of its JSON in eight bytes, which may be any, and the JSON
        return None
    magic = (kind for mark, kind in FOREIGN if (start.startswith(mark) if mark else not start))
    return next(magic, None)


def _read_model(path: Path) -> Model:
    about, tensors = read_tensors(path, FIELD, FORMAT, "model", "climbpath export")
    known, train = tensors.pop("known_keys"), tensors.pop("train_keys")
    tensors = {name: value.astype(np.float32) for name, value in tensors.items()}
    evidence, consensus = (evidence_from_json(about[name]) for name in ("evidence", "consensus"))
    return Model(ModelConfig.from_dict(about["config"]), tensors, evidence, consensus, known, train, about["about"])
