"""Devices and processes, through Lightning Fabric."""

import logging
import warnings
from dataclasses import dataclass

import torch
from lightning_fabric import Fabric

from climbpath.errors import ClimbpathError


@dataclass
class Machine:
    """Where to train; none of it changes the recipe."""

    device: str = "auto"
    """cpu, cuda, mps, or auto for the best that there is."""
    devices: int = 1
    """Processes (or GPUs) per machine."""
    num_nodes: int = 1
    """Machines."""
    threads: int | None = None
    """CPU threads; None is one per core."""
    num_workers: int = 0
    """Processes that prepare batches."""


def resolve_device(device: str) -> str:
    """cpu, cuda or mps for what `--device` says. Raises ClimbpathError where this machine has no such device."""
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device == "auto":
        return next(name for name, there in available.items() if there)
    if not available[device]:
        raise ClimbpathError(
            f"--device {device}: torch {torch.__version__} sees none here; use --device cpu or auto, "
            "or install a build of torch for it (README, 'Installing torch')"
        )
    return device


def launch(machine: Machine) -> Fabric:
    """Fabric on the device asked for. Raises ClimbpathError where this machine has no such device."""
    if machine.threads:
        torch.set_num_threads(machine.threads)
    torch.set_float32_matmul_precision("high")
    logging.getLogger("lightning_fabric").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning")
    strategy = "ddp" if machine.devices * machine.num_nodes > 1 else "auto"
    fabric = Fabric(
        accelerator=resolve_device(machine.device),
        devices=machine.devices,
        num_nodes=machine.num_nodes,
        strategy=strategy,
    )
    fabric.launch()
    return fabric
