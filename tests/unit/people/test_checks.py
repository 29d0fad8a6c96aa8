"""Verifying snapshots, and last snapshots: what is asked for, waited for, and said."""

from dataclasses import replace
from functools import partial

import pytest
from gpucommons_contract import Annotation
from gpucommons_contract.workspaces.checks import (
    CheckKind,
    CheckRequest,
    CheckResult,
    CheckState,
    read_check_request,
)
from gpucommons_people import checks
from gpucommons_people.accounts.accounts import Leftover, add_user
from gpucommons_people.accounts.newcomer import newcomer
from gpucommons_people.accounts.removal import Removal, remove_user
from gpucommons_people.clients.kinds import CLAIMS, NAMESPACES
from gpucommons_people.errors import InputError, NotThereError, PeopleError
from gpucommons_people.teams.team_removal import remove_team
from gpucommons_people.workspaces.verification import verification, verify

ADA, BOB = "ada@example.org", "bob@example.org"


class Controller:
    """Carries out requests, each at the second look at the claims of its team."""

    def __init__(self, world, monkeypatch) -> None:
        self.answers: dict[str, CheckResult] = {}
        """By the names of claims; those that are not in it are good."""
        self.copies = False
        """Whether there is a second store."""
        self.asked: list[tuple[str, str, str]] = []
        self._world, self._list = world, world.cluster.list
        monkeypatch.setattr(world.cluster, "list", self.look)
        monkeypatch.setattr(checks, "_POLL_S", 0)
        monkeypatch.setattr(checks, "_POLL_MANY_S", 0)

    async def look(self, kind, namespace=None, label=None):
        found = await self._list(kind, namespace, label)
        if kind == CLAIMS:
            for name in self._world.left(CLAIMS):
                self._work(notes(self._world, name), name)
        return found

    def _work(self, noted: dict[str, str], name: str) -> None:
        text = noted.get(Annotation.SNAPSHOT_CHECK_REQUEST)
        if text is None:
            return
        request = read_check_request(text)
        running = CheckResult(request.id, CheckState.RUNNING, request.kind)
        if noted.get(Annotation.SNAPSHOT_CHECK_STATE) != running.to_json():
            noted[Annotation.SNAPSHOT_CHECK_STATE] = running.to_json()
            return
        self.asked.append((name, request.kind, request.part))
        good = CheckResult("", CheckState.GOOD, snapshot="ab" * 32)
        answer = replace(self.answers.get(name, good), id=request.id, kind=request.kind)
        noted[Annotation.SNAPSHOT_CHECK_RESULT] = answer.to_json()
        if request.kind == CheckKind.FINAL and answer.state == CheckState.GOOD:
            noted[Annotation.SNAPSHOT_FINAL] = "2026-11-30T03:00:00Z"
            noted[Annotation.SNAPSHOT_ID] = "ab" * 32
            if self.copies:
                noted[Annotation.SNAPSHOT_COPY_WANTED] = "true"
        del noted[Annotation.SNAPSHOT_CHECK_REQUEST], noted[Annotation.SNAPSHOT_CHECK_STATE]


def notes(world, name: str) -> dict[str, str]:
    return world.cluster.objects[CLAIMS, "team-vision", name]["metadata"]["annotations"]


@pytest.fixture
def kept(world):
    """Ada and Bob have workspaces with snapshots."""
    for person in (ADA, BOB):
        world.add_workspace(person, "vision")
        name = f"workspace-{person[:3]}"
        notes(world, name)[Annotation.BACKUP_REPOSITORY] = f"vision/{name}-1"
    return world


@pytest.fixture
def controller(kept, monkeypatch) -> Controller:
    return Controller(kept, monkeypatch)


def _of_ada(**more):
    return verification(ADA, "vision", team_folder=False, everything=False, **more)


_ALL = verification("", "", team_folder=False, everything=True)


async def test_one_workspace_is_verified_as_a_whole_and_shown(kept, controller):
    told = []
    change = await verify(kept.it, _of_ada(), on_progress=told.append)
    assert change.steps == (
        "Verify the snapshots of the workspace of ada@example.org in team vision, reading 100% of "
        "what the store has.",
    )
    assert controller.asked == [("workspace-ada", "verify", "100%")]
    assert told == ["It has begun. Ctrl+C ends the wait alone."]
    (listed,) = await kept.it.workspaces.of(ADA)
    assert listed.as_json()["snapshot_check"]["state"] == "good"


