"""A kernel of the session: a cell is run in one, over a WebSocket as a notebook's page has it."""

import json
import ssl
from typing import Any
from uuid import uuid4

from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import (
    WebSocketClientConnection,
    WebSocketClosedError,
    websocket_connect,
)

from gpucommons_doctor.after.hub import Hub
from gpucommons_doctor.after.session import Session
from gpucommons_doctor.after.step import StepFailedError

_LET_THROUGH = (
    "WebSockets must get through what is in front of the hub: Ingress, load balancer, proxy."
)


async def run_cell(hub: Hub, session: Session, code: str) -> str:
    """Start a kernel, run a cell in it, end the kernel; returns what the cell printed.

    Raises StepFailedError if there is no way to the kernel, or the cell raises.
    """
    kernel = (await session.call("POST", "api/kernels", {}))["id"]
    url = f"{session.url}api/kernels/{kernel}/channels".replace("http", "ws", 1)
    trust = hub.trust if url.startswith("wss:") else None
    socket = await _connected(HTTPRequest(url, headers=hub.token_header, ssl_options=trust))
    try:
        printed = await _printed(socket, code)
    except WebSocketClosedError as error:
        seen = "The kernel's WebSocket was closed before the end."
        raise StepFailedError(seen, _LET_THROUGH) from error
    finally:
        socket.close()
    await session.call("DELETE", f"api/kernels/{kernel}")
    return printed


async def _connected(request: HTTPRequest) -> WebSocketClientConnection:
    try:
        return await websocket_connect(request)
    except HTTPClientError as error:
        seen = f"The kernel's WebSocket was answered with {error.code}: {error.message}."
        raise StepFailedError(seen, _LET_THROUGH) from error
    except (OSError, ssl.SSLError) as error:
        seen = f"The kernel's WebSocket cannot be opened: {error}."
        raise StepFailedError(seen, _LET_THROUGH) from error


async def _printed(socket: WebSocketClientConnection, code: str) -> str:
    """Run a cell, and read what it prints until the kernel is idle again.

    Raises WebSocketClosedError, and StepFailedError if the cell raises.
    """
    request = _execute_request(code)
    await socket.write_message(json.dumps(request))
    printed = ""
    while (message := await socket.read_message()) is not None:
        said = json.loads(message)
        if said["parent_header"].get("msg_id") != request["header"]["msg_id"]:
            continue
        content = said["content"]
        match said["msg_type"]:
            case "stream" if content["name"] == "stdout":
                printed += content["text"]
            case "error":
                raise StepFailedError(
                    f"The cell failed. {content['ename']}: {content['evalue']}",
                    "Look whether the environment's first kernel is one for Python.",
                )
            case "status" if content["execution_state"] == "idle":
                return printed.strip()
    raise WebSocketClosedError


def _execute_request(code: str) -> dict[str, Any]:
    """Return what a page asks. Source: https://jupyter-client.readthedocs.io, Messaging."""
    header = {"msg_id": uuid4().hex, "msg_type": "execute_request", "session": uuid4().hex}
    content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
    return {
        "header": header | {"username": "", "date": "", "version": "5.3"},
        "parent_header": {},
        "metadata": {},
        "content": content,
        "channel": "shell",
        "buffers": [],
    }
