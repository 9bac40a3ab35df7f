"""Grades: the ladders that boards use, Font and V, and the one order of difficulty that they share."""

from collections import Counter
from collections.abc import Collection, Iterable

from climbpath.errors import ClimbpathError

# Font to V as the training boards' own apps pair them (Aurora's difficulty_grades table;
# arXiv:2102.01788 uses the same pairs for MoonBoard problems). One V grade may span several Font grades.
# The MoonBoard's lowest grade 5+ is the 5C of others.
_V_OF_FONT = {
    "4A": 0, "4B": 0, "4C": 0, "5A": 1, "5B": 1, "5C": 2, "5+": 2, "6A": 3, "6A+": 3, "6B": 4, "6B+": 4, "6C": 5,
    "6C+": 5, "7A": 6, "7A+": 7, "7B": 8, "7B+": 8, "7C": 9, "7C+": 10, "8A": 11, "8A+": 12, "8B": 13, "8B+": 14,
    "8C": 15, "8C+": 16, "9A": 17,
}  # fmt: skip

LADDER: tuple[str, ...] = tuple(_V_OF_FONT)[6:-1]
"""The MoonBoards' grades, easiest first: Font 5+ to 8C+."""
FONT_LADDER: tuple[str, ...] = tuple(font for font in _V_OF_FONT if font != "5+")
"""The Kilter boards' grades: Font 4A to 9A."""
V_LADDER: tuple[str, ...] = tuple(dict.fromkeys(f"V{v}" for v in _V_OF_FONT.values()))
"""The Tension boards' grades: V0 to V17."""
LADDERS = {"moonboard": LADDER, "font": FONT_LADDER, "v": V_LADDER}
"""The ladders by the names that board files give them."""

# 5+ and 5C are one step, 0; a V grade stands where the easiest of its Font grades does
_STEPS = {font: step for step, font in enumerate(FONT_LADDER, -FONT_LADDER.index("5C"))} | {"5+": 0}
_STEPS |= {f"V{v}": _STEPS[font] for font, v in reversed(_V_OF_FONT.items())}
ALL_GRADES: tuple[str, ...] = tuple(sorted(_STEPS, key=lambda grade: (_STEPS[grade], grade)))
"""Every grade of every ladder, easiest first."""


def rank(grade: str) -> int:
    """How hard a grade is, in steps of the Font ladder: 4A -5, …, 5C and 5+ 0, 6A 1, …, 9A 19; V4 is where 6B is.

    Raises ClimbpathError for any other text.
    """
    return _STEPS[parse_grade(grade)]


def v_number(grade: str) -> int:
    """The V grade of a grade as a number: 7A -> 6, V6 -> 6."""
    name = parse_grade(grade)
    return int(name[1:]) if name[0] == "V" else _V_OF_FONT[name]


def v_grade(grade: str) -> str:
    """The V grade of a grade: 7A -> V6."""
    return f"V{v_number(grade)}"


def show(grade: str) -> str:
    """A Font grade with its V grade beside it, 7A -> '7A (V6)'; a V grade is shown as it is."""
    name = parse_grade(grade)
    return name if name[0] == "V" else f"{name} ({v_grade(name)})"


def parse_grade(text: str) -> str:
    """One grade of any ladder in canonical spelling: '7a+' -> '7A+', 'v5' -> 'V5'.

    Raises:
        ClimbpathError: the text is not one grade of a ladder.
    """
    grade = text.strip().upper()
    if grade not in _STEPS:
        raise ClimbpathError(f"{text!r} is not a grade: use Font 4A … 9A or V0 … V17")
    return grade


def on_ladder(grade: str, ladder: Collection[str]) -> list[str]:
    """The grades of a ladder that a grade stands for, easiest first: on a Font ladder V4 is 6B and 6B+; on the V
    ladder 6B is V4; 5C is the MoonBoards' 5+. Empty where the ladder has no such grade."""
    name = parse_grade(grade)
    if name in ladder:
        return [name]
    if name[0] == "V" or any(one[0] == "V" for one in ladder):
        return [one for one in ladder if v_number(one) == v_number(name)]
    return [one for one in ladder if rank(one) == rank(name)]


def parse_grades(text: str, ladder: tuple[str, ...] = LADDER) -> list[str]:
    """Grades of a ladder as a user types them: '7A', 'V5', '6C..7B', 'V4..V6', '6C,7A+'. Easiest first.

    A V grade stands for all Font grades that it spans, and on the V ladder a Font grade for its V grade.

    Raises:
        ClimbpathError: a part is not a grade of the ladder, or a range runs backwards.
    """
    found: set[str] = set()
    for part in text.split(","):
        low, dots, high = part.partition("..")
        first, last = _span(low, ladder), _span(high, ladder) if dots else _span(low, ladder)
        if rank(first[0]) > rank(last[-1]):
            turned = f"{high.strip()}..{low.strip()}"
            raise ClimbpathError(f"the grade range {part.strip()!r} runs backwards: write {turned}")
        found.update(ladder[ladder.index(first[0]) : ladder.index(last[-1]) + 1])
    return sorted(found, key=rank)


def scale_counts(counts: Counter[str], total: int) -> Counter[str]:
    """Counts of grades in the same proportions that add up to a total, by largest remainders; easiest first, none 0."""
    exact = {grade: count * total / counts.total() for grade, count in counts.items()}
    whole = Counter({grade: int(value) for grade, value in exact.items()})
    by_remainder = sorted(exact, key=lambda grade: (whole[grade] - exact[grade], rank(grade)))
    whole.update(by_remainder[: total - whole.total()])
    return Counter({grade: whole[grade] for grade in sorted(whole, key=rank) if whole[grade]})


def union(ladders: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Every grade of some ladders, easiest first."""
    found = {grade for ladder in ladders for grade in ladder}
    return tuple(grade for grade in ALL_GRADES if grade in found)


def of_difficulty(difficulty: float, ladder: tuple[str, ...]) -> str | None:
    """The grade of an Aurora difficulty (difficulty_grades: 10 is 4a/V0, 22 is 7a/V6), rounded to the nearest; None
    where the ladder has none."""
    step = round(difficulty) - DIFFICULTY_OF_5C
    font = next((one for one in FONT_LADDER if rank(one) == step), None)
    return None if font is None else next(iter(on_ladder(font, ladder)), None)


DIFFICULTY_OF_5C = 15
"""Aurora's number of Font 5C; a step of the Font ladder is 1."""


def _span(text: str, ladder: tuple[str, ...]) -> list[str]:
    name = text.strip().upper()
    try:
        found = on_ladder(name, ladder)
    except ClimbpathError:
        found = []
    if not found and name.startswith("V"):
        v_grades = [v_grade(one) for one in ladder]
        raise ClimbpathError(f"{text!r} is not a grade here: V grades run from {v_grades[0]} to {v_grades[-1]}")
    if not found:
        raise ClimbpathError(
            f"{text!r} is not a grade: use {'Font ' if ladder[0][0] != 'V' else ''}{ladder[0]} … {ladder[-1]} "
            f"(for example {'7A+' if ladder[0][0] != 'V' else 'V7'})"
        )
    return found
