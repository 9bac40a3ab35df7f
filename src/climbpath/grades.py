"""The grade ladder: Font 5+ to 8C+, with V grades derived from it."""

from collections import Counter

from climbpath.errors import ClimbpathError

# Font to V as the training boards' own apps pair them (Aurora's difficulty_grades table;
# arXiv:2102.01788 uses the same pairs for MoonBoard problems). One V grade may span two Font grades.
_V_OF_FONT = {
    "5+": 2, "6A": 3, "6A+": 3, "6B": 4, "6B+": 4, "6C": 5, "6C+": 5, "7A": 6, "7A+": 7, "7B": 8,
    "7B+": 8, "7C": 9, "7C+": 10, "8A": 11, "8A+": 12, "8B": 13, "8B+": 14, "8C": 15, "8C+": 16,
}  # fmt: skip

LADDER: tuple[str, ...] = tuple(_V_OF_FONT)
"""Every Font grade, easiest first."""


def rank(grade: str) -> int:
    """Position of a Font grade on the ladder, 0 for 5+. Raises ClimbpathError for any other text."""
    return LADDER.index(parse_grade(grade))


def v_number(grade: str) -> int:
    """The V grade of a Font grade as a number: 7A -> 6."""
    return _V_OF_FONT[parse_grade(grade)]


def v_grade(grade: str) -> str:
    """The V grade of a Font grade: 7A -> V6."""
    return f"V{v_number(grade)}"


def show(grade: str) -> str:
    """A Font grade with its V grade beside it: 7A -> '7A (V6)'."""
    return f"{parse_grade(grade)} ({v_grade(grade)})"


def parse_grade(text: str) -> str:
    """One Font grade in canonical spelling: '7a+' -> '7A+'.

    Raises:
        ClimbpathError: the text is not one Font grade of the ladder.
    """
    grade = text.strip().upper()
    if grade not in _V_OF_FONT:
        raise ClimbpathError(f"{text!r} is not a grade: use Font 5+ … 8C+ (for example 7A+)")
    return grade


def parse_grades(text: str) -> list[str]:
    """Grades as a user types them: '7A', 'V5', '6C..7B', 'V4..V6', '6C,7A+'. Easiest first.

    A V grade stands for all Font grades that it spans.

    Raises:
        ClimbpathError: a part is not a grade, or a range runs backwards.
    """
    found: set[str] = set()
    for part in text.split(","):
        low, dots, high = part.partition("..")
        first, last = _span(low), _span(high) if dots else _span(low)
        if rank(first[0]) > rank(last[-1]):
            turned = f"{high.strip()}..{low.strip()}"
            raise ClimbpathError(f"the grade range {part.strip()!r} runs backwards: write {turned}")
        found.update(LADDER[rank(first[0]) : rank(last[-1]) + 1])
    return sorted(found, key=rank)


def scale_counts(counts: Counter[str], total: int) -> Counter[str]:
    """Counts of grades in the same proportions that add up to a total, by largest remainders; easiest first, none 0."""
    exact = {grade: count * total / counts.total() for grade, count in counts.items()}
    whole = Counter({grade: int(value) for grade, value in exact.items()})
    by_remainder = sorted(exact, key=lambda grade: (whole[grade] - exact[grade], rank(grade)))
    whole.update(by_remainder[: total - whole.total()])
    return Counter({grade: whole[grade] for grade in sorted(whole, key=rank) if whole[grade]})


def _span(text: str) -> list[str]:
    name = text.strip().upper()
    if name.startswith("V"):
        fonts = [font for font, v in _V_OF_FONT.items() if f"V{v}" == name]
        if not fonts:
            raise ClimbpathError(f"{text!r} is not a grade: V grades run from V2 to V16")
        return fonts
    return [parse_grade(text)]
