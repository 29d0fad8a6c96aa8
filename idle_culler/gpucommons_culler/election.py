"""Of several replicas of the culler, one acts: the one that holds a Lease of Kubernetes.

Written anew, because kubernetes_asyncio's own election goes by the wall clock, waits for ever
on an API server that hangs, and does not give the Lease back when it stops.
"""

import asyncio
import contextlib
import random
import socket
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp
from kubernetes_asyncio import client
from kubernetes_asyncio.client import ApiException
from traitlets import Float, Integer, Unicode, default
from traitlets.config import LoggingConfigurable

from gpucommons_culler.api_server import connect

_NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_CALL_ERRORS = (ApiException, aiohttp.ClientError, OSError, TimeoutError, ValueError)
"""What a call may raise: refused, no connection, no answer in time, no Lease."""
_RELEASE_S = 5.0


def _now() -> float:
    """Seconds of a clock that nobody sets, and that goes on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the Lease said when it was last different, and when that was, by our clock."""

    holder: str
    renewed: object
    at: float


class Election(LoggingConfigurable):  # type: ignore[misc]  # traitlets publishes no types
    """Tells whether this replica acts. Without a Lease there is one replica, and it does.

    Who holds the Lease stops acting ``lead_seconds`` after its last renewal was sent; nobody
    takes it over before ``lease_seconds`` in which it saw none. Ages are measured by each one's
    own clock, so that clocks need not agree. Raises ValueError for seconds that do not fit.
    """

    lease_name = Unicode(
        "",
        config=True,
        help="""
        Name of the Lease (coordination.k8s.io) by which replicas agree on the one that acts; it
        is made if there is none. The service account needs the rights to get, create and update
        it. Empty, the default: there is one replica. Example: ``gpucommons-idle``.
        """,
    )
    lease_namespace = Unicode(
        config=True,
        help="""
        Namespace of the Lease; the culler's own by default, as Kubernetes tells it.
        Example: ``gpucommons``.
        """,
    )
    lease_seconds = Integer(
        15,
        config=True,
        help="""
        Seconds without a renewal after which another replica takes over. 15 by default, as
        Kubernetes' own programs have it.
        """,
    )
    lead_seconds = Float(
        10.0,
        config=True,
        help="""
        Seconds after its last renewal in which a replica acts; less than ``lease_seconds``, so
        that never two do. 10 by default.
        """,
    )
    renew_seconds = Float(
        2.0, config=True, help="Seconds between two looks at the Lease; 2 by default."
    )

    def __init__(self, clock: Callable[[], float] = _now, **settings: Any) -> None:  # noqa: ANN401
        """clock: gives seconds; tests have their own."""
        super().__init__(**settings)
        if self.lead_seconds >= self.lease_seconds:
            raise ValueError("Election.lead_seconds has to be less than Election.lease_seconds")
        self.identity = f"{socket.gethostname()}_{uuid.uuid4()}"
        """Of this process: a replica that was started again is another one."""
        self._clock = clock
        self._leads_until = 0.0
        self._ours: Any = None
        """The Lease as we wrote it last, while nobody is known to have written it since."""
        self._seen: _Seen | None = None
        self._work: asyncio.Task[None] | None = None
        self._troubled = False

    @default("lease_namespace")  # type: ignore[untyped-decorator]
    def _own_namespace(self) -> str:
        return _NAMESPACE_FILE.read_text().strip() if _NAMESPACE_FILE.exists() else "default"

    @property
    def leads(self) -> bool:
        """Whether this replica may act now. Ask it right before each step."""
        return not self.lease_name or self._clock() < self._leads_until

    @property
    def leader(self) -> str:
        """Who holds the Lease, as far as it is known; for people."""
        return self.identity if self.leads else self._seen.holder if self._seen else ""

    async def begin(self) -> None:
        """Begin to stand for it. Raises CullerError if it is not known how to reach the API
        server; one that is away is waited for.
        """
        if self.lease_name:
            api = await connect("Leave Election.lease_name empty for a single replica.")
            self._work = asyncio.create_task(self._stand(api))

    async def close(self) -> None:
        """Stop acting, and give the Lease back, so that another replica takes over at once."""
        if self._work is None:
            return
        self._work.cancel()
        await asyncio.gather(self._work, return_exceptions=True)

    async def _stand(self, connection: Any) -> None:  # noqa: ANN401 -- the client is untyped
        async with connection:
            api = client.CoordinationV1Api(connection)
            try:
                while True:
                    await self._look(api)
                    await asyncio.sleep(self.renew_seconds * random.uniform(1, 1.2))  # noqa: S311
            finally:
                self._leads_until = 0.0
                await self._give_back(api)

    async def _look(self, api: Any) -> None:  # noqa: ANN401 -- the client is untyped
        """Renew the Lease, or take it if it is free; whatever fails is tried again."""
        led = self.leads
        try:
            async with asyncio.timeout(self.lead_seconds / 2):
                await self._renew_or_take(api)
            self._troubled = False
        except _CALL_ERRORS as error:
            self._ours = None  # it may have been written all the same
            if not self._troubled:
                self.log.warning("the Lease %s: %s", self.lease_name, _words(error))
            self._troubled = True
        if led != self.leads:
            self.log.info("this replica %s", "acts" if self.leads else "does not act any more")

    async def _renew_or_take(self, api: Any) -> None:  # noqa: ANN401 -- the client is untyped
        sent = self._clock()
        lease = self._ours or await self._read(api)
        if lease is None:
            await self._write(api.create_namespaced_lease, self._lease(None), sent)
            return
        holder = lease.spec.holder_identity or ""
        if holder == self.identity:
            await self._replace(api, self._lease(lease), sent)
            return
        self._leads_until = 0.0
        if self._seen is None or (holder, lease.spec.renew_time) != (
            self._seen.holder,
            self._seen.renewed,
        ):
            self._seen = _Seen(holder, lease.spec.renew_time, self._clock())
        age = self._clock() - self._seen.at
        if not holder or age > max(self.lease_seconds, lease.spec.lease_duration_seconds or 0):
            await self._replace(api, self._lease(lease), sent)

    async def _read(self, api: Any) -> Any:  # noqa: ANN401 -- the client is untyped
        try:
            return await api.read_namespaced_lease(self.lease_name, self.lease_namespace)
        except ApiException as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    async def _replace(self, api: Any, lease: Any, sent: float) -> None:  # noqa: ANN401
        async def replace(namespace: str, body: Any) -> Any:  # noqa: ANN401
            return await api.replace_namespaced_lease(self.lease_name, namespace, body)

        await self._write(replace, lease, sent)

    async def _write(self, write: Any, lease: Any, sent: float) -> None:  # noqa: ANN401
        """Write the Lease as ours. If somebody else wrote it since, it is theirs."""
        try:
            self._ours = await write(self.lease_namespace, lease)
        except ApiException as error:
            if error.status != HTTPStatus.CONFLICT:
                raise
            self._ours = None
        else:
            self._leads_until = sent + self.lead_seconds

    def _lease(self, before: Any) -> Any:  # noqa: ANN401 -- the client is untyped
        """Answer the Lease as ours from now on, or still ours."""
        now = datetime.now(UTC)
        since, transitions = now, 0
        metadata = client.V1ObjectMeta(name=self.lease_name, namespace=self.lease_namespace)
        if before is not None:
            metadata = before.metadata
            held = before.spec.holder_identity == self.identity
            since = before.spec.acquire_time if held else now
            transitions = (before.spec.lease_transitions or 0) + (0 if held else 1)
        spec = client.V1LeaseSpec(
            holder_identity=self.identity,
            lease_duration_seconds=self.lease_seconds,
            acquire_time=since,
            renew_time=now,
            lease_transitions=transitions,
        )
        return client.V1Lease(metadata=metadata, spec=spec)

    async def _give_back(self, api: Any) -> None:  # noqa: ANN401 -- the client is untyped
        """Leave the Lease free, if it is ours; otherwise it becomes so by itself."""
        with contextlib.suppress(*_CALL_ERRORS):
            async with asyncio.timeout(_RELEASE_S):
                lease = await self._read(api)
                if lease is not None and lease.spec.holder_identity == self.identity:
                    lease.spec.holder_identity = ""
                    lease.spec.renew_time = datetime.now(UTC)
                    await api.replace_namespaced_lease(self.lease_name, self.lease_namespace, lease)


def _words(error: BaseException) -> str:
    """Say in a line what failed; the client's own words are a page."""
    if isinstance(error, ApiException):
        return f"{error.status} {error.reason}"
    return str(error) or type(error).__name__
