"""What is noted on a claim of a snapshot that was taken, or not, and of old ones forgotten."""

from datetime import datetime, timedelta

from gpucommons_contract import Annotation, written_moment

from gpucommons_backup.controller.results.outcome import Good
from gpucommons_backup.controller.watching.claims import (
    LONGEST_SENTENCE,
    Notes,
    Workspace,
    is_ahead,
)


def notes_on_good(
    good: Good, workspace: Workspace, created: datetime, now: datetime, *, is_used: bool
) -> dict[str, str | None]:
    """Say that there is a snapshot, whose pod was created at that moment.

    ``is_used``: whether a session has the workspace, or had it after that.
    """
    begun = now if is_ahead(created, now) else created
    latest = max(begun, now)
    used: dict[str, str | None] = {}
    if is_used:
        # It may have changed after that moment: whether it did shows the next snapshot.
        used = {Annotation.MOUNTED_AT: written_moment(latest)}
    elif workspace.mounted_at and is_ahead(workspace.mounted_at, latest):
        # The hub's clock is ahead: until then there would be one snapshot after another.
        used = {Annotation.MOUNTED_AT: written_moment(begun - timedelta(seconds=1))}
    # Of an emptied workspace there is none; then the one before is what somebody needs.
    newest: Notes = {Annotation.SNAPSHOT_ID: good.snapshot} if good.snapshot else {}
    return {
        **newest,
        **used,
        Annotation.SNAPSHOT_LAST_GOOD: written_moment(begun),
        Annotation.SNAPSHOT_FILES: f"{good.files}",
        Annotation.SNAPSHOT_BYTES: f"{good.size}",
        Annotation.SNAPSHOT_INCOMPLETE: f"{good.unread}" if good.unread else None,
        Annotation.SNAPSHOT_ERROR: None,
        Annotation.SNAPSHOT_FAILURES: None,
        Annotation.SNAPSHOT_FAILED_AT: None,
    }


def notes_on_failure(
    workspace: Workspace, sentence: str, now: datetime, *, was_wished: bool = False
) -> dict[str, str | None]:
    """Say that a try has failed, and why.

    ``was_wished``: somebody asked for it. The pause before what is taken by itself stays as it is.
    """
    said: dict[str, str | None] = {Annotation.SNAPSHOT_ERROR: sentence[:LONGEST_SENTENCE]}
    if was_wished:
        return said
    return said | {
        Annotation.SNAPSHOT_FAILURES: f"{workspace.failures + 1}",
        Annotation.SNAPSHOT_FAILED_AT: written_moment(now),
    }


def notes_on_tidied(now: datetime) -> dict[str, str | None]:
    """Say that the repository is tidy."""
    return {
        Annotation.SNAPSHOT_TIDIED: written_moment(now),
        Annotation.SNAPSHOT_TIDY_ERROR: None,
        Annotation.SNAPSHOT_TIDY_FAILED_AT: None,
    }


def notes_on_untidied(sentence: str, now: datetime) -> dict[str, str | None]:
    """Say that tidying has failed, and why."""
    return {
        Annotation.SNAPSHOT_TIDY_ERROR: sentence[:LONGEST_SENTENCE],
        Annotation.SNAPSHOT_TIDY_FAILED_AT: written_moment(now),
    }
