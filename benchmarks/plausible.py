"""How plausible betas are, measured without labels on problems of our own model, and twenty of them to look at.

    python benchmarks/plausible.py [--number 500] [--png docs/betas.png] [--problems FILE]

With --problems, the problems of a Parquet file are measured instead, by board.
"""

import argparse
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from PIL import Image

import climbpath
from arguments import file
from climbpath.beta import drawing
from climbpath.beta.plausible import Measures, measure
from climbpath.beta.solver import solve
from climbpath.data import parquet
from climbpath.grader.grader import bundled_grader
from climbpath.problem import parse_notation
from machine import machine

GRADES = ("6B+", "6C", "6C+", "7A", "7A+", "7B")
SHOWN = (
    "F5s G6s G8 E10 E12 B13 D15 D17 E18e",
    "B4s D6s C9 A10 D13 C18e",
    "F5s G6s G2 G4 K6 H10 F11 G13 F14 H16 G18e",
    "D5s C6s G2 H11 F16 B18e",
    "F5s K5s J8 H10 K11 D12 G15 E16 C18e E18e",
    "F5s H10 B13 F14 E18e",
    "F5s B8 H10 C13 D15 B16 A18e",
    "F5s K5s J9 H10 E13 F13 E18e",
    "H5s E6s H8 E11 I13 G15 G17 C18e",
    "D5s I6s E8 I10 H12 I12 K16 G18e",
    "F5s H10 C13 F15 E18e",
    "F5s J7 I10 F13 G14 G17 D18e",
    "A5s D6s A9 F10 E12 F12 I16 E18e",
    "H5s E6s A9 D12 F14 G18e",
    "D3s B4s B3 A5 E6 E8 J10 D11 H14 E16 D18e",
    "A5s D5s E9 F10 J12 I15 K18e",
    "H5s E6s A9 E12 G14 H18e",
    "D3s B4s B3 A5 E6 E8 B11 J11 G12 I15 K16 K18e",
    "B4s D6s F9 H9 I12 F15 D16 A18e",
    "A5s D6s B9 F11 F13 I13 K18e",
)
"""Problems of docs/climbing.md: four that are hard to find a plausible beta for, then some of our own model."""
COLUMNS, WIDTH, GAP = 5, 400, 10


def rows(measures: dict[str, Measures]) -> list[str]:
    """The measures as a table, a column for each set of problems."""
    table: dict[str, list[str]] = {
        "betas": [f"{one.betas:,}" for one in measures.values()],
        "crossed starts": [f"{one.crossed_starts:.1%}" for one in measures.values()],
        "hands that go down": [f"{one.down:.1%}" for one in measures.values()],
        "… for nothing": [f"{one.down_for_nothing:.1%}" for one in measures.values()],
        "a match before the finish": [f"{one.matching:.1%}" for one in measures.values()],
        "a cross": [f"{one.crossing:.1%}" for one in measures.values()],
        "… shorter than without": [f"{one.crossing_shorter:.0%}" for one in measures.values()],
        "moves that end crossed": [f"{one.crossed_moves:.1%}" for one in measures.values()],
        "the crux has a name": [f"{one.crux['any']:.0%}" for one in measures.values()],
        "… any other move has one": [f"{one.chance:.0%}" for one in measures.values()],
        **{
            f"crux: {why}": [f"{one.crux[why]:.0%}" for one in measures.values()]
            for why in ("longest", "worst hold", "most off balance")
        },
    }
    header = ["", *measures]
    lines = [header, ["---"] * len(header), *([name, *values] for name, values in table.items())]
    return ["| " + " | ".join(line) + " |" for line in lines]


def draw(path: Path) -> None:
    """The betas of SHOWN side by side."""
    problems = [replace(parse_notation(one), name=f"{number}.") for number, one in enumerate(SHOWN, 1)]
    problems = bundled_grader().graded(problems)
    pictures = [Image.open(BytesIO(drawing.png(beta, WIDTH))) for beta in solve(problems)]
    lines = [pictures[first : first + COLUMNS] for first in range(0, len(pictures), COLUMNS)]
    height = sum(max(picture.height for picture in line) + GAP for line in lines) - GAP
    sheet = Image.new("RGB", (COLUMNS * (WIDTH + GAP) - GAP, height), "#e9e5df")
    y = 0
    for line in lines:
        for place, picture in enumerate(line):
            sheet.paste(picture, (place * (WIDTH + GAP), y))
        y += max(picture.height for picture in line) + GAP
    sheet.quantize(96, dither=Image.Dither.NONE).save(path, optimize=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=500, help="Problems of each grade.")
    parser.add_argument("--png", type=Path, help="Draw the betas of SHOWN here.")
    parser.add_argument("--problems", type=file, help="A Parquet file of problems to measure instead.")
    arguments = parser.parse_args()
    measures = {}
    if arguments.problems:
        problems = [problem for problem in parquet.load(arguments.problems) if not problem.partial]
        for board in sorted({problem.board for problem in problems}):
            measures[board] = measure([problem for problem in problems if problem.board == board])
    else:
        generator = climbpath.load()
        for grade in GRADES:
            measures[grade] = measure(generator.generate(grade, arguments.number, seed=1))
    print(f"Machine: {machine()}\n")
    print("\n".join(rows(measures)))
    if arguments.png:
        draw(arguments.png)
        print(f"wrote {arguments.png}")


if __name__ == "__main__":
    main()
