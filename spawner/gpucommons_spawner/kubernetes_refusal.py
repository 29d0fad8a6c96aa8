"""Kubernetes turned a session down: the reason, said to the person. Pure."""

import json
import re
from http import HTTPStatus
from typing import Any

from kubernetes_asyncio.client import ApiException

from gpucommons_spawner.refusal import Refusal

_QUOTA = re.compile(
    r"exceeded quota: \S+, requested: (?P<requested>\S+), used: (?P<used>\S+), "
    r"limited: (?P<limited>\S+)"
)
_WEBHOOK = "failed calling webhook"
_RESOURCES = {
    "nvidia.com/gpu": "GPUs",
    "nvidia.com/gpu.shared": "shares of GPUs",
    "cpu": "CPUs",
    "memory": "memory",
    "storage": "storage",
    "pods": "sessions",
    "persistentvolumeclaims": "workspaces",
}
"""What a ResourceQuota counts, in people's words; others are called as Kubernetes calls them."""


def refusal_of(error: ApiException, place: str) -> Refusal:
    """Say why something was not made. ``place`` is where, such as ``team Vision``."""
    status = _status(error)
    message = str(status.get("message") or f"{error.status} {error.reason}")
    if found := _QUOTA.search(message):
        return Refusal(_used_up(place, found), kind="team-quota", status=HTTPStatus.CONFLICT)
    if _gone(status):
        return Refusal(
            f"The {place} is being removed, and nothing can be started there any more. "
            "Choose another team, or ask an administrator.",
            kind="team",
            status=HTTPStatus.CONFLICT,
        )
    if "violates PodSecurity" in message:
        return Refusal(
            f"The security rules of the {place} do not allow this session; an administrator "
            "finds the reason in the hub's log.",
            kind="pod-security",
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            log_message=f"Pod Security of the {place} refuses a session: {message}",
        )
    return Refusal(
        f"Kubernetes did not accept the session: {message}",
        kind="kubernetes",
        status=HTTPStatus.SERVICE_UNAVAILABLE,
    )


def is_webhook_away(error: ApiException) -> bool:
    """Tell whether something that must see every pod, such as Kueue, did not answer."""
    message = str(_status(error).get("message") or "")
    return error.status == HTTPStatus.INTERNAL_SERVER_ERROR and _WEBHOOK in message


def _status(error: ApiException) -> dict[str, Any]:
    """Read the API server's answer."""
    try:
        status = json.loads(error.body)
    except (TypeError, ValueError):
        return {}
    return status if isinstance(status, dict) else {}


def _gone(status: dict[str, Any]) -> bool:
    """Tell whether the namespace is being deleted, or is gone already."""
    details = status.get("details") or {}
    causes = {cause.get("reason") for cause in details.get("causes") or ()}
    missing = status.get("code") == HTTPStatus.NOT_FOUND and details.get("kind") == "namespaces"
    return missing or "NamespaceTerminating" in causes


def _used_up(place: str, found: re.Match[str]) -> str:
    requested, used, limited = (_amounts(found[key]) for key in ("requested", "used", "limited"))
    short = [
        f"{_named(key)}: {used.get(key, '0')} of {limited[key]} in use, {wanted} more needed"
        for key, wanted in requested.items()
        if key in limited
    ]
    return (
        f"The {place} has used up its share of {'; '.join(short)}. Stop a session of the team, "
        "choose a smaller size, or ask an administrator for a larger share."
    )


def _amounts(written: str) -> dict[str, str]:
    """Read ``pods=3,requests.cpu=500m``."""
    return dict(part.split("=", 1) for part in written.split(",") if "=" in part)


def _named(resource: str) -> str:
    bare = re.sub(r"^(requests\.|limits\.|count/)", "", resource)
    return _RESOURCES.get(bare, bare)
