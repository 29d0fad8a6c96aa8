"""Many starts at once: everybody has a turn, and nobody is told to come back."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx

from .spawn_hub import ADMIN_TOKEN, START_SLOTS, SpawnHub

CPU = {"team": "vision", "environment": "scipy", "size": "cpu"}
WAITING = START_SLOTS + 2
_LOOKED_S, _LONGEST_S = 10, 40
"""How long is looked for more who wait, and for those who do; starts are given up after sixty."""


def test_starts_that_have_to_wait_for_their_turn_are_told_so_and_start_then(hub, node):
    names = [f"many-{number}" for number in range(WAITING)]
    for name in names:
        hub.join(name, "vision")
    node.runs_pods = False
    turns: list[str] = []
    with ThreadPoolExecutor(2 * WAITING) as threads:
        try:
            told = [threads.submit(_tell_turn, hub, name, turns) for name in names]
            answers = [threads.submit(hub.start_server, name, CPU) for name in names]
            for each in told:
                each.result()
        finally:
            node.runs_pods = True
        assert {each.result().status_code for each in answers} <= {201, 202}
    assert sorted(turns) == [
        "Many sessions start now; 1 start is ahead of yours.",
        "Many sessions start now; yours is next.",
    ]
    for name in names:
        hub.until(lambda name=name: hub.servers(name).get("", {}).get("ready"))


def _tell_turn(hub: SpawnHub, name: str, turns: list[str]) -> None:
    """Add what a person is told of their turn, of a start that is asked for in this moment."""
    url = f"{hub.url}/hub/api/users/{name}/server/progress"
    headers = {"Authorization": f"token {ADMIN_TOKEN}"}
    begun = time.monotonic()

    def is_over() -> bool:
        looked = time.monotonic() - begun
        return looked > (_LOOKED_S if len(turns) >= WAITING - START_SLOTS else _LONGEST_S)

    while not is_over():
        with (
            suppress(httpx.ReadTimeout),  # of one that has its turn nothing more is told
            httpx.stream(
                "GET", url, headers=headers, timeout=httpx.Timeout(60, read=_LOOKED_S / 2)
            ) as answer,
        ):
            for line in answer.iter_lines():
                if "Many sessions start now" in line:
                    turns.append(json.loads(line.removeprefix("data:"))["message"])
                    return
                if is_over():
                    break
        time.sleep(0.05)
