"""tools/dev.py: what it installs, says and skips."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

import dev
import licences
from support.commands import ROOT

STEPS = {"setup", "lint", "test", "demo", "docs", "baselines"}


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """The commands that dev.py runs, in a project that is empty but for its locks; none is really run."""
    commands: list[list[str]] = []

    def record(command: list[Any], **_: Any) -> CompletedProcess[bytes]:
        commands.append(list(map(str, command)))
        return CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", record)
    for name, path in {
        "ROOT": "",
        "VENV": ".venv",
        "LOCK": "requirements.lock",
        "TORCH": "torch.txt",
        "NODE_MODULES": "node_modules",
    }.items():
        monkeypatch.setattr(dev, name, tmp_path / path)
    monkeypatch.setattr(dev, "NODE_LOCK", tmp_path / "package-lock.json")
    for name in (".venv", "node_modules"):
        (tmp_path / name).mkdir()
    (tmp_path / "requirements.lock").write_text("click==1 --hash=sha256:1\n")
    (tmp_path / "torch.txt").write_text("torch==1\n")
    (tmp_path / "package-lock.json").write_text("{}")
    return commands


def has(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Only these programs are on the path."""
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}" if name in names else None)


def is_root(monkeypatch: pytest.MonkeyPatch, on_debian: bool, user: int = 0) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user, raising=False)
    monkeypatch.setattr(dev, "is_debian", lambda: on_debian)


def test_setup_installs_the_lock_once(ran: list[list[str]], tmp_path: Path) -> None:
    dev.setup()
    installed = [command[6:] for command in ran if command[1:3] == ["-m", "pip"]]
    assert installed == [
        ["--require-hashes", "--no-deps", "-r", str(tmp_path / "requirements.lock")],
        ["-r", str(tmp_path / "torch.txt")],
        ["--no-deps", "--no-build-isolation", "-e", "."],
    ]
    for name in ("requirements.lock", "torch.txt"):
        ran.clear()
        dev.setup()
        assert ran == []
        (tmp_path / name).write_text("another\n")
        dev.setup()
        assert ran


def test_everything_but_torch_is_pinned_with_its_hashes() -> None:
    blocks = (ROOT / "requirements.lock").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    assert len(blocks) > 100
    for block in blocks:
        assert re.match(r"[a-z0-9.-]+==[\w.+!-]+( ; .+?)?( +--hash=sha256:[0-9a-f]{64})+$", block), block
    torch = (ROOT / "tools/torch.txt").read_text(encoding="utf-8")
    assert re.fullmatch(r"(# .*\n)+torch==[\d.]+\n", torch)


def test_without_a_new_python_setup_says_so(
    ran: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev, "passes", lambda python, code: False)
    with pytest.raises(SystemExit) as ended:
        dev.setup()
    assert ended.value.code == 2
    assert "needs Python 3.11 or newer" in capsys.readouterr().err


def test_a_newer_python_on_the_path_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    has(monkeypatch, sys.executable, "python3", "python3.12")
    monkeypatch.setattr(dev, "passes", lambda python, code: python == "python3.12")
    assert dev.find_python() == "python3.12"


