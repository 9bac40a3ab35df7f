"""Files of models: what is of an older format is refused with the way out."""

import json
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
    with pytest.raises(ClimbpathError, match="is a checkpoint without known_keys, train_keys"):
        load_checkpoint(path)
