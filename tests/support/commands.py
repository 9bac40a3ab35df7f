"""Commands of the project, in a process of their own as a user would run them, or in this one, which is faster."""

import io
import os
import runpy
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

import pytest

from climbpath.cli import main

ROOT = Path(__file__).parents[2]

needs_posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals, permissions or shell")


def run(*arguments: object, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the project as a user would, in `cwd`."""
    return subprocess.run(
        [str(argument) for argument in arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", **env},
    )


def climbpath(*arguments: object, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    return run(sys.executable, "-m", "climbpath", *arguments, cwd=cwd, **env)


def climbpath_here(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line in this process: torch takes seconds to import, in every process anew."""
    return _here(main, ["climbpath", *map(str, arguments)], cwd)


def climbpath_on_a_thread(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The same for a command with an event loop of its own: Playwright's may run on this thread."""
    with ThreadPoolExecutor(1) as own_thread:
        return own_thread.submit(climbpath_here, *arguments, cwd=cwd).result()


def script_here(path: Path, *arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a Python file in this process."""
    return _here(lambda: runpy.run_path(str(path), run_name="__main__"), [str(path), *map(str, arguments)], cwd)


def _here(call: Callable[[], object], arguments: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    """The result of a call as if it had been a process; an exception that would end one in a traceback is raised."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with chdir(cwd), redirect_stdout(out), redirect_stderr(err), mock.patch.object(sys, "argv", arguments):
        try:
            call()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())
