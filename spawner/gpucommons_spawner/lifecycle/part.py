"""One thing that the hub does for a session over its life, such as to hold its quota."""

import asyncio
from collections.abc import Iterable, Mapping

from gpucommons_spawner.kubernetes.manifest import Manifest


class SessionPart:
    """A part overrides what concerns it, and knows of no other part.

    A spawner has each of its parts for as long as it has a server, over all sessions of that
    server. It calls them in the order in which it lists them. What a part raises counts as a
    failure of the start, or of the look, during which it was called.
    """

    def starting(self) -> None:
        """Somebody has asked for a start. Nothing is known yet of the session before."""

    def given_up(self, pod: Manifest | None) -> None:
        """Nobody waits for the start any more: its pod, if there is one, is deleted now."""

    def failed(self, error: BaseException) -> None:
        """The start came to nothing, by this error; a cancelled one by nobody knows what yet."""

    def started(self, pod: Manifest | None) -> None:
        """The start's pod runs, or a running one was taken over. None: the watch has none yet."""

    def ready(self) -> None:
        """People can get in, after a start or after one that a restart of the hub interrupted."""

    def seen_running(self, pod: Manifest | None) -> None:
        """A look found no end of the session. A restarted hub learns of a session here."""

    def stopping(self) -> None:
        """Somebody ends the session now. Its pod is still there."""

    def stopped(self) -> None:
        """After that its pod is gone, and nobody only thinks so."""

    def state(self) -> Mapping[str, object]:
        """Return what must outlive the hub. It is stored with the server, as JSON."""
        return {}

    def restore(self, state: Mapping[str, object]) -> None:
        """Take up what was stored with the server. Called once, before all else."""

    def cleared(self) -> None:
        """The session is gone or never came, or a start begins. The pod is still known by name."""


def tell_ready(parts: Iterable[SessionPart], start: "asyncio.Future[None]") -> None:
    """Let parts know that people can get in, once a start is done; not if it came to nothing."""
    if not start.cancelled() and start.exception() is None:
        for part in parts:
            part.ready()
