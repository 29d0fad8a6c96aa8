"""Erasing snapshots: nothing is asked to be erased before it was named and confirmed."""

import json
from dataclasses import replace

import pytest
from gpucommons_contract.workspaces.erasures import Doomed, ErasureState, read_erasure
from gpucommons_people.clients.kinds import CONFIG_MAPS
from gpucommons_people.errors import InputError, NotThereError, PeopleError
from gpucommons_people.workspaces import erasing as module
from gpucommons_people.workspaces.erasing import erase, wiping

ADA = "ada@example.org"
MAP = (CONFIG_MAPS, "gpucommons", "snapshot-erasures")
NAMED = Doomed("vision/workspace-ada-1", "2026-01-02T00:00:00Z", "2026-11-30T00:00:00Z")
STEP = (
    "Erase vision/workspace-ada-1, made on 2026-01-02, whose workspace was deleted on 2026-11-30, "
    "with its passwords."
)
WHAT = wiping(ADA, "vision", reason="she asked")


class Controller:
    """Works on the entries, one step at each look."""

    def __init__(self, world, monkeypatch) -> None:
        self.failure = ""
        self.waits = ["The store does not answer."]
        self.seen: list[str] = []
        self._get, self._world = world.cluster.get, world
        world.cluster.objects[MAP] = {
            "kind": "ConfigMap",
            "metadata": {"name": MAP[2], "namespace": MAP[1]},
            "data": {},
        }
        monkeypatch.setattr(world.cluster, "get", self.look)
        monkeypatch.setattr(module, "_POLL_S", 0)

    async def look(self, kind, name, namespace=None):
        data = self._world.cluster.objects[MAP].get("data") or {}
        for key, text in list(data.items()):
            data[key] = self._worked(read_erasure(text)).to_json()
        return await self._get(kind, name, namespace)

    def _worked(self, entry):
        self.seen.append(entry.state)
        if entry.state == ErasureState.ASKED and self.failure:
            return replace(entry, state=ErasureState.FAILED, says=self.failure)
        if entry.state == ErasureState.ASKED:
            return replace(entry, state=ErasureState.FOUND, found=(NAMED,))
        if entry.state == ErasureState.CONFIRMED and self.waits:
            return replace(entry, says=self.waits.pop())
        if entry.state == ErasureState.CONFIRMED:
            return replace(entry, state=ErasureState.DONE, says="")
        return entry

    @property
    def entries(self) -> dict[str, str]:
        return self._world.cluster.objects[MAP].get("data") or {}


@pytest.fixture
def controller(world, monkeypatch) -> Controller:
    return Controller(world, monkeypatch)


async def test_what_was_named_and_confirmed_is_erased_and_on_record(world, controller):
    told, asked = [], []
    change = await erase(
        world.it, WHAT, lambda steps: asked.append(steps) or True, on_progress=told.append
    )
    assert (asked, change.steps) == ([(STEP,)], (STEP,))
    assert told[-1] == "Waiting. The store does not answer. Ctrl+C ends the wait alone."
    assert controller.entries == {}
    (line,) = map(json.loads, world.log.read_text().splitlines())
    assert (line["action"], line["subject"]) == ("erase snapshots", ADA)
    assert line["details"] == {
        "team": "vision",
        "repositories": ["vision/workspace-ada-1"],
        "reason": "she asked",
    }


async def test_without_a_confirmation_nothing_is_erased(world, controller):
    with pytest.raises(PeopleError, match="Nothing was erased"):
        await erase(world.it, WHAT, lambda _steps: False)
    change = await erase(world.it, WHAT, lambda _steps: True, dry_run=True)
    assert (change.steps, change.dry_run) == ((STEP,), True)
    assert ErasureState.CONFIRMED not in controller.seen
    assert controller.entries == {}
    assert not world.log.exists()


async def test_why_nothing_can_be_erased_is_said(world, controller):
    controller.failure = "The workspace is still there."
    with pytest.raises(PeopleError, match=r"Nothing was erased\. The workspace is still there"):
        await erase(world.it, WHAT, lambda _steps: True)
    assert controller.entries == {}


async def test_where_no_controller_runs_the_request_is_taken_back(world, controller, monkeypatch):
    monkeypatch.setattr(module, "_PATIENCE_S", 0)
    monkeypatch.setattr(controller, "_worked", lambda entry: entry)
    with pytest.raises(PeopleError, match="Nobody has taken up the request"):
        await erase(world.it, WHAT, lambda _steps: True)
    assert controller.entries == {}


async def test_where_there_is_no_place_to_ask_that_is_said(world):
    with pytest.raises(NotThereError, match="Apply cluster/backup of this release"):
        await erase(world.it, WHAT, lambda _steps: True)


def test_a_reason_is_needed():
    with pytest.raises(InputError, match="Give a reason"):
        wiping(ADA, "vision", reason=" ")
