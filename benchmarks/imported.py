"""What `climbpath data import` of a file takes: time and memory of a process of its own."""

import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory


def timed_import(file: Path) -> str:
    """Import a file in a process, and say in a line how long it took and how much memory at most."""
    with TemporaryDirectory() as folder:
        output = Path(folder) / "problems.parquet"
        command = [sys.executable, "-m", "climbpath", "data", "import", str(file), "-o", str(output), "--force"]
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        seconds = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = used.ru_utime + used.ru_stime
    return f"{seconds:.1f} s ({busy:.1f} s of one core), {used.ru_maxrss / 1e6:.2f} GB at most"