async def test_of_all_those_that_are_hit_are_named(kept, controller):
    controller.answers["workspace-bob"] = CheckResult("", CheckState.DAMAGED, says="A pack lacks.")
    with pytest.raises(PeopleError, match="the snapshots of 1 are damaged") as error:
        await verify(kept.it, _ALL)
    assert error.value.problems == (
        "the workspace of bob@example.org in team vision: damaged: A pack lacks.",
    )
    assert error.value.exit_code == 1
    assert sorted(controller.asked) == [
        ("workspace-ada", "verify", "5%"),
        ("workspace-bob", "verify", "5%"),
    ]


@pytest.mark.parametrize("wait", [True, False])
async def test_of_all_those_where_something_else_is_asked_for_are_named(kept, controller, wait):
    other = CheckRequest("1", CheckKind.FINAL, by="root").to_json()
    notes(kept, "workspace-ada")[Annotation.SNAPSHOT_CHECK_REQUEST] = other
    with pytest.raises(PeopleError, match="the snapshots of 1 are damaged or could not") as error:
        await verify(kept.it, replace(_ALL, wait=wait))
    (problem,) = error.value.problems
    assert "workspace of ada@example.org in team vision something else is being" in problem
    if wait:
        assert ("workspace-bob", "verify", "5%") in controller.asked
    else:
        assert Annotation.SNAPSHOT_CHECK_REQUEST in notes(kept, "workspace-bob")


async def test_what_is_asked_for_already_is_only_waited_for(kept, controller):
    await verify(kept.it, _of_ada(part="7%", wait=False))
    await verify(kept.it, _of_ada())
    assert controller.asked == [("workspace-ada", "verify", "7%")]


async def test_where_no_controller_runs_that_is_said(kept, monkeypatch):
    monkeypatch.setattr(checks, "_PATIENCE_S", 0)
    monkeypatch.setattr(checks, "_POLL_S", 0)
    with pytest.raises(PeopleError, match="Nobody has taken up the request"):
        await verify(kept.it, _of_ada())
    with pytest.raises(NotThereError, match="There is one in: vision"):
        await verify(kept.it, replace(_of_ada(), team="robots"))


@pytest.mark.parametrize(
    "typed",
    [
        {"email": "", "team": "vision"},
        {"email": ADA, "team": ""},
        {"email": ADA, "team": "vision", "everything": True},
        {"email": "", "team": "vision", "everything": True},
        {"email": ADA, "team": "vision", "part": "0%"},
        {"email": ADA, "team": "vision", "part": "4/3"},
        {"email": ADA, "team": "vision", "team_folder": True},
    ],
)
def test_what_cannot_be_verified_is_refused(typed):
    with pytest.raises(InputError):
        verification(**{"team_folder": False, "everything": False} | typed)


async def test_files_are_deleted_with_the_person_once_a_last_snapshot_is_there(kept, controller):
    change = await remove_user(kept.it, ADA, Removal(delete_workspaces=True))
    assert "once a last snapshot of it is there and verified" in change.steps[0]
    assert controller.asked == [("workspace-ada", "final", "100%")]
    assert kept.left(CLAIMS) == ["workspace-bob"]


EARLIER = {Annotation.SNAPSHOT_COPIED: "2026-11-30T02:00:00Z"}
AWAY = {Annotation.SNAPSHOT_COPY_ERROR: "The second store is away."}
LAST_NIGHT = AWAY | {Annotation.SNAPSHOT_COPY_FAILED_AT: "2026-11-30T01:00:00Z"}


@pytest.mark.parametrize("before", [EARLIER, {}, LAST_NIGHT])
@pytest.mark.parametrize("error", ["", "The second store is away."])
async def test_files_go_once_their_last_snapshot_is_in_the_second_store_too(
    kept, controller, monkeypatch, error, before
):
    monkeypatch.setattr(checks, "_PATIENCE_S", 0)
    told, noted, controller.copies = [], notes(kept, "workspace-ada"), True
    noted.update(before)

    def copied(sentence: str) -> None:
        told.append(sentence)
        if "It is not copied yet" not in sentence:
            return
        now = notes(kept, "workspace-ada")
        if error:
            now.update(AWAY | {Annotation.SNAPSHOT_COPY_FAILED_AT: "2026-11-30T04:00:00Z"})
        else:
            now[Annotation.SNAPSHOT_COPIED] = "2026-11-30T04:00:00Z"

    how = Removal(delete_workspaces=True)
    change = await remove_user(kept.it, ADA, how, on_progress=copied)
    is_left = "workspace-ada" in kept.left(CLAIMS)
    assert is_left is bool(error)
    assert told[-1].endswith("get deployment backup")
    if error:
        assert f"its last snapshot is in one store alone. {error}" in change.left[0]


