"""A session's processes where it has a PID namespace of its own, as in a pod.

Drivers differ in the PIDs that they list there: the node's, or those of the caller's namespace,
without processes outside it; see docs/reference/gpu-drivers.md. The list shows which it is: a
number that no process of ours has is the node's, or that of a process which has just ended.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from gpucommons_lab.processes.own_processes import NOT_OURS, OwnProcesses, lineage

_PROC = Path("/proc")


class PodProcesses:
    """Trusts a number that is a process of ours, and asks the node about the others."""

    def __init__(
        self,
        node: OwnProcesses,
        lists_node_pids: Callable[[], bool] = lambda: False,
        proc: Path = _PROC,
    ) -> None:
        """``node`` knows the node's PIDs; ``lists_node_pids``, whether the driver gives them.

        The latter is asked while something is listed: nobody knows a driver that is not open.
        """
        self._node = node
        self._lists_node_pids = lists_node_pids
        self._proc = proc
        self._server = os.getpid()
        self._of_node = False

    def here(self, pid: int) -> int | None:
        """Return the session's PID of what NVML calls ``pid``: `NOT_OURS`, None if unknown.

        Only a process that is in neither numbering is another's.
        """
        here = self._is_ours(pid)
        if here and not self._node_numbers():
            return pid
        told = self._node.here(pid)
        return None if told == NOT_OURS and self._runs(pid) else told

    def look(self, pids: Iterable[int]) -> None:
        """Ask the node about those that are not here. This may take a second."""
        listed = list(pids)
        unseen = [pid for pid in listed if not self._runs(pid)]
        self._node.look(listed if listed and self._node_numbers() else unseen)
        if any(self._node.here(pid) for pid in unseen):
            self._of_node = True  # the node knows one of ours by a number that we do not have

    def _node_numbers(self) -> bool:
        if not self._of_node:
            self._of_node = self._lists_node_pids()
        return self._of_node

    def _runs(self, pid: int) -> bool:
        return (self._proc / str(pid)).exists()

    def _is_ours(self, pid: int) -> bool:
        """Whether a process of this number runs here, as we do or below the server."""
        try:
            owner = (self._proc / str(pid)).stat().st_uid
        except OSError:
            return False
        return owner == os.geteuid() or self._server in lineage(pid, self._proc)
