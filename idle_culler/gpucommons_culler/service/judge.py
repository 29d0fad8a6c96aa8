"""All sessions as they were judged last, by what is measured and what is stored of them."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from gpucommons_culler.core.case import Case
from gpucommons_culler.core.decision import Facts, Verdict, decide
from gpucommons_culler.core.records import Records
from gpucommons_culler.core.rule import Rules
from gpucommons_culler.core.session import Session, SessionKey
from gpucommons_culler.database.store import Store
from gpucommons_culler.telemetry.collector import Collector

_IDLE = (Verdict.IDLE, Verdict.IDLE_HELD)


def worth_asking(case: Case, waiting: int) -> bool:
    """Whether the session's own report could decide: seen from outside, it is idle.

    ``waiting`` are starts that wait for its size.
    """
    if case.countdown:
        return True
    if case.rule.under_pressure and not waiting:
        return False
    return case.decision.verdict in _IDLE or (
        case.decision.verdict is Verdict.UNKNOWN and not case.signals
    )


class Judge:
    """Judges sessions, and remembers how."""

    def __init__(self, collector: Collector, rules: Rules, store: Store) -> None:
        self._collector = collector
        self._rules = rules
        self._store = store
        self.records = Records()
        """What was stored at the last read."""
        self.cases: dict[SessionKey, Case] = {}

    async def read(self, now: datetime) -> None:
        """Read again what is stored. Raises StoreError."""
        self.records = await asyncio.to_thread(self._store.records, now)

    def keep_only(self, sessions: Collection[SessionKey]) -> None:
        """Forget the others: they have ended."""
        for ended in self.cases.keys() - sessions:
            del self.cases[ended]

    def judge(
        self, session: Session, waiting: Mapping[str, int], now: datetime, *, asked: bool
    ) -> Case:
        """Judge one session. ``waiting`` are starts that wait for room, by size."""
        key, records, collector = session.key, self.records, self._collector
        rule = self._rules.of(session.team, session.size, now)
        facts = Facts(
            started=key.started,
            signals=collector.signals(key),
            required=collector.required(session, asked=asked),
            gpu_memory=collector.gpu_memory(key),
            waiting=waiting.get(session.size, 0),
            lease=records.lease(key),
            exemption=records.exemption(session),
            countdown=records.countdown(key),
            without_extension=collector.without_extension(key) if asked else None,
            troubles=tuple(f"{title}: {why}" for title, why in collector.failing.items()),
        )
        case = Case(
            session=session,
            rule=rule,
            facts=facts,
            decision=decide(facts, rule, now),
            keeping=records.keeping(key, facts.last_used),
            at=now,
            silence=collector.silence(key),
        )
        self.cases[key] = case
        return case

    def judge_anew(self, case: Case, now: datetime) -> Case:
        """Judge a session again, by what is stored now."""
        session = case.session
        self.judge(session, {session.size: case.facts.waiting}, now, asked=True)
        return self.cases[session.key]

    def up_to_date(self, case: Case, now: datetime) -> Case:
        """Return a session as it was judged last, with what is stored of it by now."""
        keeping = self.records.keeping(case.session.key, case.facts.last_used)
        return replace(case, keeping=keeping, at=now)
