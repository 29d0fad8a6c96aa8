"""``gpucommons sim``: change and show what the simulated GPUs do."""

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gpucommons_local.gpu.driver import DriverRoot
from gpucommons_local.gpu.namespaces import process_on
from gpucommons_local.gpu.state import (
    FIGURES,
    GPU_COUNT,
    MEMORY_TOTAL,
    PROCESS_MEMORY,
    THROTTLES,
    DriverState,
    GPUProcess,
    GPUState,
    check_gpu,
)

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_UNITS = {"": 1, "B": 1, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)")


def add_parser(subparsers: "Subparsers") -> None:
    """Add ``sim`` to the commands."""
    parser = subparsers.add_parser("sim", help="change what the simulated GPUs do")
    commands = parser.add_subparsers(dest="sim_command", required=True, metavar="COMMAND")
    _add_set(commands)
    show = commands.add_parser("show", help="show what all GPUs do")
    show.add_argument("--json", action="store_true", help="for programs")
    xid = commands.add_parser("xid", help="report a critical error of a GPU, as 79: off the bus")
    xid.add_argument("gpu", type=_gpu, help="number of the GPU")
    xid.add_argument("code", type=int, help="NVIDIA's Xid; 13, 31, 43, 45, 68 and 109 do no harm")
    reset = commands.add_parser("reset", help="make GPUs idle, whole, with no process")
    reset.add_argument("gpu", type=_gpu, nargs="*", help="numbers of the GPUs; by default all")


def _add_set(commands: "Subparsers") -> None:
    parser = commands.add_parser("set", help="set what one GPU does; the rest stays as it is")
    parser.add_argument("gpu", type=_gpu, help=f"number of the GPU, 0 to {GPU_COUNT - 1}")
    parser.add_argument(
        "--utilization",
        type=int,
        metavar="PERCENT",
        help="also sets power, temperature and clocks to match",
    )
    parser.add_argument("--memory", type=size, metavar="SIZE", help="used memory, as 20GiB")
    parser.add_argument("--power", type=float, metavar="WATTS", help="power that the GPU draws")
    parser.add_argument("--temperature", type=int, metavar="CELSIUS", help="its temperature")
    parser.add_argument("--clock", type=int, metavar="MHZ", help="of the multiprocessors")
    parser.add_argument(
        "--throttle",
        nargs="+",
        choices=["none", *THROTTLES],
        help="what holds the clock back; several may be named",
    )
    parser.add_argument("--ecc", type=int, metavar="COUNT", help="uncorrected memory errors")
    parser.add_argument(
        "--pcie", type=_traffic, metavar="IN:OUT", help="MB/s to and from the GPU, as 1200:300"
    )
    parser.add_argument(
        "--delay",
        type=int,
        metavar="MILLISECONDS",
        help="how long the driver takes to report the utilization; 10000 is a driver that hangs",
    )
    parser.add_argument(
        "--process",
        type=_process,
        action="append",
        metavar="PID:SIZE",
        help="a process on the GPU, as 4242:8GiB; may be repeated; replaces all that were there",
    )
    _add_driver(parser)
    parser.add_argument(
        "--mig",
        type=_profiles,
        metavar="PROFILES",
        help="cut the GPU into slices, such as 1g.18gb,2g.35gb; off makes it whole again",
    )
    parser.add_argument(
        "--lost",
        action=argparse.BooleanOptionalAction,
        help="whether every reading fails with 'GPU is lost'",
    )


def _add_driver(parser: argparse.ArgumentParser) -> None:
    """Add how the GPU's driver answers; see docs/reference/gpu-drivers.md."""
    parser.add_argument(
        "--pids",
        choices=("node", "caller"),
        help="which PIDs processes are listed by: the node's, as before driver 535.113, or those "
        "of the caller's namespace, which hides others; for processes added from then on",
    )
    parser.add_argument(
        "--process-memory",
        choices=PROCESS_MEMORY,
        help="what is reported of a process's memory; zero or hidden as from 535.113 to 560",
    )
    for name, what in (
        ("--unsupported", "figures that the driver does not support"),
        ("--garbage", "figures for which the driver answers a number that cannot be"),
    ):
        parser.add_argument(
            name, nargs="+", choices=["none", *FIGURES], metavar="FIGURE", help=what
        )


def size(text: str) -> int:
    """Read a size such as ``20GiB`` or ``512MiB`` as bytes."""
    match = _SIZE.fullmatch(text.strip())
    if match is None or match[2] not in _UNITS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size: write it as 20GiB or 512MiB")
    size_in_bytes = int(float(match[1]) * _UNITS[match[2]])
    if size_in_bytes > MEMORY_TOTAL:
        raise argparse.ArgumentTypeError(
            f"{text} is more than a GPU has: {MEMORY_TOTAL >> 20}MiB at most"
        )
    return size_in_bytes


