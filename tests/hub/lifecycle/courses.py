"""What may happen to a hub and its cluster, in any order, and what must hold afterwards."""

import asyncio
from typing import Any

from hypothesis import strategies as st

from .played_cluster import FAULTS, Cluster
from .played_hub import FORGOTTEN_SECONDS, PEOPLE, PlayedHub

Step = tuple[Any, ...]
_PEOPLE = st.sampled_from(PEOPLE)
STEPS = st.one_of(
    st.tuples(st.just("start"), _PEOPLE),
    st.tuples(st.just("stop"), _PEOPLE),
    st.tuples(st.just("fault"), st.sampled_from(FAULTS)),
    st.just(("old is now",)),
    st.just(("heal",)),
    st.tuples(st.just("wait"), st.sampled_from([0, 1, 5, 30, 90, 400])),
    st.tuples(st.just("restart"), st.sampled_from([0, 5, 120])),
    st.just(("API server restarts",)),
    st.tuples(st.just("reach"), st.booleans()),
    st.tuples(st.just("pods come up"), st.booleans()),
    st.just(("back up",)),
    st.just(("restore",)),
    st.tuples(st.just("pod ends"), _PEOPLE),
)
_SLOW_SECONDS = 12
_BEGUN_SECONDS = 0.001
"""After which what was pressed is under way, and nothing has been answered."""


class Course:
    """One course of events, and what people may expect of it."""

    def __init__(self, cluster: Cluster, hub: PlayedHub):
        self._cluster, self._hub = cluster, hub
        cluster.allowed = self._may_end
        self._up: dict[str, str] = {}
        """The pod of each session that somebody has had, and has."""
        self._ended: set[str] = set()
        """Pods that somebody wanted to end, or that ended."""
        self._stopped: set[str] = set()
        """Pods of sessions whose Stop was pressed: they have to go."""
        self._presses = 0

    async def run(self, steps: list[Step]) -> None:
        await self._hub.start()
        for name, *more in steps:
            await getattr(self, "_" + name.replace(" ", "_"))(*more)
            self._take_note()
        await self._heal()
        await self._reach(True)
        await asyncio.sleep(FORGOTTEN_SECONDS + 1200)
        self._judge()
        await self._hub.kill()

    def _take_note(self) -> None:
        """Note who has a session now, and who is shown one that has no address."""
        for name in PEOPLE:
            spawner = self._hub.spawner(name)
            if spawner.ready and not spawner.server.ip:
                self._cluster.wrong.append(f"{name} is led to a session that has no address")
            pod = self._pod(name)
            runs = pod is not None and pod["status"]["phase"] == "Running"
            if pod and runs and self._hub.spawner(name).ready:
                uid = pod["metadata"]["uid"]
                if uid not in self._ended:
                    self._up[name] = uid

    def _pod(self, name: str) -> dict[str, Any] | None:
        return self._cluster.pods.get(f"jupyter-{name}")

    def _address(self, name: str) -> str | None:
        pod = self._pod(name)
        return pod["status"].get("podIP") if pod else None

    def _may_end(self, pod: dict[str, Any]) -> bool:
        uid = pod["metadata"]["uid"]
        return uid in self._ended or uid not in self._up.values()

    # The steps

    async def _start(self, name: str) -> None:
        self._presses += self._hub.press_start(name) is not None
        await asyncio.sleep(_BEGUN_SECONDS)

    async def _stop(self, name: str) -> None:
        if self._hub.press_stop(name) and (pod := self._pod(name)):
            self._ended.add(pod["metadata"]["uid"])
            self._stopped.add(pod["metadata"]["uid"])
        await asyncio.sleep(_BEGUN_SECONDS)

    async def _fault(self, kind: str) -> None:
        self._cluster.set_fault(kind)

    async def _old_is_now(self) -> None:
        self._cluster.keep_for_old()

    async def _heal(self) -> None:
        self._cluster.set_fault("")

    async def _wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _restart(self, seconds: float) -> None:
        await self._hub.kill()
        await asyncio.sleep(seconds)
        await self._hub.start()

    async def _API_server_restarts(self) -> None:  # noqa: N802 -- as it is called
        before = self._cluster.fault
        self._cluster.set_fault("refused connection")
        await asyncio.sleep(_SLOW_SECONDS)
        self._cluster.set_fault(before)

    async def _reach(self, reachable: bool) -> None:
        self._cluster.reachable = reachable

    async def _pods_come_up(self, do: bool) -> None:
        self._cluster.comes_up = do

    async def _back_up(self) -> None:
        self._hub.back_up()

    async def _restore(self) -> None:
        await self._hub.kill()
        if self._hub.restore():  # what was asked for since then, nobody knows
            self._stopped.clear()
        await self._hub.start()

    async def _pod_ends(self, name: str) -> None:
        """Somebody takes the pod away in the cluster."""
        if pod := self._pod(name):
            self._ended.add(pod["metadata"]["uid"])
            self._cluster.delete(f"jupyter-{name}", asked=False)

    async def _database_fails(self) -> None:
        self._hub.break_database()

    async def _database(self) -> None:
        self._hub.mend_database()

    # What must hold

    def _judge(self) -> None:
        """All is quiet for long, and the view is fresh."""
        pods = {each["metadata"]["uid"]: name for name, each in self._cluster.pods.items()}
        servers = {name: self._hub.spawner(name) for name in PEOPLE}
        ready = {name for name, each in servers.items() if each.ready}
        assert self._cluster.wrong == []
        assert not [name for name, each in servers.items() if each.pending], "nothing ends"
        lost = {name for name, uid in self._up.items() if uid not in self._ended | pods.keys()}
        assert not lost, "a session ended that nobody asked to end"
        kept = {name for name, uid in self._up.items() if uid in pods and uid not in self._ended}
        assert kept <= ready, "the hub has lost a session"
        assert {f"jupyter-{name}" for name in ready} == set(pods.values()), "a pod without server"
        shown = {name: servers[name].server.ip for name in ready}
        assert shown == {name: self._address(name) for name in ready}, "a link that leads nowhere"
        assert not self._stopped & pods.keys(), "a session goes on that was stopped"
        assert self._hub.held() == dict.fromkeys(ready, 1), "the quota leaks"
        made = self._cluster.made
        assert len(made) == len(set(made)) <= self._presses, "two starts for one press"
