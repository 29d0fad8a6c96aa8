"""A session does what is written on its node, and what becomes of it is written there."""

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from gpucommons_contract import Annotation, Notice
from gpucommons_contract.drains import Drain, DrainedEnd, DrainedSession, read_drained_sessions
from gpucommons_spawner.availability import drains as drains_module
from gpucommons_spawner.availability.cluster import Cluster
from gpucommons_spawner.availability.drains import Drains
from gpucommons_spawner.reconcile.reconciler import Reconciler
from gpucommons_spawner.session_parts import node_drain
from gpucommons_spawner.session_parts.node_drain import NodeDrain
from gpucommons_spawner.session_parts.planned_stop import Plan, PlannedStop

from tests.waiting import until_async

NODE = "node-1"
POD = {"metadata": {"namespace": "team-vision", "name": "ada"}, "spec": {"nodeName": NODE}}
LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
DRAIN = Drain("boss", LATER, "A fan fails.")
PLAN = Plan(LATER, "boss", "A fan fails.", NODE)


class API:
    """Takes what is written on nodes; refuses it while ``fails``."""

    def __init__(self) -> None:
        self.fails = False
        self.written: list[dict[str, DrainedSession]] = []
        self.changes: list[object] = []
        """JSON patches."""

    async def patch_node(
        self, name: str, body: Mapping[str, object] | list[object], **_: object
    ) -> None:
        assert name == NODE
        if self.fails:
            raise ConnectionError("no route")
        if isinstance(body, list):
            self.changes += body
            return
        text = body["metadata"]["annotations"][Annotation.DRAIN_SESSIONS]  # type: ignore[index]
        self.written.append(read_drained_sessions(text))


class Session:
    """What is asked of a spawner. ``shows`` is whether its session takes notices."""

    def __init__(self, cluster: Cluster, drains: Drains) -> None:
        self.user, self.name, self._log_name = SimpleNamespace(name="ada"), "", "ada"
        self.log, self.record, self.last_end = logging.getLogger(__name__), self, self
        self.this_start = SimpleNamespace(pod=POD)
        self.ready, self.stops = True, 0
        self.notices: list[Notice] = []
        self.planned_stop = PlannedStop(self, self.stop)
        self.part = NodeDrain(self, self.planned_stop, cluster, drains)
        self.planned_stop.when_told = self.part.told
        self.planned_stop.before_stop = self.part.look_once_known

    async def show_notice(self, _spawner: object, notice: Notice) -> None:
        self.notices.append(notice)

    async def stop(self, _spawner: object) -> None:
        self.stops += 1

    def announce(self, _said: object) -> None:
        """Nobody reads it here."""

    def note_state(self) -> None:
        """There is no database."""

    def keep_noted(self) -> bool:
        return False

    def ends(self) -> None:
        self.part.cleared()
        self.planned_stop.cleared()


def _node(drain: Drain | None, sessions: str = "", *, cordoned: bool = True) -> dict[str, object]:
    notes = (
        {Annotation.DRAIN: drain.to_text(), Annotation.DRAIN_SESSIONS: sessions} if drain else {}
    )
    metadata = {"name": NODE, "annotations": notes}
    ready = [{"type": "Ready", "status": "True"}]
    return {
        "metadata": metadata,
        "spec": {"unschedulable": cordoned and drain is not None},
        "status": {"conditions": ready},
    }


@pytest.fixture
def cluster() -> Cluster:
    cluster = Cluster()
    cluster.nodes.replace([_node(None)])
    cluster.pods.replace([])
    return cluster


@pytest.fixture
def api() -> API:
    return API()


@pytest.fixture
def drains(cluster, api, monkeypatch) -> Drains:
    monkeypatch.setattr(drains_module, "_SOON_SECONDS", 0.0)
    monkeypatch.setattr(drains_module, "_AGAIN_SECONDS", 0.0)
    return Drains(cluster, lambda: api)


@pytest.fixture
async def session(cluster, drains):
    session = Session(cluster, drains)
    yield session
    session.ends()
    await asyncio.sleep(0)


def _says(cluster: Cluster, drain: Drain | None, sessions: str = "", **more: bool) -> None:
    cluster.nodes.update("MODIFIED", _node(drain, sessions, **more))


