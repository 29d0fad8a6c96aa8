"""Follows the pods of one node at the API server."""

import json
import logging
import time
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError

from gpucommons_upkeep import Backoff, Heartbeat
from gpucommons_upkeep.api_server import APIServer

from gpucommons_node.pods import PodTable

log = logging.getLogger(__name__)

_WATCH = 60
"""Seconds of one watch. Then all pods are listed again, so no change is missed for long."""
_TIMEOUT = _WATCH + 15.0
_SHORT = 5.0
"""Seconds: a watch that ends sooner is followed by a pause, not by a list at once."""
_LONGEST_PAUSE = 15.0
_FRESH = _TIMEOUT + 2 * _LONGEST_PAUSE
"""Seconds from one list to the next at most; older knowledge counts as none."""


def heartbeat(node: str) -> Heartbeat:
    """Create the heartbeat that shows whether the pods of a node are still followed."""
    return Heartbeat(f"Listing the pods of node {node}", _FRESH)


def follow(
    server: APIServer,
    node: str,
    table: PodTable,
    heart: Heartbeat | None = None,
    pause: Callable[[float], object] = time.sleep,
) -> None:
    """Keep the table up to date, forever. While that fails, it is empty.

    No exception ends it: a list of those that may occur is never complete.
    """
    heart = heart or heartbeat(node)
    backoff = Backoff(longest=_LONGEST_PAUSE)
    while True:
        try:
            lasted = look(server, node, table, heart)
        except Exception as error:
            table.forget()
            if heart.failed(f"{type(error).__name__}: {error}"):
                log.warning("The pods of node %s cannot be followed: %s", node, heart.problem)
            pause(backoff.pause(_asked(error)))
            continue
        if lasted < _SHORT:
            pause(backoff.pause())
        else:
            backoff.reset()


def look(server: APIServer, node: str, table: PodTable, heart: Heartbeat | None = None) -> float:
    """List the pods and follow their changes for a minute.

    Returns the seconds that the watch lasted. Raises OSError, http.client.HTTPException,
    ValueError, and whatever a list of another shape causes.
    """
    with _pods(server, node) as answer:
        listed = json.load(answer)
    table.replace(listed["items"])
    if heart:
        if heart.failures:
            log.info("The pods of node %s are followed again", node)
        heart.succeeded()
    version = listed["metadata"]["resourceVersion"]
    options = {"watch": "1", "resourceVersion": version, "timeoutSeconds": str(_WATCH)}
    began = time.monotonic()
    with _pods(server, node, **options) as stream:
        for line in stream:
            event = json.loads(line)
            if event["type"] == "ERROR":  # our version is too old; all are listed again
                break
            table.change(event["object"], deleted=event["type"] == "DELETED")
    return time.monotonic() - began


def _pods(server: APIServer, node: str, **options: str) -> Any:  # noqa: ANN401 -- a response of urllib
    """Ask for the pods of a node. Raises OSError."""
    chosen = f"spec.nodeName={node}"
    return server.get("/api/v1/pods", _TIMEOUT, fieldSelector=chosen, **options)


def _asked(error: Exception) -> float | None:
    """Return the seconds that the API server asks us to wait, as it does with 429."""
    text = error.headers.get("Retry-After", "") if isinstance(error, HTTPError) else ""
    return float(text) if text.isdecimal() else None
