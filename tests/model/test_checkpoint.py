"""Files of models: what is of an older format is refused with the way out."""

import gzip
import json
import pickle
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import save_file

from climbpath.errors import ClimbpathError
from climbpath.model.checkpoint import FORMAT, load_checkpoint, load_model, save_checkpoint, save_model
from support.untrained import model

OLDER = f"is a {{}} of format {FORMAT - 1}, and this climbpath reads format {FORMAT}: make a new one with '{{}}'"


def test_a_model_of_an_older_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "old.safetensors"
    save_model(path, model())
    with safe_open(str(path), "numpy") as file:
        about = json.loads(file.metadata()["climbpath"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    save_file(tensors, path, metadata={"climbpath": json.dumps(about | {"format": FORMAT - 1})})
    with pytest.raises(ClimbpathError, match=OLDER.format("model", "climbpath export")):
        load_model(path)


def test_a_checkpoint_of_an_older_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "old.pt"
    torch.save({"format": FORMAT - 1, "epoch": 3}, path)
    with pytest.raises(ClimbpathError, match=OLDER.format("checkpoint", "climbpath train")):
        load_checkpoint(path)


def test_a_checkpoint_that_lacks_something_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "part.pt"
    save_checkpoint(path, {"config": {}, "evidence": {}, "consensus": {}, "model_state_dict": {}})
    with pytest.raises(
        ClimbpathError, match="is a checkpoint without epoch, known_keys, nats_per_problem, recipe, train_keys"
    ):
        load_checkpoint(path)


class Program:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (print, ("run",))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (pickle.dumps({"weights": 1}), "a Python pickle or an old PyTorch file, which is never opened"),
        (b"PAR1 and more", "it is Parquet, which holds problems"),
        (b"SQLite format 3\0", "it is an SQLite database"),
        (gzip.compress(b"x", mtime=0), "it is compressed with gzip"),
        (b'{"problems": []}', "it is JSON text"),
        (b"\x89HDF\r\n", "it is HDF5, as Keras writes it"),
        (b"just words, no model", "cannot be read as a model"),
    ],
)
def test_a_file_of_another_kind_says_what_it_is(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "model"
    path.write_bytes(content)
    with pytest.raises(ClimbpathError, match=words):
        load_model(path)


def test_files_of_pytorch_that_are_not_ours(tmp_path: Path) -> None:
    path = tmp_path / "other.pt"
    torch.save({"layer.weight": torch.zeros(2)}, path)
    with pytest.raises(ClimbpathError, match="is not a climbpath checkpoint: train one"):
        load_model(path)
    torch.save({"format": FORMAT, "trap": Program()}, path)
    with pytest.raises(ClimbpathError, match="of another program that holds more than weights"):
        load_model(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "x")
    with pytest.raises(ClimbpathError, match=r"it is a zip of other files \(notes.txt\)"):
        load_model(path)
