"""What a simulated GPU can be cut into by MIG: the profiles of an H200.

Source: https://docs.nvidia.com/datacenter/tesla/mig-user-guide/supported-mig-profiles.html; a
GPU has 7 compute slices and 8 memory slices, and each profile takes some of both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

COMPUTE_SLICES = 7
MEMORY_SLICES = 8


@dataclass(frozen=True, slots=True)
class Profile:
    """What a slice has of its GPU."""

    compute: int  # compute slices
    memory: int  # memory slices
    multiprocessors: int


PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        "1g.18gb": Profile(1, 1, 16),
        "1g.35gb": Profile(1, 2, 26),
        "2g.35gb": Profile(2, 2, 32),
        "3g.71gb": Profile(3, 4, 60),
        "4g.71gb": Profile(4, 4, 64),
        "7g.141gb": Profile(7, 8, 132),
    }
)
"""By name. Those with media engines, ``+me``, are left out: no engine is simulated."""


def check_profile(name: str) -> None:
    """Raise ValueError unless there is such a profile."""
    if name not in PROFILES:
        raise ValueError(f"There is no MIG profile {name!r}: an H200 has {', '.join(PROFILES)}.")


def check_cut(names: Sequence[str]) -> None:
    """Raise ValueError unless a GPU can be cut into slices of these profiles."""
    for name in names:
        check_profile(name)
    compute = sum(PROFILES[name].compute for name in names)
    memory = sum(PROFILES[name].memory for name in names)
    if compute > COMPUTE_SLICES or memory > MEMORY_SLICES:
        raise ValueError(
            f"{', '.join(names)} together need {compute} compute slices and {memory} memory "
            f"slices: a GPU has {COMPUTE_SLICES} and {MEMORY_SLICES}."
        )