@pytest.mark.parametrize("takes_team", [True, False])
async def test_a_last_snapshot_from_before_a_session_was_stopped_is_not_enough(
    kept, controller, monkeypatch, takes_team
):
    kept.add_team("vision")
    kept.add_session(ADA, "vision")
    kept.hub.users = {ADA: ("",)}
    for name in ("workspace-ada", "workspace-bob"):
        last = {Annotation.SNAPSHOT_FINAL: "2026-11-29T03:00:00Z"}
        notes(kept, name).update({Annotation.MOUNTED_AT: "2026-11-28T03:00:00Z"} | last)

    recheck, stop = kept.hub.recheck, kept.hub.stop

    async def begun_meanwhile(call, *given):
        # A session that began after the command had looked.
        notes(kept, "workspace-ada")[Annotation.MOUNTED_AT] = "2026-11-29T05:00:00Z"
        return await call(*given)

    monkeypatch.setattr(kept.hub, "recheck", partial(begun_meanwhile, recheck))
    monkeypatch.setattr(kept.hub, "stop", partial(begun_meanwhile, stop))
    if takes_team:
        await remove_team(kept.it, "vision", remove_members=True, delete_workspaces=True)
    else:
        await remove_user(kept.it, ADA, Removal(delete_workspaces=True))
    assert controller.asked == [("workspace-ada", "final", "100%")]


async def test_files_without_a_last_snapshot_stay_although_the_person_goes(kept, controller):
    controller.answers["workspace-ada"] = CheckResult("", CheckState.FAILED, says="Store full.")
    kept.hub.users = {ADA: ()}
    change = await remove_user(kept.it, ADA, Removal(delete_workspaces=True))
    assert change.left[0].startswith(
        "the workspace of ada@example.org in team vision stays, as it has no last snapshot. Store"
    )
    assert (kept.hub.users, kept.left(CLAIMS)) == ({}, ["workspace-ada", "workspace-bob"])
    how = Removal(delete_workspaces=True, without_snapshot=True)
    await remove_user(kept.it, ADA, how)
    assert kept.left(CLAIMS) == ["workspace-bob"]


async def test_of_files_that_are_kept_for_a_while_a_last_snapshot_is_asked_for(kept):
    await remove_user(kept.it, ADA, Removal())
    asked = read_check_request(notes(kept, "workspace-ada")[Annotation.SNAPSHOT_CHECK_REQUEST])
    assert asked.kind == CheckKind.FINAL
    assert Annotation.SNAPSHOT_CHECK_REQUEST not in notes(kept, "workspace-bob")


async def test_somebody_else_gets_the_name_once_there_is_a_last_snapshot(kept, controller):
    controller.answers["workspace-ada"] = CheckResult("", CheckState.FAILED, says="Store full.")
    person = newcomer(ADA, ["vision"], ["vision"])
    with pytest.raises(PeopleError, match="Nothing was deleted"):
        await add_user(kept.it, person, Leftover.DELETE)
    assert await kept.it.dex.get(ADA) is None
    del controller.answers["workspace-ada"]
    await add_user(kept.it, person, Leftover.DELETE)
    assert kept.left(CLAIMS) == ["workspace-bob"]


async def test_a_team_is_deleted_once_there_are_last_snapshots_of_all(kept, controller):
    kept.add_team("vision")
    controller.answers["workspace-bob"] = CheckResult("", CheckState.FAILED, says="Store full.")
    with pytest.raises(PeopleError, match="Nothing was deleted") as error:
        await remove_team(kept.it, "vision", delete_workspaces=True)
    assert len(error.value.problems) == 1
    assert "bob@example.org" in error.value.problems[0]
    await remove_team(kept.it, "vision", delete_workspaces=True, without_snapshot=True)
    assert "team-vision" not in kept.left(NAMESPACES)
