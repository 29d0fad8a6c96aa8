"""A size in words."""

import pytest
from gpucommons_spawner.catalogue import Size
from gpucommons_spawner.picker.size_words import fits, summary


def _size(gpu: dict | None, **more) -> Size:
    return Size.model_validate(
        {"display_name": "Some", "cpu": 2, "memory": "8Gi", "gpu": gpu, **more}
    )


def test_the_catalogue_s_own_words_count():
    assert fits(_size(None, description="For the course")) == "For the course"


@pytest.mark.parametrize(
    ("gpu", "words"),
    [
        (None, "For work without a GPU"),
        ({"mode": "exclusive"}, "A GPU that nobody else uses meanwhile"),
        ({"mode": "exclusive", "count": 2}, "GPUs that nobody else uses meanwhile"),
        ({"mode": "mps", "shares": 4}, "which up to 4 sessions use at once"),
        ({"mode": "timeslice", "shares": 4}, "in turns, among up to 4 sessions"),
        ({"mode": "mig", "profile": "1g.10gb"}, "A part of a GPU that nobody else"),
        ({"mode": "hami", "memory": "8Gi", "shares": 4}, "A piece of a GPU with 8Gi"),
        (
            {"mode": "dra", "template": "one", "device_class": "gpu.nvidia.com"},
            "A GPU that the cluster hands out",
        ),
    ],
)
def test_without_them_the_gpu_mode_says_what_a_size_fits(gpu, words):
    assert words in fits(_size(gpu))


def test_the_summary_names_cpu_memory_and_gpu():
    gpu = {"mode": "exclusive", "product": "NVIDIA-H200"}
    assert summary(_size(gpu)) == "2 CPU · 8 GiB · 1 NVIDIA-H200 GPU"
