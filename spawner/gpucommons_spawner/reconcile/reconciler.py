"""Looks for session pods without a server and for holdings without a session, all the time.

What to do about a pod says ``reconcile``; this looks, counts and does it. A pod without a server
holds what it holds, so it counts in the quota of its person and team until it is gone.
"""

import asyncio
import logging
import math
from collections.abc import Iterator
from typing import Any

from gpucommons_sessions.hub_database import answers
from gpucommons_upkeep import Backoff, Heartbeat, keep_going
from prometheus_client import Gauge

from gpucommons_spawner.kubernetes.manifest import Manifest
from gpucommons_spawner.kubernetes.pod_api import NotKnownError, delete_pod, read_pod
from gpucommons_spawner.pod_state.pod import start_of
from gpucommons_spawner.pod_state.session_pod import SessionPod, session_pod
from gpucommons_spawner.quota.ledger import Ledger
from gpucommons_spawner.quota.ledger_entry import Holding
from gpucommons_spawner.reconcile.adoption import adopt, look_again
from gpucommons_spawner.reconcile.decision import SETTLE_SECONDS, Server, Step, decide, is_doubtful
from gpucommons_spawner.reconcile.leftover import Leftover, entry

_EVERY_SECONDS = 30.0
_WITHIN_SECONDS = 600.0
_DOUBT = "doubt"
_MOST_SAID = 1000
"""Sentences that are remembered, so that each is logged once."""
_PODS = Gauge(
    "gpucommons_session_pods_without_server",
    "Session pods that no server of JupyterHub goes with; the hub's log says what is done",
)
_UNITS = Gauge(
    "gpucommons_gpus_without_server",
    "GPUs that are charged to session pods that no server of JupyterHub goes with",
)


