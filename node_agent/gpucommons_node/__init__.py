"""Tells a session which of the node's PIDs are its own processes, and what they are called there.

NVML gives PIDs of the node; a pod knows its processes by others. One of these runs on each node
with GPUs. Only Python's own library, because it takes memory of every such node.
"""

from gpucommons_node.pods import Pod, PodTable
from gpucommons_node.processes import ProcessScan, processes_by_container
from gpucommons_node.server import AgentServer

__all__ = ["AgentServer", "Pod", "PodTable", "ProcessScan", "processes_by_container"]
