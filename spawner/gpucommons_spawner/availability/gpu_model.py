"""Which GPU a session of a size gets on a node, in words, as far as the node's labels say. Pure.

GPU Feature Discovery writes them: ``nvidia.com/gpu.product`` and ``nvidia.com/gpu.memory`` (MiB of
one GPU, whether or not it is shared), and the same of each MIG profile under the profile's name.
Source: https://github.com/NVIDIA/k8s-device-plugin, internal/lm/resource.go (0.18.0).
"""

from collections.abc import Iterable, Mapping

from gpucommons_contract.formats.wording import joined
from gpucommons_contract.words import phrase

from gpucommons_spawner.catalogue.gpu_modes import MIG, MPS
from gpucommons_spawner.catalogue.size import Size

_SHARED = "-SHARED"
_PARTITION = "-MIG-"
_MOST_NAMED = 3


def gpu_model(size: Size, labels: Mapping[str, str]) -> str:
    """Name model and memory, such as ``NVIDIA H200, 35 of 140 GiB``; empty if they are not known.

    labels: the node's.
    """
    gpu = size.gpu
    if gpu is None:
        return ""
    resource = "nvidia.com/gpu"
    if isinstance(gpu, MIG) and gpu.strategy == "mixed":
        resource = f"nvidia.com/mig-{gpu.profile}"
    product = labels.get(f"{resource}.product", "")
    name = product.removesuffix(_SHARED).partition(_PARTITION)[0].replace("-", " ")
    mebibytes = labels.get(f"{resource}.memory", "")
    if not name or not mebibytes.isdigit() or int(mebibytes) == 0:
        return name
    memory = int(mebibytes) / 1024
    if isinstance(gpu, MPS):
        return phrase(
            "%(model)s, %(part)s of %(memory)s GiB",
            model=name,
            part=f"{memory / gpu.shares:.0f}",
            memory=f"{memory:.0f}",
        )
    return f"{name}, {memory:.0f} GiB"


def models_in_words(models: Iterable[str]) -> str:
    """Join the models of several nodes: a session gets one of them."""
    names = sorted(models)
    if len(names) > _MOST_NAMED:
        return phrase(
            "one of %(number)d models, such as %(model)s", number=len(names), model=names[0]
        )
    return joined(names, "or")
