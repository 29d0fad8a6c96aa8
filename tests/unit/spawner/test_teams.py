"""Which namespaces are teams, and what becomes of a spawner when it works in one."""

import asyncio
from types import SimpleNamespace

import pytest
from gpucommons_spawner import GPUSpawner
from gpucommons_spawner import hub_state as module
from gpucommons_spawner.errors import SpawnRefusedError
from gpucommons_spawner.selection.person import Team, Teams
from kubernetes_asyncio.client import ApiClient
from kubespawner import KubeSpawner

from .conftest import ASTRO, VISION, namespace_of

BOTH = ("astro", "vision")


def test_groups_that_are_teams_come_in_order_of_their_names(teams):
    assert teams.of({"vision", "others", "astro"}) == (ASTRO, VISION)


def test_a_team_that_comes_changes_and_goes_counts_at_once(teams):
    bio = Team("bio", "Biology", "team-bio")
    teams.update("ADDED", namespace_of(bio))
    assert teams.of(["bio"]) == (bio,)
    renamed = Team("bio", "Life science", "team-bio", storage_class="fast")
    teams.update("MODIFIED", namespace_of(renamed))
    assert teams.of(["bio"]) == (renamed,)
    teams.update("DELETED", namespace_of(renamed))
    assert teams.of(["bio"]) == ()
    assert teams.all() == (ASTRO, VISION)


def test_a_team_whose_namespace_is_being_deleted_is_none_any_more(teams):
    namespace = namespace_of(VISION)
    namespace["metadata"]["deletionTimestamp"] = "2026-11-24T00:00:00Z"
    teams.update("MODIFIED", namespace)
    assert teams.all() == (ASTRO,)


def test_a_team_without_a_display_name_is_called_by_its_name(teams):
    bare = {"metadata": {"name": "team-bio", "labels": {"gpucommons.io/team": "bio"}}}
    teams.update("ADDED", bare)
    assert teams.of(["bio"]) == (Team("bio", "bio", "team-bio"),)


def test_nobody_claims_another_team_by_a_label(teams, caplog):
    claim = namespace_of(VISION)
    claim["metadata"]["name"] = "mine"
    for kind in ("ADDED", "DELETED"):
        teams.update(kind, claim)
        assert teams.of(["vision"]) == (VISION,)
    teams.replace([claim])
    assert teams.all() == ()
    assert "namespace mine is ignored: it is labelled as team vision" in caplog.text


async def test_a_start_waits_for_the_first_list_of_teams(make_spawner, monkeypatch):
    unread = Teams()
    monkeypatch.setattr(GPUSpawner.hub_state, "teams", unread)
    spawner = make_spawner({})
    start = asyncio.create_task(spawner.load_user_options())
    await asyncio.sleep(0)
    assert not start.done()
    unread.replace([namespace_of(VISION)])
    await start
    assert spawner.namespace == "team-vision"


async def test_a_list_of_teams_that_never_comes_is_a_refusal(make_spawner, monkeypatch):
    monkeypatch.setattr(module, "_TEAMS_SECONDS", 0.01)
    monkeypatch.setattr(GPUSpawner.hub_state, "teams", Teams())
    with pytest.raises(SpawnRefusedError) as raised:
        await make_spawner({}).load_user_options()
    assert "cannot read the list of teams now" in raised.value.jupyterhub_message
    assert raised.value.status_code == 503


async def test_pod_and_workspace_go_to_the_team(make_spawner):
    spawner = make_spawner({"team": "astro"}, groups=BOTH, storage_class="usual")
    await spawner.load_user_options()
    assert spawner.namespace == "team-astro"
    assert spawner.dns_name == "jupyter-ada.team-astro.svc.cluster.local"
    async with ApiClient() as client:
        claim = client.sanitize_for_serialization(spawner.get_pvc_manifest())
    assert claim["spec"]["storageClassName"] == "fast"
    assert claim["metadata"]["labels"]["gpucommons.io/team"] == "astro"
    assert claim["metadata"]["labels"]["hub.jupyter.org/username"] == "ada"
    assert claim["metadata"]["annotations"]["gpucommons.io/user"] == "ada"


