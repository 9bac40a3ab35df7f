#!/usr/bin/env python3
"""Every step of development, the same on Linux, macOS and Windows.

    python tools/dev.py setup | lint | test [--all] | demo | docs | baselines

Everything runs in .venv, which is made first. Where the user is root on Debian, missing packages are installed, which
is said before; elsewhere one line says what is missing and what is skipped. Needs nothing but the standard library.
"""

from __future__ import annotations  # an older Python gets as far as to look for a newer one

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
LOCK = ROOT / "requirements.lock"
TORCH = ROOT / "tools" / "torch.txt"
"""The version of torch, whose build is this machine's choice: the one requirement without a hash."""
NODE_LOCK = ROOT / "package-lock.json"
NODE_MODULES = ROOT / "node_modules"
PYTHONS = ("python3", "python3.14", "python3.13", "python3.12", "python3.11")
CHROMIUMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""Browsers that tests/browser can run in, the one that takes least first: without a user interface, half the time."""
OWN_CHROMIUM = """
from pathlib import Path
from playwright.sync_api import sync_playwright
with sync_playwright() as started:
    raise SystemExit(not Path(started.chromium.executable_path).exists())
"""


def main() -> None:
    """Run a step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    steps = parser.add_subparsers(dest="step", required=True, metavar="step")
    steps.add_parser("setup", help="make .venv from requirements.lock and tools/torch.txt, where that is not done yet")
    steps.add_parser("lint", help="style and types")
    tests = steps.add_parser("test", help="style, types and all tests but the slow ones")
    tests.add_argument("--all", action="store_true", help="the slow ones, too")
    steps.add_parser("demo", help="train on the bundled problems, then generate ten 7A problems into out/demo")
    steps.add_parser("docs", help="renew the command reference and build docs/ as a site, build/site")
    steps.add_parser("baselines", help="renew the pictures that tests/browser compares the page with")
    asked = parser.parse_args()
    setup()
    if asked.step == "lint":
        lint()
    elif asked.step == "test":
        lint()
        test(everything=asked.all)
    elif asked.step == "demo":
        demo()
    elif asked.step == "docs":
        docs()
    elif asked.step == "baselines":
        baselines()


# Steps


def setup() -> None:
    """Make .venv from requirements.lock and tools/torch.txt; does nothing where that is done."""
    stamp, wanted = VENV / ".installed", LOCK.read_bytes() + TORCH.read_bytes()
    if stamp.exists() and stamp.read_bytes() == wanted:
        return
    python = find_python()
    has_venv = passes(python, "import ensurepip, venv")
    if not has_venv and not install_package("python3-venv", "to make .venv"):
        stop("Python's venv module is missing: on Debian or Ubuntu run 'sudo apt-get install python3-venv'")
    say("Installing climbpath into .venv (the first time takes some minutes) …")
    run(python, "-m", "venv", VENV)
    pip = (BIN / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "--require-hashes", "--no-deps", "-r", LOCK)  # it names what each needs, too
    run(*pip, "-r", TORCH)
    run(*pip, "--no-deps", "--no-build-isolation", "-e", ".")  # built by the setuptools of the lock
    stamp.write_bytes(wanted)


def lint() -> None:
    """Style and types of the Python side, and the formatting of the web app's scripts where npm is there."""
    run(BIN / "ruff", "check", ".")
    run(BIN / "ruff", "format", "--check", ".")
    run(BIN / "mypy")
    prettier()


def test(everything: bool) -> None:
    """All tests but the slow ones, or those, too."""
    find_chromium()
    find_postgres()
    workers = (os.cpu_count() or 1) + 1  # some tests wait for servers and browsers
    quick = () if everything else ("-m", "not slow")
    run(BIN / "pytest", "-n", workers, "--dist", "worksteal", *quick, OMP_NUM_THREADS="1")


def demo() -> None:
    """Train on the bundled problems, then generate ten problems."""
    out = Path("out/demo")
    run(*(BIN / "climbpath", "train", "--recipe", "fast"), *("--checkpoint-dir", out / "checkpoints"))
    best = ("--checkpoint", out / "checkpoints/best.pt")
    wanted = ("--grade", "7A", "--num-samples", "10", "--visualize", "--format", "png,json")
    run(BIN / "climbpath", "generate", *best, *wanted, "--out", out, "--force")


def docs() -> None:
    """Renew the command reference and build docs/ as a site; a broken link fails."""
    run(BIN / "python", "tools/command_reference.py")
    strict = ("--fail-on-warning", "--keep-going", "--quiet")
    run(BIN / "python", "-m", "sphinx", *strict, "-c", "docs", "-d", "build/doctrees", ".", "build/site")


