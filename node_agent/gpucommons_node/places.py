"""Which connections are served now: no client can take all places, or keep one for long."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Connection = TypeVar("Connection")


@dataclass(frozen=True, slots=True)
class _Held(Generic[Connection]):
    connection: Connection
    client: str
    since: float


class Places(Generic[Connection]):
    """A limited number of connections at a time, each for a limited time.

    If there are too many, the client with the most loses its oldest one: an honest request takes
    milliseconds, so that connection occupies its place without asking for anything.
    """

    def __init__(
        self,
        places: int,
        share: int,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``places`` for all, ``share`` of them for each client, each for ``seconds``."""
        self._places = places
        self._share = share
        self._seconds = seconds
        self._clock = clock
        self._held: list[_Held[Connection]] = []  # the oldest first
        self._lock = threading.Lock()

    def take(self, connection: Connection, client: str) -> Connection | None:
        """Give it a place, always; return the one that lost its own, which must be closed."""
        with self._lock:
            gone = self._to_go(client)
            if gone:
                self._held.remove(gone)
            self._held.append(_Held(connection, client, self._clock()))
        return gone.connection if gone else None

    def leave(self, connection: Connection) -> None:
        """Give up its place, if it has one."""
        with self._lock:
            self._held = [each for each in self._held if each.connection is not connection]

    def overdue(self) -> list[Connection]:
        """Return those whose time is up, which lose their places and must be closed."""
        with self._lock:
            since = self._clock() - self._seconds
            gone = [each.connection for each in self._held if each.since <= since]
            self._held = [each for each in self._held if each.since > since]
        return gone

    def _to_go(self, client: str) -> _Held[Connection] | None:
        own = self._of(client)
        if len(own) >= self._share:
            return own[0]
        if len(self._held) < self._places:
            return None
        clients = dict.fromkeys(each.client for each in self._held)
        return max((self._of(each) for each in clients), key=len)[0]

    def _of(self, client: str) -> list[_Held[Connection]]:
        return [each for each in self._held if each.client == client]
