"""Safetensors files with JSON in a metadata field, and a checksum over both: what models and graders are stored in."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from climbpath.errors import ClimbpathError
from climbpath.files import replacing

CHECKSUM = "checksum"
"""The name in the JSON of the checksum of everything else."""


def check_format(path: Path, what: str, number: object, wanted: int, command: str) -> None:
    """Raises ClimbpathError, naming the command that makes a new file, if this one has another format."""
    if number != wanted:
        raise ClimbpathError(
            f"{path} is a {what} of format {number!r:.20}, and this climbpath reads format {wanted}: "
            f"make a new one with '{command}'"
        )


def write_tensors(
    path: Path, field: str, number: int, about: Mapping[str, Any], tensors: Mapping[str, np.ndarray]
) -> None:
    """Write a safetensors file with JSON in a metadata field: its format's number, a checksum, and what is given."""
    from safetensors.numpy import save

    whole = {name: np.ascontiguousarray(value) for name, value in tensors.items()}
    content = {"format": number, **about}
    # one entry alone: the order of several is random, and the same content must give the same file
    metadata = {field: json.dumps({**content, CHECKSUM: checksum(content, whole)})}
    with replacing(path) as temporary:
        temporary.write_bytes(save(whole, metadata=metadata))  # save_file would let nobody else read it


def read_about(path: Path, field: str) -> dict[str, Any]:
    """The JSON metadata of a safetensors file that write_tensors wrote, unchecked, without its tensors."""
    from safetensors import safe_open

    with safe_open(os.fspath(path), framework="numpy") as file:
        about: dict[str, Any] = json.loads(file.metadata()[field])
    return about


def checksum(content: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> str:
    """BLAKE2b over JSON and tensors, so that no changed bit goes unnoticed."""
    digest = hashlib.blake2b(json.dumps(content).encode(), digest_size=16)
    for name in sorted(tensors):
        value = tensors[name]
        digest.update(f"{name} {value.dtype} {value.shape}".encode())
        digest.update(value.tobytes())
    return digest.hexdigest()


def read_tensors(
    path: Path, field: str, wanted: int, what: str, command: str
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The JSON metadata and the tensors of a safetensors file that write_tensors wrote.

    Raises ClimbpathError if it cannot be read, is damaged or has another format, naming the command that makes one.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(os.fspath(path), framework="numpy") as file:
            about = json.loads((file.metadata() or {}).get(field, "null"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except (SafetensorError, OSError, ValueError) as error:
        raise ClimbpathError(f"{path} cannot be read as a {what}: {error}") from None
    if not isinstance(about, dict) or "format" not in about:
        raise ClimbpathError(f"{path} is not a climbpath {what}: make one with '{command}'")
    check_format(path, what, about["format"], wanted, command)
    if about.pop(CHECKSUM, None) != checksum(about, tensors):
        raise ClimbpathError(
            f"{path} is damaged: its checksum is not that of its content; make a new one with '{command}'"
        )
    return about, tensors
