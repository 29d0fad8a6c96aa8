"""Our culler on a day: the same code that runs in an installation, fed with what is read."""

from datetime import UTC, datetime, timedelta

from gpucommons_contract import (
    WORK_ABOVE_PERCENT,
    GPUActivity,
    KernelActivity,
    SessionActivity,
    TerminalActivity,
)
from gpucommons_culler.core.backoff import SessionBackoff
from gpucommons_culler.core.commitments import Countdown, Lease
from gpucommons_culler.core.decision import Action, Decision, Facts, Verdict, decide
from gpucommons_culler.core.rule import IdleRule
from gpucommons_culler.core.session import SessionKey
from gpucommons_culler.core.signals import FRESH, THE_SESSION, SignalName
from gpucommons_culler.telemetry.signal_history import SignalHistory
from gpucommons_culler.telemetry.sources.source import Thresholds

from bench.replay.readings import NEVER, Reading

_OUTSIDE = frozenset({SignalName.PROCESSOR, SignalName.NETWORK})
_THRESHOLDS = Thresholds()
_MIDNIGHT = datetime(2026, 12, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_KEEP = timedelta(hours=2)
_ANSWERS_AFTER = 5 * _MINUTE
"""So long a person who is there takes to see a warning, and to press Keep."""


class Ours:
    """Runs the culler's memory and judgement, with the default rule unless told another.

    As in the service, a session is asked only where it looks idle from outside.
    """

    def __init__(self, *, exporter: bool = True, rule: IdleRule | None = None) -> None:
        """``exporter`` is whether the installation has DCGM's exporter."""
        self.warnings = self.false_alarms = 0
        self._exporter = exporter
        self._rule = rule or IdleRule("the default")
        self.begin(0)

    def begin(self, minute: int) -> None:
        self._started = minute
        self._key = SessionKey("ada", "", _MIDNIGHT + minute * _MINUTE)
        self._history = SignalHistory()
        self._clock = 0
        self._was_down = False
        self._countdown: Countdown | None = None
        self._lease: Lease | None = None
        self._kept = 0
        self._gpu_at = NEVER
        self._silent = SessionBackoff()

    def ends(self, reading: Reading) -> bool:
        now = _MIDNIGHT + (reading.minute + reading.clock) * _MINUTE
        if not reading.culler:
            self._was_down = True
            return False
        if self._was_down:
            kept, self._history, self._was_down = self._history, SignalHistory(), False
            self._history.restore(self._key, kept.signals(self._key), now)
        if reading.clock != self._clock:
            self._clock = reading.clock
            self._history.forget_before(now)
            self._silent.clear()
        if reading.gpu > WORK_ABOVE_PERCENT:
            self._gpu_at = reading.minute
        self._measure(reading, now)
        self._keep(reading, now)
        decision = self._judge(now, asked=False)
        if self._countdown or decision.verdict in {Verdict.IDLE, Verdict.IDLE_HELD}:
            decision = self._judge(now, asked=True)
            acts = decision.action is not Action.NOTHING
            if acts or self._countdown or not self._answered(now):
                self._ask(reading, now)
                decision = self._judge(now, asked=True)
        return self._act(decision, reading, now)

    def _measure(self, reading: Reading, now: datetime) -> None:
        if reading.node:
            for found in (
                _THRESHOLDS.processor(reading.processor / 100),
                _THRESHOLDS.network(reading.network * 1000.0),
            ):
                self._sample(found.name, "the node", now, active=found.active)
        if self._exporter and reading.exporter is not None:
            active = reading.exporter > WORK_ABOVE_PERCENT
            self._sample(SignalName.GPU, "Prometheus", now, active=active)

    def _sample(self, name: SignalName, source: str, now: datetime, *, active: bool) -> None:
        value = "much" if active else "little"
        self._history.observe(
            self._key, name, source, trusted=True, at=now, active=active, value=value
        )

    def _answered(self, now: datetime) -> bool:
        told = (each for each in self._history.signals(self._key) if each.source == THE_SESSION)
        return any(now - each.measured_at <= FRESH for each in told)

    def _ask(self, reading: Reading, now: datetime) -> None:
        if not self._silent.over(self._key, now):
            return
        if reading.answers:
            self._silent.went_well(self._key)
            said, own = self._said(reading), not self._exporter
            self._history.report(self._key, said, now, trust_gpu=own)
        else:
            self._silent.failed(self._key, now, "")

    def _required(self, *, asked: bool) -> frozenset[SignalName]:
        return frozenset(SignalName) if asked else _OUTSIDE

    def _said(self, reading: Reading) -> SessionActivity:
        kernel, terminal, gpu, edit = (
            self._age(at, reading)
            for at in (reading.cell_at, reading.terminal_at, self._gpu_at, reading.edit_at)
        )
        started = (reading.minute - self._started) * 60.0
        return SessionActivity(
            started=started,
            kernels=() if kernel is None else (KernelActivity("1", "a", reading.cell, kernel),),
            terminals=()
            if terminal is None
            else (TerminalActivity("1", bool(reading.program), reading.program or None, terminal),),
            editing=edit,
            gpu=GPUActivity(started, gpu, float(reading.gpu), None),
        )

    def _age(self, at: int, reading: Reading) -> float | None:
        return None if at < self._started else (reading.minute - at) * 60.0

    def _keep(self, reading: Reading, now: datetime) -> None:
        """Let the person keep the session: of their own accord, or as an answer to a warning."""
        if reading.kept_until != NEVER:
            self._lease = Lease(_MIDNIGHT + (reading.kept_until + reading.clock) * _MINUTE, "ada")
        warned = self._countdown
        answers = warned and reading.present and now - warned.warned_at >= _ANSWERS_AFTER
        if answers and self._kept < self._rule.keep_times:
            self._kept += 1
            self._lease = Lease(now + _KEEP, "ada")

    def _judge(self, now: datetime, *, asked: bool) -> Decision:
        facts = Facts(
            started=self._key.started,
            signals=self._history.signals(self._key),
            required=self._required(asked=asked),
            lease=self._lease,
            countdown=self._countdown,
        )
        return decide(facts, self._rule, now)

    def _act(self, decision: Decision, reading: Reading, now: datetime) -> bool:
        if decision.action is Action.WARN and decision.next_at:
            self.warnings += 1
            self.false_alarms += reading.works
            self._countdown = Countdown(now, decision.next_at)
        elif decision.action is Action.CANCEL:
            self._countdown = None
        return decision.action in {Action.STOP, Action.RELEASE}
