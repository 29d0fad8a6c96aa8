"""A size in words: what it is, and what it fits. Pure."""

from gpucommons_spawner.catalogue import Size
from gpucommons_spawner.gpu_modes import DRA, MIG, MPS, HAMi, OfProduct, TimeSlice
from gpucommons_spawner.quantity import amount, plainly
from gpucommons_spawner.session_end import span
from gpucommons_spawner.shortage import shown


def summary(size: Size) -> str:
    """Name the CPUs, the memory, the GPU and the longest time."""
    gibibytes = amount(size.memory) / 2**30
    parts = [f"{plainly(amount(size.cpu))} CPU", f"{gibibytes:.3g} GiB"]
    gpu = size.gpu
    if isinstance(gpu, MIG):
        parts.append(f"{shown(size.units)} GPU · MIG {gpu.profile}")
    elif gpu:
        product = f" {gpu.product}" if isinstance(gpu, OfProduct) and gpu.product else ""
        parts.append(f"{shown(size.units)}{product} GPU")
    if size.longest:
        parts.append(f"{span(size.longest)} at most")
    return " · ".join(parts)


def fits(size: Size) -> str:
    """Say what a size is for: the catalogue's own words, or else what its GPU mode means."""
    return size.description or _of_mode(size)


def _of_mode(size: Size) -> str:
    match size.gpu:
        case None:
            words = "For work without a GPU"
        case MPS(shares=shares):
            words = f"A fixed share of a GPU, which up to {shares} sessions use at once"
        case TimeSlice(shares=shares):
            words = f"A GPU in turns, among up to {shares} sessions; its memory is not divided"
        case MIG():
            words = "A part of a GPU that nobody else can slow down"
        case HAMi(memory=memory):
            words = f"A piece of a GPU with {memory} of its memory"
        case DRA():
            words = "A GPU that the cluster hands out for each session"
        case gpu:
            what = "GPUs" if gpu.units > 1 else "A GPU"
            words = f"{what} that nobody else uses meanwhile"
    return words
