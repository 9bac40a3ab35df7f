"""Errors as texts for the user."""

from collections.abc import Sequence

from climbpath.web.schemas.base import Model

LONGEST_REASON = 300


class ErrorOut(Model):
    """Why a request was refused, as a text for the user."""

    error: str


def shortened(text: str) -> str:
    """A text of at most LONGEST_REASON characters."""
    return text if len(text) <= LONGEST_REASON else text[: LONGEST_REASON - 1] + "…"


def validation_message(location: Sequence[object], message: str) -> str:
    """An error that pydantic found in a body or record, with its location, as a text for the user."""
    return f"{'.'.join(map(str, location)) or 'the body'}: {message.removeprefix('Value error, ')}"
