"""What must hold before anything is started, each with a way to make it hold."""

import os
import platform
import shutil
import socket
from collections.abc import Sequence

from gpucommons_local.errors import PlatformError
from gpucommons_local.machine.cache import cache_folder
from gpucommons_local.machine.instance import Instance, saved
from gpucommons_local.machine.supervision import LONGEST_SOCKET_PATH, socket_of

_GIB = 1024**3
_CACHE_SPACE = 12 * _GIB
"""Sources, compiler's cache, programs, images: an estimate with room, not a measurement."""
_STATE_SPACE = 6 * _GIB

_LAST_PORT = 65532
"""Dex and the API server take the second and third after it."""
_INSIDE = frozenset({2379, 2380, 2381, 8001, 8180, 8181, 10248, 10249, 10257, 10259})
"""Ports of the node's loopback that etcd, proxy, CoreDNS, kubelet and others have there."""


def check(instance: Instance, *, cached: bool, mine: Sequence[int] = ()) -> None:
    """Raise PlatformError with everything that is in the way, all at once.

    mine are the ports that the platform has now, if it runs.
    """
    problems = [
        *_machine(),
        *_kind(instance),
        *_path(instance),
        *_space(instance, cached=cached),
        *_ports(instance, mine),
    ]
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


def _kind(instance: Instance) -> list[str]:
    before = saved(instance.name)
    if before is None or before.only_cluster == instance.only_cluster:
        return []
    if before.only_cluster:
        return [
            f"{instance.name} is a cluster to install on, without a hub of its own. Start it "
            "again with --only-cluster, or choose another --name for a whole platform."
        ]
    return [
        f"{instance.name} is a whole platform. Choose another --name for a cluster to install on."
    ]


def _path(instance: Instance) -> list[str]:
    excess = len(os.fsencode(socket_of(instance))) - LONGEST_SOCKET_PATH
    if excess <= 0:
        return []
    return [
        f"The path {instance.state} is {excess} bytes too long: Linux takes sockets with short "
        "paths only. Set GPUCOMMONS_STATE to a shorter one."
    ]


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


def _ports(instance: Instance, mine: Sequence[int]) -> list[str]:
    if not 1 <= instance.port <= _LAST_PORT:
        return [f"There is no port {instance.port} for the hub; at most {_LAST_PORT} is possible."]
    problems = []
    for port in instance.ports:
        if port in _INSIDE:
            problems.append(
                f"Port {port} is the node's own, and the platform takes {instance.port} and the "
                f"second and third after it. Choose another: make up PORT={instance.port + 1000}"
            )
        elif port not in mine and not _is_free(port):
            problems.append(
                f"Port {port} on 127.0.0.1 is taken by another program. Stop that one, or "
                f"choose another place for the platform: make up PORT={instance.port + 1000}"
            )
    return problems


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