def baselines() -> None:
    """Renew the pictures that tests/browser compares the page with."""
    find_chromium()
    looks = ("tests/browser/test_looks.py", "-k", "looks_like")
    run(BIN / "pytest", "-n", "2", *looks, CLIMBPATH_RENEW_BASELINES="1")


# What they need


def find_python() -> str:
    """A Python that is new enough: the one that runs this file, or another on the path."""
    is_new = "import sys; sys.exit(sys.version_info < (3, 11))"
    found = next((name for name in (sys.executable, *PYTHONS) if shutil.which(name) and passes(name, is_new)), None)
    return found or stop("climbpath needs Python 3.11 or newer: install it, or run this file with one that you have")


def find_chromium() -> None:
    """Install a Chromium for tests/browser where root can on Debian; else those tests are skipped without one."""
    if any(map(shutil.which, CHROMIUMS)) or passes(BIN / "python", OWN_CHROMIUM):
        return
    # elsewhere the package's name stands for something else: on Ubuntu it is a snap
    if is_debian() and install_package("chromium-headless-shell", "for the tests of the web app"):
        return
    own = f"{BIN.relative_to(ROOT)}{os.sep}playwright install chromium"
    how = "sudo apt-get install chromium-headless-shell" if is_debian() else own
    say(f"Skipped: there is no Chromium for tests/browser; '{how}' brings one")


def find_postgres() -> None:
    """Install PostgreSQL for the tests of a shared logbook where root can; else those tests are skipped without it."""
    if postgres_programs() or (is_debian() and install_package("postgresql", "for the tests of a shared logbook")):
        return
    say("Skipped: there is no PostgreSQL for tests of a shared logbook; 'sudo apt-get install postgresql' brings it")


def postgres_programs() -> Path | None:
    """The folder with PostgreSQL's programs, the newest that there is; Debian keeps them out of the path."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name.zfill(3))
    found = shutil.which("initdb")
    folders += [Path(found).resolve().parent] if found and not folders else []
    return folders[-1] if folders and (folders[-1] / "initdb").exists() else None


def prettier() -> None:
    """Check the formatting of the web app's scripts; skipped where there is no npm, or it reaches no registry."""
    npm = shutil.which("npm")
    if not npm:
        say("Skipped: the formatting of the web app's scripts; npm, which runs Prettier, is missing")
        return
    stamp = NODE_MODULES / ".installed"
    if not stamp.exists() or stamp.read_bytes() != NODE_LOCK.read_bytes():
        quick = ("--no-audit", "--no-fund", "--loglevel", "error", "--fetch-retries", "0", "--fetch-timeout", "20000")
        installed = subprocess.run([npm, "ci", *quick], cwd=ROOT, capture_output=True, check=False)
        if installed.returncode and os.environ.get("GITHUB_ACTIONS"):
            sys.exit("npm could not install Prettier: " + installed.stderr.decode(errors="replace"))
        if installed.returncode:
            say("Skipped: the formatting of the web app's scripts; npm could not install Prettier ('npm ci' says why)")
            return
        shutil.copyfile(NODE_LOCK, stamp)
    run(npm, "run", "--silent", "format:check")


def is_debian() -> bool:
    """Whether this is Debian itself."""
    release = Path("/etc/os-release")
    return release.exists() and "ID=debian" in release.read_text(encoding="utf-8").splitlines()


def install_package(name: str, purpose: str) -> bool:
    """Install a Debian package where the user is root and apt-get is there. Returns whether it was."""
    if getattr(os, "geteuid", lambda: 1)() != 0 or not shutil.which("apt-get"):
        return False
    say(f"Installing the Debian package {name} {purpose}, as you are root …")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return all(
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False).returncode == 0
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", name])
    )


# Processes


def passes(python: str | Path, code: str) -> bool:
    """Whether a Python runs some code to a good end."""
    return subprocess.run([python, "-c", code], capture_output=True, check=False).returncode == 0


def run(*command: object, **environment: str) -> None:
    """Run a command in the root of the project; where it fails, end as it does."""
    done = subprocess.run(list(map(str, command)), cwd=ROOT, env={**os.environ, **environment}, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def say(text: str) -> None:
    """Print a line now: what commands print comes after it."""
    print(text, flush=True)


def stop(text: str) -> NoReturn:
    """End with a message and exit code 2."""
    print(text, file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    main()
