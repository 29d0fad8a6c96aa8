"""What GPU a size means, a person reads before they start: from the labels of the nodes."""

import pytest
from gpucommons_spawner.availability.cluster import Cluster
from gpucommons_spawner.availability.gpu_model import gpu_model, models_in_words
from gpucommons_spawner.availability.size_capacity import SizeCapacities
from gpucommons_spawner.catalogue.size import Size

from .test_availability import _node

H200 = {"nvidia.com/gpu.product": "NVIDIA-H200", "nvidia.com/gpu.memory": "143771"}
SHARED = H200 | {"nvidia.com/gpu.product": "NVIDIA-H200-SHARED"}
SLICES = H200 | {
    "nvidia.com/mig-1g.18gb.product": "NVIDIA-H200-MIG-1g.18gb",
    "nvidia.com/mig-1g.18gb.memory": "16384",
}
ALIKE = {"nvidia.com/gpu.product": "NVIDIA-H200-MIG-1g.18gb", "nvidia.com/gpu.memory": "16384"}


def _size(**gpu) -> Size:
    return Size(display_name="Size", cpu=1, memory="1Gi", gpu=gpu or None)


@pytest.mark.parametrize(
    ("gpu", "labels", "words"),
    [
        ({"mode": "exclusive"}, H200, "NVIDIA H200, 140 GiB"),
        ({"mode": "mps", "shares": 4}, H200, "NVIDIA H200, 35 of 140 GiB"),
        ({"mode": "timeslice", "shares": 4}, SHARED, "NVIDIA H200, 140 GiB"),
        ({"mode": "mig", "profile": "1g.18gb"}, SLICES, "NVIDIA H200, 16 GiB"),
        (
            {
                "mode": "mig",
                "profile": "1g.18gb",
                "strategy": "single",
                "product": "NVIDIA-H200-MIG-1g.18gb",
            },
            ALIKE,
            "NVIDIA H200, 16 GiB",
        ),
        ({"mode": "exclusive"}, {"nvidia.com/gpu.product": "NVIDIA-H200"}, "NVIDIA H200"),
        ({"mode": "exclusive"}, H200 | {"nvidia.com/gpu.memory": "much"}, "NVIDIA H200"),
        ({"mode": "exclusive"}, {}, ""),
        ({"mode": "mig", "profile": "1g.18gb"}, H200, ""),
        ({}, H200, ""),
    ],
)
def test_model_and_memory_are_read_from_a_node_s_labels(gpu, labels, words):
    assert gpu_model(_size(**gpu), labels) == words


@pytest.mark.parametrize(
    ("models", "words"),
    [
        ([], ""),
        (["B", "A"], "A or B"),
        (["A", "B", "C"], "A, B or C"),
        (["A", "B", "C", "D"], "one of 4 models, such as A"),
    ],
)
def test_several_models_are_named_as_long_as_they_are_few(models, words):
    assert models_in_words(models) == words


def test_a_size_names_the_models_of_nodes_that_can_take_it_and_follows_them():
    cluster = Cluster()
    other = H200 | {"nvidia.com/gpu.product": "NVIDIA-B200"}
    cluster.nodes.replace([_node("n1", labels=H200), _node("n2", gpus=0, labels=other)])
    cluster.pods.replace([])
    sizes = SizeCapacities({"gpu": _size(mode="exclusive")}, cluster, queued=False)
    assert sizes.of()["gpu"].gpu == "NVIDIA H200, 140 GiB"
    cluster.nodes.update("MODIFIED", _node("n2", labels=other))
    assert sizes.of()["gpu"].gpu == "NVIDIA B200, 140 GiB or NVIDIA H200, 140 GiB"
    cluster.nodes.update("DELETED", _node("n1", labels=H200))
    assert sizes.of()["gpu"].gpu == "NVIDIA B200, 140 GiB"
    assert sizes.of()["gpu"].refused("No.").gpu == "NVIDIA B200, 140 GiB"
