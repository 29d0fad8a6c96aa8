"""Of several replicas of a service one acts: the one that holds a Kubernetes Lease.

Written here because kubernetes_asyncio's own election uses the wall clock, waits for ever on an
API server that hangs, and does not release the Lease when it stops.
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

from kubernetes_asyncio import client
from kubernetes_asyncio.client import ApiException
from traitlets import Bool, Float, Integer, Unicode, default
from traitlets.config import LoggingConfigurable

from gpucommons_upkeep.errors import SetupError
from gpucommons_upkeep.kubernetes import connect, in_a_pod
from gpucommons_upkeep.loop import Heartbeat

_NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_RELEASE_S = 5.0


def _now() -> float:
    """Seconds of a clock that nobody sets, and that runs while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the Lease said when it was last different, and when that was, by our clock."""

    holder: str
    renewed: object
    at: float


class Election(LoggingConfigurable):
    """Decides whether this replica acts. Without a Lease there is one replica, and it does.

    The holder of the Lease stops acting ``lead_seconds`` after it sent its last renewal; another
    replica takes over after seeing none for ``lease_seconds``. Each measures ages by its own
    clock, so clocks need not agree. Raises ValueError for seconds that contradict each other.
    """

    lease_name = Unicode(
        "",
        config=True,
        help="""
        Name of the Lease (coordination.k8s.io) by which replicas agree on the one that acts; it
        is created if missing. The service account needs the rights to get, create and update
        it. Empty, the default: there is one replica, which in a Kubernetes pod must be confirmed
        by ``single``. Example: ``idle-culler``.
        """,
    )
    single = Bool(
        False,
        config=True,
        help="""
        Whether there is never more than one replica, not even during the rollout of a
        Deployment, so that no Lease is needed. Off by default.
        """,
    )
    lease_namespace = Unicode(
        config=True,
        help="""
        Namespace of the Lease; by default that of the service's pod.
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
            raise ValueError("Election.lead_seconds must be less than Election.lease_seconds")
        if self.renew_seconds >= self.lead_seconds:
            raise ValueError("Election.renew_seconds must be less than Election.lead_seconds")
        self.identity = f"{socket.gethostname()}_{uuid.uuid4()}"
        """Of this process: a replica that was started again is another one."""
        self._clock = clock
        self._leads_until = 0.0
        self._ours: Any = None
        """The Lease as we wrote it last, while nobody is known to have written it since."""
        self._seen: _Seen | None = None
        self._work: asyncio.Task[None] | None = None
        self.heart = Heartbeat("Looking at the Lease", within=4 * self.lease_seconds)
        """Whether it is known who holds the Lease."""

    @default("lease_namespace")
    def _own_namespace(self) -> str:
        return _NAMESPACE_FILE.read_text().strip() if _NAMESPACE_FILE.exists() else "default"

    @property
    def leads(self) -> bool:
        """Whether this replica may act now. Ask it right before each step."""
        return not self.lease_name or self._clock() < self._leads_until

    @property
    def hearts(self) -> list[Heartbeat]:
        """Whether it is still looked at the Lease, where there is one."""
        return [self.heart] if self.lease_name else []

    @property
    def leader(self) -> str:
        """Who holds the Lease, as far as it is known; for people."""
        return self.identity if self.leads else self._seen.holder if self._seen else ""

    async def begin(self) -> None:
        """Begin to compete for it. Raises SetupError if no API server is configured; one that is
        unreachable is waited for.
        """
        if not self.lease_name and in_a_pod() and not self.single:
            raise SetupError(
                "Election.lease_name is not set, and this runs in a pod: a second replica would "
                "act too. Set it, for example to idle-culler, or set Election.single to true."
            )
        if self.lease_name:
            api = await connect("Leave Election.lease_name empty for a single replica.")
            self._work = asyncio.create_task(self._stand(api))

    async def close(self) -> None:
        """Stop acting, and release the Lease, so that another replica takes over at once."""
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
        """Renew the Lease, or take it if it is free; whatever fails is tried again.

        No exception may end this: no list of what an API server in trouble responds is complete.
        """
        led = self.leads
        try:
            async with asyncio.timeout(self.lead_seconds / 2):
                await self._renew_or_take(api)
            self.heart.succeeded()
        except Exception as error:
            self._ours = None  # it may have been written nevertheless
            if self.heart.failed(_words(error)):
                self.log.warning("the Lease %s: %s", self.lease_name, _words(error))
        if led != self.leads:
            self.log.info("this replica %s", "acts" if self.leads else "no longer acts")

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
        """Return the Lease as ours, from now on or still."""
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
        with contextlib.suppress(Exception):
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
