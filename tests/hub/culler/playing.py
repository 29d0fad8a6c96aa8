"""A hub and a clock that a test plays, with everything else of the culler as it is."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from gpucommons_contract import (
    GPUActivity,
    KernelActivity,
    Notice,
    SessionActivity,
    TerminalActivity,
)
from gpucommons_contract.told import EndReason
from gpucommons_culler.actions.actions import Actions
from gpucommons_culler.actions.dry_run import DryRunActions
from gpucommons_culler.clients.hub import SessionList
from gpucommons_culler.core.errors import (
    HubError,
    HubUnavailableError,
    NoExtensionError,
    NotServedError,
    SessionSilentError,
)
from gpucommons_culler.core.metrics import Metrics
from gpucommons_culler.core.records import Event, EventKind
from gpucommons_culler.core.rule import IdleRule
from gpucommons_culler.core.session import Session, SessionKey
from gpucommons_culler.core.signals import SignalName
from gpucommons_culler.database.store import Store
from gpucommons_culler.messages.message import Message
from gpucommons_culler.service.engine import Engine
from gpucommons_culler.telemetry.collector import Collector
from gpucommons_culler.telemetry.sources.source import Measurement, SourceError

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULE = IdleRule("the default", keep_at_most=timedelta(hours=2))


class Clock:
    """The time, as the test sets it."""

    def __init__(self) -> None:
        self.time = NOON
        self.step: timedelta | None = None

    def now(self) -> datetime:
        return self.time

    def stepped(self) -> timedelta | None:
        step, self.step = self.step, None
        return step


class Node:
    """A source that measures what the test says; a pod is idle unless it is named."""

    title = "the node"
    provides = frozenset({SignalName.PROCESSOR})

    def __init__(self) -> None:
        self.busy: set[str] = set()
        self.blind = False
        self.counted_at: datetime | None = None
        """When it counted last, if that is not just now."""

    async def read(self, sessions):
        if self.blind:
            return {}, SourceError("the node does not tell")
        return {session.pod: [self._reading(session)] for session in sessions}, None

    def _reading(self, session):
        busy = session.pod in self.busy
        return Measurement(SignalName.PROCESSOR, busy, "processor as played", at=self.counted_at)


class Hub:
    """A hub whose sessions the test sets, and which remembers what it was asked."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.running: dict[str, Session] = {}
        self.cells: set[str] = set()
        self.gpus: dict[str, GPUActivity] = {}
        self.silent: set[str] = set()
        self.away = False
        self.stuck = False
        self.unstoppable: set[str] = set()
        self.without_extension: set[str] = set()
        self.left_out: set[str] = set()
        """Whom the list leaves out, as one that is cut does."""
        self.waiting: dict[str, int] = {}
        self.shown: dict[str, dict[str, Notice]] = {}
        self.asked = 0
        self.stopped: list[str] = []
        self.told_whom: dict[str, tuple[EndReason, str]] = {}
        """Who ends whose session, as accounting is told."""
        self.told_why: dict[str, str] = {}
        self.begun: list[tuple[str, Mapping[str, str]]] = []

    def run(self, name: str, size: str = "gpu", team: str = "vision") -> Session:
        key = SessionKey(name, "", self._clock.time - timedelta(hours=3))
        options = {"team": team, "environment": "scipy", "version": "1", "size": size}
        session = Session(
            key=key,
            url=f"/user/{name}/",
            team=team,
            environment="scipy",
            version="1",
            size=size,
            options=options,
            pod=f"team-{team}/{name}",
            gpus=Decimal(0),
        )
        self.running[name] = session
        return session

    def answer(self, name: str, choice: str) -> None:
        self.shown[name]["idle"] = replace(self.shown[name]["idle"], answer=choice)

    def _reached(self, session: Session) -> str:
        name = session.key.user
        if self.away or name in self.silent:
            raise SessionSilentError(f"{name} does not answer")
        if name in self.without_extension:
            raise NotServedError(f"{name} answered 404.")
        return name

    async def sessions(self) -> SessionList:
        if self.away:
            raise HubUnavailableError("The hub is away.")
        listed = (each for name, each in self.running.items() if name not in self.left_out)
        return SessionList(tuple(listed), self.waiting)

    async def runs(self, key: SessionKey) -> bool:
        if self.away:
            raise HubUnavailableError("The hub is away.")
        running = self.running.get(key.user)
        return running is not None and running.key == key

    async def activity(self, session: Session) -> SessionActivity:
        try:
            name = self._reached(session)
        except NotServedError as error:
            raise NoExtensionError(f"{session.key.name} runs without the extension.") from error
        self.asked += 1
        age = (self._clock.time - session.key.started).total_seconds()
        kernels = (KernelActivity("k", "train.ipynb", name in self.cells, age - 60),)
        terminals: tuple[TerminalActivity, ...] = ()
        return SessionActivity(age, kernels, terminals, None, self.gpus.get(name))

    async def notices(self, session: Session) -> tuple[Notice, ...]:
        return tuple(self.shown.get(self._reached(session), {}).values())

    async def show_notice(self, session: Session, notice: Notice) -> None:
        self.shown.setdefault(self._reached(session), {})[notice.id] = notice

    async def withdraw_notice(self, session: Session, notice_id: str) -> None:
        self.shown.get(self._reached(session), {}).pop(notice_id, None)

    async def explain_stop(
        self, session: Session, sentence: str, reason: EndReason, by: str = ""
    ) -> None:
        if self.away:
            raise HubUnavailableError("The hub is away.")
        if sentence:
            self.told_why[session.key.user] = sentence
        self.told_whom[session.key.user] = reason, by

    async def stop(self, session: Session) -> bool:
        if self.stuck or self.away or session.key.user in self.unstoppable:
            raise HubUnavailableError("The hub cannot stop anything.")
        self.stopped.append(session.key.user)
        self.running.pop(session.key.user, None)
        return True

    async def start(
        self, user: str, server: str, options: Mapping[str, str], language: str
    ) -> None:
        if self.stuck:
            raise HubError("no room")
        self.begun.append((user, options))


