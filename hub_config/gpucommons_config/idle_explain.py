"""What the idle culler answers about one session, in lines for an administrator."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from gpucommons_contract import IDLE_SERVICE


def session_url(address: str, session: str) -> str:
    """Return where the culler explains a session. ``address`` is where people open the hub."""
    path = "/".join(quote(part, safe="@~") for part in session.split("/", 1))
    return f"{address.rstrip('/')}/services/{IDLE_SERVICE}/api/sessions/{path}"


def explained(said: dict[str, Any]) -> Iterator[str]:
    """Write signals, rule, decision, and what would change it."""
    yield f"{said}"
