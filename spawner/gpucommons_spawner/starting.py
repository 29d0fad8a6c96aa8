"""The wait between a pod asked for and a session that answers.

KubeSpawner looks in growing steps of up to five seconds; here each change of
the pod wakes the waiting start.
"""

import asyncio
import contextlib
from collections.abc import Callable
from urllib.parse import urlsplit

from gpucommons_spawner.pod_outcome import Judgement, Outcome, judge
from gpucommons_spawner.session_pods import PodChanges
from gpucommons_spawner.watch import Manifest

_LOOK_SECONDS = 0.05
_PATIENCE_SECONDS = 30.0
"""How long to look in short steps; JupyterHub then goes on in longer ones."""


class NotStartedError(Exception):
    """The pod will not run. The text is for the person who waits."""


async def until_running(changes: PodChanges, patience: float) -> Manifest:
    """Wait until the pod runs.

    Raises NotStartedError when it cannot run, is gone, or was stuck for ``patience`` seconds.
    """
    deadline: float | None = None
    stuck = Judgement(Outcome.WAITING)
    while True:
        try:
            async with asyncio.timeout_at(deadline):
                pod = await changes.next()
        except TimeoutError:
            raise NotStartedError(stuck.reason) from None
        if pod is None:
            raise NotStartedError("The session was deleted while it started. Start it again.")
        found = judge(pod)
        if found.outcome is Outcome.RUNNING:
            return pod
        if found.outcome is Outcome.FAILED:
            raise NotStartedError(found.reason)
        if found.outcome is Outcome.WAITING:
            deadline = None
        else:
            stuck = found
            deadline = deadline or asyncio.get_running_loop().time() + patience


async def until_answering(url: str, pod: Callable[[], Manifest | None]) -> None:
    """Wait until something listens at the URL, so that JupyterHub's first look finds it.

    Raises NotStartedError when the pod fails meanwhile. Gives up silently after
    a while: JupyterHub has a limit of its own and says so.
    """
    where = urlsplit(url)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while not await _listens(where.hostname or "", where.port or 80):
                found = judge(seen) if (seen := pod()) else Judgement(Outcome.WAITING)
                if found.outcome is Outcome.FAILED:
                    raise NotStartedError(found.reason)
                await asyncio.sleep(_LOOK_SECONDS)


async def _listens(host: str, port: int) -> bool:
    try:
        async with asyncio.timeout(1):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
