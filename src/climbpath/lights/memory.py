"""What `climbpath light` remembers between calls: the board, its size, and the Bluetooth device."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from climbpath.files import replacing
from climbpath.folders import data_folder


@dataclass(slots=True)
class Memory:
    """What is remembered."""

    board: str | None = None
    """Name of the board that was lit last."""
    sizes: dict[str, str] = field(default_factory=dict)
    """Board -> the size that was lit last."""
    devices: dict[str, str] = field(default_factory=dict)
    """Board -> address of the device that was lit last."""


def memory_file() -> Path:
    """Where it is kept, in the user's data folder."""
    return data_folder() / "lights.json"


def recall(path: Path) -> Memory:
    """What the file says; nothing where there is none, or none that can be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        board, sizes, devices = content["board"], content["sizes"], content["devices"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return Memory()
    texts = [sizes, devices]
    if not isinstance(board, str | None) or not all(isinstance(one, dict) for one in texts):
        return Memory()
    if not all(isinstance(word, str) for one in texts for pair in one.items() for word in pair):
        return Memory()
    return Memory(board, sizes, devices)


def remember(path: Path, memory: Memory) -> None:
    """Write it down. Raises ClimbpathError where that fails."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(asdict(memory), indent=1) + "\n", encoding="utf-8")
