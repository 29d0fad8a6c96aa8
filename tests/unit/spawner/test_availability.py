"""Counting what is free from nodes and pods, as their watches report them."""

import random

import pytest
from gpucommons_spawner.availability.cluster import Cluster
from gpucommons_spawner.availability.for_person import Availability
from gpucommons_spawner.availability.shortfall import too_few
from gpucommons_spawner.availability.size_capacity import SizeCapacities
from gpucommons_spawner.quota.ledger import Ledger
from gpucommons_spawner.selection.person import Person

from .conftest import ASTRO, VISION

GPU, SHARED = "nvidia.com/gpu", "nvidia.com/gpu.shared"
LABELS = {"pool": "training", "nvidia.com/gpu.product": "NVIDIA-H200"}
ADA = Person("ada")


def _node(name="n1", gpus=2, labels=LABELS, ready="True", **spec):
    allocatable = {"cpu": "64", "memory": "512Gi", "pods": "110", GPU: str(gpus)}
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": spec,
        "status": {
            "allocatable": allocatable,
            "conditions": [{"type": "Ready", "status": ready}],
        },
    }


def _pod(name, node="n1", gpus=1, phase="Running"):
    requests = {"cpu": "1", "memory": "1Gi", GPU: str(gpus)}
    return {
        "metadata": {"namespace": "s", "name": name},
        "spec": {"nodeName": node, "containers": [{"resources": {"requests": requests}}]},
        "status": {"phase": phase},
    }


def _rooms(catalogue, cluster):
    return SizeCapacities(catalogue.sizes, cluster, queued=False)


@pytest.fixture
def cluster():
    cluster = Cluster()
    cluster.nodes.replace([_node()])
    cluster.pods.replace([])
    return cluster


@pytest.fixture
def free(cluster, catalogue):
    rooms = _rooms(catalogue, cluster)
    return lambda size="gpu": rooms.of()[size].free


def test_a_pod_takes_its_gpu_from_the_moment_it_has_a_node(cluster, free):
    assert free() == 2
    cluster.pods.update("ADDED", _pod("p") | {"spec": {"containers": []}})
    assert free() == 2
    cluster.pods.update("MODIFIED", _pod("p"))
    assert free() == 1


@pytest.mark.parametrize("end", ["DELETED", "Succeeded", "Failed"])
def test_an_ended_pod_gives_its_gpu_back_once(cluster, free, end):
    cluster.pods.update("ADDED", _pod("p"))
    for _ in range(2):
        if end == "DELETED":
            cluster.pods.update("DELETED", _pod("p"))
        else:
            cluster.pods.update("MODIFIED", _pod("p", phase=end))
        assert free() == 2


def test_pods_that_were_listed_before_their_node_count(catalogue):
    cluster = Cluster()
    cluster.pods.replace([_pod("p")])
    cluster.nodes.replace([_node()])
    assert _rooms(catalogue, cluster).of()["gpu"].free == 1


def test_a_node_that_changes_keeps_what_its_pods_take(cluster, free):
    cluster.nodes.update("ADDED", _node("other", labels={}))
    cluster.pods.update("ADDED", _pod("p"))
    cluster.nodes.update("MODIFIED", _node(gpus=3))
    assert free() == 2
    cluster.nodes.update("DELETED", _node())
    assert free() == 0
    cluster.nodes.update("ADDED", _node())
    assert free() == 1


@pytest.mark.parametrize(
    "node",
    [
        _node(ready="False"),
        _node(unschedulable=True),
        _node(labels={"pool": "training"}),
        _node(taints=[{"key": "lab", "effect": "NoSchedule"}]),
        _node(gpus=0),
    ],
)
def test_a_node_that_cannot_take_the_size_does_not_count(cluster, free, node):
    cluster.nodes.update("MODIFIED", node)
    assert free() == 0


def test_a_gpu_node_that_is_tainted_takes_gpu_sizes_only(cluster, free):
    taint = {"key": GPU, "effect": "NoSchedule"}
    cluster.nodes.update("MODIFIED", _node(taints=[taint]))
    assert free("gpu") == 2
    assert free("cpu") == 0


