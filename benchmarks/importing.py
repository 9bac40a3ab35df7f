"""How long an import takes, and how much memory, as the number of records grows: files of API records are made and
imported.

    python benchmarks/importing.py [--sizes 10000 100000 1000000] [--keep FOLDER]

Each import runs in a process of its own, as `climbpath data import` does.
"""

import argparse
import json
import random
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from climbpath import board as boards
from climbpath.board import row_of
from imported import timed_import
from machine import machine

BOARD = "moonboard-masters-2017"
GRADES = ("6A", "6A+", "6B", "6B+", "6C", "6C+", "7A", "7A+", "7B", "7B+", "7C", "7C+", "8A", "8A+", "8B")


def write_dump(path: Path, records: int) -> None:
    """Write a dump of different problems in the shape and with the fields of the app's API."""
    rng = random.Random(0)
    layout = boards.load(BOARD)
    low = [hold.label for hold in layout.holds if row_of(hold.label) in (4, 5, 6)]
    middle = [hold.label for hold in layout.holds if 6 < row_of(hold.label) < 18]
    top = [hold.label for hold in layout.holds if row_of(hold.label) == 18]
    with path.open("w", encoding="utf-8") as file:
        file.write('{"Data": [')
        for number in range(records):
            start = rng.sample(low, rng.choice((1, 2)))
            hands = rng.sample(middle, rng.randint(3, 9))
            holds = [*((one, True, False) for one in start), *((one, False, False) for one in hands)]
            holds.append((rng.choice(top), False, True))
            file.write(",\n" if number else "")
            json.dump(_record(rng, number, holds), file, ensure_ascii=False)
        file.write(f'], "Total": {records}, "AggregateResults": null, "Errors": null}}\n')


def _record(rng: random.Random, number: int, holds: list[tuple[str, bool, bool]]) -> dict[str, object]:
    return {
        "Method": "Feet follow hands",
        "Name": f"Problem {number}",
        "Grade": rng.choice(GRADES),
        "UserGrade": rng.choice((None, *GRADES)),
        "MoonBoardConfiguration": {"Id": 1, "Description": "40° MoonBoard", "LowGrade": None, "HighGrade": None},
        "MoonBoardConfigurationId": 0,
        "Setter": {"Id": "x", "Nickname": f"setter{number % 1000}", "City": None, "Country": "AT"},
        "FirstAscender": False,
        "Rating": 0,
        "UserRating": rng.randint(0, 5),
        "Repeats": int(rng.paretovariate(1)) - 1,
        "Attempts": 0,
        "Holdsetup": {"Id": 15, "Description": "MoonBoard Masters 2017", "HoldLayoutId": 0, "Active": False},
        "IsBenchmark": False,
        "IsMaster": False,
        "IsAssessmentProblem": False,
        "Moves": [
            {"Id": 10 * number + i, "Description": label, "IsStart": starts, "IsEnd": ends}
            for i, (label, starts, ends) in enumerate(holds)
        ],
        "Upgraded": False,
        "Downgraded": False,
        "Id": 300_000 + number,
        "DateInserted": "/Date(1459461600000)/",
        "DateDeleted": None,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000], help="Records of a file.")
    parser.add_argument("--keep", type=Path, help="Keep the files that are made in this folder, or use those there.")
    options = parser.parse_args()
    costs = []
    print(f"Machine: {machine()}")
    with TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for size in options.sizes:
            if not (dump := folder / f"dump-{size}.json").exists():
                write_dump(dump, size)
            costs.append(timed_import(dump))
            print(f"{size:>9,} records, {dump.stat().st_size / 1e6:>5,.0f} MB of JSON: {costs[-1]}", flush=True)
    if len(costs) > 1:
        exponent = np.polyfit(np.log(options.sizes), np.log([cost.busy for cost in costs]), 1)[0]
        (fewest, first), *_, (most, last) = zip(options.sizes, costs, strict=True)
        each = (last.busy - first.busy) / (most - fewest) * 1e6
        print(f"seconds of one core against records: fitted exponent {exponent:.3f}; {each:.0f} us for one more record")


if __name__ == "__main__":
    main()
