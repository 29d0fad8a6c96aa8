"""What a size has, and what it is for, in words. Pure."""

from gpucommons_contract import amount
from gpucommons_contract.formats.wording import span
from gpucommons_contract.words import listed, phrase, phrases

from gpucommons_spawner.catalogue.base import plainly
from gpucommons_spawner.catalogue.gpu_modes.dra import DRA
from gpucommons_spawner.catalogue.gpu_modes.hami import HAMi
from gpucommons_spawner.catalogue.gpu_modes.nvidia import MIG, MPS, OfProduct, TimeSlice
from gpucommons_spawner.catalogue.size import Size
from gpucommons_spawner.quota.shortage import shown


def summary(size: Size) -> str:
    """Name the CPUs, the memory, the GPU and the maximum duration."""
    gibibytes = amount(size.memory) / 2**30
    parts = [f"{plainly(amount(size.cpu))} CPU", f"{gibibytes:.3g} GiB"]
    gpu = size.gpu
    if isinstance(gpu, MIG):
        parts.append(f"{shown(size.units)} GPU · MIG {gpu.profile}")
    elif gpu:
        product = f" {gpu.product}" if isinstance(gpu, OfProduct) and gpu.product else ""
        parts.append(f"{shown(size.units)}{product} GPU")
    return listed(filter(None, (*parts, longest(size))), " · ")


def longest(size: Size) -> str:
    """Say how long a session may last; empty if without limit."""
    if not size.max_duration:
        return ""
    return phrase("%(time)s at most", time=span(size.max_duration.total_seconds()))


def fits(size: Size) -> str:
    """Say what a size is for: the catalogue's own words, or else what its GPU mode means."""
    return size.description or _of_mode(size)


def _of_mode(size: Size) -> str:
    match size.gpu:
        case None:
            words = phrase("For work without a GPU")
        case MPS(shares=shares):
            words = phrase(
                "A fixed share of a GPU, which up to %(shares)d sessions use at once",
                shares=shares,
            )
        case TimeSlice(shares=shares):
            words = phrase(
                "A GPU in turns, among up to %(shares)d sessions; its memory is not divided",
                shares=shares,
            )
        case MIG():
            words = phrase("A part of a GPU that nobody else can slow down")
        case HAMi(memory=memory):
            words = phrase("A piece of a GPU with %(memory)s of its memory", memory=memory)
        case DRA():
            words = phrase("A GPU that the cluster hands out for each session")
        case gpu:
            words = phrases(
                "A GPU that nobody else uses meanwhile",
                "GPUs that nobody else uses meanwhile",
                2 if gpu.units > 1 else 1,
            )
    return words
