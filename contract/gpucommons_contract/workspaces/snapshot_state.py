"""What a workspace's claim says of its snapshots; the controller of the backups writes it there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from gpucommons_contract.formats.wording import read_moment
from gpucommons_contract.labels import Annotation, read_note
from gpucommons_contract.workspaces.checks import (
    CheckRequest,
    CheckResult,
    read_check_request,
    read_check_result,
)

LATE_AFTER = timedelta(hours=3)
"""How old the last good snapshot of a workspace may be that may have changed since: three times as
old as by the usual schedule."""
UNCOPIED_AFTER = timedelta(days=2)
"""How long a snapshot may be in no second store, where there is one: twice as long as usual."""
UNTIDY_AFTER = timedelta(weeks=4)
"""How long old snapshots may stay in the store of which new ones come: four times as long as
usual."""


@dataclass(frozen=True, slots=True)
class SnapshotState:
    """The last good snapshot, and why there is no newer one. All is empty before the first."""

    last_good: datetime | None = None  # UTC
    id: str = ""
    files: int | None = None
    bytes: int | None = None
    """All files together, not what they take in the store."""
    unread: int = 0
    """How many entries could not be read, and are not in it."""
    error: str = ""
    """A sentence; empty if the last try succeeded."""
    tidied: datetime | None = None
    """When old ones were last forgotten, UTC."""
    tidy_error: str = ""
    mounted_at: datetime | None = None
    """When a session last had the workspace, UTC."""
    repository: str = ""
    """Where they are, in the store."""
    final: datetime | None = None
    """When a last snapshot was begun that was verified, UTC."""
    check: CheckResult | None = None
    """What came of the last time that its snapshots were verified."""
    check_asked: CheckRequest | None = None
    """What is asked for now."""
    check_state: CheckResult | None = None
    """How far that is; None before the controller has seen it."""
    sealed: bool = False
    """Whether its password is in the stores, sealed for the recovery key."""
    copied: datetime | None = None
    """All that were begun before are in the second store, too, UTC."""
    copy_error: str = ""
    """Why newer ones are not there: a sentence; empty if the last try succeeded."""
    copy_failed_at: datetime | None = None
    """When that was tried, UTC."""
    copy_wanted: bool = False
    """Whether there is a second store, known as soon as there is a last snapshot."""

    @property
    def has_last(self) -> bool:
        """Whether the last snapshot has all that there is, so that the workspace may go."""
        return self.is_last_taken and not self.waits_for_copy

    @property
    def is_last_taken(self) -> bool:
        """Whether there is a last snapshot with all that there is, be it in one store alone."""
        if self.final is None:
            return False
        return self.mounted_at is None or self.mounted_at < self.final

    @property
    def waits_for_copy(self) -> bool:
        """Whether the last snapshot is to be in a second store, too, and is not there yet."""
        if self.final is None or not self.id:
            return False
        if not (self.copied or self.copy_error or self.copy_wanted):
            return False
        return self.copied is None or self.copied < self.final

    @property
    def last_copy_error(self) -> str:
        """Why the last snapshot is not in the second store; empty as long as that is not tried."""
        if self.final is None or self.copy_failed_at is None or self.copy_failed_at <= self.final:
            return ""
        return self.copy_error

    @property
    def may_lack(self) -> bool:
        """Whether a session had the workspace since the last good snapshot was begun."""
        if self.mounted_at is None:
            return False
        return self.last_good is None or self.mounted_at >= self.last_good

    def is_late(
        self, now: datetime, created: datetime | None, after: timedelta = LATE_AFTER
    ) -> bool:
        """Whether work may have been in no snapshot for longer than ``after``.

        created: when the workspace was made, from which it counts where there is no snapshot.
        """
        since = self.last_good or created or self.mounted_at
        return bool(self.may_lack and since and now - since > after)

    def is_uncopied(self, now: datetime) -> bool:
        """Whether newer snapshots should long be in the second store, where there is one."""
        if self.last_good is None or not self.id or not (self.copied or self.copy_error):
            return False
        is_newer = self.copied is None or self.copied < self.last_good
        return is_newer and now - (self.copied or self.last_good) > UNCOPIED_AFTER

    def is_untidy(self, now: datetime, created: datetime | None) -> bool:
        """Whether old snapshots have not been forgotten for long, although new ones come."""
        if self.last_good is None or (self.tidied and self.last_good <= self.tidied):
            return False
        since = self.tidied or created
        return bool(since and now - since > UNTIDY_AFTER)


def snapshot_state(annotations: Mapping[str, str]) -> SnapshotState:
    """Read a claim's annotations. What cannot be read counts as not there."""
    said = annotations.get
    repository = said(Annotation.BACKUP_REPOSITORY, "")
    return SnapshotState(
        last_good=read_note(read_moment, said(Annotation.SNAPSHOT_LAST_GOOD)),
        id=said(Annotation.SNAPSHOT_ID, ""),
        files=_number(said(Annotation.SNAPSHOT_FILES)),
        bytes=_number(said(Annotation.SNAPSHOT_BYTES)),
        unread=_number(said(Annotation.SNAPSHOT_INCOMPLETE)) or 0,
        error=said(Annotation.SNAPSHOT_ERROR, ""),
        tidied=read_note(read_moment, said(Annotation.SNAPSHOT_TIDIED)),
        tidy_error=said(Annotation.SNAPSHOT_TIDY_ERROR, ""),
        mounted_at=read_note(read_moment, said(Annotation.MOUNTED_AT)),
        repository=repository,
        sealed=bool(repository) and said(Annotation.SNAPSHOT_SEALED) == repository,
        copied=read_note(read_moment, said(Annotation.SNAPSHOT_COPIED)),
        copy_error=said(Annotation.SNAPSHOT_COPY_ERROR, ""),
        copy_failed_at=read_note(read_moment, said(Annotation.SNAPSHOT_COPY_FAILED_AT)),
        copy_wanted=bool(said(Annotation.SNAPSHOT_COPY_WANTED)),
        final=read_note(read_moment, said(Annotation.SNAPSHOT_FINAL)),
        check=read_note(read_check_result, said(Annotation.SNAPSHOT_CHECK_RESULT)),
        check_asked=read_note(read_check_request, said(Annotation.SNAPSHOT_CHECK_REQUEST)),
        check_state=read_note(read_check_result, said(Annotation.SNAPSHOT_CHECK_STATE)),
    )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None
