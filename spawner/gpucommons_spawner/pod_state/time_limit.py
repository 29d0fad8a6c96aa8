"""When a session ends because its size has a maximum duration, and how that is said. Pure.

Kubernetes ends a pod that was ``activeDeadlineSeconds`` on its node.
Source: https://kubernetes.io/docs/concepts/workloads/controllers/job/#job-termination-and-cleanup
"""

from datetime import datetime, timedelta

from gpucommons_contract import END_REASON_NOTICE, Notice, NoticeLevel
from gpucommons_contract.formats.wording import span
from gpucommons_contract.words import phrase

from gpucommons_spawner.kubernetes.manifest import Manifest
from gpucommons_spawner.pod_state.ended import session_ended

_LEAD = timedelta(minutes=15)
"""How long before the end its person is warned; a tenth of the session if that is shorter."""


def end_of(pod: Manifest) -> datetime | None:
    """Return when Kubernetes ends the pod; None if it does not, or has not begun to count."""
    limit, begun = _limit(pod), pod.get("status", {}).get("startTime")
    return datetime.fromisoformat(begun) + limit if limit and begun else None


def told_from(pod: Manifest) -> datetime | None:
    """Return from when on the person must be warned of the end."""
    limit, end = _limit(pod), end_of(pod)
    return end - min(_LEAD, limit / 10) if limit and end else None


def notice_of(end: datetime) -> Notice:
    """Word what the person sees in the session, next to a countdown to the end."""
    return Notice(
        id=END_REASON_NOTICE,
        text=phrase("Save your work: this session is about to reach its time limit and will stop."),
        level=NoticeLevel.WARNING,
        ends_at=end.timestamp(),
    )


def time_up(pod: Manifest) -> str | None:
    """Say that the pod was ended because its time was up; None if it was not."""
    status, limit = pod.get("status", {}), _limit(pod)
    if status.get("phase") != "Failed" or status.get("reason") != "DeadlineExceeded" or not limit:
        return None
    longest = phrase("sessions of its size last %(time)s at most", time=span(limit.total_seconds()))
    return session_ended(longest, end_of(pod))


def _limit(pod: Manifest) -> timedelta | None:
    seconds = pod.get("spec", {}).get("activeDeadlineSeconds")
    return timedelta(seconds=seconds) if seconds else None
