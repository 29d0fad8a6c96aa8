"""A session without a GPU."""

from decimal import Decimal

from gpucommons_spawner.gpu_modes.fields import GPUFields


def without_gpu() -> GPUFields:
    """Say so to the container runtime too.

    An image built on NVIDIA's sets ``NVIDIA_VISIBLE_DEVICES=all``, and a runtime
    that injects devices by that variable would then show every GPU of the node.
    """
    return GPUFields(mode="", units=Decimal(0), environment={"NVIDIA_VISIBLE_DEVICES": "void"})
