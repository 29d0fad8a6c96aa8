"""Chooses how this session tells its processes on a GPU from others', by where it runs."""

import os
import re
from collections.abc import Mapping

import pynvml
from gpucommons_contract import SessionVariable

from gpucommons_lab.gpu.nvml_figure import figure
from gpucommons_lab.processes.node_processes import NodeProcesses
from gpucommons_lab.processes.own_processes import (
    HostProcesses,
    OwnProcesses,
    UnknownProcesses,
    pids_are_the_hosts,
    proc_is_ours,
)
from gpucommons_lab.processes.pod_processes import PodProcesses

_VERSION = re.compile(r"(\d+)\.(\d+)")
_TRANSLATES_FROM = (535, 113)
"""The first driver that lists PIDs of the caller's namespace.

Source: docs/reference/gpu-drivers.md.
"""


def lists_node_pids() -> bool:
    """Whether the driver is so old that it lists the node's PIDs to everybody.

    Nothing else is concluded from a version: a newer one is judged by what it lists.
    """
    version = figure(pynvml.nvmlSystemGetDriverVersion, lost=frozenset())
    return is_before_translation(version or "")


def is_before_translation(version: str) -> bool:
    """Whether a driver of this version lists the node's PIDs; False if that is unclear."""
    found = _VERSION.match(version)
    return found is not None and (int(found[1]), int(found[2])) < _TRANSLATES_FROM


def own_processes(environ: Mapping[str, str]) -> OwnProcesses:
    """Choose: look by ourselves; in a pod, also ask the node, if it has an agent."""
    if pids_are_the_hosts():
        return HostProcesses()
    if not proc_is_ours():
        return UnknownProcesses()
    url = environ.get(SessionVariable.GPU_PROCESSES_URL)
    node = NodeProcesses(url, server=os.getpid()) if url else UnknownProcesses()
    return PodProcesses(node, lists_node_pids)
