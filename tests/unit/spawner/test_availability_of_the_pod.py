"""What is free is judged for the very pod that a start makes, the operator's settings included."""

import pytest
from gpucommons_spawner.availability.cluster import Cluster
from gpucommons_spawner.availability.for_person import Availability
from gpucommons_spawner.catalogue.file import load_catalogue
from gpucommons_spawner.quota.ledger import Ledger
from gpucommons_spawner.selection.person import Person

from .conftest import CATALOGUE, VISION

GPU = "nvidia.com/gpu"
ADA = Person("ada", teams=(VISION,))
FOR_USERS = {"key": "hub.jupyter.org/dedicated", "value": "user", "effect": "NoSchedule"}
GPU_POOL = {"key": "sku", "value": "gpu", "effect": "NoSchedule"}


def _node(name="n1", *, labels=None, ready="True", allocatable=None, **spec):
    amounts = {"cpu": "8", "memory": "64Gi", "pods": "110", GPU: "8"}
    own = {"pool": "training", "nvidia.com/gpu.product": "NVIDIA-H200"}
    return {
        "metadata": {"name": name, "labels": {**own, **(labels or {})}},
        "spec": spec,
        "status": {
            "capacity": amounts,
            "allocatable": {**amounts, **(allocatable or {})},
            "conditions": [{"type": "Ready", "status": ready}],
        },
    }


@pytest.fixture
def cluster():
    cluster = Cluster()
    cluster.pods.replace([])
    return cluster


@pytest.fixture
def seen(cluster, catalogue):
    """What somebody sees of a size on some nodes, with an operator's settings."""

    def seen(nodes, size="cpu", *, queued=False, of=catalogue, **operator):
        cluster.nodes.replace(nodes)
        availability = Availability(of, cluster, queued=queued, operator=operator)
        state = availability.for_person(ADA, Ledger(), "")
        return next(each for each in state.sizes if each.name == size)

    return seen


@pytest.mark.parametrize("size", ["cpu", "gpu"])
@pytest.mark.parametrize(
    "tolerations", [[{**FOR_USERS, "operator": "Equal"}], {"a": {**FOR_USERS, "operator": "Equal"}}]
)
def test_dedicated_user_nodes_take_every_size_that_the_operator_lets_in(seen, size, tolerations):
    nodes = [_node(taints=[FOR_USERS])]
    assert not seen(nodes, size).available
    assert seen(nodes, size, tolerations=tolerations).available


def test_a_toleration_in_the_rest_of_the_pod_s_settings_counts_too(seen):
    rest = {"tolerations": [{"key": "sku", "operator": "Exists"}]}
    assert seen([_node(taints=[GPU_POOL])], extra_pod_config=rest).available


@pytest.mark.parametrize(
    "operator",
    [
        {"node_selector": {"purpose": "user"}},
        {"extra_pod_config": {"nodeSelector": {"purpose": "user"}}},
        {
            "node_affinity_required": [
                {"matchExpressions": [{"key": "purpose", "operator": "In", "values": ["user"]}]}
            ]
        },
    ],
)
def test_a_room_where_the_operator_s_rules_let_no_session_in_is_not_offered(seen, operator):
    assert not seen([_node()], **operator).available
    assert seen([_node(labels={"purpose": "user"})], **operator).available


@pytest.mark.parametrize(
    ("rule", "available"),
    [
        ({"key": "pool", "operator": "In", "values": ["training", "x"]}, True),
        ({"key": "pool", "operator": "NotIn", "values": ["training"]}, False),
        ({"key": "absent", "operator": "NotIn", "values": ["x"]}, True),
        ({"key": "pool", "operator": "Exists"}, True),
        ({"key": "pool", "operator": "DoesNotExist"}, False),
        ({"key": "generation", "operator": "Gt", "values": ["4"]}, True),
        ({"key": "generation", "operator": "Lt", "values": ["5"]}, False),
        ({"key": "pool", "operator": "Gt", "values": ["4"]}, False),
    ],
)
def test_required_node_affinity_is_judged_as_the_scheduler_does(seen, rule, available):
    affinity = [{"matchExpressions": [rule]}]
    node = _node(labels={"generation": "5"})
    assert seen([node], node_affinity_required=affinity).available is available