def test_root_on_debian_gets_a_chromium_and_is_told_first(
    ran: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    has(monkeypatch, "apt-get")
    is_root(monkeypatch, on_debian=True)
    monkeypatch.setattr(dev, "passes", lambda python, code: False)
    said: list[str] = []
    monkeypatch.setattr(dev, "say", lambda text: said.append(f"{text} [{len(ran)}]"))
    dev.find_chromium()
    assert said == [
        "Installing the Debian package chromium-headless-shell for the tests of the web app, as you are root … [0]"
    ]
    assert [command[:2] for command in ran] == [["apt-get", "update"], ["apt-get", "install"]]


@pytest.mark.parametrize(("on_debian", "user"), [(True, 1000), (False, 0), (False, 1000)])
def test_elsewhere_one_line_says_that_there_is_no_chromium(
    on_debian: bool,
    user: int,
    ran: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    has(monkeypatch, "apt-get")
    is_root(monkeypatch, on_debian, user)
    monkeypatch.setattr(dev, "BIN", dev.ROOT / ".venv/bin")
    monkeypatch.setattr(dev, "passes", lambda python, code: False)
    dev.find_chromium()
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("Skipped: there is no Chromium for tests/browser; '")
    assert ran == []


def test_without_npm_one_line_says_what_is_skipped(
    ran: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    has(monkeypatch)
    dev.prettier()
    (line,) = capsys.readouterr().out.splitlines()
    assert line == "Skipped: the formatting of the web app's scripts; npm, which runs Prettier, is missing"
    assert ran == []


@pytest.mark.parametrize("reached", [True, False])
def test_prettier_is_installed_once_and_skipped_where_npm_reaches_no_registry(
    reached: bool, ran: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    has(monkeypatch, "npm")

    def npm(command: list[Any], **_: Any) -> CompletedProcess[bytes]:
        ran.append(command[1:2])
        return CompletedProcess(command, 0 if reached or command[1] != "ci" else 1)

    monkeypatch.setattr(subprocess, "run", npm)
    dev.prettier()
    dev.prettier()
    assert ran == ([["ci"], ["run"], ["run"]] if reached else [["ci"], ["ci"]])
    assert capsys.readouterr().out.count("Skipped: ") == (0 if reached else 2)


def test_a_step_that_fails_ends_with_its_exit_code(ran: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda command, **_: CompletedProcess(command, 3))
    with pytest.raises(SystemExit) as ended:
        dev.run("false")
    assert ended.value.code == 3


def test_make_ci_and_the_one_line_starts_go_through_it() -> None:
    makefile, ci = ((ROOT / name).read_text(encoding="utf-8") for name in ("Makefile", ".github/workflows/ci.yml"))
    assert set(re.findall(r"^(\w+):.*\n\t@\$\(PYTHON\) tools/dev\.py \1$", makefile, re.MULTILINE)) == STEPS
    assert set(re.findall(r"run: python tools/dev\.py (\w+)$", ci, re.MULTILINE)) <= STEPS
    for name in ("train_cpu.sh", "train_cpu.bat"):
        assert re.search(r"tools[/\\]dev\.py setup", (ROOT / name).read_text(encoding="utf-8"))


def test_the_licences_of_all_pinned_packages_are_listed() -> None:
    page = licences.PAGE.read_text(encoding="utf-8")
    assert re.findall(r"^\| ([a-z][a-z0-9.-]*) \| [^|]+ \|$", page, re.MULTILINE)[1:] == licences.pinned()
    assert "none stated" not in page


@pytest.mark.skipif(
    sys.version_info[:2] != (3, 11) or sys.platform != "linux", reason="other systems have other versions installed"
)
def test_the_page_of_licences_is_current() -> None:
    assert licences.PAGE.read_text(encoding="utf-8") == licences.page(), "run 'python tools/licences.py'"


def test_an_audit_of_all_pinned_packages_runs_in_ci() -> None:
    ci = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    for file in ("requirements.lock", "tools/torch.txt"):
        assert re.search(rf"pip_audit --strict .*-r {re.escape(file)}$", ci, re.MULTILINE)


def test_root_on_debian_gets_a_postgresql_and_others_one_line(
    ran: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    has(monkeypatch, "apt-get")
    monkeypatch.setattr(dev, "postgres_programs", lambda: None)
    is_root(monkeypatch, on_debian=True)
    dev.find_postgres()
    assert [command[:2] for command in ran] == [["apt-get", "update"], ["apt-get", "install"]]
    capsys.readouterr()
    ran.clear()
    is_root(monkeypatch, on_debian=False)
    dev.find_postgres()
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("Skipped: there is no PostgreSQL for tests of a shared logbook; '")
    assert ran == []
