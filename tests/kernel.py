"""A kernel's or terminal's page, as far as a server knows of pages: its connection."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect


async def connect(
    server: str, token: str, path: str, subprotocol: str | None = None
) -> WebSocketClientConnection:
    """Open a connection as a page does."""
    url = f"{server.rstrip('/')}/{path}".replace("http", "ws", 1)
    headers = {"Authorization": f"token {token}"}
    asked = [subprotocol] if subprotocol else None
    return await websocket_connect(HTTPRequest(url, headers=headers), subprotocols=asked)


@asynccontextmanager
async def connected(
    server: str, token: str, path: str, subprotocol: str | None = None
) -> AsyncIterator[WebSocketClientConnection]:
    """A page's connection. Afterwards the page is gone, to the server too."""
    socket = await connect(server, token, path, subprotocol)
    try:
        yield socket
    finally:
        socket.close()
        async with asyncio.timeout(20):
            while await socket.read_message() is not None:
                pass


async def begin_cell(server: str, token: str, kernel_id: str, code: str) -> None:
    """Have a cell begin, and close the page."""
    message = {**execute_request(code), "channel": "shell", "buffers": []}
    path = f"api/kernels/{kernel_id}/channels"
    async with connected(server, token, path) as page, asyncio.timeout(60):
        await page.write_message(json.dumps(message))
        while json.loads(await page.read_message())["msg_type"] != "execute_input":
            pass


def execute_request(code: str, cell: str | None = None, session: str = "") -> dict[str, Any]:
    """What a page asks a kernel that is to run a cell of this id."""
    header = {
        "msg_id": uuid4().hex,
        "msg_type": "execute_request",
        "username": "",
        "session": session or uuid4().hex,
        "version": "5.3",
        "date": "",
    }
    content = {
        "code": code,
        "silent": False,
        "store_history": True,
        "user_expressions": {},
        "allow_stdin": False,
        "stop_on_error": True,
    }
    metadata = {"cellId": cell} if cell else {}
    return {"header": header, "parent_header": {}, "metadata": metadata, "content": content}
