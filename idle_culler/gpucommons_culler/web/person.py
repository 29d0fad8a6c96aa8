"""Who asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ADMINISTERS = "admin-ui"
"""The scope of who sees and keeps the sessions of all: JupyterHub's for its admin page.

It opens nothing in the hub by itself, so that the service's tokens for people stay harmless.
"""
READS_METRICS = "read:metrics"
"""The scope of who reads JupyterHub's own metrics."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account, or a service of the hub: then name is None."""

    name: str | None
    title: str
    """How the audit names them."""
    administers: bool

    @classmethod
    def of(cls, model: Mapping[str, Any]) -> "Person":
        """Read the hub's answer to "who am I"."""
        name, is_user = str(model["name"]), model.get("kind") == "user"
        title = name if is_user else f"the service {name}"
        return cls(name if is_user else None, title, ADMINISTERS in model.get("scopes", ()))
