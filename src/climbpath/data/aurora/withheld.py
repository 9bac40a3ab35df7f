"""Which climbs of a database are not for everybody."""

from typing import Any

from climbpath.data.aurora.database import as_number


def why_withheld(frames: Any, frames_count: Any, is_draft: Any, is_listed: Any, is_hidden: Any) -> str | None:
    """Why a climb is left out whatever its grades are; None where it is not. The values are as the database has them,
    None where it does not tell."""
    if _flag(is_draft):
        return "a draft"
    if is_listed is not None and not _flag(is_listed):
        return "not listed"
    if _flag(is_hidden):
        return "hidden"
    if (as_number(frames_count) or 1) > 1 or (isinstance(frames, str) and "," in frames):
        return "several frames: a moving climb is no problem"
    return None


def _flag(value: Any) -> bool:
    """Yes or no, where databases have 1, true or 'true'."""
    return str(value).strip().lower() in ("1", "true", "t", "1.0")
