"""What the session uses of memory, CPUs and disk, as it was measured last."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from gpucommons_contract import CPUUse, DiskUse, MemoryUse, SessionUse

from gpucommons_lab.health.control_group import ROOT, ContainerMemory, read_cpu, read_memory
from gpucommons_lab.health.home_disk import read_disk

_STALE = 30.0
"""Seconds after which a measurement says nothing, as while a file server hangs."""

_KEPT = 10.0
"""Seconds for which the disk is not asked again, as each time is a request to the file server."""

T = TypeVar("T")


class _Latest(Generic[T]):
    """The newest measurement, for other threads to read."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._found: tuple[float, T | None] = (float("-inf"), None)

    def put(self, value: T | None) -> None:
        self._found = (self._clock(), value)

    def get(self) -> T | None:
        at, value = self._found
        return value if self._clock() - at <= _STALE else None


class SessionUseMeter:
    """Measures when the checks of the session's health look, each on a thread of its own.

    Whoever wants to know gets what was measured last, at once and on any thread.
    """

    def __init__(
        self,
        control_groups: Path = ROOT,
        home: Path | None = None,
        *,
        in_session: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``control_groups`` is where the kernel shows them; ``clock`` gives seconds.

        ``in_session`` is whether the spawner started this server, which then is in a container.
        """
        self._control_groups = control_groups
        self._home = home or Path.home()
        self._in_session = in_session
        self._clock = clock
        self._container = _Latest[ContainerMemory](clock)
        self._cpu = _Latest[CPUUse](clock)
        self._disk = _Latest[DiskUse](clock)
        self._disk_next = float("-inf")
        self._cpu_before: tuple[float, float] | None = None

    def measure_container(self) -> ContainerMemory | None:
        """Measure memory and CPUs; return what is known of the memory."""
        memory = read_memory(self._control_groups)
        self._container.put(memory)
        self._measure_cpu()
        return memory

    def container(self) -> ContainerMemory | None:
        """Return what was measured of the memory last; None if it is unknown, or too old."""
        return self._container.get()

    def measure_disk(self) -> DiskUse | None:
        """Measure the volume of the home folder now and then, which takes as long as that does."""
        if self._clock() >= self._disk_next:
            self._disk.put(read_disk(self._home, in_session=self._in_session))
            self._disk_next = self._clock() + _KEPT
        return self._disk.get()

    def forget_disk(self) -> None:
        """Have the volume measured at the next time, as after files were deleted."""
        self._disk_next = float("-inf")

    def current(self) -> SessionUse:
        """Return what was measured last, without what is too old."""
        memory = self.container()
        used = memory.used if memory else None
        limit = memory.limit if memory else None
        use = None if used is None else MemoryUse(used, limit)
        return SessionUse(use, self._cpu.get(), self._disk.get())

    def _measure_cpu(self) -> None:
        cpu, now, before = read_cpu(self._control_groups), self._clock(), self._cpu_before
        self._cpu_before = (now, cpu.seconds) if cpu else None
        if cpu is None or before is None or now <= before[0] or cpu.seconds < before[1]:
            self._cpu.put(None)  # one reading says nothing
            return
        self._cpu.put(CPUUse((cpu.seconds - before[1]) / (now - before[0]), cpu.limit))
