"""Names the machine that a benchmark ran on."""

import os
import platform
from pathlib import Path

import torch


def machine() -> str:
    """Processor, cores in use, Python and torch, in a line."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    processor = names[0] if names else platform.processor()
    return f"{processor}, {cores} cores, Python {platform.python_version()}, torch {torch.__version__}"
