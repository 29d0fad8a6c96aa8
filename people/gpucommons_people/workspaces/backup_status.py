"""Whether everybody's work is in a snapshot, by what the claims say."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gpucommons_contract import LATE_AFTER, written_moment

from gpucommons_people.clients.workspaces import Workspace
from gpucommons_people.installation import Installation


@dataclass(frozen=True, slots=True)
class WorkspaceStatus:
    """One workspace, or the folder of a team."""

    workspace: Workspace
    is_late: bool
    """A session had it, and the last good snapshot is older than allowed."""
    is_untidy: bool
    """Old snapshots were not forgotten for long."""

    @property
    def state(self) -> str:
        """Say it in a word or two."""
        snapshot = self.workspace.snapshot
        words = {
            "late": self.is_late,
            "failing": bool(snapshot.error),
            "incomplete": bool(snapshot.unread),
            "not tidied": self.is_untidy or bool(snapshot.tidy_error),
        }
        return ", ".join(word for word, is_so in words.items() if is_so) or "good"

    @property
    def reason(self) -> str:
        """Return why there is no newer snapshot, or why old ones are still there."""
        return self.workspace.snapshot.error or self.workspace.snapshot.tidy_error


@dataclass(frozen=True, slots=True)
class TeamStatus:
    """The workspaces of one team."""

    team: str
    workspaces: int
    late: int
    failing: int
    incomplete: int
    oldest: datetime | None
    """The oldest last good snapshot of those that may have changed since; None without any."""


@dataclass(frozen=True, slots=True)
class BackupStatus:
    """All workspaces: the late first, and of each kind those with the oldest snapshots."""

    at: datetime  # UTC
    late_after: timedelta
    workspaces: tuple[WorkspaceStatus, ...]

    @property
    def is_late(self) -> bool:
        """Whether anybody's work may have been in no snapshot for too long."""
        return any(each.is_late for each in self.workspaces)

    @property
    def teams(self) -> tuple[TeamStatus, ...]:
        """Return the teams in order of their names."""
        names = sorted({each.workspace.team for each in self.workspaces})
        return tuple(_team(name, self.workspaces) for name in names)

    def as_json(self) -> dict[str, object]:
        """Turn into what ``--json`` prints."""
        return {
            "at": written_moment(self.at),
            "late": self.is_late,
            "late_after_seconds": self.late_after.total_seconds(),
            "teams": [
                {
                    "team": each.team,
                    "workspaces": each.workspaces,
                    "late": each.late,
                    "failing": each.failing,
                    "incomplete": each.incomplete,
                    "oldest_last_good": written_moment(each.oldest) if each.oldest else None,
                }
                for each in self.teams
            ],
            "workspaces": [
                {**each.workspace.as_json(), "late": each.is_late, "untidy": each.is_untidy}
                for each in self.workspaces
            ],
        }


async def status(
    installation: Installation, team: str | None = None, late_after: timedelta = LATE_AFTER
) -> BackupStatus:
    """Judge all workspaces and folders of teams, or those of one team."""
    workspaces = installation.workspaces
    found = [*await workspaces.all(), *await workspaces.folders()]
    of_team = (each for each in found if team is None or each.team == team)
    return judge(of_team, datetime.now(UTC), late_after)


def judge(workspaces: Iterable[Workspace], now: datetime, late_after: timedelta) -> BackupStatus:
    """Judge workspaces at a moment. Pure."""
    judged = [
        WorkspaceStatus(
            each,
            each.snapshot.is_late(now, each.created, late_after),
            each.snapshot.is_untidy(now, each.created),
        )
        for each in workspaces
    ]
    judged.sort(key=_urgency)
    return BackupStatus(now, late_after, tuple(judged))


_BEGINNING = datetime.min.replace(tzinfo=UTC)


def _urgency(each: WorkspaceStatus) -> tuple[bool, bool, datetime, str, str]:
    """Order those with the most to lose first."""
    last = each.workspace.snapshot.last_good or _BEGINNING
    return not each.is_late, each.state == "good", last, each.workspace.team, each.workspace.owner


def _team(name: str, workspaces: Iterable[WorkspaceStatus]) -> TeamStatus:
    mine = [each for each in workspaces if each.workspace.team == name]
    snapshots = [each.workspace.snapshot for each in mine]
    return TeamStatus(
        team=name,
        workspaces=len(mine),
        late=sum(each.is_late for each in mine),
        failing=sum(bool(each.error) for each in snapshots),
        incomplete=sum(bool(each.unread) for each in snapshots),
        oldest=min((s.last_good for s in snapshots if s.may_lack and s.last_good), default=None),
    )
