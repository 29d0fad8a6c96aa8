"""Answers that are spoiled: what a fault makes of a body that the server gave."""

import json
from typing import Any

from .fault import Fault

_LISTS = ("items", "pods", "sessions", "result")
"""Names under which our servers keep lists: Kubernetes, kubelets, the hub, Prometheus."""


def without_items(body: bytes, fault: Fault) -> bytes:
    """Take all of a list's items away, or every other one. What is no list stays as it is."""
    try:
        said = json.loads(body)
    except ValueError:
        return body
    if isinstance(said, list):
        return json.dumps(_fewer(said, fault)).encode()
    holder = _holder(said)
    if holder is None:
        return body
    for name in _LISTS:
        if isinstance(holder.get(name), list):
            holder[name] = _fewer(holder[name], fault)
    return json.dumps(said).encode()


def other_json(body: bytes) -> bytes:
    """JSON, but not what was asked for."""
    return b'"nothing"' if body.lstrip()[:1] in b"[{" else b"[]"


def _holder(said: Any) -> dict[str, Any] | None:
    if not isinstance(said, dict):
        return None
    data = said.get("data")
    return data if isinstance(data, dict) and "result" in data else said


def _fewer(items: list[Any], fault: Fault) -> list[Any]:
    return [] if fault is Fault.EMPTY else items[::2]
