"""A start after a person's workspace was deleted, through a real hub and a real API server."""

from collections.abc import Callable, Iterator

import pytest
from gpucommons_contract import Annotation
from gpucommons_contract.workspaces.kept_workspaces import (
    KEPT_WORKSPACES,
    KEPT_WORKSPACES_NAMESPACE,
)

from .api_server import ASTRO

CLAIM = f"/api/v1/namespaces/{ASTRO}/persistentvolumeclaims/workspace-tia"
MAPS = f"/api/v1/namespaces/{KEPT_WORKSPACES_NAMESPACE}/configmaps"
ITS = "astro/workspace-tia-1a2b3c4d"


@pytest.fixture
def keep(api) -> Iterator[Callable[[str], None]]:
    """Let the hub know that snapshots of a claim are kept, as the controller does."""
    api.add_namespace(KEPT_WORKSPACES_NAMESPACE)
    api.post(MAPS, {"metadata": {"name": KEPT_WORKSPACES}})

    def keep(uid: str) -> None:
        api.patch(f"{MAPS}/{KEPT_WORKSPACES}", {"data": {uid: ITS}})

    yield keep
    api.delete(f"{MAPS}/{KEPT_WORKSPACES}")
    _lose(api)


def _lose(api) -> None:
    if "workspace-tia" in api.claims(ASTRO):
        api.patch(CLAIM, {"metadata": {"finalizers": None}})
        api.delete(CLAIM)


def _had(hub, api) -> str:
    """Have a session, and end it; the uid of the workspace."""
    assert hub.start_server("tia", {"team": "astro"}).status_code == 201
    hub.stop_server("tia")
    uid: str = api.get(CLAIM)["metadata"]["uid"]
    return uid


def _notes(api) -> dict[str, str]:
    notes: dict[str, str] = api.get(CLAIM)["metadata"]["annotations"]
    return notes


def _note(api, **notes: str | None) -> None:
    changed = {Annotation[name.upper()]: value for name, value in notes.items()}
    api.patch(CLAIM, {"metadata": {"annotations": changed}})


def test_a_start_waits_for_the_files_of_a_workspace_that_was_deleted(hub, api, keep):
    keep(_had(hub, api))
    _lose(api)
    for _ in range(2):
        answer = hub.start_server("tia", {"team": "astro"})
        assert answer.status_code == 409
        said = answer.json()["message"]
        assert "was deleted, and snapshots of it are kept" in said
        assert "gpucommons backup restore" in said
        assert "gpucommons workspace begin-empty" in said
    assert "gpucommons backup restore tia --team astro --reason" in hub.text()
    assert (api.pods(), _notes(api)[Annotation.SNAPSHOT_TO_PUT_BACK]) == ([], ITS)
    assert Annotation.MOUNTED_AT not in _notes(api)
    _note(api, restore_request="{}")
    answer = hub.start_server("tia", {"team": "astro"})
    assert (answer.status_code, "being put back" in answer.json()["message"]) == (409, True)
    _note(api, restore_request=None, snapshot_to_put_back=None)
    assert hub.start_server("tia", {"team": "astro"}).status_code == 201
    hub.stop_server("tia")
    _lose(api)  # of this one there was no snapshot
    assert hub.start_server("tia", {"team": "astro"}).status_code == 201


def test_a_workspace_without_snapshots_is_made_anew(hub, api, keep):
    keep("of-another")
    _had(hub, api)
    _lose(api)
    assert hub.start_server("tia", {"team": "astro"}).status_code == 201


def test_somebody_new_with_an_old_name_misses_nothing(hub, api, keep):
    keep(_had(hub, api))
    assert hub.api("DELETE", "users/tia").status_code == 204
    for team in ("astro", "vision"):
        hub.join("tia", team)
    _lose(api)
    assert hub.start_server("tia", {"team": "astro"}).status_code == 201


def test_where_nobody_says_what_is_kept_a_start_goes_on(hub, api, keep):
    keep(_had(hub, api))
    api.delete(f"{MAPS}/{KEPT_WORKSPACES}")
    _lose(api)
    assert hub.start_server("tia", {"team": "astro"}).status_code == 201
    api.post(MAPS, {"metadata": {"name": KEPT_WORKSPACES}})
