"""The wait between a pod asked for and a session that answers.

KubeSpawner looks in growing steps of up to five seconds; here each change of
the pod wakes the waiting start.
"""

import asyncio
import contextlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from gpucommons_contract.words import phrase, sentences

from gpucommons_spawner.kubernetes.manifest import Manifest
from gpucommons_spawner.lifecycle.listening import listens
from gpucommons_spawner.pod_state.pod_outcome import Judgement, Outcome, judge
from gpucommons_spawner.pod_state.queue import gave_up
from gpucommons_spawner.pod_state.session_pods import PodChanges

_LOOK_SECONDS = 0.05
TOO_LONG = "The session did not start within"
"""What is found in the reason of a start that took longer than it may."""
_PATIENCE_SECONDS = 30.0
"""How long to look in short steps; JupyterHub then goes on in longer ones."""


class NotStartedError(Exception):
    """The pod will not run. The text is for the person who waits."""


@dataclass(frozen=True, slots=True)
class StartTimeouts:
    """Seconds that a start may take: stuck, in the queue, and outside it."""

    stuck: float
    queued: float = math.inf
    starting: float = math.inf
    node_comes: Callable[[], bool] = lambda: False
    """Asked when the time of a stuck start is over: whether a node is being added for it. Then
    it may take as long as any.
    """


async def until_running(
    changes: PodChanges, timeouts: StartTimeouts, waited: float = 0.0
) -> Manifest:
    """Wait until the pod runs. It has waited for so many seconds already, where it is now.

    The limit of a start runs from the call, whether or not the pod is seen: the watch may be
    away. Raises NotStartedError when it cannot run, is gone, or took longer than it may.
    """
    now = asyncio.get_running_loop().time
    begin = now() - waited
    limit, stuck_since = begin + timeouts.starting, math.inf
    seen: Judgement | None = None
    while True:
        deadline = min(limit, stuck_since + timeouts.stuck)
        try:
            async with asyncio.timeout_at(deadline if deadline < math.inf else None):
                pod = await changes.next()
        except TimeoutError:
            if now() < limit and timeouts.node_comes():
                stuck_since = math.inf
                continue
            raise NotStartedError(_too_long(seen, timeouts)) from None
        if pod is None:
            raise NotStartedError(
                phrase("The session was deleted while it started. Start it again.")
            )
        before, seen = seen, judge(pod)
        if seen.outcome is Outcome.RUNNING:
            return pod
        if seen.outcome is Outcome.FAILED:
            raise NotStartedError(seen.reason)
        if seen.outcome is Outcome.QUEUED:
            limit = begin + timeouts.queued
        elif before and before.outcome is Outcome.QUEUED:
            limit = now() + timeouts.starting
        stuck_since = min(stuck_since, now()) if seen.outcome is Outcome.STUCK else math.inf


def _too_long(seen: Judgement | None, timeouts: StartTimeouts) -> str:
    """Say that the limit is over; ``seen`` is the last that was heard of the pod."""
    if seen and seen.outcome is Outcome.QUEUED:
        return gave_up(timeouts.queued / 3600)
    if seen and seen.reason:
        return seen.reason
    return sentences(
        phrase(
            "The session did not start within %(seconds)d seconds.",
            seconds=round(timeouts.starting),
        ),
        "" if seen else phrase("Kubernetes has reported nothing about it."),
        phrase("Start it again; if that does not help, tell an administrator."),
    )


async def until_answering(url: str, pod: Callable[[], Manifest | None]) -> None:
    """Wait until something listens at the URL, so that JupyterHub's first look finds it.

    Raises NotStartedError when the pod fails meanwhile. Gives up silently after
    a while: JupyterHub has a limit of its own and says so.
    """
    where = urlsplit(url)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while not await listens(where.hostname or "", where.port or 80):
                found = judge(seen) if (seen := pod()) else Judgement(Outcome.WAITING)
                if found.outcome is Outcome.FAILED:
                    raise NotStartedError(found.reason)
                await asyncio.sleep(_LOOK_SECONDS)
