"""Informs a session which of the node's PIDs are its own processes, and their PIDs inside it.

NVML of drivers before 535.113 gives PIDs of the node; a pod knows its processes by others. One of
these runs on each node with GPUs. It uses only Python's standard library, to take little memory.
"""

from gpucommons_node.pods import Pod, PodTable
from gpucommons_node.processes import ProcessScan, processes_by_container
from gpucommons_node.server import AgentServer

__all__ = ["AgentServer", "Pod", "PodTable", "ProcessScan", "processes_by_container"]
