"""When a session ends because its size may last only so long, and how that is said. Pure.

Kubernetes ends a pod that was ``activeDeadlineSeconds`` on its node.
Source: https://kubernetes.io/docs/concepts/workloads/controllers/job/#job-termination-and-cleanup
"""

from datetime import UTC, date, datetime, timedelta

from gpucommons_contract import Notice, NoticeLevel

from gpucommons_spawner.watch import Manifest

NOTICE_ID = "session-end"
_LEAD = timedelta(minutes=15)
"""How long before the end its person is told; a tenth of the session if that is shorter."""
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def end_of(pod: Manifest) -> datetime | None:
    """Answer when Kubernetes ends the pod; None if it does not, or has not begun to count."""
    limit, begun = _limit(pod), pod.get("status", {}).get("startTime")
    return datetime.fromisoformat(begun) + limit if limit and begun else None


def told_from(pod: Manifest) -> datetime | None:
    """Answer from when on the person is to be told of the end."""
    limit, end = _limit(pod), end_of(pod)
    return end - min(_LEAD, limit / 10) if limit and end else None


def notice_of(end: datetime) -> Notice:
    """Word what the person sees in the session, beside a countdown to the end."""
    return Notice(
        id=NOTICE_ID,
        text="Save your work: this session has reached the longest time of its size, and ends.",
        level=NoticeLevel.WARNING,
        ends_at=end.timestamp(),
    )


def time_up(pod: Manifest) -> str | None:
    """Say that the pod was ended because its time was up; None if it was not."""
    status, limit = pod.get("status", {}), _limit(pod)
    if status.get("phase") != "Failed" or status.get("reason") != "DeadlineExceeded" or not limit:
        return None
    end = end_of(pod)
    at = f" at {end:%H:%M} UTC" if end else ""
    return (
        f"Your session ended{at}: sessions of its size last {span(limit)} at most. "
        "Files saved in your home folder are kept; what was only in memory is lost."
    )


def span(length: timedelta) -> str:
    """Write a length of time in the largest unit that it is a whole number of: ``8 hours``."""
    seconds = int(length.total_seconds())
    size, unit = next(each for each in _UNITS if seconds % each[0] == 0)
    count = seconds // size
    return f"{count} {unit}{'' if count == 1 else 's'}"


def moment(when: datetime, today: date) -> str:
    """Write a moment, as ``14:30 UTC``, with the day if that is not today; never too early."""
    minute = when.astimezone(UTC).replace(second=0, microsecond=0)
    if minute < when:
        minute += timedelta(minutes=1)
    clock = f"{minute:%H:%M} UTC"
    return clock if minute.date() == today else f"{clock} on {minute.day} {minute:%B}"


def _limit(pod: Manifest) -> timedelta | None:
    seconds = pod.get("spec", {}).get("activeDeadlineSeconds")
    return timedelta(seconds=seconds) if seconds else None
