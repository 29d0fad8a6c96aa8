"""One session with all that led to its decision."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gpucommons_culler.core.commitments import Countdown, KeepUsage
from gpucommons_culler.core.decision import Action, Decision, Facts, Verdict
from gpucommons_culler.core.keeping import left_to_keep
from gpucommons_culler.core.records import Event, EventKind, StoredCountdown
from gpucommons_culler.core.rule import IdleRule
from gpucommons_culler.core.session import Session
from gpucommons_culler.core.signals import Signal, to_json


@dataclass(frozen=True, slots=True)
class Case:
    """One session as it was judged last: what the pages show and the actions act on."""

    session: Session
    rule: IdleRule
    facts: Facts
    decision: Decision
    keeping: KeepUsage
    at: datetime
    """When it was judged, UTC."""
    silence: str | None = None
    """Why it did not say what it does, if it was asked and did not."""

    @property
    def signals(self) -> tuple[Signal, ...]:
        """What was measured."""
        return self.facts.signals

    @property
    def countdown(self) -> Countdown | None:
        """The warning that is in force."""
        return self.facts.countdown

    @property
    def lacks_extension(self) -> bool:
        """Whether its server is known to show no notices."""
        return self.facts.without_extension is not None

    @property
    def keep_left(self) -> timedelta:
        """For how long it may still be kept."""
        return left_to_keep(self.rule, self.keeping)

    @property
    def ends_at(self) -> datetime | None:
        """When it ends unless something changes, UTC; None if no warning is in force."""
        if self.countdown is None or self.decision.action is Action.CANCEL:
            return None
        return max(self.countdown.stop_at, self.decision.next_at or self.countdown.stop_at)

    @property
    def announced(self) -> bool:
        """Whether its person was warned as long ago as the rule promises."""
        return self.countdown is not None and (
            self.at - self.countdown.warned_at >= self.rule.warning_time
        )

    @property
    def kept_until(self) -> datetime | None:
        """Until when its person keeps it, UTC; None if they do not."""
        lease = self.facts.lease
        return lease.until if lease and self.decision.verdict is Verdict.KEPT else None

    def stored_countdown(self, countdown: Countdown | None = None) -> StoredCountdown:
        """Write the warning that is in force, or a new one, with what it rests on."""
        countdown = countdown or self.countdown or Countdown(self.at, self.at)
        session, signals = self.session, to_json(self.signals)
        return StoredCountdown(session.key, countdown, session.url, signals)

    def event(self, kind: EventKind, reason: str = "", by: str = "") -> Event:
        """Write what happened as a line of the audit."""
        return Event(
            at=self.at,
            kind=kind,
            session=self.session.key,
            team=self.session.team,
            size=self.session.size,
            reason=reason or self.decision.reason,
            by=by,
            verdict=self.decision.verdict,
            rule=self.rule.name,
            idle_since=self.decision.idle_since,
            gpus=self.session.gpus,
            until=self.decision.next_at,
            signals=to_json(self.signals),
        )
