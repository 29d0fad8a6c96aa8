"""Answers that no server gave: made up by the proxy."""

import json

from aiohttp import web

from .fault import Fault

_RETRY_AFTER_S = 1
_PAGE = "<!DOCTYPE html><title>Gateway</title><h1>Something is not right here</h1>"
_STATUS = {
    Fault.ERROR: 500,
    Fault.BUSY: 429,
    Fault.BUSY_RETRY_AFTER: 429,
    Fault.FORBIDDEN: 403,
    Fault.NOT_FOUND: 404,
}
_EXPIRED = {
    "type": "ERROR",
    "object": {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "too old resource version: 1 (2)",
        "reason": "Expired",
        "code": 410,
    },
}
EVENTS = {
    Fault.WATCH_ENDS: b"",
    Fault.WATCH_EXPIRED: json.dumps(_EXPIRED).encode() + b"\n",
    Fault.CUT: b'{"type":"MODIFIED","obj',
    Fault.OTHER_JSON: b'["nothing"]\n',
}
"""What a watch tells, before it ends."""


def instead(fault: Fault) -> web.Response | None:
    """Answer in place of the server; None for a fault that spoils the server's own answer."""
    if status := _STATUS.get(fault):
        headers = {"Retry-After": str(_RETRY_AFTER_S)} if fault is Fault.BUSY_RETRY_AFTER else None
        return web.Response(
            status=status, text="the way to the server is not right\n", headers=headers
        )
    if fault is Fault.PAGE:
        return web.Response(text=_PAGE, content_type="text/html")
    if fault in {Fault.WATCH_ENDS, Fault.WATCH_EXPIRED}:
        return web.Response(body=EVENTS[fault], content_type="application/json")
    return None
