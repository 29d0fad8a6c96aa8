"""What is to be put back into a workspace, and how somebody says so in a command."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from gpucommons_contract import LONGEST_REASON, RestoreRequest, written_moment
from gpucommons_contract.formats.wording import moment
from gpucommons_contract.grants import END_OF_DAY

from gpucommons_people.errors import InputError
from gpucommons_people.names import team_name, user_name

_ID = re.compile(r"[0-9a-f]{8,64}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Restoration:
    """What to put back. With neither ``snapshot`` nor ``at`` it is the newest snapshot."""

    user: str
    """Whose workspace; empty for the folder of the team."""
    team: str
    reason: str
    snapshot: str = ""
    at: datetime | None = None  # UTC
    repository: str = ""
    wait: bool = True

    @property
    def subject(self) -> str:
        """Name whose files they are: a person, or the team."""
        return self.user or self.team

    @property
    def whose(self) -> str:
        """Say what the snapshot is of."""
        if self.user:
            return f"the workspace of {self.user} in team {self.team}"
        return f"the folder of team {self.team}"

    @property
    def which(self) -> str:
        """Say which snapshot is meant."""
        what = "the newest snapshot"
        if self.snapshot:
            what = f"the snapshot {self.snapshot[:8]}"
        elif self.at:
            what = f"the newest snapshot of {moment(self.at)} or earlier"
        return f"{what} in {self.repository}" if self.repository else what

    def request(self, identifier: str, who: str) -> RestoreRequest:
        """Return what the controller is asked."""
        at = written_moment(self.at) if self.at else ""
        return RestoreRequest(identifier, self.snapshot, at, self.repository, who, self.reason)


def restoration(
    email: str,
    team: str,
    *,
    reason: str,
    snapshot: str = "",
    at: str = "",
    repository: str = "",
    wait: bool = True,
) -> Restoration:
    """Read what was typed; without ``email`` the team's folder is meant.

    Raises InputError that says what is wrong and how to write it.
    """
    return Restoration(
        user=user_name(email) if email else "",
        team=team_name(team),
        reason=checked_reason(reason),
        snapshot=snapshot_typed(snapshot),
        at=moment_typed(at) if at else None,
        repository=repository.strip().strip("/"),
        wait=wait,
    )


def snapshot_typed(snapshot: str) -> str:
    """Return an id, or its beginning, as ``--snapshot`` has it. Raises InputError."""
    if snapshot and not _ID.fullmatch(snapshot):
        raise InputError(
            f"--snapshot {snapshot!r} is not a snapshot's id: 8 to 64 of the digits 0 to 9 and a "
            "to f, as `gpucommons backup list` and restic show it."
        )
    return snapshot


def checked_reason(reason: str) -> str:
    """Return a reason in one line. Raises InputError without one, and for one that is too long."""
    reason = " ".join(reason.split())
    if not reason or len(reason) > LONGEST_REASON:
        raise InputError(f"Give a reason of 1 to {LONGEST_REASON} characters with --reason.")
    return reason


def moment_typed(text: str) -> datetime:
    """Read ``--at``: a moment, which is in UTC unless it says otherwise, or a whole day.

    Raises InputError that says how to write it.
    """
    text = text.strip()
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            f"--at {text!r} is not a moment. Write one such as 2026-11-30T03:00, in UTC, "
            "2026-11-30T04:00+01:00, or 2026-11-30 for the end of that day."
        ) from error
    if _DAY.fullmatch(text):
        found = datetime.combine(found.date(), END_OF_DAY)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
