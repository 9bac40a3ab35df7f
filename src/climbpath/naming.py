"""Names for problems that have none: the same holds always get the same name."""

from climbpath import board as boards
from climbpath.problem import Problem, longest_reach

LONG_REACH, WIDE, FEW = 130.0, 120.0, 6
"""A problem is reachy from this longest move in cm, wandering from this width in cm, short up to this many holds."""

_FIRST = (
    "Amber", "Ashen", "Basalt", "Bitter", "Blue", "Bright", "Broken", "Calm", "Chalk", "Clever", "Cobalt", "Cold",
    "Copper", "Crooked", "Dawn", "Deep", "Distant", "Double", "Dusty", "Early", "Easy", "Electric", "Faint", "Feral",
    "Final", "First", "Gentle", "Ghost", "Gilded", "Golden", "Granite", "Gravel", "Green", "Hidden", "Hollow", "Honest",
    "Idle", "Iron", "Ivory", "Jade", "Late", "Lazy", "Left", "Little", "Lone", "Loose", "Lucky", "Lunar", "Marble",
    "Mellow", "Midnight", "Misty", "Modest", "Morning", "Narrow", "Nimble", "Noble", "Northern", "Odd", "Open", "Pale",
    "Paper", "Patient", "Plain", "Polar", "Proud", "Quiet", "Rapid", "Raw", "Red", "Rough", "Round",
    "Rusty",
    "Salt", "Second", "Secret", "Sharp", "Short", "Silent", "Silver", "Simple", "Slate", "Slow", "Small", "Smooth",
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