class Reconciler:
    """One for the hub. It begins with the first spawner that the hub makes."""

    def __init__(self) -> None:
        self.heart = Heartbeat("comparing session pods with servers", _WITHIN_SECONDS)
        self._task: asyncio.Task[None] | None = None
        self._hub: Any = None
        """A spawner, by which everything of the hub is reached."""
        self._since: dict[tuple[str, bool, bool], float] = {}
        """When each pod without a server was first seen as it is now."""
        self._idle: dict[tuple[str, str], float] = {}
        """When each holding was first seen that no session goes with."""
        self._left: dict[str, Leftover] = {}
        self._counted: dict[str, str] = {}
        """Who is charged for a pod without a server."""
        self._said: dict[str, str] = {}

    def begin(self, spawner: Any) -> None:  # noqa: ANN401 -- a GPUSpawner
        """Begin, unless that was done. A spawner that belongs to no hub is none to begin with."""
        settings = getattr(spawner.user, "settings", None) or {}
        if "users" not in settings or (self._task and not self._task.done()):
            return
        self._hub, self._users, self._proxy = spawner, settings["users"], settings["proxy"]
        self._task = asyncio.create_task(
            keep_going(
                self.step,
                heart=self.heart,
                backoff=Backoff(1.0, _EVERY_SECONDS),
                log=self._log,
                every=_EVERY_SECONDS,
            )
        )

    def leave(self, spawner: Any) -> None:  # noqa: ANN401 -- a GPUSpawner
        """Look for the pod of a start that was given up, and end it. It counts meanwhile."""
        start, holder, holding = spawner.this_start.id, spawner.quota.holder, spawner.quota.held
        if holding is None:
            return
        leftover = Leftover.of(spawner.namespace, spawner.pod_name, start, holder, holding)
        self._left[start] = leftover
        self._charge(leftover.key, leftover.person, leftover.holding)

    def supersede(self, key: str) -> None:
        """Count a pod no longer: another is made under its name, and there can be one only."""
        if person := self._counted.pop(key, None):
            self._ledger.release(person, entry(key))

    async def step(self) -> None:
        """Look once. Raises what a look raises: then nothing was done, and nothing is concluded."""
        pods = await self._hub._start_watching_pods()
        if not answers(self._users.db):
            self._since.clear()
            raise NotKnownError("the hub's database does not answer")
        if not pods.fresh:
            self._since.clear()
            raise NotKnownError("the list of pods is not fresh")
        active = {spawner.watched_pod.key for spawner in self._spawners() if spawner.active}
        found = [
            (pod, manifest)
            for key, manifest in list(pods.pods.items())
            if key not in active and (pod := session_pod(manifest)) and pod.hub == self._url
        ]
        self._count([pod for pod, _ in found])
        grace = self._grace([pod for pod, _ in found], len(active))
        for pod, manifest in found:
            await self._attend(pod, manifest, grace)
        states = {_state(pod) for pod, _ in found}
        self._since = {state: since for state, since in self._since.items() if state in states}
        for leftover in list(self._left.values()):
            await self._look_for(leftover)
        await self._stop_counting({pod.key for pod, _ in found}, active)
        self._give_back()
        await self._look_at_servers()
        await self._hub.hub_state.drains.forget_given_back()

    # Pods without a server

    def _grace(self, found: list[SessionPod], active: int) -> float:
        """Return after how many seconds what nobody takes is ended; never, if that is most."""
        lost = sum(pod.running and not self._is_over(pod) for pod in found)
        if not is_doubtful(lost, lost + active):
            self._said.pop(_DOUBT, None)
            return float(self._hub.forgotten_grace)
        self._say(
            _DOUBT,
            f"{lost} of {lost + active} sessions have no server here, and none of them is ended "
            "for it: is this the right database, and can this hub reach its sessions?",
        )
        return math.inf

    def _is_over(self, pod: SessionPod) -> bool:
        server = self._server_of(pod)
        return server is not None and server.over == pod.start

    async def _attend(self, pod: SessionPod, manifest: Manifest, grace: float) -> None:
        now, server = _now(), self._server_of(pod)
        seconds = now - self._since.setdefault(_state(pod), now)
        decision = decide(pod, server, seconds, grace)
        if decision.step is Step.NONE:
            return
        self._say(pod.uid, f"pod {pod.key} of {pod.person} has no server: {decision.why}")
        try:
            if decision.step is Step.ADOPT:
                await self._adopt(pod, manifest)
            elif decision.step is Step.END:
                await self._end(pod, manifest, decision.why)
        except NotKnownError as error:
            self._log.warning("pod %s may not have been ended yet: %s", pod.key, error)

    async def _end(self, pod: SessionPod, manifest: Manifest, why: str) -> None:
        """Have it deleted. Of one that is gone, the view is wrong. Raises NotKnownError."""
        self._log.warning("ending pod %s of %s: %s", pod.key, pod.person, why)
        grace = self._hub.delete_grace_period
        gone = await delete_pod(self._hub.api, pod.namespace, pod.name, uid=pod.uid, grace=grace)
        if gone and self._hub.pod_reflector:
            self._hub.pod_reflector.update("DELETED", manifest)

    async def _adopt(self, pod: SessionPod, manifest: Manifest) -> None:
        """Let its server go on with it. What hinders that is logged: it is tried again."""
        spawner = self._users[pod.person].spawners[pod.server]
        if not spawner.is_forgotten(manifest):
            return
        try:
            done = await adopt(self._users[pod.person], pod.server, manifest, self._proxy)
        except Exception as error:  # of JupyterHub, its hooks, or the proxy
            self._log.warning("%s cannot go on with pod %s: %r", spawner._log_name, pod.key, error)
            return
        if done:
            self._log.warning("%s goes on with pod %s", spawner._log_name, pod.key)
        else:
            self._say(pod.uid, f"pod {pod.key} of {pod.person} does not answer the hub")

    def _server_of(self, pod: SessionPod) -> Server | None:
        user = self._users.get(pod.person)
        if user is None or pod.server not in user.orm_spawners:
            return None
        spawner = user.spawners[pod.server]
        return Server(
            active=spawner.active,
            pending=bool(spawner.pending),
            pod=spawner.watched_pod.key,
            over=spawner.over,
        )

    def _say(self, what: str, sentence: str) -> None:
        """Log what is new."""
        if self._said.get(what) != sentence:
            if len(self._said) > _MOST_SAID:
                self._said.clear()
            self._said[what] = sentence
            self._log.warning("%s", sentence)

    # Starts that were given up

    async def _look_for(self, left: Leftover) -> None:
        """End the pod of a start that was given up. A request for it may come late."""
        try:
            pod = await read_pod(self._hub.api, left.namespace, left.name)
            if pod is not None and start_of(pod) == left.start:
                uid = pod["metadata"]["uid"]
                await delete_pod(self._hub.api, left.namespace, left.name, uid=uid, grace=0)
            elif _now() - left.since > SETTLE_SECONDS:
                del self._left[left.start]
        except NotKnownError as error:
            self._say(left.start, f"whether the start {left.start} made a pod: {error}")

    # What is held

    def _count(self, pods: list[SessionPod]) -> None:
        """Charge pods without a server to their people."""
        holding = [pod for pod in pods if not pod.over]
        _PODS.set(len(holding))
        _UNITS.set(float(sum(pod.units for pod in holding)))
        for pod in holding:
            if pod.key not in self._counted:
                held = Holding(
                    server=entry(pod.key),
                    units=pod.units,
                    profile=f"a lost session in pod {pod.name}",
                    team=pod.team,
                    size=pod.size,
                    running=True,
                )
                self._charge(pod.key, pod.person, held)

    def _charge(self, key: str, person: str, holding: Holding) -> None:
        self._counted[key] = person
        self._ledger.restore(person, holding)

    async def _stop_counting(self, there: set[str], active: set[str]) -> None:
        """Give back what pods held that the API server says are gone, or that have a server."""
        kept = there | {left.key for left in self._left.values()}
        for key in self._counted.keys() - kept:
            namespace, _, name = key.partition("/")
            try:
                if key in active or await read_pod(self._hub.api, namespace, name) is None:
                    self.supersede(key)
            except NotKnownError as error:
                self._say(key, f"pod {key} counts until it is known to be gone: {error}")
        for key in self._counted.keys() & active:
            self.supersede(key)

    def _give_back(self) -> None:
        """Give back what is held for servers that are not there, such as after a failed stop."""
        held = {(person, each.server) for person, each in self._ledger.all()}
        servers = {(each.quota.holder, each.name) for each in self._spawners() if each.active}
        ours = {(person, entry(key)) for key, person in self._counted.items()}
        idle = held - servers - ours
        self._idle = {each: self._idle.get(each, _now()) for each in idle}
        for person, server in [each for each, t in self._idle.items() if _settled(t)]:
            self._log.warning("giving back what %s held for %r: no session", person, server)
            self._ledger.release(person, server)

    async def _look_at_servers(self) -> None:
        """Look at servers at which JupyterHub does not, such as after a stop that failed.

        And at those that were not found to be well: of them more than a change may be news. And
        what the nodes of all say, of which no change of a pod tells.
        """
        for user in list(self._users.values()):
            for server, spawner in list(user.spawners.items()):
                if spawner.active:
                    spawner.node_drain.look(spawner.this_start.pod)
                if spawner.ready and spawner._poll_callback is None:
                    await look_again(user, server, self._proxy)
                elif spawner.ready and not spawner.watched_pod.is_well:
                    spawner.pod_look.soon()

    def _spawners(self) -> Iterator[Any]:
        for user in list(self._users.values()):
            yield from list(user.spawners.values())

    @property
    def _ledger(self) -> Ledger:
        ledger: Ledger = self._hub.hub_state.ledger
        return ledger

    @property
    def _log(self) -> logging.Logger:
        log: logging.Logger = self._hub.log
        return log

    @property
    def _url(self) -> str:
        return str(self._hub.hub_api_url)


def _state(pod: SessionPod) -> tuple[str, bool, bool]:
    return pod.uid, pod.running, pod.leaving


def _settled(since: float) -> bool:
    return _now() - since > SETTLE_SECONDS


def _now() -> float:
    return asyncio.get_running_loop().time()
