"""What is free for somebody whose files are open on one node, where one at a time can use them."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from gpucommons_contract import Annotation, Label
from gpucommons_spawner import GPUSpawner
from gpucommons_spawner.availability.cluster import Cluster
from gpucommons_spawner.availability.for_person import Availability
from gpucommons_spawner.availability.size_capacity import SizeCapacities
from gpucommons_spawner.catalogue import Catalogue
from gpucommons_spawner.errors import SpawnRefusedError
from gpucommons_spawner.pod_state.near_files import near_files
from gpucommons_spawner.quota.ledger import Ledger
from gpucommons_spawner.quota.ledger_entry import Holding
from gpucommons_spawner.selection.person import Person
from gpucommons_spawner.session_parts import earlier_starts
from gpucommons_spawner.session_parts.earlier_starts import EarlierStarts
from hypothesis import given
from hypothesis import strategies as st
from kubernetes_asyncio.client import ApiClient

from .conftest import ASTRO, VISION

GPU = "nvidia.com/gpu"
LABELS = {"pool": "training", "nvidia.com/gpu.product": "NVIDIA-H200"}
ADA = Person("ada", teams=(VISION,))
BOB = Person("bob", teams=(VISION,))
FULL = (
    "Your files are in use on one node by your session “x”, and no GPU of this size is free "
    "there. Stop that session, or choose a smaller size."
)


def _node(name, gpus=1, **spec):
    amounts = {"cpu": "64", "memory": "512Gi", "pods": "110", GPU: str(gpus)}
    return {
        "metadata": {"name": name, "labels": LABELS},
        "spec": spec,
        "status": {"allocatable": amounts, "conditions": [{"type": "Ready", "status": "True"}]},
    }


def _session(server="x", *, person="ada", node="n1", gpus=1, team=VISION, one_node=True):
    """The pod of a session that runs."""
    labels = {
        "hub.jupyter.org/username": person,
        "component": "singleuser-server",
        str(Label.TEAM): team.name,
    }
    spec = {"containers": [{"resources": {"limits": {GPU: str(gpus)}}}]}
    if node:
        spec["nodeName"] = node
    if one_node:
        rule = {"requiredDuringSchedulingIgnoredDuringExecution": [near_files(labels)]}
        spec["affinity"] = {"podAffinity": rule}
    return {
        "metadata": {
            "namespace": team.namespace,
            "name": f"jupyter-{person}-{server}",
            "labels": labels,
            "annotations": {str(Annotation.USER): person, str(Annotation.SERVER): server},
        },
        "spec": spec,
        "status": {"phase": "Running" if node else "Pending"},
    }


def _cluster(*pods, nodes=None) -> Cluster:
    """Two nodes of one GPU, and these pods."""
    cluster = Cluster()
    cluster.nodes.replace(nodes or [_node("n1"), _node("n2")])
    cluster.pods.replace(list(pods))
    return cluster


@pytest.fixture
def seen(catalogue):
    """One size as somebody sees it who is about to start a server."""

    def seen(cluster, size="gpu", *, person=ADA, server="", queued=False, of=catalogue):
        state = Availability(of, cluster, queued=queued).for_person(person, Ledger(), server)
        return next(each for each in state.sizes if each.name == size)

    return seen


@pytest.fixture
def growing(catalogue) -> Catalogue:
    """Nodes for the whole GPU are added on demand."""
    size = catalogue.sizes["gpu"].model_copy(update={"nodes_on_demand": timedelta(minutes=10)})
    return catalogue.model_copy(update={"sizes": {**catalogue.sizes, "gpu": size}})


def test_a_size_that_is_free_elsewhere_alone_is_full_for_whose_files_are_open_here(seen):
    gpu = seen(_cluster(_session()))
    assert (gpu.available, gpu.free, gpu.total) == (False, 0, 1)
    assert gpu.reason == FULL
    assert gpu.room == "0 of 1 free, where your files are open"


def test_room_beside_the_files_is_all_the_room_there_is(seen):
    nodes = [_node("n1", gpus=3), _node("n2", gpus=8)]
    gpu = seen(_cluster(_session(), nodes=nodes))
    assert (gpu.available, gpu.free, gpu.total, gpu.reason) == (True, 2, 3, None)
    assert gpu.room == "2 of 3 free, where your files are open"


@pytest.mark.parametrize(
    "pod",
    [
        _session(one_node=False),
        _session(person="bob"),
        _session(team=ASTRO),
        _session(node=None, gpus=0),
        _session(node="n3"),
    ],
    ids=["many nodes", "of another", "in another team", "not placed yet", "on no known node"],
)
def test_what_does_not_bind_a_session_or_is_not_known_refuses_nothing(seen, pod):
    gpu = seen(_cluster(pod))
    assert (gpu.available, gpu.total) == (True, 2)


def test_a_cluster_that_is_not_known_refuses_nothing(seen):
    cluster = Cluster()
    cluster.pods.replace([_session()])
    assert seen(cluster).available


def test_a_session_that_is_started_anew_is_not_in_its_own_way(seen):
    assert seen(_cluster(_session()), server="x").available


def test_a_session_that_ends_opens_all_nodes_again(seen):
    cluster = _cluster(_session())
    assert not seen(cluster).available
    leaving = _session()
    leaving["metadata"]["deletionTimestamp"] = "2026-11-24T12:00:00Z"
    version = cluster.version
    cluster.pods.update("MODIFIED", leaving)
    assert cluster.version > version
    assert seen(cluster).available
    cluster.pods.update("DELETED", leaving)
    assert seen(cluster).available


def test_where_no_other_node_could_take_it_people_read_what_all_others_do(seen):
    """There, to stop the session that is in the way may be no help at all."""
    pods = [_session(gpus=0), _session(person="bob")]
    cluster = _cluster(*pods, nodes=[_node("n1")])
    assert seen(cluster).reason == "The only place for this size is taken. Try again later."
    assert seen(cluster, queued=True).available


def test_a_queue_does_not_help_where_it_could_give_a_gpu_of_another_node(seen):
    assert seen(_cluster(_session()), queued=True).reason == FULL


def test_a_node_that_is_added_does_not_help(seen, growing):
    cluster = _cluster(_session(), nodes=[_node("n1")])
    for queued in (False, True):
        gpu = seen(cluster, of=growing, queued=queued)
        assert not gpu.available
        assert "free there. A node that is added would not help. Stop that session" in gpu.reason
    assert seen(cluster, of=growing, person=BOB).available


def test_a_node_that_cannot_run_the_size_is_told_as_such(seen):
    cluster = _cluster(_session(gpus=0), nodes=[_node("n1", gpus=0), _node("n2")])
    gpu = seen(cluster)
    assert gpu.reason == (
        "Your files are in use on one node by your session “x”, and this size cannot run there "
        "now. Stop that session, or choose another size."
    )
    assert gpu.room == ""


def test_a_size_without_gpu_needs_room_beside_the_files_too(seen):
    small = _node("n1")
    small["status"]["allocatable"]["pods"] = "1"
    state = seen(_cluster(_session(""), nodes=[small, _node("n2")]), "cpu", server="y")
    assert state.reason == (
        "Your files are in use on one node by your session on the default server, and this size "
        "has no room there. Stop that session, or choose a smaller size."
    )


def test_all_sessions_that_are_in_the_way_are_named(seen):
    nodes = [_node("n1", gpus=2), _node("n2")]
    gpu = seen(_cluster(_session("x"), _session("y"), nodes=nodes))
    assert "by your sessions “x” and “y”" in gpu.reason
    assert "Stop these sessions" in gpu.reason


_gpus = st.integers(0, 3)


@given(nodes=st.lists(_gpus, min_size=1, max_size=4), taken=st.lists(_gpus, max_size=4))
def test_there_is_as_much_room_as_if_there_were_that_node_alone(catalogue, nodes, taken):
    found = [_node(f"n{number}", gpus=count) for number, count in enumerate(nodes)]
    others = [
        _session(f"p{number}", person="bob", node=f"n{number % len(found)}", gpus=count)
        for number, count in enumerate(taken)
    ]
    pods = [_session(node="n0", gpus=0), *others]
    every = SizeCapacities(catalogue.sizes, _cluster(*pods, nodes=found), queued=False)
    alone = SizeCapacities(catalogue.sizes, _cluster(*pods, nodes=found[:1]), queued=False)
    files = _cluster(*pods).files.of(VISION.namespace, "ada", "")
    for size, there in alone.of(VISION.name).items():
        near = every.near_files(size, VISION.name, files) or every.of(VISION.name)[size]
        assert (near.available, near.free, near.total) == (
            there.available,
            there.free,
            there.total,
        )


# Starts at once


def _held(server, *, team="vision", running=False):
    return Holding(server, Decimal(1), "Whole GPU", team, "gpu", running)


class _Starts(EarlierStarts):
    """Those before the default server of ada, with what the hub holds and sees."""

    def __init__(self, *held, pods=(), seen=None):
        self.ledger, self.cluster = Ledger(), _cluster(*pods)
        for each in (*held, _held(""), _held("later")):
            self.ledger.restore("ada", each)
        found = {name: SimpleNamespace(this_start=start) for name, start in (seen or {}).items()}
        user = SimpleNamespace(name="ada", spawners=found)
        super().__init__(SimpleNamespace(user=user, name=""), self.ledger, self.cluster)


@pytest.mark.parametrize("then", ["a node", "an end"])
async def test_a_start_waits_for_the_node_of_an_earlier_one(then):
    starts = _Starts(_held("x"))
    waiting = asyncio.create_task(starts.until_on_nodes(VISION))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not waiting.done()
    if then == "a node":
        starts.cluster.pods.update("ADDED", _session("x"))
    else:
        starts.ledger.release("ada", "x")
    await waiting


def _queued(server):
    pod = _session(server, node=None)
    pod["spec"]["schedulingGates"] = [{"name": "kueue.x-k8s.io/admission"}]
    return SimpleNamespace(pod=pod)


@pytest.mark.parametrize(
    "starts",
    [
        _Starts,
        lambda: _Starts(_held("x", team="astro")),
        lambda: _Starts(_held("x", running=True)),
        lambda: _Starts(_held("x"), pods=[_session("x")]),
        lambda: _Starts(_held("x"), seen={"x": _queued("x")}),
    ],
    ids=["later ones", "in another team", "running", "on a node", "in the queue"],
)
async def test_a_start_does_not_wait_for(starts):
    waiting = asyncio.create_task(starts().until_on_nodes(VISION))
    await asyncio.sleep(0)
    assert waiting.done()
    await waiting


async def test_an_earlier_start_without_a_node_is_not_waited_for_for_ever(monkeypatch):
    monkeypatch.setattr(earlier_starts, "_PATIENCE_SECONDS", 0.01)
    await _Starts(_held("x")).until_on_nodes(VISION)


# A start


@pytest.fixture
def cluster(monkeypatch):
    """A cluster with these pods, as the hub knows it."""

    def cluster(*pods) -> None:
        monkeypatch.setattr(GPUSpawner.hub_state, "cluster", _cluster(*pods))
        monkeypatch.setattr(GPUSpawner.hub_state, "_availability", None)

    return cluster


@pytest.mark.parametrize("queue", ["", "sessions"])
async def test_a_start_without_room_beside_the_files_is_refused_and_holds_nothing(
    make_spawner, cluster, queue
):
    cluster(_session())
    spawner = make_spawner({"team": "vision", "size": "gpu"}, queue=queue)
    with pytest.raises(SpawnRefusedError) as refused:
        await spawner.load_user_options()
    assert refused.value.jupyterhub_message == FULL
    assert refused.value.status_code == 409
    assert not spawner.hub_state.ledger.held("ada")


@pytest.mark.parametrize(
    "pods", [[], [_session(one_node=False)], [_session(node=None)], [_session("")]]
)
async def test_a_start_goes_on_where_nothing_says_that_it_is_in_vain(make_spawner, cluster, pods):
    cluster(*pods)
    await make_spawner({"team": "vision", "size": "gpu"}).load_user_options()


async def test_the_pod_of_a_start_says_on_how_many_nodes_its_files_can_be_open(make_spawner):
    spawner = make_spawner({"size": "cpu"})
    await spawner.load_user_options()
    for one_node in (True, False):
        spawner._files_on_one_node = one_node
        async with ApiClient() as client:
            pod = client.sanitize_for_serialization(await spawner.get_pod_manifest())
        pod["metadata"]["namespace"], pod["spec"]["nodeName"] = "team-vision", "n1"
        found = _cluster(pod).files.of("team-vision", "ada", "another")
        assert (found is not None) is one_node
