"""What is told of a workspace's snapshots, in a table and to programs."""

from dataclasses import asdict
from datetime import datetime, timedelta

from gpucommons_contract import SnapshotState, written_moment

_LONGEST_REASON = 40
"""Characters of a failure in a table; ``--json`` has all of it."""
_UNITS = (("d", timedelta(days=1)), ("h", timedelta(hours=1)), ("min", timedelta(minutes=1)))


def in_words(state: SnapshotState, now: datetime) -> str:
    """Say it in a table's cell: ``2 h ago``, ``never``, ``failed: no room (2 h ago)``."""
    when = "never" if state.last_good is None else ago(now - state.last_good)
    if not state.error:
        return when
    reason = shortened(state.error)
    return f"failed: {reason}" if state.last_good is None else f"failed: {reason} ({when})"


def shortened(sentence: str) -> str:
    """Shorten a sentence for a table's cell."""
    sentence = sentence.rstrip(".")
    if len(sentence) <= _LONGEST_REASON:
        return sentence
    return f"{sentence[: _LONGEST_REASON - 1].rstrip()}…"


def ago(age: timedelta) -> str:
    """Say how long ago something was: ``2 h ago``."""
    for name, unit in _UNITS:
        if age >= unit:
            return f"{age // unit} {name} ago"
    return "just now"


def snapshot_json(state: SnapshotState) -> dict[str, object]:
    """Turn into what ``--json`` prints of a workspace."""
    return {
        "snapshot_last_good": _written(state.last_good),
        "snapshot_id": state.id or None,
        "snapshot_files": state.files,
        "snapshot_bytes": state.bytes,
        "snapshot_unread": state.unread,
        "snapshot_error": state.error or None,
        "snapshot_tidied": _written(state.tidied),
        "snapshot_tidy_error": state.tidy_error or None,
        "mounted_at": _written(state.mounted_at),
        "snapshot_final": _written(state.final),
        "snapshot_check": asdict(state.check) if state.check else None,
        "backup_repository": state.repository or None,
    }


def _written(moment: datetime | None) -> str | None:
    return written_moment(moment) if moment else None
