"""Kubernetes turned a session down: the reason, said to the person. Pure."""

import json
import re
from http import HTTPStatus
from typing import Any

from gpucommons_contract.words import listed, phrase
from kubernetes_asyncio.client import ApiException

from gpucommons_spawner.errors import SpawnRefusedError

_QUOTA = re.compile(
    r"exceeded quota: \S+, requested: (?P<requested>\S+), used: (?P<used>\S+), "
    r"limited: (?P<limited>\S+)"
)
_NOT_THERE = re.compile(
    r"no (?P<class>PriorityClass) with name (?P<name>\S+) was found"
    r"|(?P<other>RuntimeClass)(?:\.node\.k8s\.io)? \"(?P<named>[^\"]+)\" not found"
)
_WEBHOOK = "failed calling webhook"
_RESOURCES = {
    "nvidia.com/gpu": phrase("GPUs"),
    "nvidia.com/gpu.shared": phrase("shares of GPUs"),
    "cpu": phrase("CPUs"),
    "memory": phrase("memory"),
    "storage": phrase("storage"),
    "pods": phrase("sessions"),
    "persistentvolumeclaims": phrase("workspaces"),
}
"""What a ResourceQuota counts, in people's words; others are called as Kubernetes calls them."""


def refusal_of(error: ApiException, place: str) -> SpawnRefusedError:
    """Say why something was not made. ``place`` is where, such as ``team Vision``."""
    status = _status(error)
    message = str(status.get("message") or f"{error.status} {error.reason}")
    if found := _QUOTA.search(message):
        return SpawnRefusedError(
            _used_up(place, found), kind="team-quota", status=HTTPStatus.CONFLICT
        )
    if _gone(status):
        return SpawnRefusedError(
            phrase(
                "The %(place)s is being removed, and nothing can be started there. "
                "Choose another team, or ask an administrator.",
                place=place,
            ),
            kind="team",
            status=HTTPStatus.CONFLICT,
        )
    if "violates PodSecurity" in message:
        return SpawnRefusedError(
            phrase(
                "The security rules of the %(place)s do not allow this session; an administrator "
                "finds the reason in the hub's log.",
                place=place,
            ),
            kind="pod-security",
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            log_message=f"Pod Security of the {place} refuses a session: {message}",
        )
    if found := _NOT_THERE.search(message):
        what, name = found["class"] or found["other"], found["name"] or found["named"]
        return SpawnRefusedError(
            phrase(
                "This session needs the %(kind)s %(name)s, and the cluster has none of that name. "
                "Tell an administrator, or choose another size.",
                kind=what,
                name=name,
            ),
            kind="configuration",
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            log_message=f"there is no {what} {name}, which the catalogue names for a session",
        )
    return SpawnRefusedError(
        phrase("Kubernetes did not accept the session: %(message)s", message=message),
        kind="kubernetes",
        status=HTTPStatus.SERVICE_UNAVAILABLE,
    )


def no_answer(error: Exception, *, in_the_way: bool = False) -> SpawnRefusedError:
    """Say that Kubernetes is away; ``in_the_way`` that an earlier session was still ending."""
    sentence = (
        phrase(
            "An earlier session of this server is still being stopped. Try again in a minute; "
            "if that does not help, tell an administrator."
        )
        if in_the_way
        else phrase(
            "Kubernetes does not answer, so nothing can be started now. Running sessions "
            "continue. Try again in a few minutes; if that does not help, tell an administrator."
        )
    )
    return SpawnRefusedError(
        sentence,
        kind="kubernetes",
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        log_message=f"a start failed: {type(error).__name__} {error}",
    )


def is_webhook_away(error: ApiException) -> bool:
    """Return whether something that must see every pod, such as Kueue, did not answer."""
    message = str(_status(error).get("message") or "")
    return error.status == HTTPStatus.INTERNAL_SERVER_ERROR and _WEBHOOK in message


def is_missing(error: ApiException, name: str) -> bool:
    """Return whether the API server says that it has no object of this name, and nothing less."""
    named = (_status(error).get("details") or {}).get("name")
    return error.status == HTTPStatus.NOT_FOUND and named == name


def _status(error: ApiException) -> dict[str, Any]:
    """Read the API server's answer."""
    try:
        status = json.loads(error.body or b"")
    except ValueError:
        return {}
    return status if isinstance(status, dict) else {}


def _gone(status: dict[str, Any]) -> bool:
    """Return whether the namespace is being deleted, or is gone already."""
    details = status.get("details") or {}
    causes = {cause.get("reason") for cause in details.get("causes") or ()}
    missing = status.get("code") == HTTPStatus.NOT_FOUND and details.get("kind") == "namespaces"
    return missing or "NamespaceTerminating" in causes


def _used_up(place: str, found: re.Match[str]) -> str:
    requested, used, limited = (_amounts(found[key]) for key in ("requested", "used", "limited"))
    short = [
        phrase(
            "%(resource)s: %(used)s of %(most)s in use, %(wanted)s more needed",
            resource=_named(key),
            used=used.get(key, "0"),
            most=limited[key],
            wanted=wanted,
        )
        for key, wanted in requested.items()
        if key in limited
    ]
    return phrase(
        "The %(place)s has used up its share of %(resources)s. Stop a session of the team, "
        "choose a smaller size, or ask an administrator for a larger share.",
        place=place,
        resources=listed(short, "; "),
    )


def _amounts(written: str) -> dict[str, str]:
    """Read ``pods=3,requests.cpu=500m``."""
    return dict(part.split("=", 1) for part in written.split(",") if "=" in part)


def _named(resource: str) -> str:
    bare = re.sub(r"^(requests\.|limits\.|count/)", "", resource)
    return _RESOURCES.get(bare, bare)
