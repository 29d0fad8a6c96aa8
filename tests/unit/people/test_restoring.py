"""Putting a snapshot back: what is asked for on the claim, and what is said of the answer."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from gpucommons_contract import (
    RestoreRequest,
    RestoreResult,
    RestoreState,
    read_restore_request,
)
from gpucommons_people import standing_notices
from gpucommons_people.clients.kinds import CLAIMS
from gpucommons_people.errors import InputError, NotThereError, PeopleError, UnreachableError
from gpucommons_people.files.audit import AuditLog
from gpucommons_people.workspaces import restoring as module
from gpucommons_people.workspaces.restoration import restoration
from gpucommons_people.workspaces.restoring import cancel, restore

ADA = "ada@example.org"
REQUEST, RESULT = "gpucommons.io/restore-request", "gpucommons.io/restore-result"
DONE = {
    "state": RestoreState.DONE,
    "repository": "vision/workspace-ada-1",
    "snapshot": "ab" * 32,
    "moment": "2026-11-30T03:00:00Z",
    "folder": "restored 2026-11-30 03.00",
    "files": 12,
    "size": 2**31,
}


@pytest.fixture
def notes(world, monkeypatch) -> dict[str, str]:
    """The annotations of Ada's claim, which the command polls without a pause."""
    monkeypatch.setattr(module, "_POLL_S", 0)
    world.add_workspace(ADA, "vision")
    return world.cluster.objects[CLAIMS, "team-vision", "workspace-ada"]["metadata"]["annotations"]


async def test_the_folder_of_a_team_is_asked_for_without_a_person(world):
    what = restoration("", "vision", reason="lost", wait=False)
    with pytest.raises(NotThereError, match="Team vision has no folder"):
        await restore(world.it, what)
    world.add_workspace(ADA, "vision")
    claim = world.cluster.objects[CLAIMS, "team-vision", "workspace-ada"]
    claim["metadata"]["labels"]["component"] = "team-folder"
    change = await restore(world.it, what)
    assert change.steps[0].startswith("Put the newest snapshot of the folder of team vision back")
    assert REQUEST in _claim(world)


def _claim(world) -> dict[str, str]:
    return world.cluster.objects[CLAIMS, "team-vision", "workspace-ada"]["metadata"]["annotations"]


class _Controller:
    """Answers a request, one answer at each look at the claim."""

    def __init__(self, world, monkeypatch, *answers) -> None:
        self.asked: list[RestoreRequest] = []
        self._world, self._answers = world, list(answers)
        self._get = world.cluster.get
        monkeypatch.setattr(world.cluster, "get", self._look)

    async def _look(self, kind, name, namespace=None):
        notes = _claim(self._world)
        if REQUEST in notes and self._answers:
            request = read_restore_request(notes[REQUEST])
            self.asked.append(request)
            result = RestoreResult(request.id, **self._answers.pop(0))
            notes[RESULT] = result.to_json()
            if result.is_final:
                del notes[REQUEST]
        return await self._get(kind, name, namespace)


def _what(**more):
    return restoration(" Ada@example.org", "vision", reason="lost\n by a script", **more)


@pytest.mark.usefixtures("notes")
async def test_it_is_asked_for_followed_and_its_folder_and_how_long_it_took_said(
    world, monkeypatch
):
    clock = iter((1000.0, 1000.0, 1042.04))  # its begin, until when is waited, its end
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    waiting = {"state": RestoreState.WAITING, "says": "Its pod is about to start."}
    running = {"state": RestoreState.RUNNING}
    controller = _Controller(world, monkeypatch, waiting, waiting, running, DONE)
    told = []
    change = await restore(world.it, _what(at="2026-11-30T04:00+01:00"), on_progress=told.append)
    asked = controller.asked[0]
    assert (asked.at, asked.by, asked.reason) == (
        "2026-11-30T03:00:00Z",
        "tester",
        "lost by a script",
    )
    assert told == [
        "Waiting. Its pod is about to start.",
        "The files are being put back. Ctrl+C ends the wait alone.",
    ]
    assert change.steps == (
        "Put the snapshot of 2026-11-30 03:00 UTC back into “restored 2026-11-30 03.00” in the "
        "workspace of ada@example.org in team vision: 12 files, 2.0 GiB, 42 seconds after it was "
        "asked for.",
    )
    assert change.left == ()
    assert change.as_json()["data"]["seconds"] == 42.0
    assert change.as_json()["data"]["result"]["folder"] == "restored 2026-11-30 03.00"
    (line,) = map(json.loads, world.log.read_text().splitlines())
    assert (line["action"], line["subject"]) == ("restore workspace", ADA)
    assert line["details"]["reason"] == "lost by a script"
    assert line["details"]["at"] == "2026-11-30T03:00:00Z"


