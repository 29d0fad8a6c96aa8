"""The file by which the simulated driver learns what its GPUs do.

One line per fact, in this form; local/simulated_driver/state.c reads it::

    nvsim 1 generation 17
    gpu 0 utilization 80 memory_utilization 48 ... garbage 0
    process 0 4242 21474836480 inside 57 namespace 4026532999
    xid 1 1 79
    slice 2 profile 1g.18gb compute 1 memory 1 multiprocessors 16 uuid MIG-...
    end 17

Sessions have the file mounted, so it keeps its inode: it is written in place,
with one call. A reader that sees different numbers in the first and the last
line came in the middle, and reads again.
"""

import fcntl
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from gpucommons_local.errors import PlatformError
from gpucommons_local.gpu.mig import PROFILES
from gpucommons_local.gpu.state import (
    GPU_COUNT,
    DriverState,
    GPUProcess,
    GPUState,
    Slice,
    Xid,
    all_idle,
)

_HEAD = re.compile(r"nvsim 1 generation (\d+)")
_GPU = re.compile(
    r"gpu (\d+) utilization (\d+) memory_utilization (\d+) memory_used (\d+) power_mw (\d+)"
    r" temperature (\d+) sm_clock (\d+) memory_clock (\d+) lost ([01]) throttle (\d+)"
    r" ecc_errors (\d+) pcie_received (\d+) pcie_sent (\d+) delay_ms (\d+)"
    r" translates ([01]) process_memory (\d+) unsupported (\d+) garbage (\d+)"
)
_PROCESS = re.compile(r"process (\d+) (\d+) (\d+) inside (\d+) namespace (\d+)")
_XID = re.compile(r"xid (\d+) (\d+) (\d+)")
_SLICE = re.compile(
    r"slice (\d+) profile (\S+) compute \d+ memory \d+ multiprocessors \d+ uuid (MIG-\S+)"
)
_END = re.compile(r"end (\d+)")


def render(state: DriverState) -> str:
    """Write a state as the text of the file."""
    lines = [f"nvsim 1 generation {state.generation}"]
    lines += [_render_gpu(number, gpu) for number, gpu in enumerate(state.gpus)]
    lines += [_render_process(each) for each in state.processes]
    lines += [f"xid {each.sequence} {each.gpu} {each.code}" for each in state.xids]
    lines += [_render_slice(each) for each in state.slices]
    lines += [f"end {state.generation}", ""]
    return "\n".join(lines)


def _render_gpu(number: int, gpu: GPUState) -> str:
    return (
        f"gpu {number} utilization {gpu.utilization} memory_utilization {gpu.memory_utilization}"
        f" memory_used {gpu.memory_used} power_mw {gpu.power} temperature {gpu.temperature}"
        f" sm_clock {gpu.sm_clock} memory_clock {gpu.memory_clock} lost {gpu.lost:d}"
        f" throttle {gpu.throttle} ecc_errors {gpu.ecc_errors} pcie_received {gpu.pcie_received}"
        f" pcie_sent {gpu.pcie_sent} delay_ms {gpu.delay} translates {gpu.translates:d}"
        f" process_memory {gpu.process_memory} unsupported {gpu.unsupported}"
        f" garbage {gpu.garbage}"
    )


def _render_process(process: GPUProcess) -> str:
    return (
        f"process {process.gpu} {process.pid} {process.memory}"
        f" inside {process.inside} namespace {process.namespace}"
    )


def _render_slice(part: Slice) -> str:
    has = PROFILES[part.profile]
    return (
        f"slice {part.gpu} profile {part.profile} compute {has.compute} memory {has.memory}"
        f" multiprocessors {has.multiprocessors} uuid {part.uuid}"
    )


def parse(text: str) -> DriverState:
    """Read the text of the file; raises ValueError with the line that makes no sense."""
    lines = text.splitlines()
    head = _HEAD.fullmatch(lines[0]) if lines else None
    if head is None:
        raise ValueError("The first line is not that of a state of simulated GPUs.")
    state = DriverState(generation=int(head[1]))
    for number, line in enumerate(lines[1:], start=2):
        if end := _END.fullmatch(line):
            if int(end[1]) != state.generation:
                raise ValueError(f"Line {number} ends another generation than line 1 began.")
            return state
        state = _with_line(state, number, line)
    raise ValueError("The last line is missing.")


def _with_line(state: DriverState, number: int, line: str) -> DriverState:
    if found := _GPU.fullmatch(line):
        gpu, load, memory_load, used, power, heat, clock, memory_clock, *rest = map(
            int, found.groups()
        )
        lost, throttle, ecc_errors, received, sent, delay, translates, *odd = rest
        figures = GPUState(
            load,
            memory_load,
            used,
            power,
            heat,
            clock,
            memory_clock,
            bool(lost),
            throttle,
            ecc_errors,
            received,
            sent,
            delay,
            bool(translates),
            *odd,
        )
        if gpu == len(state.gpus):
            return replace(state, gpus=(*state.gpus, figures))
        return state.with_gpu(gpu, figures)
    if found := _PROCESS.fullmatch(line):
        process = GPUProcess(*(int(each) for each in found.groups()))
        return replace(state, processes=(*state.processes, process))
    if found := _XID.fullmatch(line):
        xid = Xid(*(int(each) for each in found.groups()))
        return replace(state, xids=(*state.xids, xid))
    if found := _SLICE.fullmatch(line):
        part = Slice(int(found[1]), found[2], found[3])
        return replace(state, slices=(*state.slices, part))
    raise ValueError(f"Line {number} makes no sense: {line}")


@dataclass(frozen=True, slots=True)
class StateFile:
    """The file at ``path``. ``lock`` keeps two writers apart; no session sees it."""

    path: Path
    lock: Path

    def create(self, count: int = GPU_COUNT) -> None:
        """Make the file with that many idle GPUs, unless a readable one is there."""
        with self._locked():
            try:
                self.read()
            except PlatformError:
                self._write(DriverState(gpus=all_idle(count)))

    def read(self) -> DriverState:
        """Read what the GPUs do now; raises PlatformError."""
        try:
            return parse(self.path.read_text())
        except FileNotFoundError:
            raise PlatformError(
                f"There are no simulated GPUs here: {self.path} is missing. Start them: make up"
            ) from None
        except ValueError as error:
            raise PlatformError(
                f"{self.path} cannot be read. {error} Remove it and run: make up"
            ) from error

    def update(self, change: Callable[[DriverState], DriverState]) -> DriverState:
        """Apply a change and return the new state; raises PlatformError."""
        with self._locked():
            before = self.read()
            after = replace(change(before), generation=before.generation + 1)
            self._write(after)
        return after

    @contextmanager
    def _locked(self) -> Iterator[None]:
        if not self.lock.parent.is_dir():
            raise PlatformError(
                f"There are no simulated GPUs here: {self.lock.parent} is missing. "
                "Start them: make up"
            )
        with self.lock.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write(self, state: DriverState) -> None:
        text = render(state).encode()
        file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            os.pwrite(file, text, 0)
            os.ftruncate(file, len(text))
        finally:
            os.close(file)
