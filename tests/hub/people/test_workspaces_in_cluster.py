"""Sizes of workspaces, and growing one, on a real API server; the tests play the driver."""

from collections.abc import Iterator

import pytest
from gpucommons_people.errors import PeopleError
from gpucommons_people.teams.team import Team
from gpucommons_people.workspaces import growth as module
from gpucommons_people.workspaces.growth import growth

from .cluster import claim

ADA = "ada@example.org"
_CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
_CLAIMS = "/api/v1/namespaces/team-space/persistentvolumeclaims"
_ADAS = f"{_CLAIMS}/workspace-ada"


@pytest.fixture
def team(do) -> Team:
    team = Team(name="space", storage="200Gi", workspace="20Gi", workspaces={ADA: "50Gi"})
    do(lambda people: people.apply_teams([team]))
    return team


@pytest.fixture
def make(api, team) -> Iterator:
    """Make Ada's workspace of 5Gi, bound, of a class that grows or does not."""
    made = []
    _count_storage(api, "0")  # nobody counts what goes

    def make(*, grows: bool) -> None:
        name = "elastic" if grows else "rigid"
        of_class = {
            "metadata": {"name": name},
            "provisioner": "example.org/disk",
            "allowVolumeExpansion": grows,
        }
        api.post(_CLASSES, of_class)
        made.append(f"{_CLASSES}/{name}")
        workspace = claim(ADA)
        workspace["spec"] |= {"storageClassName": name, "volumeName": "volume-ada"}
        api.post(_CLAIMS, workspace)
        made.append(_ADAS)
        capacity = {"phase": "Bound", "capacity": {"storage": "5Gi"}}
        api.patch(f"{_ADAS}/status", {"status": capacity})

    yield make
    for each in reversed(made):
        api.patch(each, {"metadata": {"finalizers": []}})
        api.delete(each)


def _count_storage(api, used: str) -> None:
    """Play the controller that counts what a quota's claims take."""
    status = {"status": {"hard": {"requests.storage": "200Gi"}, "used": {"requests.storage": used}}}
    api.patch("/api/v1/namespaces/team-space/resourcequotas/team/status", status)


def _requested(api) -> str:
    return api.get(_ADAS)["spec"]["resources"]["requests"]["storage"]


def test_sizes_are_kept_and_read_back_and_go_one_by_one(do, team):
    assert do(lambda people: people.find_team("space")) == team
    for own in ({ADA: "60Gi", "bob@example.org": "10Gi"}, {"bob@example.org": "10Gi"}, {}):
        other = team.model_copy(update={"workspaces": own})
        (planned,) = do(lambda people, t=other: people.apply_teams([t], dry_run=True))
        (done,) = do(lambda people, t=other: people.apply_teams([t]))
        assert planned.steps == done.steps != ()
        assert do(lambda people: people.find_team("space")) == other
    (change,) = do(lambda people, t=other: people.apply_teams([t]))
    assert change.steps == ()
    usual = other.model_copy(update={"workspace": None})
    (change,) = do(lambda people: people.apply_teams([usual]))
    assert change.steps == ("Change workspace of team space: 20Gi → none.",)
    assert do(lambda people: people.find_team("space")) == usual


def test_a_workspace_grows_and_its_driver_is_waited_for(api, do, make):
    make(grows=True)
    told = []

    def driver(sentence: str) -> None:
        told.append(sentence)
        api.patch(f"{_ADAS}/status", {"status": {"capacity": {"storage": "100Gi"}}})

    what = growth(ADA, "space", "100Gi")
    change = do(lambda people: people.grow_workspace(what, on_wait=driver))
    assert (change.left, change.data["grown"]) == ((), True)
    assert _requested(api) == "100Gi"
    assert len(told) == 1
    assert not do(lambda people: people.grow_workspace(what)).changed


def test_what_a_driver_leaves_to_the_next_start_is_told(api, do, make):
    make(grows=True)

    def driver(_sentence: str) -> None:
        pending = {"type": "FileSystemResizePending", "status": "True"}
        api.patch(f"{_ADAS}/status", {"status": {"conditions": [pending]}})

    change = do(lambda p: p.grow_workspace(growth(ADA, "space", "100Gi"), on_wait=driver))
    assert change.left[0].startswith("FileSystemResizePending: the volume has 100Gi")


def test_a_driver_that_does_nothing_is_waited_for_no_longer_than_that(do, make, monkeypatch):
    monkeypatch.setattr(module, "_PATIENCE_S", 0.1)
    make(grows=True)
    change = do(lambda people: people.grow_workspace(growth(ADA, "space", "100Gi")))
    assert "still has 5Gi" in change.left[0]


def test_a_class_that_does_not_grow_is_told_and_the_cluster_would_refuse_it_too(api, do, make):
    make(grows=False)
    with pytest.raises(PeopleError, match="Storage class rigid does not let volumes grow"):
        do(lambda people: people.grow_workspace(growth(ADA, "space", "100Gi")))
    larger = {"spec": {"resources": {"requests": {"storage": "100Gi"}}}}
    with pytest.raises(AssertionError, match="only dynamically provisioned pvc can be resized"):
        api.patch(_ADAS, larger)


def test_more_than_the_quota_leaves_is_refused_and_not_less(api, do, make):
    make(grows=True)
    _count_storage(api, "150Gi")
    refused = growth(ADA, "space", "60Gi")
    with pytest.raises(PeopleError, match="200Gi, of which 150Gi are taken, 5Gi by this one"):
        do(lambda people: people.grow_workspace(refused))
    assert _requested(api) == "5Gi"
    allowed = growth(ADA, "space", "55Gi", wait=False)
    assert do(lambda people: people.grow_workspace(allowed)).changed
    assert _requested(api) == "55Gi"


def test_a_dry_run_grows_nothing(api, do, make):
    make(grows=True)
    what = growth(ADA, "space", "100Gi")
    assert do(lambda people: people.grow_workspace(what, dry_run=True)).changed
    assert _requested(api) == "5Gi"
