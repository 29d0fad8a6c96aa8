"""Growing a workspace: what is refused, what is asked for, and what is waited for."""

import pytest
from gpucommons_people.clients.kinds import CLAIMS, QUOTAS, STORAGE_CLASSES
from gpucommons_people.errors import InputError, NotThereError, PeopleError
from gpucommons_people.workspaces import growth as module
from gpucommons_people.workspaces.growth import grow, growth

ADA = "ada@example.org"


@pytest.fixture
def claim(world, monkeypatch):
    """Ada's workspace of 5Gi in team vision, of a class that grows."""
    monkeypatch.setattr(module, "_POLL_S", 0)
    monkeypatch.setattr(module, "_PATIENCE_S", 0.1)
    world.add_workspace(ADA, "vision")
    claim = world.cluster.objects[CLAIMS, "team-vision", "workspace-ada"]
    claim["status"] = {"phase": "Bound", "capacity": {"storage": "5Gi"}}
    world.cluster.objects[STORAGE_CLASSES, None, "fast"] = {"allowVolumeExpansion": True}
    return claim


def _limit(world, name: str, hard: dict[str, str], used: dict[str, str]) -> None:
    metadata = {"name": name, "namespace": "team-vision"}
    status = {"hard": hard, "used": used}
    world.cluster.objects[QUOTAS, "team-vision", name] = {"metadata": metadata, "status": status}


def _requested(world) -> str:
    claim = world.cluster.objects[CLAIMS, "team-vision", "workspace-ada"]
    return claim["spec"]["resources"]["requests"]["storage"]


def _play_driver(world, monkeypatch, status) -> None:
    """Let a look at the claim, after it was changed, find this of its status."""
    got = world.cluster.get

    async def get(kind, name, namespace=None):
        if kind == CLAIMS and _requested(world) != "5Gi":
            world.cluster.objects[CLAIMS, "team-vision", "workspace-ada"]["status"] |= status
        return await got(kind, name, namespace)

    monkeypatch.setattr(world.cluster, "get", get)


@pytest.mark.usefixtures("claim")
async def test_a_workspace_is_grown_and_its_driver_waited_for(world, monkeypatch):
    _play_driver(world, monkeypatch, {"capacity": {"storage": "100Gi"}})
    told = []
    change = await grow(world.it, growth("Ada@example.org", "vision", "100Gi"), on_wait=told.append)
    assert change.steps == ("Grow the workspace in team vision from 5Gi to 100Gi.",)
    assert change.left == ()
    assert change.data["grown"] is True
    assert _requested(world) == "100Gi"
    assert len(told) == 1
    assert '"to": "100Gi"' in world.log.read_text()


@pytest.mark.usefixtures("claim")
async def test_a_file_system_that_grows_at_the_next_start_is_told_at_once(world, monkeypatch):
    pending = [{"type": "FileSystemResizePending", "status": "True"}]
    _play_driver(world, monkeypatch, {"conditions": pending})
    monkeypatch.setattr(module, "_PATIENCE_S", 1e9)
    change = await grow(world.it, growth(ADA, "vision", "100Gi"))
    assert change.left == (
        "FileSystemResizePending: the volume has 100Gi; the file system grows at the next start "
        "of a session.",
    )
    assert change.data["grown"] is False


@pytest.mark.usefixtures("claim")
async def test_a_file_system_in_use_is_waited_for(world, monkeypatch):
    world.add_session(ADA, "vision")
    pending = [{"type": "FileSystemResizePending", "status": "True"}]
    _play_driver(world, monkeypatch, {"conditions": pending})
    told = []
    change = await grow(world.it, growth(ADA, "vision", "100Gi"), on_wait=told.append)
    assert len(told) == 1
    assert change.left[0].endswith("the file system grows in the running session soon.")


@pytest.mark.usefixtures("claim")
async def test_a_driver_that_fails_is_told_with_its_reason(world, monkeypatch):
    error = {"type": "ControllerResizeError", "status": "True", "message": "the pool is full"}
    _play_driver(world, monkeypatch, {"conditions": [error]})
    change = await grow(world.it, growth(ADA, "vision", "100Gi"))
    assert "still has 5Gi" in change.left[0]
    assert "describe persistentvolumeclaim workspace-ada" in change.left[0]
    assert change.left[1] == "ControllerResizeError: the pool is full"


@pytest.mark.usefixtures("claim")
async def test_who_does_not_wait_is_told_what_is_to_come(world, monkeypatch):
    monkeypatch.setattr(module, "_PATIENCE_S", 1e9)
    change = await grow(world.it, growth(ADA, "vision", "100Gi", wait=False))
    assert "has not grown it to 100Gi yet" in change.left[0]