class Rules:
    """One rule for all."""

    def __init__(self) -> None:
        self.rule = RULE

    def of(self, team: str, size: str, now: datetime) -> IdleRule:
        return self.rule


class Mailbox:
    """Keeps what people would be told."""

    def __init__(self) -> None:
        self.told: list[tuple[EventKind, str]] = []

    def notify(self, session: Session, event: Event) -> None:
        self.told.append((event.kind, session.key.user))


class Play:
    """The culler with its surroundings; each look is a tick a minute after the one before."""

    def __init__(self, store: Store, *, dry: bool = False) -> None:
        self.store, self.dry = store, dry
        self.clock = Clock()
        self.hub, self.node, self.rules = Hub(self.clock), Node(), Rules()
        self.mailbox, self.metrics = Mailbox(), Metrics()
        self.told_administrators: list[Message] = []
        self.restart()

    def restart(self) -> None:
        """Begin anew with the same database, as after a crash."""
        kind = DryRunActions if self.dry else Actions
        self.collector = Collector(self.hub, [self.node], self.metrics)
        self.engine = Engine(
            hub=self.hub,
            collector=self.collector,
            rules=self.rules,
            store=self.store,
            actions=kind(self.hub, self.store, self.mailbox, self.metrics),
            metrics=self.metrics,
            clock=self.clock,
            alert=self.told_administrators.append,
        )

    async def look(self, minutes: int = 1, *, every: int = 1, leads: bool = True) -> None:
        for _ in range(minutes // every):
            self.clock.time += every * MINUTE
            await self.engine.tick(lambda: leads)

    def verdict(self, name: str) -> str:
        return self.case(name).decision.verdict

    def case(self, name: str):
        return next(case for case in self.engine.cases if case.session.key.user == name)

    def kinds(self) -> list[EventKind]:
        return [line.event.kind for line in reversed(self.store.events())]
