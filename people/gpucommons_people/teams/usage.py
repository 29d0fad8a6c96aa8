"""What the pods and volumes of a team take, where its quota does not count it. Pure."""

from collections.abc import Iterable
from decimal import Decimal

from gpucommons_contract import amount

from gpucommons_people.clients.kinds import Manifest

_RESOURCES = {
    "gpus": "nvidia.com/gpu",
    "gpu_shares": "nvidia.com/gpu.shared",
    "cpu": "cpu",
    "memory": "memory",
}
"""Field of a team: the resource of a container that counts against it."""
_ENDED = {"Succeeded", "Failed"}
_UNITS = (("Ti", 2**40), ("Gi", 2**30), ("Mi", 2**20), ("Ki", 2**10))


def counted(pods: Iterable[Manifest], claims: Iterable[Manifest]) -> dict[str, str]:
    """Add up what a namespace's pods and claims take, by the names of a team's fields.

    As a ResourceQuota does: limits, and pods that wait count, those that have ended do not.
    """
    running = [each for each in pods if (each.get("status") or {}).get("phase") not in _ENDED]
    limits = [_limits(each) for each in running]
    found = {
        field: sum((each.get(resource, Decimal(0)) for each in limits), Decimal(0))
        for field, resource in _RESOURCES.items()
    }
    storage = sum((_storage(each) for each in claims), Decimal(0))
    return {
        "gpus": _plainly(found["gpus"]),
        "gpu_shares": _plainly(found["gpu_shares"]),
        "sessions": str(len(running)),
        "cpu": _plainly(found["cpu"]),
        "memory": _bytes(found["memory"]),
        "storage": _bytes(storage),
    }


def _limits(pod: Manifest) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for container in pod["spec"].get("containers") or ():
        limits = (container.get("resources") or {}).get("limits") or {}
        for name, quantity in limits.items():
            found[name] = found.get(name, Decimal(0)) + amount(quantity)
    return found


def _storage(claim: Manifest) -> Decimal:
    return amount(claim["spec"]["resources"]["requests"]["storage"])


def _plainly(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _bytes(number: Decimal) -> str:
    unit, size = next(((u, s) for u, s in _UNITS if number and number % s == 0), ("", 1))
    return f"{_plainly(number / size)}{unit}"
