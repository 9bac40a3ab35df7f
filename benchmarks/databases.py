"""How long the import of an app's database takes, and how much memory: one is made and imported.

    python benchmarks/databases.py [CLIMBS] [--keep FOLDER]

The database has climbs of the Kilter Board Original with one to four angles each, two thirds of them with five ascents
or more. The import runs in a process of its own, as `climbpath data import` does.
"""

import argparse
import random
import sqlite3
import uuid
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from climbpath import board as boards
from imported import timed_import
from machine import machine

BOARD = "kilter-original"
TABLES = """
CREATE TABLE products (id INT PRIMARY KEY, name TEXT);
CREATE TABLE layouts (id INT PRIMARY KEY, product_id INT, name TEXT, is_mirrored INT);
CREATE TABLE climbs (uuid TEXT PRIMARY KEY, layout_id INT, setter_username TEXT, name TEXT, description TEXT,
    frames_count INT, frames TEXT, is_draft INT, is_listed INT, created_at TEXT);
CREATE TABLE climb_stats (climb_uuid TEXT, angle INT, display_difficulty REAL, benchmark_difficulty REAL,
    ascensionist_count INT, quality_average REAL, PRIMARY KEY (climb_uuid, angle));
"""


def write_database(path: Path, climbs: int) -> int:
    """Write a database with so many climbs; returns how many grades they have."""
    rng = random.Random(0)
    layout = boards.load(BOARD)
    assert layout.aurora
    roles, labels = layout.aurora.roles, layout.labels
    graded = 0
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(TABLES)
        db.execute("INSERT INTO products VALUES (1, 'Kilter Board Original')")
        db.execute("INSERT INTO layouts VALUES (?, 1, 'Kilter Board Original', 0)", (layout.aurora.layout,))
        for number in range(climbs):
            named = [*["start"] * rng.randint(1, 2), *["hand"] * rng.randint(2, 9), *["foot"] * rng.randint(0, 8)]
            named += ["finish"] * rng.randint(1, 2)
            holds = rng.sample(labels, len(named))
            frames = "".join(f"p{label}r{roles[role]}" for label, role in zip(holds, named, strict=True))
            key = uuid.UUID(int=rng.getrandbits(128)).hex.upper()
            row = (
                key,
                layout.aurora.layout,
                f"setter{number % 5000}",
                f"Climb {number}",
                "No matching",
                1,
                frames,
                0,
                1,
            )
            db.execute("INSERT INTO climbs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, "2024-01-01 10:00:00"))
            for angle in rng.sample(layout.angles, rng.randint(1, 4)):
                ascents = rng.choice((rng.randint(1, 4), rng.randint(5, 50), rng.randint(5, 5000)))
                db.execute(
                    "INSERT INTO climb_stats VALUES (?, ?, ?, NULL, ?, ?)",
                    (key, angle, rng.uniform(10, 31), ascents, 2.5),
                )
                graded += 1
    return graded


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("climbs", nargs="?", type=int, default=300_000)
    parser.add_argument("--keep", type=Path, help="Keep the database in this folder, or use the one there.")
    options = parser.parse_args()
    with TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        database = folder / f"climbs-{options.climbs}.sqlite3"
        if not database.exists():
            write_database(database, options.climbs)
        took = timed_import(database)
        print(f"{options.climbs:,} climbs, a database of {database.stat().st_size / 1e6:,.0f} MB; {machine()}")
        print(took)


if __name__ == "__main__":
    main()