async def test_what_the_snapshot_lacks_and_earlier_snapshots_are_said(world, notes, monkeypatch):
    notes["gpucommons.io/snapshot-earlier-repositories"] = "vision/workspace-ada-0 vision/x"
    _Controller(world, monkeypatch, DONE | {"left_out": 2}, DONE)
    change = await restore(world.it, _what())
    assert change.left == (
        "The snapshot lacks 2 entries that could not be read when it was taken.",
        "An earlier workspace of ada@example.org in team vision, which was deleted, has snapshots "
        "too: --from vision/workspace-ada-0",
    )
    assert (await restore(world.it, _what(repository="vision/x/"))).left == ()


@pytest.mark.usefixtures("notes")
async def test_that_a_snapshot_could_not_be_compared_is_said(world, monkeypatch):
    _Controller(world, monkeypatch, DONE | {"not_compared": True})
    (said,) = (await restore(world.it, _what())).left
    assert said.startswith("It could not be compared with what was there")


@pytest.mark.usefixtures("notes")
async def test_why_nothing_came_back_is_an_error(world, monkeypatch):
    failed = {"state": RestoreState.FAILED, "says": "The workspace has no room for it."}
    _Controller(world, monkeypatch, failed)
    with pytest.raises(PeopleError, match=r"^Nothing was put back\. The workspace has no room"):
        await restore(world.it, _what())


async def test_a_dry_run_and_one_that_does_not_wait(world, notes):
    change = await restore(world.it, _what(snapshot="ab12cd34", repository="v/x"), dry_run=True)
    assert change.steps == (
        "Put the snapshot ab12cd34 in v/x of the workspace of ada@example.org in team vision back, "
        "into a new folder beside what is there.",
    )
    assert (REQUEST in _claim(world), world.plug.changes, world.log.exists()) == (False, 0, False)
    change = await restore(world.it, _what(wait=False))
    assert change.left == ("It is asked for. The same command waits until it is done.",)
    assert REQUEST in _claim(world)


async def test_the_same_again_waits_for_the_first_and_another_is_refused(world, monkeypatch, notes):
    await restore(world.it, _what(wait=False))
    first = read_restore_request(_claim(world)[REQUEST]).id
    with pytest.raises(PeopleError, match="asked for by tester: lost by a script"):
        await restore(world.it, _what(at="2026-11-30"))
    controller = _Controller(world, monkeypatch, {"state": RestoreState.RUNNING}, DONE)
    change = await restore(world.it, _what())
    assert [each.id for each in controller.asked] == [first, first]
    assert change.data["request"] == first
    assert len(world.log.read_text().splitlines()) == 1


async def test_without_an_answer_it_says_where_to_look(world, notes, monkeypatch):
    monkeypatch.setattr(module, "_PATIENCE_S", 0)
    notes[RESULT] = RestoreResult("of another", RestoreState.DONE).to_json()
    with pytest.raises(PeopleError, match="get deployment backup"):
        await restore(world.it, _what())
    assert REQUEST in _claim(world)


@pytest.mark.usefixtures("notes")
async def test_a_request_that_somebody_takes_away_is_no_success(world, monkeypatch):
    _Controller(world, monkeypatch, {"state": RestoreState.WAITING, "says": "x"})

    def take_away(_sentence: str) -> None:
        del _claim(world)[REQUEST]

    with pytest.raises(PeopleError, match="was taken away"):
        await restore(world.it, _what(), on_progress=take_away)


async def test_somebody_without_a_workspace_there_is_told_where_there_is_one(world, notes):
    with pytest.raises(
        NotThereError, match=r"no workspace in team robots.*There is one in: vision"
    ):
        await restore(world.it, restoration(ADA, "robots", reason="x"))


@pytest.mark.parametrize(
    ("typed", "moment"),
    [
        ("2026-11-30T03:00", datetime(2026, 11, 30, 3, tzinfo=UTC)),
        ("2026-11-30 03:00:05", datetime(2026, 11, 30, 3, 0, 5, tzinfo=UTC)),
        ("2026-11-30T03:00+01:00", datetime(2026, 11, 30, 2, tzinfo=UTC)),
        ("2026-11-30T03:00Z", datetime(2026, 11, 30, 3, tzinfo=UTC)),
    ],
)
def test_a_moment_is_in_utc_unless_it_says_otherwise(typed, moment):
    assert _what(at=typed).at == moment


