"""What somebody who waits for a start is shown, until people can get in."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from gpucommons_contract.progress import WAITING
from gpucommons_contract.words import phrase, spoken

from gpucommons_spawner.kubernetes.manifest import Manifest
from gpucommons_spawner.pod_state.event_words import describe

_WAITING_PROGRESS = 10


async def in_words(
    waits: AsyncIterator[str], events: AsyncIterator[Manifest]
) -> AsyncIterator[Manifest]:
    """Say what happens; each thing once, however often it is said or Kubernetes repeats it.

    waits: sentences, until nothing is waited for; events: KubeSpawner's progress, which follows.
    What is of a wait says so for programs, too: nobody is to blame for a turn that has not come.
    """
    last = ""
    async for message in waits:
        if message != last:
            last = message
            yield {
                "progress": _WAITING_PROGRESS,
                "message": spoken(message),
                WAITING: True,
            }
    async for event in events:
        if "raw_event" in event:
            event["message"] = describe(event["raw_event"])
        if event["message"] != last:
            last = event["message"]
            yield {**event, "message": spoken(last)}


def truthful(spawner: Any, event: Mapping[str, object]) -> Mapping[str, object]:  # noqa: ANN401
    """Say that a start was cancelled: JupyterHub takes its session for ready for a second."""
    if spawner._start_future is not None and spawner._start_future.cancelled():
        return {
            "progress": 100,
            "failed": True,
            "message": spoken(phrase("The start was cancelled.")),
        }
    return event
