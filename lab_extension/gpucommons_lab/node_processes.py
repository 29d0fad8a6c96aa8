"""A session's processes by the node's PIDs, as the agent of the node tells them.

The agent knows who asks by the pod's address; see cluster/gpu-processes.
"""

import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from urllib.request import ProxyHandler, build_opener

from gpucommons_lab.own_processes import NOT_OURS

log = logging.getLogger(__name__)

_TIMEOUT = 1.0
_APART = 3.0
"""Seconds between two questions. The agent's answers are up to 1 s old."""
_AGAIN = 30.0
"""Seconds after which what is known is asked again, and between attempts that fail."""
_LARGEST = 2**20
"""Bytes of an answer: 50,000 processes."""


class NodeProcesses:
    """Asks the node's agent, and only while there are processes that are not known."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        """``url`` is the agent's, such as ``http://gpu-processes.gpucommons-node.svc:8890``."""
        self._url = url.rstrip("/") + "/processes"
        self._clock = clock
        # The session's proxy for the internet, if it has one, is no way to the node.
        self._opener = build_opener(ProxyHandler({}))
        self._known: dict[int, int] = {}
        self._doubted: frozenset[int] = frozenset()
        self._not_before = float("-inf")
        self._answered = float("-inf")
        self._failed = False

    def here(self, pid: int) -> int | None:
        """Answer the session's PID of what NVML calls ``pid``: `NOT_OURS`, None if unknown."""
        return self._known.get(pid)

    def look(self, pids: Iterable[int]) -> None:
        """Ask about those that are not known. A PID that is no longer listed may be used again."""
        listed = frozenset(pids)
        self._known = {pid: here for pid, here in self._known.items() if pid in listed}
        self._doubted &= listed
        now = self._clock()
        new = listed - self._known.keys() or (listed and now >= self._answered + _AGAIN)
        if not new or now < self._not_before:
            return
        try:
            told = self._ask()
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            self._fail(error)
            self._known, self._doubted = {}, frozenset()
            self._not_before = now + _AGAIN
            return
        self._answered, self._not_before = now, now + _APART
        self._take(listed, told)

    def _take(self, listed: frozenset[int], told: Mapping[int, int]) -> None:
        """Believe what is ours at once; what is not when it was told twice.

        The first answer may be older than a process that has just begun.
        """
        others = listed - told.keys()
        ours = {pid: told[pid] for pid in listed & told.keys()}
        denied = others & (self._doubted | self._known.keys())
        self._known = {**ours, **dict.fromkeys(denied, NOT_OURS)}
        self._doubted = others

    def _ask(self) -> dict[int, int]:
        with self._opener.open(self._url, timeout=_TIMEOUT) as answer:
            pids = json.loads(answer.read(_LARGEST))["pids"]
        return {int(pid): int(here) for pid, here in pids.items()}

    def _fail(self, error: Exception) -> None:
        if not self._failed:  # once in the life of a session
            log.warning("Whose processes are on the GPU is not told: %s: %s", self._url, error)
        self._failed = True
