"""What one culler remembers of the sessions it watches: readings go in, signals come out."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from gpucommons_contract.formats.wording import rough_span
from gpucommons_contract.sessions.activity import GPUActivity, SessionActivity

from gpucommons_culler.core.session import SessionKey
from gpucommons_culler.core.signals import FRESH, THE_SESSION, Signal, SignalName

_LONGEST_NAME = 60
"""Characters of a name that a session gives; it could be of any length."""
_DISPLAYS = frozenset(
    {"btop", "gpustat", "htop", "nvidia-smi", "nvitop", "nvtop", "tail", "top", "watch"}
)
"""Programs that display what others do and are left open for days. What they display is measured
by itself."""
_HOUR = 3600.0
"""Seconds. A session reports its highest utilization over this long."""

_Kept = dict[tuple[SignalName, str], Signal]


class SignalHistory:
    """The signals of all sessions, each by its name and source.

    A source is either sampled, and then knows nothing of what happened between two distant
    samples (`observe`), or it is the session, which reports how long ago things were (`report`).
    A later report never loses what is known of a session: its quiet never begins earlier than
    was known. Moments are in UTC.
    """

    def __init__(self) -> None:
        self._kept: dict[SessionKey, _Kept] = {}
        self._nothing_before: datetime | None = None

    def signals(self, session: SessionKey) -> tuple[Signal, ...]:
        """Return what is known of a session, including what was not measured lately."""
        return tuple(self._kept.get(session, {}).values())

    def observe(
        self,
        session: SessionKey,
        name: SignalName,
        source: str,
        *,
        trusted: bool,
        at: datetime,
        active: bool,
        value: str,
    ) -> None:
        """Take one sample. After a gap of more than `FRESH`, watching restarts at ``at``.

        A source that keeps a history may give it sample by sample, the oldest first.
        """
        kept = self._kept.setdefault(session, {})
        known = kept.get((name, source))
        watched, measured, last = at, at, at if active else None
        active_value = value if active else known.active_value if known else ""
        if known is not None:
            if abs(at - known.measured_at) <= FRESH:
                watched, measured = known.watched_since, max(at, known.measured_at)
            if known.active_at is not None and known.active_at <= measured:
                last = max(last or known.active_at, known.active_at)
        kept[name, source] = Signal(
            name, source, trusted, measured, watched, last, value, active_value if last else ""
        )

    def report(
        self,
        session: SessionKey,
        activity: SessionActivity,
        at: datetime,
        *,
        trust_gpu: bool = False,
    ) -> None:
        """Take a session's own answer, which came at a moment.

        What it leaves out (terminals, GPUs) is not measured by it. ``trust_gpu`` lets its
        figures of GPUs count fully, where nobody else measures them.
        """
        busy = [each.name for each in activity.kernels if each.busy]
        last = min((each.last for each in activity.kernels), default=None)
        value = _running(busy, "runs a cell", "run cells") or "no cell runs"
        ages = 0.0 if busy else last, activity.started
        self._record(session, SignalName.KERNELS, at, ages, value)

        if (terminals := activity.terminals) is not None:
            used = [each for each in terminals if each.program not in _DISPLAYS]
            busy = [each.program or each.name for each in used if each.busy]
            last = min((each.last for each in used), default=None)
            value = _running(busy, "runs in a terminal", "run in terminals")
            ages = 0.0 if busy else last, activity.started
            self._record(session, SignalName.TERMINALS, at, ages, value or "no terminal is used")

        ages = activity.editing, activity.started
        self._record(session, SignalName.EDITING, at, ages, "nothing is edited")

        if (gpu := activity.gpu) is not None:
            ages = gpu.last, gpu.watched
            self._record(session, SignalName.GPU, at, ages, _used(gpu), trusted=trust_gpu)

    def _record(
        self,
        session: SessionKey,
        name: SignalName,
        at: datetime,
        ages: tuple[float | None, float],
        value: str,
        *,
        trusted: bool = False,
    ) -> None:
        """Keep what a session says: how long ago its last use and its beginning are."""
        last, watched = ages
        watched_since = at - timedelta(seconds=watched)
        active_at = None if last is None else at - timedelta(seconds=last)
        kept = self._kept.setdefault(session, {})
        if known := kept.get((name, THE_SESSION)):
            watched_since = max(watched_since, known.watched_since)
            if known.active_at is not None:
                active_at = max(active_at or known.active_at, known.active_at)
        if self._nothing_before is not None:
            watched_since = max(watched_since, self._nothing_before)
        signal = Signal(name, THE_SESSION, trusted, at, watched_since, active_at, value)
        kept[name, THE_SESSION] = signal

    def keep_only(self, sessions: Collection[SessionKey]) -> None:
        """Forget the sessions that are not among these."""
        for ended in self._kept.keys() - sessions:
            del self._kept[ended]

    def forget_before(self, now: datetime) -> None:
        """Restart watching everything now: after a step of the clock no moment is right."""
        self._kept.clear()
        self._nothing_before = now

    def restore(self, session: SessionKey, signals: Iterable[Signal], as_of: datetime) -> None:
        """Go on with what another run of the culler knew of a session.

        What had not been measured for `FRESH` at ``as_of``, the moment of taking over, is left
        out, and what is known already stays.
        """
        kept = self._kept.setdefault(session, {})
        for signal in signals:
            if abs(as_of - signal.measured_at) <= FRESH:
                kept.setdefault((signal.name, signal.source), signal)


def _running(names: list[str], one: str, several: str) -> str:
    """Name what runs; empty for nothing."""
    if not names:
        return ""
    name = "".join(each if each.isprintable() else "?" for each in names[0][:_LONGEST_NAME])
    return f"{name} {one}" if len(names) == 1 else f"{name} and {len(names) - 1} more {several}"


def _used(gpu: GPUActivity) -> str:
    within = f"in the last {rough_span(min(gpu.watched, _HOUR))}"
    within = within.replace("1 hour", "hour")
    return f"GPU at most {min(gpu.utilization, 100):.0f} % {within}"
