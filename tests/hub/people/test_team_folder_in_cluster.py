"""The folder of a team on a real API server, with the rights of the account commands."""

import asyncio
from datetime import UTC, datetime

import pytest
from gpucommons_people.errors import InputError, NotThereError, PeopleError
from gpucommons_people.teams.team import Team
from gpucommons_spawner.pod.team_folder import trouble_with_team_folder
from gpucommons_spawner.pod.workspace import note_start
from kubernetes_asyncio import client, config

from .cluster import HUB

_CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
_CLAIMS = "/api/v1/namespaces/team-shares/persistentvolumeclaims"
_CLAIM = f"{_CLAIMS}/team"
_NAMESPACE = "/api/v1/namespaces/team-shares"


@pytest.fixture(scope="module", autouse=True)
def _classes(api):
    for name, grows in {"many": True, "rigid": False}.items():
        of_class = {"metadata": {"name": name}, "allowVolumeExpansion": grows}
        api.post(_CLASSES, of_class | {"provisioner": "example.org/files"})
    yield
    for name in ("many", "rigid"):
        api.delete(f"{_CLASSES}/{name}")


@pytest.fixture(autouse=True)
def _gone(api):
    yield
    if api.client.get(_CLAIM).is_success:
        api.patch(_CLAIM, {"metadata": {"finalizers": None}})
        api.delete(_CLAIM)


def _apply(do, dry_run=False, **folder):
    team = Team(name="shares", storage="500Gi", **folder)
    (change,) = do(lambda people: people.apply_teams([team], dry_run=dry_run))
    return change


def _bind(api) -> None:
    """Play the storage driver."""
    api.patch(_CLAIM, {"spec": {"volumeName": "volume-of-team"}})
    has = {"storage": api.get(_CLAIM)["spec"]["resources"]["requests"]["storage"]}
    api.patch(f"{_CLAIM}/status", {"status": {"phase": "Bound", "capacity": has}})


def test_a_folder_is_made_with_its_team_and_grown_and_read_back(api, do):
    assert _apply(do, team_folder="200Gi", team_folder_class="many").changed
    claim = api.get(_CLAIM)
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    assert claim["spec"]["storageClassName"] == "many"
    assert claim["metadata"]["labels"]["component"] == "team-folder"
    state = do(lambda people: people.show_team("shares"))
    assert (state.folder.size, state.folder.storage_class) == ("200Gi", "many")
    assert state.workspaces == ()
    assert not _apply(do, team_folder="200Gi", team_folder_class="many").changed
    _bind(api)
    steps = ("Change team_folder of team shares: 200Gi → 300Gi.",)
    more = {"team_folder": "300Gi", "team_folder_class": "many"}
    assert _apply(do, dry_run=True, **more).steps == steps
    assert api.get(_CLAIM)["spec"]["resources"]["requests"]["storage"] == "200Gi"
    assert _apply(do, **more).steps == steps
    assert api.get(_CLAIM)["spec"]["resources"]["requests"]["storage"] == "300Gi"
    with pytest.raises(InputError, match="never shrinks"):
        _apply(do, team_folder="100Gi", team_folder_class="many")
    with pytest.raises(InputError, match="has the storage class many"):
        _apply(do, team_folder="300Gi", team_folder_class="rigid")


def test_a_folder_that_sessions_no_longer_get_keeps_its_files_until_it_is_deleted(api, do):
    _apply(do, team_folder="200Gi", team_folder_class="many")
    assert api.get(_NAMESPACE)["metadata"]["annotations"]["gpucommons.io/team-folder"] == "200Gi"
    with pytest.raises(PeopleError, match="still get the team folder"):
        do(lambda people: people.delete_team_folder("shares"))
    with pytest.raises(PeopleError, match="not removed") as refused:
        do(lambda people: people.remove_team("shares"))
    assert "a team folder of 200Gi (--delete-workspaces)" in str(refused.value.problems)
    change = _apply(do)
    assert "Its files stay" in change.left[-1]
    assert "annotations" not in api.get(_NAMESPACE)["metadata"]
    assert api.get(_CLAIM)["metadata"]["name"] == "team"
    assert do(lambda people: people.delete_team_folder("shares", dry_run=True)).changed
    assert "deletionTimestamp" not in api.get(_CLAIM)["metadata"]
    assert do(lambda people: people.delete_team_folder("shares")).changed
    api.patch(_CLAIM, {"metadata": {"finalizers": None}})
    with pytest.raises(NotThereError, match="has no folder"):
        do(lambda people: people.delete_team_folder("shares"))


def test_what_cannot_become_the_folder_is_said_before_anything_is_changed(api, do):
    with pytest.raises(InputError, match="no storage class gone"):
        _apply(do, team_folder="200Gi", team_folder_class="gone")
    _apply(do)
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    api.post(_CLAIMS, {"metadata": {"name": "team"}, "spec": spec})
    with pytest.raises(PeopleError, match="none of GPU Commons"):
        _apply(do, team_folder="200Gi")
    api.patch(_CLAIM, {"metadata": {"labels": {"component": "team-folder"}}})
    with pytest.raises(PeopleError, match="is not ReadWriteMany"):
        _apply(do, team_folder="200Gi")


def test_a_class_that_does_not_grow_is_told(api, do):
    _apply(do, team_folder="200Gi", team_folder_class="rigid")
    with pytest.raises(PeopleError, match="has no volume yet"):
        _apply(do, team_folder="300Gi")
    _bind(api)
    with pytest.raises(PeopleError, match="rigid does not let volumes grow"):
        _apply(do, team_folder="300Gi")


def test_the_hub_sees_with_its_own_rights_whether_sessions_can_have_it(api, do):
    async def look() -> str:
        settings = client.Configuration()
        await config.load_kube_config(str(api.kubeconfig_of(HUB)), client_configuration=settings)
        async with client.ApiClient(settings) as connection:
            core = client.CoreV1Api(connection)
            trouble = await trouble_with_team_folder(core, "team-shares")
            if not trouble:
                await note_start(core, "team", "team-shares", datetime.now(UTC))
            return trouble

    _apply(do)
    assert asyncio.run(look()) == "there is no such claim"
    _apply(do, team_folder="200Gi", team_folder_class="many")
    assert asyncio.run(look()) == ""  # it waits for its first session
    asked = {"volume.kubernetes.io/storage-provisioner": "example.org/files"}
    api.patch(_CLAIM, {"metadata": {"annotations": asked}})
    assert "storage driver was asked" in asyncio.run(look())
    _bind(api)
    assert asyncio.run(look()) == ""
    assert "gpucommons.io/mounted-at" in api.get(_CLAIM)["metadata"]["annotations"]
    api.delete(_CLAIM)  # which Kubernetes' finalizer keeps
    assert asyncio.run(look()) == "it is being deleted"
