"""The culler at work: look at all sessions, judge each, take the steps; then again."""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from gpucommons_contract import Notice

from gpucommons_culler.clock import Clock
from gpucommons_culler.decision import FRESH, Action, Facts, Verdict, decide
from gpucommons_culler.hub import HubClient
from gpucommons_culler.hub_errors import HubError
from gpucommons_culler.keep_refused import KeepRefusedError
from gpucommons_culler.keeper import Keeper, last_used
from gpucommons_culler.keeping import (
    STOP_NOW,
    chosen_length,
    left_to_keep,
)
from gpucommons_culler.memory import Memory
from gpucommons_culler.metrics import Metrics
from gpucommons_culler.pauses import Pauses
from gpucommons_culler.rule import Rules
from gpucommons_culler.session import Session, SessionKey
from gpucommons_culler.signals import Signal
from gpucommons_culler.steps import NOTICE_ID, Case, Steps
from gpucommons_culler.store import Store
from gpucommons_culler.store_errors import StoreError
from gpucommons_culler.tracks import from_json
from gpucommons_culler.view import View
from gpucommons_culler.watch import Watch

log = logging.getLogger(__name__)

_IDLE = (Verdict.IDLE, Verdict.IDLE_HELD)
_ENDS = (Action.STOP, Action.RELEASE)
_MOST_ENDS = 20
"""In one tick: the hub takes its time for each, and nothing is measured meanwhile."""
_STEPS_AT_ONCE = 10
_BREATH = 500
"""Sessions that are judged before others, such as the pages, get a turn."""


