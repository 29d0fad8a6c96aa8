"""What the API server answers, and whether it is an answer at all. Pure."""

import json
from collections.abc import Mapping
from typing import Any

from gpucommons_people.errors import UnreachableError

Manifest = dict[str, Any]


def items_of(page: Manifest) -> list[Manifest]:
    """Return the objects of a list; UnreachableError for what is none."""
    items = page.get("items", page)
    if not isinstance(items, list | None) or not isinstance(page.get("metadata"), dict):
        raise UnreachableError("The cluster answers with something other than a list")
    return items or []


def is_from_kubernetes(headers: Mapping[str, str], content: str) -> bool:
    """Tell "there is none" from a wrong address, which must not read as that."""
    try:
        return bool(json.loads(content)["kind"] == "Status")
    except (ValueError, KeyError, TypeError):
        return "Audit-Id" in headers  # of a kind that it does not know it says no more


def holds(there: object, wanted: object) -> bool:
    """Say whether an object has all that a manifest says, its version aside."""
    if isinstance(wanted, dict):
        return isinstance(there, dict) and all(
            holds(there.get(key), value)
            for key, value in wanted.items()
            if key != "resourceVersion"
        )
    return there == wanted


def message_of(content: str) -> str:
    """Return what an answer says in words, or else its beginning."""
    try:
        return str(json.loads(content)["message"])
    except (ValueError, KeyError, TypeError):
        return content.strip()[:300]
