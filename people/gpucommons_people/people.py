"""The operations on teams and people, for the commands and for a university's portal.

    async with People.open(read_configuration(Path("people.yaml")), who="portal") as people:
        change = await people.add_user("ada@example.org", ["vision"])

Each may be repeated and interrupted: giving it again finishes what is missing. With
dry_run nothing is changed, and the result says what would be.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Self

from gpucommons_contract import LATE_AFTER, Grant, NoticeLevel, StandingNotice
from gpucommons_contract.private_access import Peer

from gpucommons_people import checks, grants, notices, standing_notices
from gpucommons_people.accounts import accounts, importing, move, person, removal
from gpucommons_people.accounts.accounts import Leftover
from gpucommons_people.accounts.importing import OnProgress
from gpucommons_people.accounts.newcomer import newcomer
from gpucommons_people.accounts.person import PersonState
from gpucommons_people.accounts.removal import OnWait, Removal
from gpucommons_people.change import Change
from gpucommons_people.clients.dex_accounts import Account
from gpucommons_people.clients.files import KeptSnapshot
from gpucommons_people.clients.patience import Patience
from gpucommons_people.clients.workspaces import Workspace
from gpucommons_people.files.configuration import Configuration
from gpucommons_people.installation import Installation, opened
from gpucommons_people.names import team_name
from gpucommons_people.private_access import ways
from gpucommons_people.private_access.keys import Keys
from gpucommons_people.teams import team_folder, team_leads, team_removal, teams
from gpucommons_people.teams.team import Team
from gpucommons_people.teams.teams import TeamState
from gpucommons_people.workspaces import (
    backup_status,
    beginning,
    erasing,
    growth,
    reading,
    restoring,
    retention,
    verification,
)
from gpucommons_people.workspaces.backup_status import BackupStatus
from gpucommons_people.workspaces.erasing import Wiping
from gpucommons_people.workspaces.growth import Growth, OnGrowth
from gpucommons_people.workspaces.reading import Folder, Wanted
from gpucommons_people.workspaces.restoration import Restoration
from gpucommons_people.workspaces.verification import Verification


class People:
    """The operations on one installation. All raise PeopleError, whose text is meant for people."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        configuration: Configuration,
        who: str | None = None,
        patience: Patience = Patience(),  # noqa: B008 -- frozen
    ) -> AsyncIterator[Self]:
        """Connect to the installation, for as long as an ``async with`` lasts.

        who is written to the audit log; without it, whoever gives the command. patience is how long
        a hub or a cluster is waited for that does not answer.
        """
        async with opened(configuration, who, patience) as installation:
            yield cls(installation)

    async def apply_teams(
        self, wanted: Sequence[Team], *, dry_run: bool = False
    ) -> tuple[Change, ...]:
        """Make teams or change them so that they are as given; all are checked first."""
        return await teams.apply_teams(self._installation, wanted, dry_run=dry_run)

    async def find_team(self, name: str) -> Team:
        """Return a team; NotThereError if there is none."""
        return await teams.find_team(self._installation, name)

    async def list_teams(self) -> tuple[Team, ...]:
        """Return all teams, in order of their names."""
        return await teams.list_teams(self._installation)

    async def show_team(self, name: str) -> TeamState:
        """Return a team with what is in it."""
        return await teams.show_team(self._installation, name)

    async def remove_team(
        self,
        name: str,
        *,
        remove_members: bool = False,
        delete_workspaces: bool = False,
        without_snapshot: bool = False,
        dry_run: bool = False,
    ) -> Change:
        """Delete a team; refused while something is in it that no option lets go."""
        return await team_removal.remove_team(
            self._installation,
            name,
            remove_members=remove_members,
            delete_workspaces=delete_workspaces,
            without_snapshot=without_snapshot,
            dry_run=dry_run,
        )

    async def delete_team_folder(
        self, name: str, *, without_snapshot: bool = False, dry_run: bool = False
    ) -> Change:
        """Delete the folder of a team with all files; refused while sessions get it, or have it."""
        team = await self.find_team(name)
        return await team_folder.delete_folder(
            self._installation, team, without_snapshot=without_snapshot, dry_run=dry_run
        )

    async def list_leads(self, team: str) -> dict[str, str]:
        """Return who leads a team, and since when each has the account; "" where nobody knows."""
        return await team_leads.list_leads(self._installation, team)

    async def make_lead(self, team: str, email: str, *, dry_run: bool = False) -> Change:
        """Let somebody see how much each member of a team used."""
        return await team_leads.make_lead(self._installation, team, email, dry_run=dry_run)

    async def end_lead(self, team: str, email: str, *, dry_run: bool = False) -> Change:
        """Let somebody see that no more; NotThereError if they do not lead the team."""
        return await team_leads.end_lead(self._installation, team, email, dry_run=dry_run)

    async def add_user(
        self,
        email: str,
        team_names: Iterable[str],
        *,
        name: str = "",
        admin: bool = False,
        password: str | None = None,
        keys: Keys | None = None,
        leftover: Leftover = Leftover.REFUSE,
        dry_run: bool = False,
    ) -> Change:
        """Make an account with a handout, or add teams to the one there is.

        leftover says what becomes of files of an earlier person of that name. keys: of the person's
        device, where there is private access; without them they are made.
        """
        known = await self._installation.team_names()
        wanted = newcomer(
            email, team_names, known, name=name, admin=admin, password=password, keys=keys
        )
        return await accounts.add_user(self._installation, wanted, leftover, dry_run=dry_run)

    async def remove_user(
        self,
        email: str,
        how: Removal | None = None,
        *,
        dry_run: bool = False,
        on_wait: OnWait = lambda _sessions, _seconds: None,
        on_progress: checks.OnProgress = lambda _sentence: None,
    ) -> Change:
        """Remove somebody: out at once, sessions stopped after a grace, files kept a while."""
        how = how or Removal()
        return await removal.remove_user(
            self._installation,
            email,
            how,
            dry_run=dry_run,
            on_wait=on_wait,
            on_progress=on_progress,
        )

    async def move_user(
        self,
        email: str,
        *,
        source: str,
        targets: Iterable[str],
        stop_sessions: bool = False,
        dry_run: bool = False,
    ) -> Change:
        """Take somebody out of one team and into others."""
        return await move.move_user(
            self._installation,
            email,
            source=source,
            targets=targets,
            stop_sessions=stop_sessions,
            dry_run=dry_run,
        )

    async def reset_password(
        self, email: str, *, password: str | None = None, dry_run: bool = False
    ) -> Change:
        """Give an account another password, with a handout."""
        return await accounts.reset_password(
            self._installation, email, password=password, dry_run=dry_run
        )

    async def add_device(
        self,
        email: str,
        device: str = ways.FIRST_DEVICE,
        keys: Keys | None = None,
        *,
        new_key: bool = False,
        dry_run: bool = False,
    ) -> Change:
        """Let a device in through WireGuard, with a handout; new_key: in place of what it had."""
        return await ways.add_device(
            self._installation, email, device, keys, new_key=new_key, dry_run=dry_run
        )

    async def remove_devices(
        self, email: str, device: str | None = None, *, dry_run: bool = False
    ) -> Change:
        """Let a device in through WireGuard no more, or all of somebody's."""
        return await ways.remove_devices(self._installation, email, device, dry_run=dry_run)

    async def list_devices(self, email: str | None = None) -> tuple[Peer, ...]:
        """Return the devices that are let in through WireGuard, all or those of one person."""
        return await ways.list_devices(self._installation, email)

    async def import_users(
        self,
        file: Path,
        *,
        dry_run: bool = False,
        on_progress: OnProgress = lambda _done, _all: None,
    ) -> Change:
        """Add all people of a CSV file; a file with a mistake changes nothing."""
        return await importing.import_users(
            self._installation, file, dry_run=dry_run, on_progress=on_progress
        )

    async def list_users(self, team: str | None = None) -> tuple[Account, ...]:
        """Return the accounts in Dex, all or those of one team."""
        if team is not None:
            await teams.find_team(self._installation, team_name(team))
        found = await self._installation.dex.all()
        return tuple(each for each in found if team is None or team in each.groups)

    async def show_user(self, email: str) -> PersonState:
        """Return all that is known of somebody; NotThereError if that is nothing."""
        return await person.show_user(self._installation, email)

    async def list_workspaces(self, *, archived: bool = False) -> tuple[Workspace, ...]:
        """Return all workspaces and the folders of teams, or only those of people who left."""
        workspaces = self._installation.workspaces
        found = [*await workspaces.all(), *await workspaces.folders()]
        return tuple(each for each in found if each.kept_until or not archived)

    async def grow_workspace(
        self,
        what: Growth,
        *,
        dry_run: bool = False,
        on_wait: OnGrowth = lambda _sentence: None,
    ) -> Change:
        """Let a workspace have more room, and wait until the storage driver has made it."""
        return await growth.grow(self._installation, what, dry_run=dry_run, on_wait=on_wait)

    async def begin_empty(
        self, email: str, team: str, *, reason: str, dry_run: bool = False
    ) -> Change:
        """Let somebody begin with an empty workspace in place of one that was deleted."""
        return await beginning.begin_empty(
            self._installation, email, team, reason=reason, dry_run=dry_run
        )

    async def restore_snapshot(
        self,
        what: Restoration,
        *,
        dry_run: bool = False,
        on_progress: checks.OnProgress = lambda _sentence: None,
    ) -> Change:
        """Have a snapshot put back into a new folder of a workspace, and wait until it is."""
        return await restoring.restore(
            self._installation, what, dry_run=dry_run, on_progress=on_progress
        )

    async def cancel_restore(
        self,
        email: str,
        team: str,
        *,
        dry_run: bool = False,
        wait: bool = True,
        on_progress: checks.OnProgress = lambda _sentence: None,
    ) -> Change:
        """Have nothing put back any more, and what came back in part removed."""
        return await restoring.cancel(
            self._installation, email, team, dry_run=dry_run, wait=wait, on_progress=on_progress
        )

    async def backup_status(
        self, team: str | None = None, late_after: timedelta = LATE_AFTER
    ) -> BackupStatus:
        """Judge the snapshots of all workspaces, or of one team's."""
        return await backup_status.status(self._installation, team, late_after)

    async def list_snapshots(self, what: Wanted) -> tuple[KeptSnapshot, ...]:
        """Return the snapshots of somebody's workspace, newest first. They are told."""
        return await reading.list_snapshots(self._installation, what)

    async def browse_snapshot(self, what: Wanted) -> Folder:
        """Return what a folder of somebody's workspace had in a snapshot. They are told."""
        return await reading.browse(self._installation, what)

    async def export_snapshot(
        self,
        what: Wanted,
        target: Path,
        *,
        on_progress: OnProgress = lambda _done, _all: None,
    ) -> Change:
        """Put a snapshot of somebody's files into a new file. They are told."""
        return await reading.export(self._installation, what, target, on_progress)

    async def restore_workspaces(
        self, email: str, *, team: str | None = None, dry_run: bool = False
    ) -> Change:
        """Keep archived workspaces of somebody for good again."""
        return await retention.restore_workspaces(
            self._installation, email, team=team, dry_run=dry_run
        )

    async def prune(self, *, without_snapshot: bool = False, dry_run: bool = False) -> Change:
        """Delete archived workspaces whose last day has passed."""
        return await retention.prune(
            self._installation, without_snapshot=without_snapshot, dry_run=dry_run
        )

    async def erase_snapshots(
        self,
        what: Wiping,
        confirm: erasing.Confirm,
        *,
        dry_run: bool = False,
        on_progress: checks.OnProgress = lambda _sentence: None,
    ) -> Change:
        """Have snapshots of somebody who has left erased for ever, with their passwords."""
        return await erasing.erase(
            self._installation, what, confirm, dry_run=dry_run, on_progress=on_progress
        )

    async def verify_snapshots(
        self,
        what: Verification,
        *,
        dry_run: bool = False,
        on_progress: checks.OnProgress = lambda _sentence: None,
    ) -> Change:
        """Have what the store has verified, and wait until it is."""
        return await verification.verify(
            self._installation, what, dry_run=dry_run, on_progress=on_progress
        )

    async def grant_quota(self, what: grants.Wanted, *, dry_run: bool = False) -> Change:
        """Let one person or one team have more than usual until a moment."""
        return await grants.grant(self._installation, what, dry_run=dry_run)

    async def list_grants(self, *, ended: bool = False) -> tuple[Grant, ...]:
        """Return the quota grants in force, or all of them."""
        return await grants.list_grants(self._installation, ended=ended)

    async def revoke_grant(self, name: str, *, dry_run: bool = False) -> Change:
        """End a quota grant now."""
        return await grants.revoke(self._installation, name, dry_run=dry_run)

    async def prune_grants(self, *, dry_run: bool = False) -> Change:
        """Delete records of grants that ended long ago."""
        return await grants.prune_grants(self._installation, dry_run=dry_run)

    async def send_notice(
        self,
        text: str,
        *,
        notice_id: str,
        level: NoticeLevel = NoticeLevel.WARNING,
        ends_in: timedelta | None = None,
        stands_for: timedelta | None = None,
        users: Sequence[str] = (),
        dry_run: bool = False,
    ) -> Change:
        """Show a notice in all running and new sessions, or in those of some people."""
        return await notices.send(
            self._installation,
            text,
            notice_id=notice_id,
            level=level,
            ends_in=ends_in,
            stands_for=stands_for,
            users=users,
            dry_run=dry_run,
        )

    async def withdraw_notice(self, notice_id: str, *, dry_run: bool = False) -> Change:
        """Withdraw a notice from all running sessions, and show it in no new one."""
        return await notices.withdraw(self._installation, notice_id, dry_run=dry_run)

    async def list_notices(self) -> tuple[StandingNotice, ...]:
        """Return the notices that new sessions show."""
        return await standing_notices.list_notices(self._installation)