def test_one_of_several_terms_of_affinity_is_enough_and_an_empty_one_is_none(seen):
    fits = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n1"]}]}
    not_here = {"matchExpressions": [{"key": "absent", "operator": "Exists"}]}
    assert seen([_node()], node_affinity_required=[not_here, fits]).available
    assert not seen([_node()], node_affinity_required=[not_here, {}]).available


@pytest.mark.parametrize(
    "operator",
    [
        {"extra_containers": [{"name": "proxy", "resources": {"requests": {"cpu": "1500m"}}}]},
        {"extra_containers": {"a": {"name": "proxy", "resources": {"limits": {"cpu": "1500m"}}}}},
        {"init_containers": [{"name": "init", "resources": {"requests": {"cpu": "2"}}}]},
        {"extra_pod_config": {"overhead": {"cpu": "1500m"}}},
    ],
)
def test_what_runs_beside_the_session_needs_room_too(seen, operator):
    assert seen([_node()]).free == 16
    assert seen([_node()], **operator).free == 4


def test_what_a_running_session_s_selection_added_is_not_taken_for_the_operator_s(make_spawner):
    spawner = make_spawner({}, tolerations=[FOR_USERS])
    spawner.tolerations = [*spawner.tolerations, GPU_POOL]
    assert spawner.set_by_operator["tolerations"] == [FOR_USERS]


# Not now is not never


@pytest.mark.parametrize(
    "state",
    [
        {"ready": "False"},
        {"ready": "Unknown"},
        {"unschedulable": True},
        {
            "ready": "False",
            "taints": [{"key": "node.kubernetes.io/not-ready", "effect": "NoExecute"}],
        },
        {"allocatable": {GPU: "0"}},
    ],
)
def test_nodes_that_are_away_are_not_called_missing_and_may_be_waited_for(seen, state):
    size = seen([_node(**state)], "gpu")
    assert size.reason == "Every node for it is being restarted or repaired now. Try again later."
    assert seen([_node(**state)], "gpu", queued=True).available


def test_a_list_without_any_node_is_no_knowledge_of_the_cluster(seen):
    size = seen([])
    assert (size.available, size.free) == (True, None)


# Nodes that are added on demand


@pytest.fixture
def growing(tmp_path):
    file = tmp_path / "catalogue.yaml"
    file.write_text(
        CATALOGUE.replace(
            "node_selector: {pool: training}",
            "node_selector: {pool: training}\n    nodes_on_demand: 10m",
        )
    )
    return load_catalogue(file)


_TOLD = "No node has room now: one is added, which may take 10 minutes."


@pytest.mark.parametrize("queued", [True, False])
def test_a_pool_of_no_nodes_that_may_grow_can_be_chosen(seen, growing, queued):
    nodes = [_node("cpus", labels={"pool": "cpus"})]
    assert not seen(nodes, "gpu", queued=queued).available
    size = seen(nodes, "gpu", of=growing, queued=queued)
    assert (size.available, size.note, size.reason) == (True, _TOLD, None)


def test_a_full_pool_that_may_grow_can_be_chosen(seen, growing):
    full = [_node(allocatable={"cpu": "1"})]
    size = seen(full, "gpu", of=growing)
    assert (size.available, size.note) == (True, _TOLD)
    assert seen([_node()], "gpu", of=growing).note == ""


def test_a_start_waits_as_long_for_a_node_as_its_size_says(make_spawner, growing, tmp_path):
    spawner = make_spawner({}, catalogue_file=str(tmp_path / "catalogue.yaml"), start_timeout=300)
    assert spawner.longest_wait >= 600
    spawner._accepted = {"size": "cpu"}
    assert (spawner.start_timeouts.stuck, spawner.start_timeouts.starting) == (10, 300)
    spawner._accepted = {"size": "gpu"}
    assert (spawner.start_timeouts.stuck, spawner.start_timeouts.starting) == (600, 900)
