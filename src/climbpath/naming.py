"""Names for problems that have none: the same holds always get the same name."""

import re
import unicodedata
from dataclasses import replace

from climbpath import board as boards
from climbpath.problem import Problem, longest_reach

LONG_REACH, WIDE, FEW = 130.0, 120.0, 6
"""A problem is reachy from this longest move in cm, wandering from this width in cm, short up to this many holds."""

LONGEST_STEM = 80
"""Most characters of the beginning of a file's name."""

_FIRST = (
    "Amber", "Ashen", "Basalt", "Bitter", "Blue", "Bright", "Broken", "Calm", "Chalk", "Clever", "Cobalt", "Cold",
    "Copper", "Crooked", "Dawn", "Deep", "Distant", "Double", "Dusty", "Early", "Easy", "Electric", "Faint", "Feral",
    "Final", "First", "Gentle", "Ghost", "Gilded", "Golden", "Granite", "Gravel", "Green", "Hidden", "Hollow", "Honest",
    "Idle", "Iron", "Ivory", "Jade", "Late", "Lazy", "Left", "Little", "Lone", "Loose", "Lucky", "Lunar", "Marble",
    "Mellow", "Midnight", "Misty", "Modest", "Morning", "Narrow", "Nimble", "Noble", "Northern", "Odd", "Open", "Pale",
    "Paper", "Patient", "Plain", "Polar", "Proud", "Quiet", "Rapid", "Raw", "Red", "Rough", "Round", "Rusty", "Salt",
    "Second", "Secret", "Sharp", "Short", "Silent", "Silver", "Simple", "Slate", "Slow", "Small", "Smooth",
    "Soft", "Southern", "Spare", "Steep", "Still", "Stone", "Stray", "Sudden", "Sunday", "Tall", "Tidal", "Tiny",
    "Twin", "Velvet", "Violet", "Warm", "White", "Wild", "Winter", "Wooden", "Young", "Zinc",
)  # fmt: skip
_SECOND = {
    "reachy": (
        "Albatross", "Catapult", "Comet", "Crane", "Dive", "Gibbon", "Heron", "Hop", "Kite", "Lark", "Leap", "Lemur",
        "Lynx", "Osprey", "Panther", "Rocket", "Salmon", "Satellite", "Spark", "Springbok", "Swallow", "Swing",
        "Trapeze", "Vault",
    ),
    "wandering": (
        "Bend", "Crab", "Current", "Detour", "Drift", "Eel", "Ferry", "Hook", "Meander", "Nomad", "Orbit", "Pendulum",
        "River", "Sidestep", "Sidewinder", "Tack", "Tango", "Tide", "Trail", "Viper", "Waltz", "Weaver", "Wind",
        "Zigzag",
    ),
    "short": (
        "Acorn", "Bullet", "Coin", "Dash", "Flea", "Haiku", "Handshake", "Hint", "Match", "Minute", "Nail", "Needle",
        "Note", "Pebble", "Pepper", "Pinch", "Riddle", "Sentence", "Shot", "Sprint", "Thimble", "Thorn", "Wink", "Word",
    ),
    "steady": (
        "Anchor", "Atlas", "Badger", "Beacon", "Bell", "Bridge", "Cabin", "Cedar", "Clock", "Compass", "Engine", "Fern",
        "Gecko", "Harbour", "Ibex", "Ladder", "Lantern", "Ledge", "Marmot", "Mill", "Monk", "Pillar", "Ridge", "Spire",
    ),
}  # fmt: skip


def title(problem: Problem) -> str:
    """What a problem is called wherever it is shown: its own name, else the suggested one."""
    return problem.name or suggested_name(problem)


def named(problem: Problem) -> Problem:
    """The problem with a name: its own, else the suggested one."""
    return problem if problem.name else replace(problem, name=suggested_name(problem))


def file_stem(problem: Problem) -> str:
    """How the names of a problem's files begin: its grade and its name, as '7A-slow-heron'.

    Only ASCII letters, digits, hyphens and the grade's plus, at most 80 of them, so that every system takes it. A name
    in another script is replaced by the suggested one.
    """
    bare = unicodedata.normalize("NFKD", title(problem)).encode("ascii", "ignore").decode().lower()
    words = "".join(c if c.isalnum() or c.isspace() or c in "-_/" else "" for c in bare)
    name = "-".join(re.split(r"[^a-z0-9]+", words)).strip("-") or suggested_name(problem).lower().replace(" ", "-")
    return f"{problem.grade or 'ungraded'}-{name}"[:LONGEST_STEM].rstrip("-")


def style(problem: Problem) -> str:
    """What is most striking about where the holds are: reachy, wandering, short or steady."""
    layout = boards.load(problem.board)
    across = [layout.hold(label).x for label in problem.holds]
    if longest_reach(problem) >= LONG_REACH:
        return "reachy"
    if max(across) - min(across) >= WIDE:
        return "wandering"
    return "short" if len(problem.holds) <= FEW else "steady"


def suggested_name(problem: Problem) -> str:
    """Two words chosen by the problem's key, the second from those of its style: 'Slow Heron'."""
    second = _SECOND[style(problem)]
    return f"{_FIRST[problem.key % len(_FIRST)]} {second[problem.key // len(_FIRST) % len(second)]}"
