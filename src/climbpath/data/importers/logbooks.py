"""Logbooks of other programs whose ticks name no holds, and the columns by which they are told."""

from climbpath.data.importers.sample import Sample

BOARDLIB = frozenset({"climb_name", "date", "tries"})
"""Columns of BoardLib's logbook."""
EXPORTED = ("problem id", "grade", "tries", "attempts", "rating", "date")
"""Columns of the app's export of a climber's own data, which come after some lines about the climber."""
_HEADER = ",".join(EXPORTED[:3]).encode()


def is_boardlib(sample: Sample) -> bool:
    """Whether a file that starts like this sample is BoardLib's logbook."""
    return BOARDLIB.issubset(sample.columns)


def names_no_holds(sample: Sample) -> bool:
    """Whether a file that starts like this sample is a logbook of either kind."""
    return is_boardlib(sample) or (not sample.is_json and _HEADER in sample.start[:4096].lower())
