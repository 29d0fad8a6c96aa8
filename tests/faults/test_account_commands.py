"""The account commands while the API server goes wrong: a sentence, and nothing half forgotten."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
import yaml
from gpucommons_people.clients.patience import Patience
from gpucommons_people.errors import PeopleError
from gpucommons_people.files.configuration import Configuration
from gpucommons_people.people import People
from gpucommons_people.teams.team import Team

from tests.hub.operations import Operation
from tests.hub.people.cluster import PEOPLE, ClusterWithRights

from .fault import Fault

VISION = Team(name="vision", display_name="Computer Vision", gpus=4, sessions=20, storage="200Gi")
_PATIENCE_S = 2.0
ROBOTS = Team(name="robots", display_name="Robots", gpus=2)


@pytest.fixture(scope="module")
def api(tmp_path_factory) -> Iterator[ClusterWithRights]:
    api = ClusterWithRights(tmp_path_factory.mktemp("people"))
    api.start()
    yield api
    api.stop()


@pytest.fixture
def do(api, proxy, tmp_path) -> Callable:
    file = api.kubeconfig_of(PEOPLE)
    settings = yaml.safe_load(file.read_text())
    settings["clusters"][0]["cluster"]["server"] = proxy.url
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(settings))
    configuration = Configuration(
        address="https://hub.example.org",
        kubeconfig=kubeconfig,
        audit_log=tmp_path / "audit.jsonl",
        handouts=tmp_path / "handouts",
    )

    async def run(operation: Operation, patience_s: float) -> Any:
        opening = People.open(configuration, "tester", Patience(patience_s))
        async with opening as people:
            return await operation(people)

    return lambda operation, patience_s=60.0: asyncio.run(run(operation, patience_s))


_OF_COMMANDS = [each for each in Fault if "watches" not in each]


@pytest.mark.parametrize("fault", _OF_COMMANDS)
def test_a_team_is_made_or_a_sentence_says_why_not_and_the_next_try_finishes(
    do, proxy, monkeypatch, fault
):
    do(lambda people: people.apply_teams([ROBOTS]))
    proxy.play(fault)
    # Which is a sentence; anything else is a traceback.
    with suppress(PeopleError), monkeypatch.context() as patch:
        patch.setattr("gpucommons_people.clients.cluster._TIMEOUT_S", _PATIENCE_S)
        do(lambda people: people.apply_teams([VISION]), _PATIENCE_S)
    proxy.heal()
    do(lambda people: people.apply_teams([VISION]))
    assert do(lambda people: people.find_team("vision")) == VISION
    assert do(lambda people: people.find_team("robots")) == ROBOTS
