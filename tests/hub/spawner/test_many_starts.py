"""Many starts at once: everybody has a turn, and nobody is told to come back."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx

from .spawn_hub import ADMIN_TOKEN, START_SLOTS, SpawnHub

CPU = {"team": "vision", "environment": "scipy", "size": "cpu"}
WAITING = START_SLOTS + 2
_LOOKED_S = 10
"""Starts are given up after twenty."""


def test_starts_that_have_to_wait_for_their_turn_are_told_so_and_start_then(hub, node):
    names = [f"many-{number}" for number in range(WAITING)]
    for name in names:
        hub.join(name, "vision")
    node.runs_pods = False
    with ThreadPoolExecutor(2 * WAITING) as threads:
        told = [threads.submit(_turn, hub, name) for name in names]
        answers = [threads.submit(hub.start_server, name, CPU) for name in names]
        turns = [each.result() for each in told]
        node.runs_pods = True
        assert {each.result().status_code for each in answers} <= {201, 202}
    assert sorted(filter(None, turns)) == [
        "Many sessions start now; 1 start is ahead of yours.",
        "Many sessions start now; yours is next.",
    ]
    for name in names:
        hub.until(lambda name=name: hub.servers(name)[""]["ready"])


def _turn(hub: SpawnHub, name: str) -> str:
    """What a person is told of their turn, of a start that is asked for in this moment."""
    url = f"{hub.url}/hub/api/users/{name}/server/progress"
    headers = {"Authorization": f"token {ADMIN_TOKEN}"}
    deadline = time.monotonic() + _LOOKED_S
    while time.monotonic() < deadline:
        left = httpx.Timeout(20, read=max(deadline - time.monotonic(), 0.1))
        with (
            suppress(httpx.ReadTimeout),  # of one that has its turn nothing more is told
            httpx.stream("GET", url, headers=headers, timeout=left) as answer,
        ):
            for line in answer.iter_lines():
                if "Many sessions start now" in line:
                    return json.loads(line.removeprefix("data:"))["message"]
                if time.monotonic() > deadline:
                    break
        time.sleep(0.05)
    return ""
