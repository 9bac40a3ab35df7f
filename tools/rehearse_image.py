#!/usr/bin/env python3
"""Carry out the steps of the Dockerfile, in order, in a bare Debian: where there is no Docker engine to build it.

    debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates bookworm ROOT
    python tools/rehearse_image.py ROOT [--keep]

Each stage begins with a copy of ROOT in place of its base image, so what is rehearsed is every instruction but FROM. At
the end the command is started as the image's user, its health check is run, and it is stopped. As root, on Linux.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
TOKEN = "rehearsed-token-of-24-00"
SETTINGS = ("/etc/pip.conf", "/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs/ca-certificates.crt")
"""Files of this machine that let the pip in there reach the package index."""


class Stage:
    """A stage of the Dockerfile: its root, and what its instructions have set."""

    def __init__(self, base: Path, root: Path) -> None:
        self.root, self.folder, self.user = root, "/", "0"
        self.variables = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        self.variables |= {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
        self.health, self.entry, self.command = list[str](), list[str](), list[str]()
        shutil.rmtree(root, ignore_errors=True)
        root.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "--archive", "--one-file-system", base, root], check=True)
        for name in SETTINGS:
            if Path(name).exists():
                (root / name[1:]).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(name, root / name[1:])

    def inside(self, command: list[str]) -> list[str]:
        """A command as it is run in there."""
        settings = [f"{name}={value}" for name, value in self.variables.items()]
        script = f"cd {shlex.quote(self.folder)} && exec {shlex.join(command)}"
        return [
            "chroot",
            f"--userspec={self.user}:{self.user}",
            str(self.root),
            "env",
            "-i",
            *settings,
            "sh",
            "-c",
            script,
        ]

    def run(self, command: list[str]) -> None:
        """Run a command in there; where it fails, say so and end."""
        done = subprocess.run(self.inside(command), check=False)
        if done.returncode:
            sys.exit(f"this step failed with {done.returncode}")

    def copy(self, stage: "Stage | None", sources: list[str], target: str) -> None:
        """COPY, from the project or from another stage."""
        place = self.root / (target if target.startswith("/") else f"{self.folder}/{target}").lstrip("/")
        for source in sources:
            path = (stage.root / source.lstrip("/")) if stage else PROJECT / source
            if path.is_dir():
                shutil.copytree(path, place, dirs_exist_ok=True, symlinks=True, ignore=None if stage else IGNORED)
            else:
                (place if target.endswith("/") else place.parent).mkdir(parents=True, exist_ok=True)
                shutil.copy(path, place)


IGNORED = shutil.ignore_patterns("__pycache__")


def instructions(text: str) -> list[tuple[str, str]]:
    """(instruction, the rest of it), without comments, and with continued lines joined."""
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    joined = re.sub(r"\s*\\\n\s*", " ", lines)
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in joined.splitlines() if line.strip())]


def rehearse(base: Path, folder: Path) -> Stage:
    """Carry out all instructions; the last stage."""
    stages: dict[str, Stage] = {}
    stage: Stage | None = None
    for word, rest in instructions((PROJECT / "Dockerfile").read_text(encoding="utf-8")):
        print(f"--- {word} {rest}", flush=True)
        if word == "FROM":
            name = rest.partition(" AS ")[2] or "final"
            stage = stages[name] = Stage(base, folder / name)
            continue
        if word == "ARG":
            continue
        assert stage
        if word == "RUN":
            stage.run(["sh", "-c", rest])
        elif word == "ENV":
            for setting in shlex.split(rest):
                name, _, value = setting.partition("=")
                stage.variables[name] = value.replace("$PATH", stage.variables["PATH"])
        elif word == "WORKDIR":
            stage.folder = rest
            (stage.root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif word == "COPY":
            flag, *words = rest.split() if rest.startswith("--from=") else ["", *rest.split()]
            stage.copy(stages.get(flag.removeprefix("--from=")), words[:-1], words[-1])
        elif word == "USER":
            stage.user = rest
        elif word == "HEALTHCHECK":
            stage.health = json.loads(rest.partition("CMD ")[2])
        elif word == "ENTRYPOINT":
            stage.entry = json.loads(rest)
        elif word == "CMD":
            stage.command = json.loads(rest)
        elif word not in ("EXPOSE", "VOLUME", "STOPSIGNAL"):
            sys.exit(f"this script does not know {word}")
    assert stage
    return stage


def start(stage: Stage) -> None:
    """Start the image's command, wait until it is healthy, and stop it."""
    stage.variables |= {"CLIMBPATH_TOKEN": TOKEN}
    for name in ("CLIMBPATH_LOGBOOK",):
        if name in os.environ:
            stage.variables[name] = os.environ[name]
    command = [*stage.entry, *stage.command]
    print(f"--- starting {shlex.join(command)} as {stage.user}", flush=True)
    process = subprocess.Popen(stage.inside(command))
    until = time.monotonic() + 60
    while subprocess.run(stage.inside(stage.health), capture_output=True, check=False).returncode:
        if process.poll() is not None or time.monotonic() > until:
            sys.exit("it never became healthy")
        time.sleep(0.2)
    print("--- healthy; stopping it", flush=True)
    process.send_signal(signal.SIGTERM)
    if process.wait(30):
        sys.exit(f"it stopped with {process.returncode}")


def size(folder: Path) -> int:
    """The size of a folder in MB."""
    return int(subprocess.run(["du", "-sm", folder], capture_output=True, text=True, check=True).stdout.split()[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, help="a bare Debian with Python")
    parser.add_argument("--keep", action="store_true", help="keep the stages, beside ROOT")
    args = parser.parse_args()
    folder = args.root.with_name(f"{args.root.name}-stages")
    try:
        last = rehearse(args.root, folder)
        print(f"--- {size(last.root)} MB, of which {size(last.root / 'app')} MB are climbpath and what it needs")
        start(last)
        print("--- every step went well")
    finally:
        if not args.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
