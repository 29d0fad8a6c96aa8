"""What the names, labels and shares of GPUs are judged to be."""

import pytest
from gpucommons_doctor.checks.gpus.dra import judge_devices, judge_templates
from gpucommons_doctor.checks.gpus.gpu_nodes import GPUNode, gpu_nodes
from gpucommons_doctor.checks.gpus.gpus import judge_labels, judge_offers, judge_shares
from gpucommons_doctor.checks.gpus.sizes import judge_size, read_nodes
from gpucommons_doctor.finding import State
from gpucommons_doctor.installation import Installation
from gpucommons_spawner.catalogue import Size

from . import objects


def _states(findings):
    return [each.state for each in findings]


def _size(**fields):
    return Size.model_validate({"display_name": "X", "cpu": 1, "memory": "1Gi", **fields})


WHOLE = objects.node("gpu-1", objects.WHOLE, objects.WHOLE_LABELS)
SHARED = objects.node("gpu-2", objects.SHARED, objects.SHARED_LABELS)


def test_a_node_says_what_its_gpus_are():
    both = objects.node("local", {**objects.WHOLE, **objects.SHARED}, objects.SHARED_LABELS)
    (found,) = gpu_nodes([objects.node("cpu-1"), both])
    assert found == GPUNode(
        "local",
        {"nvidia.com/gpu": 8, "nvidia.com/gpu.shared": 16},
        {},
        product="NVIDIA-H200",
        strategy="mps",
        replicas=4,
        labelled=4,
    )
    assert not found.shares_look_whole


def test_what_is_offered_is_counted():
    mig = objects.node("gpu-3", {"nvidia.com/mig-1g.18gb": "14", "nvidia.com/mig-3g.71gb": "0"})
    (found,) = judge_offers(gpu_nodes([WHOLE, SHARED, mig]), set())
    assert found.state is State.GOOD
    assert found.found == (
        "On 3 nodes: 8 nvidia.com/gpu, 16 nvidia.com/gpu.shared and 14 nvidia.com/mig-1g.18gb."
    )


def test_a_node_whose_gpus_nobody_offers_is_a_fault_unless_dra_does():
    silent = gpu_nodes([objects.node("gpu-1", labels=objects.WHOLE_LABELS)])
    assert _states(judge_offers(silent, set())) == [State.FAULT]
    assert _states(judge_offers(silent, {"gpu-1"})) == [State.GOOD]


def test_gpus_that_are_not_well_are_a_warning():
    broken = objects.node("gpu-1", objects.WHOLE, objects.WHOLE_LABELS)
    broken["status"]["allocatable"]["nvidia.com/gpu"] = "7"
    _, found = judge_offers(gpu_nodes([broken]), set())
    assert found.state is State.WARNING
    assert "gpu-1 (1 nvidia.com/gpu)" in found.found


def test_shares_under_the_name_of_whole_gpus_are_a_fault():
    labels = {**objects.SHARED_LABELS, "nvidia.com/gpu.product": "NVIDIA-H200-SHARED"}
    alike = objects.node("gpu-1", {"nvidia.com/gpu": "16"}, labels)
    _, found = judge_offers(gpu_nodes([alike]), set())
    assert found.state is State.FAULT
    assert "renameByDefault: true" in found.advice


def test_nodes_without_labels_matter_where_sizes_ask_for_them(sizes):
    bare = gpu_nodes([objects.node("gpu-1", objects.WHOLE)])
    plain = {"any": _size(gpu={"mode": "exclusive"})}
    assert _states(judge_labels(plain, bare)) == [State.WARNING]
    assert _states(judge_labels({"share": sizes["share"]}, bare)) == [State.FAULT]
    assert judge_labels({"share": sizes["share"]}, gpu_nodes([WHOLE])) == []


@pytest.mark.parametrize(
    ("fields", "states"),
    [({}, [State.FAULT]), ({"nodes_on_demand": "10m"}, [])],
)
def test_a_product_that_no_node_has_is_a_fault_unless_nodes_are_added(fields, states):
    size = _size(gpu={"mode": "exclusive", "product": "NVIDIA-B200"}, **fields)
    found = judge_labels({"big": size}, gpu_nodes([WHOLE, SHARED]))
    assert _states(found) == states
    assert all("NVIDIA-H200" in each.advice for each in found)


def test_shares_are_compared_with_the_nodes_on_which_a_size_runs():
    four = _size(gpu={"mode": "mps", "shares": 4})
    eight = _size(gpu={"mode": "mps", "shares": 8})
    sliced = _size(gpu={"mode": "timeslice", "shares": 8})
    nodes = gpu_nodes([WHOLE, SHARED])
    assert _states(judge_shares({"s": four}, nodes)) == [State.GOOD]
    (wrong,) = judge_shares({"s": eight}, nodes)
    assert wrong.state is State.FAULT
    assert "one of 8 shares" in wrong.found
    assert "gpu-2 (4)" in wrong.found
    # No node shares by turns: that is for the check of sizes to say.
    assert _states(judge_shares({"s": sliced}, nodes)) == [State.GOOD]


