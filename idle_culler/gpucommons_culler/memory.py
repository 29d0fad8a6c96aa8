"""What the culler remembers of sessions, as it was at the beginning of a tick."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gpucommons_culler.decision import Countdown, Exemption, Lease
from gpucommons_culler.records import KeptExemption, KeptLease, Scope, StandingCountdown
from gpucommons_culler.session import Session, SessionKey
from gpucommons_culler.store import Store


@dataclass(frozen=True, slots=True)
class Keeping:
    """How much of their right to keep a session people have used in one idle time."""

    times: int
    length: timedelta


class Memory:
    """Countdowns, leases and exemptions of all sessions."""

    def __init__(
        self,
        countdowns: Iterable[StandingCountdown] = (),
        leases: Iterable[KeptLease] = (),
        exemptions: Iterable[KeptExemption] = (),
    ) -> None:
        self.standing = {each.session: each for each in countdowns}
        self._leases: dict[SessionKey, list[KeptLease]] = defaultdict(list)
        for lease in leases:
            self._leases[lease.session].append(lease)
        self._exemptions: dict[tuple[Scope, str], KeptExemption] = {}
        for each in sorted(exemptions, key=lambda one: one.until):
            self._exemptions[each.scope, each.name] = each  # the one that lasts longest

    @classmethod
    def load(cls, store: Store, now: datetime) -> "Memory":
        """Read all of it. Blocks; raises StoreUnavailable."""
        return cls(store.countdowns(), store.leases(now), store.exemptions(now))

    def countdown(self, session: SessionKey) -> Countdown | None:
        """Answer the warning that stands."""
        standing = self.standing.get(session)
        return standing.countdown if standing else None

    def lease(self, session: SessionKey) -> Lease | None:
        """Answer the lease that lasts longest."""
        last = max(self._leases.get(session, ()), key=lambda one: one.until, default=None)
        return Lease(last.until, last.by) if last else None

    def keeping(self, session: SessionKey, idle_since: datetime) -> Keeping:
        """Answer what was kept since the session was used last."""
        leases = [one for one in self._leases.get(session, ()) if one.at >= idle_since]
        length, end = timedelta(), idle_since
        for lease in sorted(leases, key=lambda one: one.at):  # they may overlap
            length += max(timedelta(), lease.until - max(lease.at, end))
            end = max(end, lease.until)
        return Keeping(len(leases), length)

    def exemption(self, session: Session) -> Exemption | None:
        """Answer the exemption that lasts longest, of the session, its person or its team."""
        key = session.key
        asked = ((Scope.SESSION, key.name), (Scope.USER, key.user), (Scope.TEAM, session.team))
        found = [self._exemptions[each] for each in asked if each in self._exemptions]
        last = max(found, key=lambda one: one.until, default=None)
        return Exemption(last.until, last.by, last.reason) if last else None
