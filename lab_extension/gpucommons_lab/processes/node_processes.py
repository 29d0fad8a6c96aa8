"""A session's processes by the node's PIDs, as the node's agent reports them.

The agent recognizes a session by its pod's address; see cluster/gpu-processes.
"""

import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from urllib.request import ProxyHandler, build_opener

from gpucommons_lab.processes.own_processes import NOT_OURS

log = logging.getLogger(__name__)

_TIMEOUT = 1.0
_APART = 3.0
"""Seconds between two questions. The agent's answers are up to 1 s old."""
_AGAIN = 30.0
"""Seconds after which what is known is asked again, and between attempts that fail."""
_LARGEST = 2**20
"""Bytes of an answer: 50,000 processes."""


class NodeProcesses:
    """Asks the node's agent, but only while there are unknown processes."""

    def __init__(
        self,
        url: str,
        clock: Callable[[], float] = time.monotonic,
        server: int | None = None,
    ) -> None:
        """``url`` is the agent's, such as ``http://gpu-processes.gpucommons-node.svc:8890``.

        ``server`` is the PID of the caller: an answer that does not name it is about another
        container, or one that has ended, and is not used.
        """
        self._url = url.rstrip("/") + "/processes"
        self._clock = clock
        self._server = server
        # The session's proxy for the internet, if it has one, is no way to the node.
        self._opener = build_opener(ProxyHandler({}))
        self._known: dict[int, int] = {}
        self._doubted: frozenset[int] = frozenset()
        self._not_before = float("-inf")
        self._answered = float("-inf")
        self._failed = False

    def here(self, pid: int) -> int | None:
        """Return the session's PID of what NVML calls ``pid``: `NOT_OURS`, None if unknown."""
        return self._known.get(pid)

    def look(self, pids: Iterable[int]) -> None:
        """Ask about unknown ones. A PID that is no longer listed may be reused."""
        listed = frozenset(pids)
        self._known = {pid: here for pid, here in self._known.items() if pid in listed}
        self._doubted &= listed
        now = self._clock()
        new = listed - self._known.keys() or (listed and now >= self._answered + _AGAIN)
        if not new or now < self._not_before:
            return
        try:
            told = self._ask()
        except Exception as error:  # a list of what may go wrong is never complete
            self._fail(error)
            self._known, self._doubted = {}, frozenset()
            self._not_before = now + _AGAIN
            return
        self._answered, self._not_before = now, now + _APART
        self._take(listed, told)

    def _take(self, listed: frozenset[int], told: Mapping[int, int]) -> None:
        """Accept at once what is ours; what is not, after two answers.

        The first answer may be older than a process that has just started.
        """
        others = listed - told.keys()
        ours = {pid: told[pid] for pid in listed & told.keys()}
        denied = others & (self._doubted | self._known.keys())
        self._known = {**ours, **dict.fromkeys(denied, NOT_OURS)}
        self._doubted = others

    def _ask(self) -> dict[int, int]:
        with self._opener.open(self._url, timeout=_TIMEOUT) as answer:
            pids = json.loads(answer.read(_LARGEST))["pids"]
        told = {int(pid): int(here) for pid, here in pids.items()}
        if not all(here > 0 for here in told.values()):
            raise ValueError("it names a PID that no process can have")
        if self._server is not None and self._server not in told.values():
            raise ValueError("its answer is about another container: this server is not in it")
        return told

    def _fail(self, error: Exception) -> None:
        if not self._failed:  # once in the life of a session
            log.warning(
                "Whose processes are on the GPU is unknown: %s: %s",
                self._url,
                error,
            )
        self._failed = True