def test_gpus_on_two_nodes_do_not_make_one_session_of_two(cluster, free):
    cluster.nodes.replace([_node("n1", gpus=1), _node("n2", gpus=1)])
    assert (free("gpu"), free("gpus")) == (2, 0)


def test_a_full_node_without_cpu_is_not_offered_for_its_gpus(cluster, free):
    hog = _pod("hog", gpus=0)
    hog["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "62"
    cluster.pods.update("ADDED", hog)
    assert free() == 0


def test_until_the_cluster_is_known_every_size_is_offered(catalogue):
    state = Availability(catalogue, Cluster()).for_person(ADA, Ledger(), "")
    sizes = {size.name: size for size in state.sizes}
    assert sizes["gpu"].available
    assert sizes["gpu"].free is None


def test_that_there_are_no_pods_is_a_change_from_not_knowing(catalogue):
    cluster = Cluster()
    cluster.nodes.replace([_node()])
    rooms, before = _rooms(catalogue, cluster), cluster.version
    assert rooms.of()["gpu"].free is None
    cluster.pods.replace([])
    assert cluster.version != before
    assert rooms.of()["gpu"].free == 2


def test_two_people_of_a_team_are_told_from_one_count(cluster, catalogue):
    rooms = _rooms(catalogue, cluster)
    assert rooms.of("vision") is rooms.of("vision")
    before = rooms.of("vision")
    cluster.pods.update("ADDED", _pod("p"))
    assert rooms.of("vision")["gpu"].free == before["gpu"].free - 1


def test_a_full_size_says_so(cluster, catalogue):
    for number in range(2):
        cluster.pods.update("ADDED", _pod(f"p{number}"))
    state = Availability(catalogue, cluster).for_person(ADA, Ledger(), "")
    sizes = {size.name: size for size in state.sizes}
    assert sizes["gpu"].reason == "All 2 places for this size are taken. Try again later."
    assert sizes["share"].reason == "No node of this cluster can run it. Ask an administrator."


SHARING = {"nvidia.com/gpu.sharing-strategy": "mps", "nvidia.com/gpu.product": "NVIDIA-H200"}


def _share(name, team):
    pod = _pod(name, gpus=0)
    pod["metadata"]["labels"] = {"gpucommons.io/team": team, "gpucommons.io/gpu-mode": "mps"}
    pod["spec"]["containers"][0]["resources"]["requests"][SHARED] = "1"
    return pod


@pytest.fixture
def sharing(cluster):
    """One node that gives out four shares of a GPU."""
    node = _node(labels=SHARING)
    node["status"]["allocatable"][SHARED] = "4"
    cluster.nodes.replace([node])
    return cluster


def test_shares_beside_another_team_do_not_count_and_the_reason_is_told(sharing, catalogue):
    sharing.pods.update("ADDED", _share("p", "vision"))
    availability = Availability(catalogue, sharing)
    rooms = _rooms(catalogue, sharing)
    assert rooms.of("vision")["share"].free == 3
    assert rooms.of("astro")["share"].free == 0
    state = availability.for_person(Person("ada", teams=(ASTRO,)), Ledger(), "")
    share = next(size for size in state.sizes if size.name == "share")
    assert share.reason == (
        "The free places are on nodes used by another team, which this size must not share."
    )
    sharing.pods.update("DELETED", _share("p", "vision"))
    assert rooms.of("astro")["share"].free == 4


def test_a_node_that_changes_keeps_whose_sessions_it_has(sharing, catalogue):
    sharing.pods.update("ADDED", _share("p", "vision"))
    node = _node(labels=SHARING)
    node["status"]["allocatable"][SHARED] = "4"
    sharing.nodes.update("MODIFIED", node)
    assert _rooms(catalogue, sharing).of("astro")["share"].free == 0
    sharing.nodes.replace([node])
    assert _rooms(catalogue, sharing).of("astro")["share"].free == 0


def test_somebody_in_two_teams_has_what_one_of_them_has(sharing, catalogue):
    sharing.pods.update("ADDED", _share("p", "vision"))
    person = Person("ada", teams=(ASTRO, VISION))
    state = Availability(catalogue, sharing).for_person(person, Ledger(), "")
    share = next(size for size in state.sizes if size.name == "share")
    assert (share.available, share.free) == (True, 3)
    assert share.note == "In the team Computer vision only."


def test_teams_that_may_meet_count_all_shares(sharing, full):
    sharing.pods.update("ADDED", _share("p", "vision"))
    assert _rooms(full, sharing).of("astro")["mps-together"].free == 3


@pytest.mark.parametrize("name", ["dra", "hami"])
def test_what_nodes_do_not_count_is_offered_and_not_called_full(cluster, full, name):
    state = Availability(full, cluster).for_person(ADA, Ledger(), "")
    size = next(size for size in state.sizes if size.name == name)
    assert (size.available, size.free) == (True, None)


@pytest.mark.parametrize(
    ("taint", "rooms"),
    [
        ({"key": "borrowed", "value": "x", "effect": "NoExecute"}, 32),
        ({"key": "lab", "value": "vision", "effect": "NoSchedule"}, 32),
        ({"key": "lab", "value": "astro", "effect": "NoSchedule"}, 0),
        ({"key": "lab", "value": "vision", "effect": "NoExecute"}, 0),
        ({"key": "other", "effect": "NoSchedule"}, 0),
    ],
)
def test_a_taint_is_tolerated_as_the_scheduler_would(cluster, full, taint, rooms):
    cluster.nodes.replace([_node(labels={"pool": "borrowed"}, taints=[taint])])
    assert _rooms(full, cluster).of()["cpu"].free == rooms


def test_random_changes_end_at_the_sum_of_what_is_there(catalogue):
    cluster, random_ = Cluster(), random.Random(1)
    cluster.nodes.replace([_node(f"n{number}", gpus=8) for number in range(4)])
    cluster.pods.replace([])
    there, rooms = {}, _rooms(catalogue, cluster)
    for _ in range(500):
        name = f"p{random_.randrange(20)}"
        if name in there and random_.random() < 0.5:
            cluster.pods.update("DELETED", there.pop(name))
        elif name not in there:
            there[name] = _pod(name, node=f"n{random_.randrange(4)}")
            cluster.pods.update("ADDED", there[name])
        if random_.random() < 0.1:
            cluster.nodes.update("MODIFIED", _node(f"n{random_.randrange(4)}", gpus=8))
        assert rooms.of()["gpu"].free == 32 - len(there)


def _gated(name, size):
    pod = _pod(name, node=None)
    pod["metadata"]["labels"] = {"gpucommons.io/size": size}
    pod["spec"]["schedulingGates"] = [{"name": "kueue.x-k8s.io/admission"}]
    return pod


def test_with_a_queue_a_size_that_is_not_free_now_can_be_started(cluster, catalogue):
    cluster.pods.replace([_pod("p", gpus=2), _gated("q", "gpu"), _gated("r", "gpu")])
    states = {
        queued: Availability(catalogue, cluster, queued=queued).for_person(ADA, Ledger(), "")
        for queued in (False, True)
    }
    gpu = {queued: _of(state, "gpu") for queued, state in states.items()}
    assert (gpu[False].available, gpu[False].room) == (False, "0 of 2 free")
    assert (gpu[True].available, gpu[True].room) == (True, "0 of 2 free; 2 wait")


def test_a_session_that_leaves_the_queue_is_not_counted_as_waiting(cluster):
    cluster.pods.update("ADDED", _gated("q", "gpu"))
    cluster.pods.update("ADDED", _gated("r", "gpu"))
    cluster.pods.update("MODIFIED", _pod("q"))
    cluster.pods.update("DELETED", _gated("r", "gpu"))
    assert cluster.waiting("gpu") == 0


def _of(state, name):
    return next(size for size in state.sizes if size.name == name)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({GPU: "2"}, "2 GPUs asked, the node with most free has 1."),
        ({GPU: "1"}, ""),
        ({SHARED: "1"}, "1 share of a GPU asked, the node with most free has 0."),
        ({}, ""),
    ],
)
def test_too_few_gpus_are_said_in_numbers(cluster, limits, words):
    cluster.nodes.update("ADDED", _node("n2"))
    cluster.nodes.update("ADDED", _node("closed", gpus=8, unschedulable=True))
    cluster.pods.replace([_pod("p"), _pod("q", node="n2")])
    assert too_few(limits, cluster.all_nodes()) == words
