"""What `climbpath data import` of a file takes: time and memory of a process of its own."""

import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple


class Cost(NamedTuple):
    """What an import took."""

    seconds: float
    """From start to end."""
    busy: float
    """Seconds of one core."""
    memory: float
    """At most, in GB."""

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s ({self.busy:.1f} s of one core), {self.memory:.2f} GB at most"


def timed_import(file: Path) -> Cost:
    """Import a file in a process. Raises CalledProcessError where that fails."""
    with TemporaryDirectory() as folder:
        output = Path(folder) / "problems.parquet"
        command = [sys.executable, "-m", "climbpath", "data", "import", str(file), "-o", str(output), "--force"]
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e6)