def _gpu(text: str) -> int:
    try:
        check_gpu(number := int(text), GPU_COUNT)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"there is no GPU {text}: they are numbered 0 to {GPU_COUNT - 1}"
        ) from None
    return number


def _process(text: str) -> tuple[int, int]:
    pid, colon, memory = text.partition(":")
    if not (pid.isdecimal() and colon):
        raise argparse.ArgumentTypeError(f"{text!r} is not a process: write it as 4242:8GiB")
    return int(pid), size(memory)


def _profiles(text: str) -> tuple[str, ...]:
    return () if text == "off" else tuple(text.split(","))


def _traffic(text: str) -> tuple[int, int]:
    received, colon, sent = text.partition(":")
    if not (received.isdecimal() and sent.isdecimal() and colon):
        raise argparse.ArgumentTypeError(f"{text!r} is not a rate of traffic: write it as 1200:300")
    return int(received) * 1000, int(sent) * 1000


def run(arguments: argparse.Namespace, driver_root: Path) -> int:
    """Do what the command line asks; returns the exit status. Raises PlatformError."""
    file = DriverRoot(driver_root).state_file
    try:
        match arguments.sim_command:
            case "set":
                state = file.update(lambda state: _set(state, arguments))
            case "xid":
                state = file.update(lambda state: state.with_xid(arguments.gpu, arguments.code))
            case "reset":
                numbers = arguments.gpu or None
                state = file.update(lambda state: state.reset(numbers))
            case _:
                state = file.read()
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    as_json = arguments.sim_command == "show" and arguments.json
    sys.stdout.write(f"{json.dumps(asdict(state), indent=2)}\n" if as_json else table(state))
    return 0


def _set(state: DriverState, arguments: argparse.Namespace) -> DriverState:
    gpu = state.gpus[arguments.gpu]
    if arguments.utilization is not None:
        gpu = gpu.with_load(arguments.utilization)
    gpu = replace(gpu, **_named(arguments))
    state = state.with_gpu(arguments.gpu, gpu)
    if arguments.mig is not None:
        state = state.with_cut(arguments.gpu, arguments.mig)
    if arguments.process is None:
        return state
    put = process_on if gpu.translates else GPUProcess
    processes = [put(arguments.gpu, pid, memory) for pid, memory in arguments.process]
    return state.with_processes(arguments.gpu, processes)


def _named(arguments: argparse.Namespace) -> dict[str, int]:
    """Return the figures that the command line names, in the units of the state."""
    received, sent = arguments.pcie or (None, None)
    named = {
        "power": None if arguments.power is None else round(arguments.power * 1000),
        "temperature": arguments.temperature,
        "memory_used": arguments.memory,
        "sm_clock": arguments.clock,
        "throttle": _bits(THROTTLES, arguments.throttle),
        "ecc_errors": arguments.ecc,
        "pcie_received": received,
        "pcie_sent": sent,
        "delay": arguments.delay,
        "lost": arguments.lost,
        "translates": None if arguments.pids is None else arguments.pids == "caller",
        "process_memory": PROCESS_MEMORY.get(arguments.process_memory),
        "unsupported": _bits(FIGURES, arguments.unsupported),
        "garbage": _bits(FIGURES, arguments.garbage),
    }
    return {name: value for name, value in named.items() if value is not None}


def _bits(known: Mapping[str, int], names: Sequence[str] | None) -> int | None:
    return None if names is None else sum(known.get(each, 0) for each in set(names))


def table(state: DriverState) -> str:
    """Show a state to a person."""
    heads = (
        "GPU",
        "Utilization",
        "Memory",
        "Power",
        "Temperature",
        "Processes",
        "Slices",
        "Last Xid",
    )
    rows = (_row(state, number, gpu) for number, gpu in enumerate(state.gpus))
    return "".join(_line(row) for row in (heads, *rows))


def _row(state: DriverState, number: int, gpu: GPUState) -> tuple[str, ...]:
    processes = sum(each.gpu == number for each in state.processes)
    slices = sum(each.gpu == number for each in state.slices)
    xids = [each.code for each in state.xids if each.gpu == number]
    return (
        str(number),
        "lost" if gpu.lost else f"{gpu.utilization} %",
        f"{gpu.memory_used / 2**30:.1f} of {MEMORY_TOTAL / 2**30:.1f} GiB",
        f"{gpu.power / 1000:.0f} W",
        f"{gpu.temperature} °C",
        str(processes),
        str(slices),
        str(xids[-1]) if xids else "none",
    )


def _line(row: Sequence[str]) -> str:
    widths = (3, 11, 18, 6, 11, 9, 6, 8)
    cells = (f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
    return "  ".join(cells) + "\n"
