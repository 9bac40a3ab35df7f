"""Builds what is bundled from files of real problems, stage by stage.

    python tools/build_assets.py DATA                  everything that is not made yet
    python tools/build_assets.py DATA kilter           the stages of one family of boards
    python tools/build_assets.py DATA kilter/grader    one stage, with those that it needs
    python tools/build_assets.py DATA --list           what would be done

Every file of problems below DATA's folders of a family is read (FAMILIES in tools/asset_stages.py). Each stage takes
less than 100 minutes on two cores, and uses a GPU where there is one. Families can be built side by side. Stopped, the
same command goes on where it was. A stage is not run again while its data, its settings and those of the stages before
it are as they were when its files were made; so a released file is not made again, and nothing that only leads to it.
To make it all the same, delete its entry in tools/assets.json, which keeps what each file was made from. A table at the
end shows that.
"""

import argparse
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from shutil import rmtree
from typing import Any

from filelock import FileLock

from asset_stages import BUILD, ROOT, Stage, file_hash, stages
from climbpath.data import stats
from climbpath.files import replacing

RECORD, BEGUN = ROOT / "tools/assets.json", BUILD / "begun.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="a folder with the folders of problem files")
    parser.add_argument("wanted", nargs="*", metavar="STAGE", help="stages, or families of boards")
    parser.add_argument("--list", action="store_true", help="only say what would be done")
    arguments = parser.parse_args()
    every = stages(arguments.data.resolve())
    os.chdir(ROOT)  # checkpoints name their teachers from here
    wanted = [one for one in every if not arguments.wanted or is_wanted(one, arguments.wanted)]
    if not wanted:
        parser.error(f"no stage is called {' or '.join(arguments.wanted)}: there are {', '.join(every)}")
    digests = digests_of(every)
    to_do = list(missing(every, digests, wanted))
    if arguments.list:
        rows = [(one, name(every[one].files[0]), "to do" if one in to_do else "") for one in wanted]
        print(stats.table(("stage", "makes", ""), rows))
        return
    for number, one in enumerate(to_do, 1):
        print(f"\n== {one}, {number} of {len(to_do)}", flush=True)
        run(every[one], digests[one])
    released = [
        (path, ", ".join(sources(every, one)), str(entry["seed"]), entry["commit"])
        for one, entry in read(RECORD).items()
        if one in every
        for path in entry["files"]
    ]
    print(f"\n{stats.table(('file', 'made from', 'seed', 'commit'), released)}")


def is_wanted(stage: str, wanted: list[str]) -> bool:
    """Whether a stage is among those that were asked for, by its name or by its family's."""
    return stage in wanted or stage.split("/")[0] in wanted


def sources(every: Mapping[str, Stage], stage: str) -> list[str]:
    """The families of problems that a stage's files are made from."""
    before = [one for needed in every[stage].after for one in sources(every, needed)]
    return list(dict.fromkeys(before)) or [stage.split("/")[0]]


def digests_of(every: Mapping[str, Stage]) -> dict[str, str]:
    """A hash of all that decides what each stage makes: its settings and, by their digests, the stages before it."""
    found: dict[str, str] = {}
    for one, stage in every.items():
        seen = json.dumps([stage.settings, [found[before] for before in stage.after]], sort_keys=True)
        found[one] = blake2b(seen.encode(), digest_size=8).hexdigest()
    return found


def missing(every: Mapping[str, Stage], digests: Mapping[str, str], wanted: list[str]) -> Iterator[str]:
    """The stages to run for the wanted ones, in order: those whose files are not as recorded, with those that they need
    and that are not made."""
    record = read(BEGUN) | read(RECORD)
    needed: set[str] = set()

    def need(stage: str) -> None:
        if stage not in needed and not is_made(every[stage], digests[stage], record):
            needed.add(stage)
            for one in every[stage].after:
                need(one)

    for stage in wanted:
        need(stage)
    return (stage for stage in every if stage in needed)


def is_made(stage: Stage, digest: str, record: Mapping[str, Any]) -> bool:
    """Whether a stage's files are there, as recorded when they were made of the same."""
    made = record.get(stage.name, {})
    hashes = {name(path): file_hash(path) for path in stage.files if path.exists()}
    return made.get("digest") == digest and made.get("files") == hashes


def run(stage: Stage, digest: str) -> None:
    """Run a stage, or what is left of it, and record what it made."""
    # what was begun with other settings is begun anew
    if read(BEGUN).get(stage.name, {}).get("digest") != digest:
        rmtree(BUILD / stage.name, ignore_errors=True)
        keep(BEGUN, stage.name, {"digest": digest})
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout
    stage.run()
    entry = {
        "digest": digest,
        "seed": stage.seed,
        "commit": commit.strip(),
        "files": {name(path): file_hash(path) for path in stage.files},
    }
    # what is released has its record in the repository, all else beside it
    keep(RECORD if not any(path.is_relative_to(BUILD) for path in stage.files) else BEGUN, stage.name, entry)


def name(path: Path) -> str:
    """A path as the record has it."""
    return path.relative_to(ROOT).as_posix()


def read(record: Path) -> dict[str, Any]:
    """The entries of a record by stage."""
    return dict(json.loads(record.read_text(encoding="utf-8"))) if record.exists() else {}


def keep(record: Path, stage: str, entry: Mapping[str, Any]) -> None:
    """Write an entry into a record, which the stages of another family may do at the same time."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with FileLock(BUILD / "record.lock"), replacing(record) as temporary:
        temporary.write_text(json.dumps({**read(record), stage: entry}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