def test_a_day_is_meant_to_its_end():
    at = _what(at="2026-11-30").at
    assert at is not None
    assert (at.isoformat()[:16], at.tzinfo) == ("2026-11-30T23:59", UTC)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"at": "yesterday"}, "'yesterday' is not a moment"),
        ({"at": "30.11.2026"}, "Write one such as 2026-11-30T03:00"),
        ({"snapshot": "latest"}, "'latest' is not a snapshot's id"),
        ({"snapshot": "ab12"}, "8 to 64 of the digits"),
        ({"reason": "  "}, "with --reason"),
        ({"team": "Vision!"}, "is not a name for a team"),
    ],
)
def test_what_is_typed_wrong_is_refused(given, said):
    words = {"email": ADA, "team": "vision", "reason": "x"} | given
    with pytest.raises(InputError, match=said):
        restoration(**words)


@pytest.mark.usefixtures("notes")
async def test_the_person_is_told_what_came_back_where_by_whom_and_why(world, monkeypatch):
    world.hub.users = {ADA: ("",), "bob@example.org": ("",)}
    _Controller(world, monkeypatch, DONE)
    assert (await restore(world.it, _what())).left == ()
    ((notice, told),) = world.hub.notices.values()
    assert told == [ADA]
    assert notice.text == (
        "tester, who administers this platform, has put your files of 2026-11-30 03:00 UTC back "
        "into the folder “restored 2026-11-30 03.00” of your home folder in team vision. The "
        "reason given: lost by a script"
    )
    assert notice.in_language("de").text != notice.text
    (standing,) = await standing_notices.list_notices(world.it)
    assert (standing.users, standing.by) == ((ADA,), "tester")
    assert standing.notice.in_language("de").text == notice.in_language("de").text


@pytest.mark.usefixtures("notes")
async def test_whoever_puts_back_their_own_is_told_nothing(world, monkeypatch):
    own = replace(world.it, audit=AuditLog(world.log, ADA))
    _Controller(world, monkeypatch, DONE)
    await restore(own, _what())
    assert await standing_notices.list_notices(world.it) == ()
    assert world.hub.notices == {}


@pytest.mark.usefixtures("notes")
async def test_that_somebody_could_not_be_told_is_said_beside_what_was_done(world, monkeypatch):
    async def away(*_arguments):
        raise UnreachableError("The hub is away", "Start it.")

    monkeypatch.setattr(world.hub, "show_notice", away)
    _Controller(world, monkeypatch, DONE)
    change = await restore(world.it, _what())
    assert change.steps
    assert change.left == (f"{ADA} could not be told of it: The hub is away. Start it.",)


@pytest.mark.usefixtures("notes")
async def test_what_is_being_put_back_is_cancelled_and_said(world, monkeypatch):
    with pytest.raises(NotThereError, match="Nothing is being put back into the workspace of ada"):
        await cancel(world.it, ADA, "vision")
    await restore(world.it, _what(wait=False))
    running = {"state": RestoreState.RUNNING}
    cancelled = {"state": RestoreState.CANCELLED}
    controller = _Controller(world, monkeypatch, running, running, cancelled)
    told = []
    change = await cancel(world.it, ADA, "vision", on_progress=told.append)
    assert change.steps == (
        "Cancel what tester asked to put back into the workspace of ada@example.org in team "
        "vision.",
    )
    assert told == ["What came back in part is being removed."]
    assert controller.asked[0].cancelled is False
    assert controller.asked[1].cancelled is True
    actions = [json.loads(each)["action"] for each in world.log.read_text().splitlines()]
    assert actions[-1] == "cancel restore"


@pytest.mark.usefixtures("notes")
async def test_who_waits_for_what_is_cancelled_or_cancels_too_late_is_told(world, monkeypatch):
    await restore(world.it, _what(wait=False))
    _Controller(world, monkeypatch, {"state": RestoreState.WAITING}, DONE)
    with pytest.raises(PeopleError, match=r"came too late\. Put the snapshot of 2026-11-30"):
        await cancel(world.it, ADA, "vision")
    _Controller(world, monkeypatch, {"state": RestoreState.CANCELLED})
    with pytest.raises(PeopleError, match="somebody has cancelled it"):
        await restore(world.it, _what())
