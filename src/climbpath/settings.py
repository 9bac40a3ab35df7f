"""The wall that `climbpath board use` remembers."""

import json
from typing import Any

from climbpath.angles import UNKNOWN
from climbpath.errors import ClimbpathError
from climbpath.files import write_private
from climbpath.folders import settings_file
from climbpath.wall import Wall, parse_wall


def remembered() -> Wall | None:
    """The wall that is remembered, if one is. Raises ClimbpathError, naming the file, where it cannot be read or what
    it names is not there any more."""
    path = settings_file()
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return None if content.get("wall") is None else parse_wall(**content["wall"])
    except FileNotFoundError:
        return None
    except ClimbpathError as error:
        reason = str(error)
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        reason = "it cannot be read"
    raise ClimbpathError(f"{path}, which remembers your board: {reason}; climbpath board use NAME writes it anew")


def remember(chosen: Wall | None) -> None:
    """Remember a wall, or forget it. Raises ClimbpathError where the file cannot be written."""
    content: dict[str, Any] = {"wall": None}
    if chosen:
        content["wall"] = chosen._asdict() | {"angle": UNKNOWN if chosen.angle is None else chosen.angle}
    write_private(settings_file(), (json.dumps(content, indent=1) + "\n").encode())
