"""Asking for a snapshot on a claim, with the rights of the account commands; tests answer."""

import json
import threading

from gpucommons_contract import RestoreResult, RestoreState
from gpucommons_people.teams.team import Team
from gpucommons_people.workspaces import restoring as module
from gpucommons_people.workspaces.restoration import restoration

from tests.waiting import until

from .cluster import claim

ADA = "ada@example.org"
_CLAIM = "/api/v1/namespaces/team-backs/persistentvolumeclaims/workspace-ada"
_NOTICES = "/api/v1/namespaces/gpucommons-notices/configmaps"
_REQUEST, _RESULT = "gpucommons.io/restore-request", "gpucommons.io/restore-result"


def test_a_request_is_put_on_the_claim_and_its_answer_read(api, do, monkeypatch):
    monkeypatch.setattr(module, "_POLL_S", 0.1)
    do(lambda people: people.apply_teams([Team(name="backs")]))
    api.post(_CLAIM.rpartition("/")[0], claim(ADA))

    def notes() -> dict[str, str]:
        return api.get(_CLAIM)["metadata"]["annotations"]

    def answer() -> None:
        until(lambda: _REQUEST in notes())
        asked = json.loads(notes()[_REQUEST])
        result = RestoreResult(
            *(asked["id"], RestoreState.DONE),
            moment="2026-11-30T03:00:00Z",
            folder="restored",
            files=1,
        )
        found = {_RESULT: result.to_json(), _REQUEST: None}
        api.patch(_CLAIM, {"metadata": {"annotations": found}})

    controller = threading.Thread(target=answer)
    controller.start()
    try:
        what = restoration(ADA, "backs", reason="lost")
        change = do(lambda people: people.restore_snapshot(what))
        status = do(lambda people: people.backup_status("backs"))
        notices = do(lambda people: people.list_notices())
    finally:
        controller.join()
        api.patch(_CLAIM, {"metadata": {"finalizers": None}})
        api.delete(_CLAIM)
        for each in api.get(_NOTICES)["items"]:
            api.delete(f"{_NOTICES}/{each['metadata']['name']}")
    assert "“restored” in the workspace of ada@example.org" in change.steps[0]
    assert change.left == ()
    (told,) = (each for each in notices if each.users == (ADA,))
    assert told.notice.text.endswith("in team backs. The reason given: lost")
    assert [each.workspace.owner for each in status.workspaces] == [ADA]