async def test_a_session_that_comes_in_the_last_moment_is_told_and_will_be_stopped(
    session, cluster, api
):
    session.part.started(POD)
    assert session.planned_stop.plan is None
    _says(cluster, DRAIN)
    session.ready = False
    session.part.started(POD)
    assert session.planned_stop.plan == PLAN
    await until_async(lambda: api.written)
    assert api.written[-1] == {"ada/": DrainedSession()}
    session.ready = True
    session.part.seen_running(POD)
    await until_async(lambda: api.written[-1]["ada/"].told)
    assert [each.ends_at for each in session.notices] == [LATER.timestamp()]
    session.part.seen_running(POD)
    await asyncio.sleep(0)
    assert len(session.notices) == 1


async def test_what_is_on_record_goes_on_after_a_restart_of_the_hub(session, cluster, api):
    told = DrainedSession(datetime(2026, 11, 30, 12, tzinfo=UTC))
    known = json.dumps({"ada/": told.as_json(), "ben/": told.as_json()})
    _says(cluster, DRAIN, known)
    session.planned_stop.restore({"planned_stop": PLAN.as_json()})
    session.part.seen_running(POD)
    await asyncio.sleep(0)
    assert session.notices == []
    session.part.saved(saved=True)
    session.ends()
    await until_async(lambda: api.written and api.written[-1]["ada/"].ended)
    assert api.written[-1]["ben/"] == told
    ended = api.written[-1]["ada/"]
    assert (ended.told, ended.saved, ended.how) == (told.told, True, DrainedEnd.BEFORE)


async def test_one_that_is_stopped_when_it_is_time_is_on_record_as_that(session, cluster, api):
    past = Drain("boss", datetime.now(UTC) - timedelta(minutes=1))
    _says(cluster, past)
    session.part.look(POD)
    await until_async(lambda: session.stops)
    session.part.saved(saved=False)
    session.ends()
    await until_async(lambda: api.written and api.written[-1]["ada/"].ended)
    ended = api.written[-1]["ada/"]
    assert (ended.saved, ended.how) == (False, DrainedEnd.STOPPED)


@pytest.mark.parametrize(("drain", "cordoned"), [(None, False), (DRAIN, False)])
async def test_one_whose_node_is_in_service_again_goes_on(session, cluster, drain, cordoned):
    _says(cluster, DRAIN)
    session.part.look(POD)
    assert session.planned_stop.plan == PLAN
    _says(cluster, drain, cordoned=cordoned)
    session.part.seen_running(POD)
    assert session.planned_stop.plan is None
    await until_async(lambda: session.notices)
    assert "The node is in service again" in session.notices[-1].text


@pytest.mark.parametrize("pod", [None, POD])
async def test_one_whose_node_was_given_back_while_the_hub_was_away_is_not_stopped(
    session, cluster, monkeypatch, pod
):
    monkeypatch.setattr(node_drain, "_AGAIN_SECONDS", 0.0)
    cluster.pods.loaded = False  # the hub has just begun
    past = replace(PLAN, at=datetime.now(UTC) - timedelta(minutes=1))
    session.planned_stop.restore({"planned_stop": past.as_json()})
    session.this_start.pod = pod
    for part in (session.part, session.planned_stop):
        part.seen_running(pod)
    for _ in range(5):
        await asyncio.sleep(0)
    assert session.stops == 0
    cluster.pods.loaded = True
    await until_async(lambda: session.notices)
    assert "The node is in service again" in session.notices[-1].text
    assert (session.stops, session.planned_stop.plan) == (0, None)


async def test_an_administrators_own_stop_is_not_taken_back_with_the_node(session):
    own = Plan(LATER, "root")
    session.planned_stop.set(own)
    session.part.seen_running(POD)
    assert session.planned_stop.plan == own


async def test_one_that_is_stopped_earlier_anyway_is_on_record_too(session, cluster, api):
    own = Plan(LATER - timedelta(hours=1), "root")
    session.planned_stop.set(own)
    _says(cluster, DRAIN)
    session.part.look(POD)
    assert session.planned_stop.plan == own
    await until_async(lambda: api.written and api.written[-1]["ada/"].told)


@pytest.mark.parametrize("pod", [None, {"spec": {}}, {"spec": {"nodeName": "gone"}}])
async def test_without_knowledge_of_the_node_nothing_is_done(session, cluster, pod):
    session.planned_stop.set(PLAN)
    _says(cluster, None)
    session.part.look(pod)
    cluster.pods.loaded = False  # nothing of what is known is fresh
    session.part.look(POD)
    assert session.planned_stop.plan == PLAN


