"""Which way this session has to tell its processes on a GPU from others'."""

from collections.abc import Mapping

from gpucommons_contract import SessionVariable

from gpucommons_lab.node_processes import NodeProcesses
from gpucommons_lab.own_processes import (
    HostProcesses,
    OwnProcesses,
    UntoldProcesses,
    pids_are_the_hosts,
)


def own_processes(environ: Mapping[str, str]) -> OwnProcesses:
    """Look by ourselves where PIDs are the host's; else ask the node, if it has an agent."""
    if pids_are_the_hosts():
        return HostProcesses()
    if url := environ.get(SessionVariable.GPU_PROCESSES_URL):
        return NodeProcesses(url)
    return UntoldProcesses()