async def test_a_workspace_that_is_as_large_is_not_changed(world, claim):
    before = world.plug.changes
    change = await grow(world.it, growth(ADA, "vision", "5Gi"))
    assert (change.changed, change.left, world.plug.changes) == (False, (), before)
    claim["status"]["capacity"]["storage"] = "4Gi"  # the driver is still at it
    assert "still has 4Gi" in (await grow(world.it, growth(ADA, "vision", "5Gi"))).left[0]


@pytest.mark.usefixtures("claim")
async def test_a_dry_run_grows_nothing_and_waits_for_nothing(world):
    change = await grow(world.it, growth(ADA, "vision", "100Gi"), dry_run=True)
    assert change.steps == ("Grow the workspace in team vision from 5Gi to 100Gi.",)
    assert _requested(world) == "5Gi"
    assert not world.log.exists()


@pytest.mark.usefixtures("claim")
async def test_no_workspace_shrinks(world):
    with pytest.raises(InputError, match=r"has 5Gi, and a volume never shrinks.*1Gi is less"):
        await grow(world.it, growth(ADA, "vision", "1Gi"))


@pytest.mark.usefixtures("claim")
@pytest.mark.parametrize(
    ("found", "says"),
    [
        ({"allowVolumeExpansion": False}, "kubectl patch storageclass fast"),
        ({}, "Storage class fast does not let volumes grow"),
        (None, "has the class fast, which is gone"),
    ],
)
async def test_a_class_that_does_not_let_volumes_grow_is_told(world, found, says):
    del world.cluster.objects[STORAGE_CLASSES, None, "fast"]
    if found is not None:
        world.cluster.objects[STORAGE_CLASSES, None, "fast"] = found
    with pytest.raises(PeopleError, match="copy the files elsewhere") as told:
        await grow(world.it, growth(ADA, "vision", "100Gi"), dry_run=True)
    assert says in str(told.value)


async def test_a_volume_without_a_class_is_told(world, claim):
    del claim["spec"]["storageClassName"]
    with pytest.raises(PeopleError, match="has no storage class"):
        await grow(world.it, growth(ADA, "vision", "100Gi"))


@pytest.mark.usefixtures("claim")
@pytest.mark.parametrize(
    ("key", "name", "says"),
    [
        ("requests.storage", "team", "gpucommons team add vision --storage"),
        ("requests.storage", "site", "ResourceQuota site, which is none of GPU Commons"),
        ("fast.storageclass.storage.k8s.io/requests.storage", "site", "ResourceQuota site"),
    ],
)
async def test_more_than_the_team_may_have_is_refused_with_the_figures(world, key, name, says):
    _limit(world, name, {key: "100Gi"}, {key: "60Gi"})
    with pytest.raises(PeopleError, match="100Gi, of which 60Gi are taken, 5Gi by this") as told:
        await grow(world.it, growth(ADA, "vision", "46Gi"))
    assert says in str(told.value)
    assert _requested(world) == "5Gi"
    assert (await grow(world.it, growth(ADA, "vision", "45Gi"), dry_run=True)).changed


@pytest.mark.usefixtures("claim")
async def test_limits_of_other_classes_do_not_count(world):
    slow = "slow.storageclass.storage.k8s.io/requests.storage"
    _limit(world, "site", {slow: "1Gi"}, {slow: "1Gi"})
    assert (await grow(world.it, growth(ADA, "vision", "45Gi"), dry_run=True)).changed


async def test_a_claim_without_a_volume_is_not_grown(world, claim):
    claim["status"] = {"phase": "Pending"}
    with pytest.raises(PeopleError, match="no volume yet"):
        await grow(world.it, growth(ADA, "vision", "100Gi"))


@pytest.mark.usefixtures("claim")
async def test_who_has_no_workspace_there_is_told_where_there_is_one(world):
    with pytest.raises(NotThereError, match=r"in team robots.*one in: vision.*--workspace-of"):
        await grow(world.it, growth(ADA, "robots", "100Gi"))


@pytest.mark.parametrize(
    ("to", "says"),
    [("100GB", "did you mean 100Gi?"), ("100", "did you mean 100Gi?"), ("much", "not an amount")],
)
def test_a_size_that_cannot_be_meant_is_told(to, says):
    with pytest.raises(InputError, match="--to") as told:
        growth(ADA, "vision", to)
    assert says in str(told.value)