async def test_what_could_not_be_written_is_written_again(session, cluster, api, caplog):
    api.fails = True
    _says(cluster, DRAIN)
    session.part.look(POD)
    await until_async(lambda: "could not be noted: no route" in caplog.text)
    assert api.written == []
    api.fails = False
    await until_async(lambda: api.written)


async def test_nothing_is_written_on_a_node_that_is_in_service_again(session, cluster, drains, api):
    _says(cluster, DRAIN)
    session.part.look(POD)
    _says(cluster, None)
    writer = drains._writers[NODE]
    await writer
    assert api.written == []
    assert drains.sessions(cluster.node(NODE)) == {}


async def test_a_drain_whose_node_was_uncordoned_does_not_count_when_that_is_cordoned_later(
    cluster, drains, api, caplog
):
    _says(cluster, DRAIN, "{}")
    await drains.forget_given_back()
    assert api.changes == []
    _says(cluster, DRAIN, "{}", cordoned=False)
    cluster.pods.loaded = False
    await drains.forget_given_back()
    assert api.changes == []
    cluster.pods.loaded = True
    api.fails = True
    for _ in range(2):
        await drains.forget_given_back()
    assert caplog.text.count(f"stay on {NODE}, which is in use: no route") == 1
    api.fails = False
    await drains.forget_given_back()
    notes = "/metadata/annotations/gpucommons.io~1"
    assert api.changes == [
        {"op": "test", "path": f"{notes}drain", "value": DRAIN.to_text()},
        {"op": "remove", "path": f"{notes}drain"},
        {"op": "test", "path": f"{notes}drain-sessions", "value": "{}"},
        {"op": "remove", "path": f"{notes}drain-sessions"},
    ]


async def test_another_drain_of_the_node_begins_with_nothing(session, cluster, drains):
    _says(cluster, DRAIN)
    session.part.look(POD)
    session.ends()
    assert drains.sessions(cluster.node(NODE))["ada/"].ended
    drains.begin_anew(NODE)
    assert drains.sessions(cluster.node(NODE)) == {}


async def test_what_nodes_say_is_done_for_all_sessions_again_and_again(session, cluster):
    _says(cluster, DRAIN)
    there = SimpleNamespace(
        active=True, ready=False, node_drain=session.part, this_start=session.this_start
    )
    gone = SimpleNamespace(active=False, ready=False)
    reconciler = Reconciler()
    reconciler._users = {1: SimpleNamespace(spawners={"": there, "gone": gone})}
    await reconciler._look_at_servers()
    assert session.planned_stop.plan == PLAN


def test_the_hub_knows_what_it_wrote_on_a_node_before_the_watch_says_it(cluster):
    cluster.nodes.update("MODIFIED", _node(None))
    cluster.note_drain(NODE, DRAIN.to_text(), cordoned=True)
    node = cluster.node(NODE)
    assert (node.cordoned, node.ready, node.drain) == (True, False, DRAIN.to_text())
    cluster.note_drain(NODE, "", cordoned=False)
    assert (cluster.node(NODE).cordoned, cluster.node(NODE).drain) == (False, "")
    cluster.note_drain("gone", DRAIN.to_text(), cordoned=True)
    assert cluster.node("gone") is None


def test_pods_that_would_have_to_be_evicted_are_those_of_no_session_and_not_the_nodes_own(cluster):
    def pod(name: str, owner: str = "ReplicaSet", **labels: str) -> dict[str, object]:
        owners = [{"kind": owner}] if owner else []
        metadata = {"namespace": "web", "name": name, "labels": labels, "ownerReferences": owners}
        return {"metadata": metadata, "spec": {"nodeName": NODE}, "status": {"phase": "Running"}}

    session = {"gpucommons.io/gpu-mode": "none", "gpucommons.io/team": "vision"}
    cluster.pods.replace(
        [
            pod("shop"),
            pod("alone", ""),
            pod("plugin", "DaemonSet"),
            pod("kube-proxy", "Node"),
            pod("ada", "", **session),
        ]
    )
    assert {node: sorted(pods) for node, pods in cluster.other_pods().items()} == {
        NODE: ["web/alone", "web/shop"]
    }
