"""Devices and processes, through Lightning Fabric."""

import atexit
import logging
import os
import socket
import warnings
from dataclasses import dataclass, replace

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from lightning_fabric.strategies.ddp import DDPStrategy
from lightning_fabric.strategies.launchers.subprocess_script import _SubprocessScriptLauncher
from torch.distributed.constants import default_pg_timeout
from torch.distributed.distributed_c10d import PrefixStore
from torch.distributed.rendezvous import rendezvous

from climbpath.errors import ClimbpathError, reason


@dataclass(frozen=True)
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


def by_torchrun() -> bool:
    """Whether torchrun started this process."""
    return TorchElasticEnvironment.detect()


def launch(machine: Machine) -> Fabric:
    """Fabric on the device asked for, with as many processes as asked for, or as torchrun has started.

    Raises ClimbpathError where this machine has no such device, or the processes do not find each other.
    """
    torch.set_float32_matmul_precision("high")
    logging.getLogger("lightning_fabric").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning")
    machine = _as_torchrun_has_it(machine) if by_torchrun() else machine
    accelerator = resolve_device(machine.device)
    there = {"cuda": torch.cuda.device_count(), "mps": 1}.get(accelerator, machine.devices)
    if machine.devices > there:
        raise ClimbpathError(f"--devices {machine.devices}: this machine has {there} of the device {accelerator}")
    processes = machine.devices * machine.num_nodes
    fabric = Fabric(
        accelerator=accelerator,
        devices=machine.devices,
        num_nodes=machine.num_nodes,
        # buffers are constants, and alike everywhere
        strategy=DDPStrategy(broadcast_buffers=False) if processes > 1 else "auto",
    )
    environment = getattr(fabric.strategy, "cluster_environment", None)
    if machine.num_nodes > 1 and isinstance(environment, LightningEnvironment):
        _check_meeting_place(machine)
    try:
        if by_torchrun() and processes > 1:
            _meet_anew(fabric.strategy.root_device)
        fabric.launch()
    except (RuntimeError, OSError) as error:
        if processes == 1:
            raise
        where = f"{environment.main_address}:{environment.main_port}" if environment else "the main process"
        raise ClimbpathError(f"the {processes} processes did not find each other at {where}: {reason(error)}") from None
    launcher = fabric.strategy.launcher
    if accelerator == "cpu" and isinstance(launcher, _SubprocessScriptLauncher):
        # Fabric's watch over what it has started kills all where one has ended. Gloo's connections tell of it at once,
        # and the others can save first: there is nothing to watch
        launcher.procs.clear()
    if machine.threads:
        torch.set_num_threads(machine.threads)
    return fabric


def _as_torchrun_has_it(machine: Machine) -> Machine:
    """The machine with the processes that torchrun started. Raises ClimbpathError where others were asked for."""
    devices = int(os.environ["LOCAL_WORLD_SIZE"])
    num_nodes = int(os.environ["WORLD_SIZE"]) // devices
    if (machine.devices, machine.num_nodes) not in ((1, 1), (devices, num_nodes)):
        raise ClimbpathError(
            f"--devices {machine.devices} --num-nodes {machine.num_nodes}: torchrun has started {devices} processes "
            f"on {num_nodes} machine(s); leave these options out and give torchrun its own"
        )
    return replace(machine, devices=devices, num_nodes=num_nodes)


def _meet_anew(device: torch.device) -> None:
    """Join the processes that torchrun started together with this one, at a place of their own.

    torchrun keeps its store when it starts them again, with the addresses of those that have ended in it: by itself,
    torch tries to reach whichever address it reads first.
    """
    store, rank, world_size = next(rendezvous("env://"))
    start = PrefixStore(f"start {os.environ['TORCHELASTIC_RESTART_COUNT']}", store)
    on_gpu = device.type == "cuda"
    torch.distributed.init_process_group(
        "nccl" if on_gpu else "gloo",
        store=start,
        rank=rank,
        world_size=world_size,
        device_id=device if on_gpu else None,
        timeout=default_pg_timeout,  # nccl's own is shorter
    )
    if on_gpu:
        atexit.register(torch.distributed.destroy_process_group)  # else it warns


def _check_meeting_place(machine: Machine) -> None:
    """Raises ClimbpathError where a machine is not told which one it is and where all of them meet."""
    told = {name: os.environ.get(name, "") for name in ("MASTER_ADDR", "MASTER_PORT", "NODE_RANK")}
    if missing := [name for name, value in told.items() if not value]:
        raise ClimbpathError(
            f"--num-nodes {machine.num_nodes}: set {', '.join(missing)} in the environment of each machine (the "
            "address and a free port of the first one, and 0, 1, 2, … for this one), or start it with torchrun"
        )
    limits = {"MASTER_PORT": 65_535, "NODE_RANK": machine.num_nodes - 1}
    for name, most in limits.items():
        if not told[name].isdecimal() or int(told[name]) > most:
            raise ClimbpathError(f"{name} must be a number up to {most}, not {told[name]!r}")
    try:
        socket.getaddrinfo(told["MASTER_ADDR"], None)
    except OSError as error:
        raise ClimbpathError(f"MASTER_ADDR {told['MASTER_ADDR']} is no address: {error.strerror}") from None
    if "LOCAL_RANK" not in os.environ:
        place = f"{told['MASTER_ADDR']}:{told['MASTER_PORT']}"
        print(f"Machine {told['NODE_RANK']} of 0 to {machine.num_nodes - 1} waits for all at {place} …", flush=True)


def has_lost_another(error: RuntimeError) -> bool:
    """Whether an error says that another process of the run is gone: gloo has no exception of its own for that."""
    return isinstance(error, torch.distributed.DistError) or "gloo/" in str(error)
