"""Cells of CSV: written so that a spreadsheet takes none for a formula, and read back as they were."""

import re

FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
"""How a cell starts that a spreadsheet may take for a formula, or that has been guarded already."""


def guarded(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would take it for a formula."""
    return f"'{text}" if FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """The text that `guarded` was given."""
    return text[1:] if text.startswith("'") and FORMULA.match(text) else text
