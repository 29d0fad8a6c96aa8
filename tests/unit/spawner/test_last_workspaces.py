"""Which workspace a person had last is remembered with their account, and not with their name."""

import json
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from types import SimpleNamespace

import pytest
from gpucommons_contract import Annotation
from gpucommons_spawner.errors import SpawnRefusedError
from gpucommons_spawner.pod.last_workspaces import LastWorkspaces
from gpucommons_spawner.pod.workspace import UsableClaim
from kubernetes_asyncio.client import ApiException, V1ObjectMeta, V1PersistentVolumeClaim

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


class Person:
    """Somebody with servers, each with a part of its own."""

    name = "ada"

    def __init__(self) -> None:
        self.orm_spawners: dict[str, SimpleNamespace] = {}
        self.now = NOON

    def server(self, name: str) -> LastWorkspaces:
        spawner = SimpleNamespace(user=self, name=name, place="team Vision")
        self.orm_spawners.setdefault(name, SimpleNamespace(state=None))
        return LastWorkspaces(spawner, lambda: self.now)

    def get(self, server: str, uid: str, team: str = "vision") -> None:
        """Have a session of a server get a claim, and the hub keep what it knows then."""
        part = self.server(server)
        part.restore(self.orm_spawners[server].state or {})
        part.take("workspace-ada", UsableClaim(uid, on_one_node=False, notes={}), team)
        self.orm_spawners[server].state = json.loads(json.dumps(dict(part.state())))
        self.now += timedelta(minutes=1)


@pytest.fixture
def person() -> Person:
    return Person()


def test_the_last_claim_of_a_team_is_known_to_all_servers_of_the_account(person):
    assert person.server("").last("vision") == ""
    person.get("", "1")
    person.get("second", "2")
    person.get("second", "3", team="astro")
    assert person.server("").last("vision") == "2"
    assert person.server("third").last("astro") == "3"
    person.get("", "4")
    assert person.server("second").last("vision") == "4"


def test_an_account_that_was_made_anew_had_none(person):
    person.get("", "1")
    assert Person().server("").last("vision") == ""


@pytest.mark.parametrize("kept", [None, [], {"vision": "1"}, {"vision": ["yesterday", "a", "1"]}])
def test_what_cannot_be_read_is_left_out(person, kept):
    part = person.server("")
    part.restore({"last_workspaces": kept})
    assert part.last("vision") == ""


class Cluster:
    """An API server without claims, in which snapshots of the claim with the uid 1 are kept."""

    async def read_namespaced_persistent_volume_claim(self, *_: object, **__: object) -> None:
        raise ApiException(status=HTTPStatus.NOT_FOUND)

    async def read_namespaced_config_map(self, *_: object, **__: object) -> SimpleNamespace:
        return SimpleNamespace(data={"1": "vision/workspace-ada-1"})


@pytest.mark.parametrize(
    ("name", "marks"),
    [("workspace-ada", ["vision/workspace-ada-1"]), ("home-ada", [])],
)
async def test_a_claim_of_another_name_takes_nobody_s_place(person, name, marks):
    person.get("", "1")
    part = person.server("")
    part.restore(person.orm_spawners[""].state)
    part._spawner.api, part._spawner.namespace = Cluster(), "gpucommons-vision"
    claim = V1PersistentVolumeClaim(metadata=V1ObjectMeta(name=name, annotations={}))
    await part.mark(claim, "vision")
    assert list(claim.metadata.annotations.values()) == marks
    assert set(claim.metadata.annotations) <= {Annotation.SNAPSHOT_TO_PUT_BACK}


@pytest.mark.parametrize(
    ("repository", "refused"), [("vision/workspace-ada-1", True), ("vision/workspace-ada-0", False)]
)
async def test_what_was_erased_is_not_waited_for(person, repository, refused):
    part = person.server("")
    part._spawner.api = Cluster()
    notes = {str(Annotation.SNAPSHOT_TO_PUT_BACK): repository}
    claim = await part.without_erased(UsableClaim("2", on_one_node=False, notes=notes))
    if not refused:
        part.take("workspace-ada", claim, "vision")
        return
    with pytest.raises(SpawnRefusedError):
        part.take("workspace-ada", claim, "vision")
