"""Many people press Start at the same moment, and there is room for a few.

A round takes up to a minute on a busy machine: JupyterHub makes tokens and rows for each start,
also for one that is refused then. GPUCOMMONS_RUSH_ROUNDS=20 repeats it more often.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from .conftest import CATALOGUE
from .spawn_hub import ADMIN_TOKEN, SpawnHub

ROOM = 10
ROUNDS = int(os.environ.get("GPUCOMMONS_RUSH_ROUNDS", "2"))
PEOPLE = [f"runner-{number:03}" for number in range(200)]
TEAM = "sprint"


_HURRIED = """
c.JupyterHub.db_url = "sqlite://"
c.JupyterHub.log_level = "WARN"
c.JupyterHub.concurrent_spawn_limit = 0
c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 120}
c.GPUSpawner.start_timeout = 120
"""
"""No throttle, and an answer only once it is known who may start, on a slow machine too."""


@pytest.fixture(scope="module")
def rushed_hub(tmp_path_factory, api, node) -> Iterator[SpawnHub]:
    """A hub with two hundred people in a team that may have ten sessions."""
    folder = tmp_path_factory.mktemp("rush")
    hub = SpawnHub(folder, CATALOGUE, api.kubeconfig, node.session_port, more=_HURRIED)
    hub.start()
    api.add_team(TEAM)
    made = hub.api("POST", "users", json={"usernames": PEOPLE})
    assert made.status_code == 201, made.text
    hub.api("POST", f"groups/{TEAM}")
    hub.api("POST", f"groups/{TEAM}/users", json={"users": PEOPLE})
    hub.until(lambda: _held_by_team(hub) == f"The team {TEAM} holds 0 of 10 sessions.")
    yield hub
    hub.stop()


class Rush:
    """Asks the hub for many things at once."""

    def __init__(self, hub_url: str):
        self._client = {
            "base_url": f"{hub_url}/hub/api/",
            "headers": {"Authorization": f"token {ADMIN_TOKEN}"},
            "limits": httpx.Limits(max_connections=None),
            "timeout": 240,
        }

    def start(self, names: list[str]) -> dict[str, httpx.Response]:
        return asyncio.run(self._ask("POST", names, json={"size": "cpu"}))

    def stop(self, names: list[str]) -> dict[str, httpx.Response]:
        return asyncio.run(self._ask("DELETE", names))

    async def _ask(self, method: str, names: list[str], **more) -> dict[str, httpx.Response]:
        async with httpx.AsyncClient(**self._client) as client:
            calls = (client.request(method, f"users/{name}/server", **more) for name in names)
            return dict(zip(names, await asyncio.gather(*calls), strict=True))


def _held_by_team(hub) -> str:
    return hub.availability(PEOPLE[0], "other")["holding"][-1]


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_exactly_as_many_start_as_there_is_room_for(rushed_hub, api, _round):
    hub, rush = rushed_hub, Rush(rushed_hub.url)
    answers = rush.start(PEOPLE)
    codes = Counter(answer.status_code for answer in answers.values())
    admitted = [name for name, answer in answers.items() if answer.is_success]
    assert not {answer.text for answer in answers.values() if answer.status_code >= 500}
    assert codes[201] + codes[202] == ROOM, codes
    assert codes[409] == len(PEOPLE) - ROOM, codes
    for answer in answers.values():
        if answer.status_code == 409:
            assert answer.json()["message"].startswith(f"The team {TEAM} has 10 of 10 sessions: ")
    hub.until(lambda: all(hub.servers(name).get("", {}).get("ready") for name in admitted))
    assert len(api.pods()) == ROOM
    assert _held_by_team(hub) == f"The team {TEAM} holds 10 of 10 sessions."
    rush.stop(admitted)
    hub.until(lambda: not any(hub.servers(name) for name in admitted))
    hub.until(lambda: _held_by_team(hub) == f"The team {TEAM} holds 0 of 10 sessions.")
    assert api.pods() == []
    assert all(hub.availability(name)["sessions"] == 0 for name in admitted)
