"""Control groups of the pods: made before the kubelet starts, removed at the end.

Works with the unified hierarchy (v2) and with one folder per controller (v1).
"""

import time
from pathlib import Path

from gpucommons_local.errors import PlatformError
from gpucommons_local.machine.instance import Instance

_ROOT = Path("/sys/fs/cgroup")


def make_groups(instance: Instance) -> None:
    """Make the parent group of all pods in every hierarchy."""
    for hierarchy in _hierarchies():
        if (hierarchy / "cgroup.controllers").exists() and hierarchy == _ROOT:
            _pass_on_controllers(hierarchy)
        group = _group(hierarchy, instance)
        group.mkdir(exist_ok=True)
        if (hierarchy / "cgroup.controllers").exists():
            _pass_on_controllers(group)
        elif hierarchy.name == "cpuset":
            for name in ("cpuset.cpus", "cpuset.mems"):
                (group / name).write_text((hierarchy / name).read_text())


def remove_groups(instance: Instance, limit: float = 10.0) -> None:
    """Remove the groups, innermost first; waits for their processes to be gone."""
    deadline = time.monotonic() + limit
    while left := leftover_groups(instance):
        for group in left:
            _remove_tree(group)
        if time.monotonic() > deadline:
            busy = ", ".join(str(each) for each in leftover_groups(instance))
            raise PlatformError(f"Control groups are still in use: {busy}")
        time.sleep(0.05)


def leftover_groups(instance: Instance) -> list[Path]:
    """Groups of the instance that exist, one for each hierarchy."""
    return [
        group for hierarchy in _hierarchies() if (group := _group(hierarchy, instance)).exists()
    ]


def _group(hierarchy: Path, instance: Instance) -> Path:
    return hierarchy / instance.cgroup.lstrip("/")


def _hierarchies() -> list[Path]:
    """Mount points of every hierarchy on this machine."""
    found = []
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, target, kind, *_ = line.split()
        if kind in {"cgroup", "cgroup2"} and Path(target).is_relative_to(_ROOT):
            found.append(Path(target))
    return found


def _pass_on_controllers(group: Path) -> None:
    names = (group / "cgroup.controllers").read_text().split()
    for name in names:
        try:
            (group / "cgroup.subtree_control").write_text(f"+{name}")
        except OSError:
            continue  # in use by a v1 hierarchy, or not for groups with processes


def _remove_tree(group: Path) -> None:
    for folder in sorted((p for p in group.rglob("*") if p.is_dir()), reverse=True):
        _try_rmdir(folder)
    _try_rmdir(group)


def _try_rmdir(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return  # a process is still ending in it; the caller looks again
