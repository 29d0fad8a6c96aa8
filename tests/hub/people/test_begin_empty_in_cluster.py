"""Workspaces that were made in place of deleted ones, with the rights of the account commands."""

import json
import threading
from collections.abc import Iterator

import pytest
from gpucommons_contract import RestoreResult, RestoreState
from gpucommons_people.errors import NotThereError, PeopleError
from gpucommons_people.teams.team import Team
from gpucommons_people.workspaces import restoring as module
from gpucommons_people.workspaces.restoration import restoration

from tests.waiting import until

from .cluster import claim

ADA = "ada@example.org"
ITS = "anew/workspace-ada-1a2b3c4d"
_CLAIM = "/api/v1/namespaces/team-anew/persistentvolumeclaims/workspace-ada"
_TO_PUT_BACK = "gpucommons.io/snapshot-to-put-back"
_REQUEST, _RESULT = "gpucommons.io/restore-request", "gpucommons.io/restore-result"
_NOTICES = "/api/v1/namespaces/gpucommons-notices/configmaps"


@pytest.fixture(autouse=True)
def _workspace(api, do) -> Iterator[None]:
    do(lambda people: people.apply_teams([Team(name="anew")]))
    made = claim(ADA)
    made["metadata"].setdefault("annotations", {})[_TO_PUT_BACK] = ITS
    api.post(_CLAIM.rpartition("/")[0], made)
    yield
    api.patch(_CLAIM, {"metadata": {"finalizers": None}})
    api.delete(_CLAIM)
    for each in api.get(_NOTICES)["items"]:
        api.delete(f"{_NOTICES}/{each['metadata']['name']}")


def _notes(api) -> dict[str, str]:
    notes: dict[str, str] = api.get(_CLAIM)["metadata"]["annotations"]
    return notes


def test_somebody_is_let_begin_empty_once_with_a_reason(api, do):
    def begin(**more):
        return do(lambda people: people.begin_empty(ADA, "anew", reason="wants none", **more))

    shown = begin(dry_run=True)
    assert _notes(api)[_TO_PUT_BACK] == ITS
    change = begin()
    assert (change.steps, _TO_PUT_BACK in _notes(api)) == (shown.steps, False)
    assert f"--from {ITS}" in change.left[0]
    with pytest.raises(NotThereError, match="waits for nothing that was lost"):
        begin()


def test_while_files_are_being_put_back_nobody_is_let_begin_without(api, do):
    api.patch(_CLAIM, {"metadata": {"annotations": {_REQUEST: "{}"}}})
    with pytest.raises(PeopleError, match="gpucommons backup cancel"):
        do(lambda people: people.begin_empty(ADA, "anew", reason="wants none"))
    assert _notes(api)[_TO_PUT_BACK] == ITS


def test_what_is_put_back_is_the_snapshot_of_the_deleted_workspace(api, do, monkeypatch):
    monkeypatch.setattr(module, "_POLL_S", 0.1)
    asked: list[dict[str, str]] = []

    def answer() -> None:
        until(lambda: _REQUEST in _notes(api))
        asked.append(json.loads(_notes(api)[_REQUEST]))
        result = RestoreResult(
            *(asked[0]["id"], RestoreState.DONE), moment="2026-11-30T03:00:00Z", folder="restored"
        )
        found = {_RESULT: result.to_json(), _REQUEST: None}
        api.patch(_CLAIM, {"metadata": {"annotations": found}})

    controller = threading.Thread(target=answer)
    controller.start()
    try:
        what = restoration(ADA, "anew", reason="deleted by mistake")
        do(lambda people: people.restore_snapshot(what))
    finally:
        controller.join()
    assert asked[0]["repository"] == ITS