def test_shares_that_no_label_tells_are_unknown():
    labels = {k: v for k, v in objects.SHARED_LABELS.items() if not k.endswith("replicas")}
    nodes = gpu_nodes([objects.node("gpu-2", objects.SHARED, labels)])
    (found,) = judge_shares({"s": _size(gpu={"mode": "mps", "shares": 4})}, nodes)
    assert found.state is State.UNKNOWN
    assert "gpu-2" in found.found


def _judged(size, *nodes, placement=None, hami=False):
    given = {} if placement is None else placement
    return judge_size("x", size, read_nodes(nodes), given, hami=hami)


def test_places_are_counted_as_the_hub_counts_them():
    (found,) = _judged(_size(gpu={"mode": "exclusive", "count": 2}), WHOLE, SHARED)
    assert found.found == "Size x: 4 places in all."


@pytest.mark.parametrize(
    ("size", "why"),
    [
        (_size(memory="1Ti"), "1 node with 503.5Gi memory where 1024.0Gi is asked"),
        (_size(node_selector={"disk": "ssd"}), "1 node without the label disk=ssd"),
        (
            _size(gpu={"mode": "timeslice", "shares": 4}),
            "1 node with 0 nvidia.com/gpu.shared where 1 is asked",
        ),
        (
            _size(gpu={"mode": "exclusive", "product": "NVIDIA-B200"}),
            "1 node with nvidia.com/gpu.product=NVIDIA-H200 instead of NVIDIA-B200",
        ),
        (_size(gpu={"mode": "exclusive", "count": 16}), "with 8 nvidia.com/gpu where 16 is asked"),
    ],
)
def test_a_size_that_no_node_can_run_is_a_fault_with_the_reason(size, why):
    (found,) = _judged(size, WHOLE)
    assert found.state is State.FAULT
    assert why in found.found


def test_the_taint_that_keeps_a_size_out_is_named_and_what_the_hub_tolerates_counts():
    taint = {"key": "hub.jupyter.org/dedicated", "value": "user", "effect": "NoSchedule"}
    dedicated = objects.node("user-1", taints=[taint])
    (found,) = _judged(_size(), dedicated)
    assert "1 node with the taint hub.jupyter.org/dedicated=user:NoSchedule" in found.found
    under_z2jh = Installation.__dataclass_fields__["placement"].default_factory()
    assert _states(_judged(_size(), dedicated, placement=under_z2jh)) == [State.GOOD]


def test_a_size_whose_nodes_come_on_demand_needs_none_now():
    size = _size(gpu={"mode": "mig", "profile": "1g.18gb"}, nodes_on_demand="10m")
    assert _states(_judged(size, WHOLE)) == [State.GOOD]


def test_a_size_whose_nodes_are_all_away_is_a_warning():
    away = objects.node("gpu-1", objects.WHOLE, conditions={"Ready": "Unknown"})
    away["spec"]["taints"] = [{"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}]
    assert _states(_judged(_size(gpu={"mode": "exclusive"}), away)) == [State.WARNING]


def test_a_cluster_without_nodes_can_run_nothing():
    (found,) = _judged(_size())
    assert found.state is State.FAULT
    assert "the cluster has none" in found.found


def test_hami_says_itself_what_it_has():
    size = _size(gpu={"mode": "hami", "memory": "8Gi", "shares": 4})
    assert _states(_judged(size, WHOLE, hami=True)) == [State.GOOD]
    assert _states(_judged(size, WHOLE)) == [State.FAULT]


def test_devices_of_dra_are_counted_by_nvidias_driver(sizes):
    claimed = {"claimed": sizes["claimed"]}
    other = objects.resource_slice()
    other["spec"]["driver"] = "dra.net"
    assert judge_devices(claimed, [objects.resource_slice(), other]).found.endswith("8 devices.")
    assert judge_devices(claimed, [other]).state is State.FAULT
    grows = {"c": _size(nodes_on_demand="10m", gpu={"mode": "dra", "template": "whole-gpu"})}
    assert judge_devices(grows, []).state is State.GOOD


def test_templates_are_asked_of_the_teams_that_may_have_the_size():
    gpu = {"mode": "dra", "template": "whole-gpu"}
    teams = {"vision": {"whole-gpu"}, "robots": set()}
    assert _states(judge_templates({"c": _size(gpu=gpu)}, teams)) == [State.FAULT]
    own = _size(gpu=gpu, access=["vision"])
    assert _states(judge_templates({"c": own}, teams)) == [State.GOOD]
    # Researchers are no team: their sessions may be of any.
    group = _size(gpu=gpu, access=["vision", "researchers"])
    assert _states(judge_templates({"c": group}, teams)) == [State.FAULT]