async def test_a_new_workspace_has_the_person_s_size_or_the_team_s_or_the_usual(
    make_spawner, teams
):
    sized = namespace_of(ASTRO)
    sized["metadata"]["annotations"] |= {
        "gpucommons.io/workspace-size": "100Gi",
        "gpucommons.io/workspace-sizes": '{"ada": "1Ti"}',
    }
    teams.update("MODIFIED", sized)

    async def size(name: str, team: str) -> str:
        spawner = make_spawner({"team": team}, name=name, groups=BOTH, storage_capacity="7Gi")
        await spawner.load_user_options()
        return spawner.get_pvc_manifest().spec.resources.requests["storage"]

    assert await size("ada", "astro") == "1Ti"
    assert await size("bob", "astro") == "100Gi"
    assert await size("cyd", "vision") == "7Gi"


async def test_after_a_team_with_a_size_another_has_the_usual_one(make_spawner, teams):
    sized = namespace_of(ASTRO)
    sized["metadata"]["annotations"]["gpucommons.io/workspace-size"] = "100Gi"
    teams.update("MODIFIED", sized)
    spawner = make_spawner({"team": "astro"}, groups=BOTH, storage_capacity="7Gi")
    await spawner.load_user_options()
    spawner.user_options = {"team": "vision"}
    await spawner.load_user_options()
    assert spawner.storage_capacity == "7Gi"


def test_sizes_that_cannot_be_read_are_logged_and_the_team_stays(teams, caplog):
    broken = namespace_of(ASTRO)
    broken["metadata"]["annotations"]["gpucommons.io/workspace-size"] = "much"
    teams.update("MODIFIED", broken)
    assert teams.of(["astro"]) == (ASTRO,)
    assert "namespace team-astro: gpucommons.io/workspace-size: 'much'" in caplog.text


async def test_another_team_gets_the_usual_storage_class_and_a_workspace_of_its_own(make_spawner):
    spawner = make_spawner({"team": "astro"}, groups=BOTH, storage_class="usual")
    await spawner.load_user_options()
    spawner._pvc_exists = True  # as after a start
    spawner.user_options = {"team": "vision"}
    await spawner.load_user_options()
    assert (spawner.namespace, spawner.storage_class) == ("team-vision", "usual")
    assert not spawner._pvc_exists


async def test_the_namespace_is_found_again_after_a_hub_restart(make_spawner):
    spawner = make_spawner({"team": "astro"}, groups=BOTH)
    await spawner.load_user_options()
    again = make_spawner({}, groups=())
    KubeSpawner.load_state(again, spawner.get_state())
    assert again.namespace == "team-astro"


async def test_events_of_a_pod_of_the_same_name_elsewhere_are_not_told(make_spawner):
    spawner = make_spawner({"team": "astro"}, groups=BOTH)
    await spawner.load_user_options()
    asked = []
    reflector = SimpleNamespace(of=lambda key: asked.append(key) or [])
    key = spawner._get_reflector_key("events")
    spawner.reflectors[key] = reflector
    try:
        assert spawner.events == []
    finally:
        del spawner.reflectors[key]
    assert asked == ["team-astro/jupyter-ada"]


class _Claims:
    """An API server that notes which claims are deleted."""

    def __init__(self):
        self.deleted = []

    async def delete_namespaced_persistent_volume_claim(self, name, namespace):
        self.deleted.append(f"{namespace}/{name}")


@pytest.mark.parametrize("configured", [True, False])
async def test_a_deleted_person_leaves_their_workspaces_unless_configured(make_spawner, configured):
    settings = {"delete_pvc": True} if configured else {}
    spawner = make_spawner({}, groups=(), **settings)
    spawner.api = _Claims()
    await spawner.delete_forever()
    everywhere = ["team-astro/workspace-ada", "team-vision/workspace-ada"]
    assert spawner.api.deleted == (everywhere if configured else [])