class Engine:
    """Ticks over all sessions. Only the replica that leads acts; the others watch."""

    def __init__(
        self,
        *,
        hub: HubClient,
        watch: Watch,
        rules: Rules,
        store: Store,
        steps: Steps,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._hub = hub
        self._watch = watch
        self._rules = rules
        self._store = store
        self._steps = steps
        self._metrics = metrics
        self._clock = clock
        self._keeper = Keeper(store)
        self._memory = Memory()
        self._views: dict[SessionKey, View] = {}
        self._turns = asyncio.Semaphore(_STEPS_AT_ONCE)
        self._deaf = Pauses()
        self._began = False

    @property
    def views(self) -> Sequence[View]:
        """All sessions as they were judged last."""
        return list(self._views.values())

    def next_due(self, now: datetime) -> datetime | None:
        """When the next countdown ends; None without one. What is overdue is tried each time."""
        ends = (each.countdown.stop_at for each in self._memory.standing.values())
        return min((each for each in ends if each > now), default=None)

    async def tick(self, leads: Callable[[], bool] = lambda: True) -> None:
        """Look at everything once; raises HubError or StoreError where that is not possible.

        ``leads`` says whether this replica acts; it is asked again before each step.
        """
        now = self._clock.now()
        if step := self._clock.stepped():
            log.warning("The clock was set by %s: everything is watched anew", step)
            self._watch.forget_before(now)
        listed = await self._hub.sessions()
        sessions = {session.key: session for session in listed.sessions}
        if not self._began:
            await self._go_on(now)
        await self._watch.look(listed.sessions, now)
        if leads():
            for ended in await self._hear(sessions):
                del sessions[ended]
        self._memory = await asyncio.to_thread(Memory.load, self._store, now)
        cases = await self._judge(sessions.values(), listed.waiting, now, ask=leads())
        await self._act(cases, leads)
        if leads():
            await self._end_of_gone(sessions, now)
            await asyncio.to_thread(self._store.beat, now)
        self._metrics.judged(case.decision for case in cases)
        self._metrics.running(listed.sessions, now)

    async def explain(self, key: SessionKey) -> View | None:
        """Ask one session and judge it anew; nothing is done. None if it is not known."""
        view = self._views.get(key)
        if view is None:
            return None
        now = self._clock.now()
        await self._watch.ask([view.session], now)
        waiting = {view.session.size: view.facts.waiting}
        case = self._case(view.session, waiting, now, asked=True)
        return self._views[case.session.key]

    async def keep(self, key: SessionKey, by: str, length: timedelta) -> datetime:
        """Keep a session for a while; answers until when (UTC). Raises KeepRefusedError."""
        view = self._views.get(key)
        if view is None:
            raise KeepRefusedError("This session does not run any more.")
        return await self._keeper.keep(view, by, length, self._clock.now())

    async def _go_on(self, now: datetime) -> None:
        """Take up the countdowns of an earlier run, if somebody watched until just now."""
        last = await asyncio.to_thread(self._store.last_beat)
        self._memory = await asyncio.to_thread(Memory.load, self._store, now)
        self._began = True
        if last is None or not timedelta() <= now - last <= FRESH:
            return
        for key, standing in self._memory.standing.items():
            try:
                signals = from_json(standing.signals)
            except ValueError as error:
                log.warning("What %s was warned for cannot be read: %s", key.name, error)
                continue
            # Had one of them not been measured until then, the warning would not stand.
            known = [replace(signal, measured_at=last) for signal in signals]
            self._watch.restore(key, known, now)

    async def _hear(self, sessions: Mapping[SessionKey, Session]) -> list[SessionKey]:
        """Do what people answered to their notices; answers whose sessions they ended."""
        warned = [sessions[key] for key in self._memory.standing if key in sessions]

        async def hear(session: Session) -> bool:
            async with self._turns:
                try:
                    notices = await self._hub.notices(session)
                    return await self._answer(session, {each.id: each for each in notices})
                except (HubError, StoreError) as error:
                    log.info("%s: its answer is not known: %s", session.key.name, error)
                    return False

        ended = await asyncio.gather(*(hear(session) for session in warned))
        return [session.key for session, end in zip(warned, ended, strict=True) if end]

    async def _answer(self, session: Session, notices: Mapping[str, Notice]) -> bool:
        """Do what was answered; whether that ended the session."""
        view = self._views.get(session.key)
        if view is None:
            return False  # this culler has just begun; the answer is there at the next tick
        case, shown, by = self._case_of(view), notices.get(NOTICE_ID), session.key.user
        if shown is None:
            await self._steps.show_again(case)
        elif shown.answer == STOP_NOW:
            return await self._steps.stop(case, by)
        elif shown.answer and (length := chosen_length(shown.answer)):
            try:
                await self.keep(session.key, by, length)
            except KeepRefusedError as error:
                log.info("%s is not kept: %s", session.key.name, error)
                await self._steps.show_again(case)
        return False

    async def _judge(
        self, sessions: Collection[Session], waiting: Mapping[str, int], now: datetime, *, ask: bool
    ) -> list[Case]:
        cases: dict[SessionKey, Case] = {}
        doubtful: list[Session] = []
        for number, session in enumerate(sessions):
            if number % _BREATH == _BREATH - 1:
                await asyncio.sleep(0)
            case = self._case(session, waiting, now, asked=False)
            cases[session.key] = case
            if self._worth_asking(case, waiting.get(session.size, 0)):
                doubtful.append(session)
        known = {each.key: self._case(each, waiting, now, asked=True) for each in doubtful}
        if ask:
            wanted = [each for each in doubtful if self._has_to_be_asked(known[each.key], now)]
            await self._watch.ask(wanted, now)
            known |= {each.key: self._case(each, waiting, now, asked=True) for each in wanted}
        cases |= known
        for ended in self._views.keys() - cases.keys():
            del self._views[ended]
        return list(cases.values())

    @staticmethod
    def _worth_asking(case: Case, waiting: int) -> bool:
        """Whether the session's own word could decide: seen from outside, it is idle."""
        if case.countdown:
            return True
        if case.rule.under_pressure and not waiting:
            return False
        return case.decision.verdict in _IDLE or (
            case.decision.verdict is Verdict.UNKNOWN and not case.signals
        )

    def _has_to_be_asked(self, case: Case, now: datetime) -> bool:
        """Whether its last answer will not do: nothing is done for what was true a while ago."""
        acts = case.decision.action is not Action.NOTHING
        return acts or bool(case.countdown) or not self._watch.answered(case.session, now)

    def _case(
        self, session: Session, waiting: Mapping[str, int], now: datetime, *, asked: bool
    ) -> Case:
        """Judge one session, and remember how."""
        key, memory = session.key, self._memory
        rule = self._rules.of(session.team, session.size, now)
        signals = self._watch.signals(key)
        facts = Facts(
            started=key.started,
            signals=signals,
            required=self._watch.required(session, asked=asked),
            gpu_memory=self._watch.gpu_memory(key),
            waiting=waiting.get(session.size, 0),
            lease=memory.lease(key),
            exemption=memory.exemption(session),
            countdown=memory.countdown(key),
        )
        decision = decide(facts, rule, now)
        used = memory.keeping(key, last_used(facts))
        left, silence = left_to_keep(rule, used), self._watch.silence(key)
        self._views[key] = View(session, rule, facts, decision, left, silence)
        return Case(session, rule, decision, signals, used, facts.countdown, now)

    def _case_of(self, view: View) -> Case:
        used = self._memory.keeping(view.session.key, last_used(view.facts))
        signals: tuple[Signal, ...] = view.facts.signals
        countdown, now = view.facts.countdown, self._clock.now()
        return Case(view.session, view.rule, view.decision, signals, used, countdown, now)

    async def _act(self, cases: Sequence[Case], leads: Callable[[], bool]) -> None:
        async def act(case: Case) -> None:
            async with self._turns:
                if not leads():
                    return
                try:
                    done = await self._steps.take(case)
                except StoreError as error:
                    log.warning("%s: not done, %s", case.session.key.name, error)
                    return
            if done:
                self._deaf.went_well(case.session.key)
            else:
                self._deaf.failed(case.session.key, case.at, "it could not be warned")

        due = [
            case
            for case in cases
            if case.decision.action is not Action.NOTHING
            and self._deaf.over(case.session.key, case.at)
        ]
        due.sort(key=lambda case: case.decision.action in _ENDS)
        due = due[: _MOST_ENDS + sum(case.decision.action not in _ENDS for case in due)]
        await asyncio.gather(*(act(case) for case in due))
        if due:
            self._memory = await asyncio.to_thread(Memory.load, self._store, self._clock.now())

    async def _end_of_gone(self, sessions: Mapping[SessionKey, Session], now: datetime) -> None:
        self._deaf.keep_only(sessions)
        for key in self._memory.standing.keys() - sessions.keys():
            await self._steps.gone(key, now)
