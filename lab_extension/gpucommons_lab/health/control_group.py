"""What the kernel counts of this container, in control groups of version 2 or 1.

A file that is not there, or has something else in it, is not known. See
https://docs.kernel.org/admin-guide/cgroup-v2.html (memory.current, memory.stat, memory.max,
memory.events, cpu.stat, cpu.max) and https://docs.kernel.org/admin-guide/cgroup-v1/memory.html.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
_PROC = Path("/proc/self/cgroup")
_KILLS = "oom_kill"
_UNLIMITED = 2**50
"""Bytes. Version 1 writes a number near 2**63 where there is no limit."""
_MICROSECONDS, _NANOSECONDS = 1e6, 1e9


@dataclass(frozen=True, slots=True)
class ContainerMemory:
    """What was read at one moment. ``limit`` and ``used`` are bytes, None where unknown."""

    kills: int
    """How many of its processes were killed because memory was full, since it began."""
    limit: int | None
    used: int | None
    """What programs hold; what the kernel keeps of files and can give up does not count."""


@dataclass(frozen=True, slots=True)
class ContainerCPU:
    """What was read at one moment. ``limit`` is in cores, None where there is none."""

    seconds: float
    """Of one core that were used since the container began."""
    limit: float | None


def read_memory(root: Path = ROOT, own: Path = _PROC) -> ContainerMemory | None:
    """Read this container's memory; None where the kernel does not count kills."""
    for group in _groups(root, own, ""):
        kills = _counts(group / "memory.events").get(_KILLS)
        if kills is not None:
            used = _held(group, "memory.current", "")
            return ContainerMemory(kills, _number(group / "memory.max"), used)
    for group in _groups(root / "memory", own, "memory"):
        kills = _counts(group / "memory.oom_control").get(_KILLS)
        if kills is not None:
            limit = _number(group / "memory.limit_in_bytes")
            known = limit if limit is not None and limit < _UNLIMITED else None
            # Without a limit, what is mounted as the root may be the node's.
            is_node = known is None and group == root / "memory"
            used = _held(group, "memory.usage_in_bytes", "total_")
            return ContainerMemory(kills, known, None if is_node else used)
    return None


def read_cpu(root: Path = ROOT, own: Path = _PROC) -> ContainerCPU | None:
    """Read what this container computed; None where that is not known."""
    for group in _groups(root, own, ""):
        # The node's own group has the first file as well, but no limit.
        used = _counts(group / "cpu.stat").get("usage_usec")
        most = _words(group / "cpu.max")
        if used is not None and len(most) == 2:
            return ContainerCPU(used / _MICROSECONDS, _cores(*most))
    for group in _groups(root / "cpu", own, "cpu"):
        limit = _cores(
            *(_text(group / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period"))
        )
        used = _number(group / "cpuacct.usage")
        if used is None:  # the two controllers may be mounted apart
            used = _number(root / "cpuacct" / group.relative_to(root / "cpu") / "cpuacct.usage")
        if used is not None and (limit is not None or group != root / "cpu"):
            return ContainerCPU(used / _NANOSECONDS, limit)
    return None


def _groups(folder: Path, own: Path, controller: str) -> Iterator[Path]:
    """Yield where our group may be: by its name, or as the root, as it is in most containers.

    ``controller`` is one of version 1; empty for version 2.
    """
    for line in _text(own).splitlines():
        if line.count(":") >= 2:
            _, kinds, path = line.split(":", 2)
            if controller in kinds.split(",") and path != "/":
                yield folder / path.strip("/")
    yield folder


def _held(group: Path, usage: str, prefix: str) -> int | None:
    """Return bytes in use, without the kernel's two lists of files.

    The kubelet leaves out only the inactive one; but what was read twice is on the other, and is
    given up as well. What is in /dev/shm cannot be, and is on neither. ``prefix`` is of the names
    in ``memory.stat``.
    """
    used, counts = _number(group / usage), _counts(group / "memory.stat")
    inactive, active = (counts.get(f"{prefix}{kind}_file") for kind in ("inactive", "active"))
    if used is None or inactive is None or active is None:
        return None
    return max(0, used - inactive - active)


def _cores(quota: str, period: str) -> float | None:
    """Return how many cores may be used, from two times; None without a limit."""
    if not (quota.isdecimal() and period.isdecimal() and int(period)):
        return None
    return int(quota) / int(period)


def _counts(file: Path) -> Mapping[str, int]:
    """Read lines such as ``oom_kill 2``."""
    pairs = (line.split(" ", 1) for line in _text(file).splitlines() if " " in line)
    return {name: int(count) for name, count in pairs if count.strip().isdecimal()}


def _number(file: Path) -> int | None:
    text = _text(file).strip()
    return int(text) if text.isdecimal() else None


def _words(file: Path) -> list[str]:
    return _text(file).split()


def _text(file: Path) -> str:
    """Read a small file; empty where that cannot be done."""
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""
