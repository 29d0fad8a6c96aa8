"""What must hold before anything is started, each with a way to make it hold."""

import os
import platform
import shutil
import socket

from gpucommons_local.cache import cache_folder
from gpucommons_local.errors import PlatformError
from gpucommons_local.instance import Instance

_GIB = 1024**3
_CACHE_SPACE = 12 * _GIB
"""Sources, compiler's cache, programs, images: an estimate with room, not a measurement."""
_STATE_SPACE = 6 * _GIB


def check(instance: Instance, *, cached: bool, running: bool) -> None:
    """Raise PlatformError with everything that stands in the way, all at once."""
    problems = [*_machine(), *_space(instance, cached=cached)]
    if not running:
        problems += _ports(instance)
    if problems:
        raise PlatformError("\n".join(problems))


def _machine() -> list[str]:
    problems = []
    if os.geteuid() != 0:
        problems.append(
            "The local platform starts a Kubernetes node, which needs root. Run: sudo make up"
        )
    if platform.machine() != "x86_64":
        problems.append(f"The local platform runs on x86-64; this machine is {platform.machine()}.")
    return problems


def _space(instance: Instance, *, cached: bool) -> list[str]:
    problems = []
    needs = {instance.state: _STATE_SPACE}
    if not cached:
        needs[cache_folder()] = _CACHE_SPACE
    for folder, need in needs.items():
        place = next(each for each in (folder, *folder.parents) if each.exists())
        free = shutil.disk_usage(place).free
        if free < need:
            problems.append(
                f"{folder} needs {need // _GIB} GiB of free disk and has {free / _GIB:.1f} GiB. "
                "Free some, or move it with XDG_CACHE_HOME (what is built) or "
                "GPUCOMMONS_STATE (workspaces and cluster)."
            )
    return problems


def _ports(instance: Instance) -> list[str]:
    problems = []
    for port in (instance.port, instance.dex_port, instance.api_port):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                problems.append(
                    f"Port {port} on 127.0.0.1 is taken by another program. Stop that one, or "
                    f"choose another place for the platform: make up PORT={instance.port + 1000}"
                )
    return problems
