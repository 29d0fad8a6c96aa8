"""Whether everybody's work is in a snapshot, as claims say it, and what a command makes of it."""

import json
from datetime import UTC, datetime, timedelta

from gpucommons_contract import SnapshotState, written_moment
from gpucommons_people.clients.kinds import CLAIMS
from gpucommons_people.clients.workspaces import Workspace
from gpucommons_people.output import Output
from gpucommons_people.people import People
from gpucommons_people.reading_operations import OPERATIONS
from gpucommons_people.workspaces.backup_status import judge, status

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _workspace(owner: str, team: str = "vision", **snapshot) -> Workspace:
    state = SnapshotState(**snapshot)
    created = NOW - 1000 * HOUR
    return Workspace("", owner, team, f"team-{team}", "1Gi", "", snapshot=state, created=created)


def test_the_late_come_first_and_teams_are_summed_up():
    used = {"mounted_at": NOW}
    found = judge(
        [
            _workspace("idle", last_good=NOW - 90 * HOUR, tidied=NOW),
            _workspace("good", last_good=NOW - HOUR, tidied=NOW - HOUR, **used),
            _workspace("late", last_good=NOW - 5 * HOUR, tidied=NOW, **used),
            _workspace("never", team="audio", error="The store is full.", **used),
            _workspace("holes", last_good=NOW, unread=2, tidied=NOW - 999 * HOUR),
        ],
        NOW,
        3 * HOUR,
    )
    assert found.is_late
    assert [(each.workspace.owner, each.state) for each in found.workspaces] == [
        ("never", "late, failing"),
        ("late", "late"),
        ("holes", "incomplete, not tidied"),
        ("idle", "good"),
        ("good", "good"),
    ]
    audio, vision = found.teams
    assert (audio.team, audio.late, audio.failing, audio.oldest) == ("audio", 1, 1, None)
    assert (vision.workspaces, vision.late, vision.incomplete) == (4, 1, 1)
    assert vision.oldest == NOW - 5 * HOUR


def test_who_has_old_snapshots_and_no_new_work_is_not_late():
    assert not judge([_workspace("idle", last_good=NOW - 900 * HOUR)], NOW, HOUR).is_late


async def test_the_command_ends_with_1_where_one_is_late(world, capsys):
    world.add_team("vision")
    world.add_workspace("ada@example.org", "vision")
    claim = world.cluster.objects[CLAIMS, "team-vision", "workspace-ada"]
    now = datetime.now(UTC)
    claim["metadata"]["annotations"] |= {
        "gpucommons.io/snapshot-last-good": written_moment(now - 4 * HOUR),
        "gpucommons.io/snapshot-error": "The store is full.",
        "gpucommons.io/mounted-at": written_moment(now),
    }

    async def run(output, late_after, team=None):
        arguments = type("Arguments", (), {"team": team, "late_after": late_after})
        return await OPERATIONS["backup_status"](People(world.it), arguments, output)

    assert await run(Output(json=False), "3h") == 1
    said = capsys.readouterr().out
    assert "1 workspace may have work that is in no snapshot for too long." in said
    assert "ada@example.org" in said
    assert "late, failing" in said
    assert await run(Output(json=True), "5h") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["late"], said["late_after_seconds"]) == (False, 18000)
    assert said["teams"][0]["failing"] == 1
    (workspace,) = said["workspaces"]
    assert (workspace["owner"], workspace["late"]) == ("ada@example.org", False)
    assert workspace["snapshot_error"] == "The store is full."
    assert (await status(world.it, "audio")).workspaces == ()
