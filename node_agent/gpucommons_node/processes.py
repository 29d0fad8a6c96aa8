"""What /proc shows of containers: nothing here needs more rights than any account has.

See proc_pid_status(5) and proc_pid_cgroup(5).
"""

import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path

Translation = Mapping[int, int]
"""PIDs inside a container by the node's PIDs."""

_CONTAINER = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
"""A container's ID. Every runtime has it in the name of the container's control group, with
cgroupfs ``/kubepods/podUID/ID`` and with systemd ``…-podUID.slice/cri-containerd-ID.scope``."""
_FRESH = 1.0
"""Seconds for which one scan of all processes is used, whoever asks."""


def processes_by_container(proc: Path = Path("/proc")) -> dict[str, dict[int, int]]:
    """Scan all processes of the node; return PIDs by container ID."""
    found: dict[str, dict[int, int]] = defaultdict(dict)
    for folder in proc.iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            containers = set(_CONTAINER.findall((folder / "cgroup").read_text(errors="replace")))
            inside = containers and pid_inside((folder / "status").read_text(errors="replace"))
        except OSError:  # it ended meanwhile
            continue
        if inside:
            for container in containers:
                found[container][int(folder.name)] = inside
    return dict(found)


def pid_inside(status: str) -> int | None:
    """Read a process's PID one PID namespace further in; None: it has none, as with hostPID.

    A process that a session put into another namespace has more: the second is the container's.
    """
    for line in status.splitlines():
        if line.startswith("NSpid:"):
            pids = line.split()[1:]
            return int(pids[1]) if len(pids) > 1 else None
    return None


class ProcessScan:
    """Scans all processes at most once a second, however many ask."""

    def __init__(
        self,
        scan: Callable[[], Mapping[str, Translation]] = processes_by_container,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._scan = scan
        self._clock = clock
        self._lock = threading.Lock()
        self._found: Mapping[str, Translation] = {}
        self._at: float | None = None

    def of(self, container: str) -> Translation:
        """Return the processes of a container; none if it has ended."""
        with self._lock:
            if self._at is None or self._clock() - self._at > _FRESH:
                self._found, self._at = self._scan(), self._clock()
            return self._found.get(container, {})
