"""Requests as admission webhooks are asked of them: what is there, and what would be."""

import re
from collections.abc import Mapping
from typing import Any

from .objects import TEAM, Body
from .request import Request, there

_PATH = re.compile(
    rf"/(?:api|apis/(?P<group>[^/]+))/(?P<version>[^/]+)/namespaces/{TEAM}/(?P<resource>[^/]+)"
    r"(?:/(?P<name>[^/]+))?(?:/(?P<part>[^/]+))?"
)
_KINDS = {
    "pods": "Pod",
    "services": "Service",
    "secrets": "Secret",
    "configmaps": "ConfigMap",
    "persistentvolumeclaims": "PersistentVolumeClaim",
    "ingresses": "Ingress",
    "networkpolicies": "NetworkPolicy",
    "resourceclaimtemplates": "ResourceClaimTemplate",
}
_OPERATIONS = {"POST": "CREATE", "PATCH": "UPDATE", "PUT": "UPDATE"}


def reviewed(request: Request) -> Body:
    """The AdmissionReview of a request that makes or changes an object."""
    found = _PATH.fullmatch(request.path)
    assert found, request.path
    group, version, resource = found["group"] or "", found["version"], found["resource"]
    kind = _KINDS[resource]
    typed = {"apiVersion": f"{group}/{version}".removeprefix("/"), "kind": kind}
    before = there()[request.path] if request.method != "POST" else None
    after = request.body if request.method != "PATCH" else merged(before, request.body)
    asked: Body = {
        "uid": "1",
        "kind": {"group": group, "version": version, "kind": kind},
        "resource": {"group": group, "version": version, "resource": resource},
        "name": after["metadata"]["name"],
        "namespace": TEAM,
        "operation": _OPERATIONS[request.method],
        "userInfo": {"username": request.user, "groups": ["system:authenticated"]},
        "object": _placed(after, typed),
    }
    if before:
        asked["oldObject"] = _placed(before, typed)
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": asked}


def is_of_an_object(request: Request) -> bool:
    """Whether it makes or changes one, and not a part of one."""
    found = _PATH.fullmatch(request.path)
    return bool(
        found
        and not found["part"]
        and found["resource"] in _KINDS
        and request.method in _OPERATIONS
        and (request.method == "POST" or request.path in there())
    )


def _placed(body: Body, typed: Body) -> Body:
    return {**typed, **body, "metadata": {**body["metadata"], "namespace": TEAM}}


def merged(under: Any, patch: Any) -> Any:
    """A JSON merge patch, done. Source: RFC 7396"""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(under) if isinstance(under, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result
