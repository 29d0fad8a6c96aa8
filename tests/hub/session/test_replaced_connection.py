"""A page whose connection to its kernel is replaced, as after a moment without a network."""

import asyncio
import json

from jupyter_server.services.kernels.connection.base import serialize_msg_to_ws_v1

from tests.kernel import connect, connected, execute_request

from .conftest import TOKEN

PROTOCOL = "v1.kernel.websocket.jupyter.org"
NOTEBOOK = {
    "cells": [
        {
            "cell_type": "code",
            "id": "cell0",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": "print('done')",
        }
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}
TWO_LOOKS_S = 7
"""In which a notebook that nobody has open would be written."""


def _pack(part: object) -> bytes:
    return json.dumps(part).encode()


async def test_a_page_that_is_connected_anew_is_there_and_its_notebook_is_its_own(plain_session):
    client = plain_session.client
    model = {"type": "notebook", "format": "json", "content": NOTEBOOK}
    client.put("/api/contents/a.ipynb", json=model).raise_for_status()
    about = {"path": "a.ipynb", "type": "notebook", "name": "", "kernel": {"name": "python3"}}
    found = client.post("/api/sessions", json=about).raise_for_status().json()
    server = str(client.base_url)
    path = f"api/kernels/{found['kernel']['id']}/channels?session_id=page"
    request = execute_request("print('done')", "cell0", "page")
    first = await connect(server, TOKEN, path, PROTOCOL)
    async with connected(server, TOKEN, path, PROTOCOL) as page, asyncio.timeout(120):
        while await first.read_message() is not None:  # until the server ends it
            pass
        first.close()
        await page.write_message(serialize_msg_to_ws_v1(request, "shell", _pack), binary=True)
        while b"done\\n" not in await page.read_message():
            pass
        await asyncio.sleep(TWO_LOOKS_S)
        assert _outputs(client) == []
    async with asyncio.timeout(120):  # and now that it is gone, it is written
        while not _outputs(client):  # noqa: ASYNC110 -- nothing tells of it
            await asyncio.sleep(1)
    assert [each["text"] for each in _outputs(client)] == ["done\n"]
    client.delete(f"/api/sessions/{found['id']}")


def _outputs(client) -> list[dict]:
    [cell] = client.get("/api/contents/a.ipynb").json()["content"]["cells"]
    return cell["outputs"]
