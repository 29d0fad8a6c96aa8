"""An administrator stops a session at a moment: its person is told, and the hub may restart."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from gpucommons_contract import Notice, NoticeLevel
from gpucommons_contract.formats.wording import moment, read_moment
from gpucommons_contract.told import EndReason
from gpucommons_contract.words import phrase, sentences
from sqlalchemy.exc import SQLAlchemyError

from gpucommons_spawner.lifecycle.last_end import Announcement, LastEnd
from gpucommons_spawner.lifecycle.part import SessionPart
from gpucommons_spawner.lifecycle.server_record import ServerRecord
from gpucommons_spawner.session_parts.delivery import NOT_SHOWN, NotifiedSpawner, deliver

PLANNED_STOP_NOTICE = "planned-stop"
"""Id of the notice that says who stops the session, and when."""
_STATE = "planned_stop"
_AGAIN_SECONDS = 30.0
"""After which a stop that failed is tried again."""

StopSession = Callable[[Any], Awaitable[None]]
"""Stops the session of a spawner as an administrator does; raises NOT_SHOWN where it cannot."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Who stops a session, when (UTC) and why.

    reason is what the administrator wrote, and may be empty. node is the one that is drained, and
    empty where the session itself is meant.
    """

    at: datetime
    by: str
    reason: str = ""
    node: str = ""

    @property
    def notice(self) -> Notice:
        """What the session shows, next to a countdown."""
        return Notice(
            PLANNED_STOP_NOTICE, self._announcement, NoticeLevel.WARNING, self.at.timestamp()
        )

    @property
    def _announcement(self) -> str:
        if self.node:
            said = phrase(
                "Save your work: %(by)s takes the node %(node)s out of service, and this session "
                "will be stopped.",
                by=self.by,
                node=self.node,
            )
        else:
            said = phrase(
                "Save your work: %(by)s, an administrator, stops this session.", by=self.by
            )
        return sentences(said, self.reason)

    def sentence(self, now: datetime) -> str:
        """Say after the end who stopped it."""
        if self.node:
            said = phrase(
                "Your session was stopped at %(moment)s: %(by)s takes the node %(node)s out of "
                "service.",
                moment=moment(now),
                by=self.by,
                node=self.node,
            )
        else:
            said = phrase(
                "%(by)s, an administrator, stopped your session at %(moment)s.",
                moment=moment(now),
                by=self.by,
            )
        return sentences(said, self.reason)

    def does_for(self, drain: "Plan") -> bool:
        """Whether nothing is left to plan for the drain of a node, given this plan."""
        earlier = self.node != drain.node and self.at <= drain.at
        return self == drain or earlier

    def as_json(self) -> dict[str, str]:
        """Write it for the hub's database."""
        return {
            "at": self.at.isoformat(),
            "by": self.by,
            "reason": self.reason,
            "node": self.node,
        }


def read_plan(said: object) -> Plan | None:
    """Read what `Plan.as_json` wrote; None for what is none."""
    match said:
        case {"at": str(at), "by": str(by), "reason": str(reason), "node": str(node)}:
            try:
                return Plan(read_moment(at), by, reason, node)
            except ValueError:
                return None
    return None


class _Spawner(NotifiedSpawner, Protocol):
    last_end: LastEnd
    record: ServerRecord


class PlannedStop(SessionPart):
    """Carries out one plan, which a later one replaces."""

    def __init__(self, spawner: _Spawner, stop: StopSession) -> None:
        self._spawner, self._stop = spawner, stop
        self.when_told: Callable[[], None] = lambda: None
        """Called once the session shows what is planned."""
        self.before_stop: Callable[[], Awaitable[None]] | None = None
        """Awaited when a session is about to be stopped for its node's sake: it may take the plan
        back."""
        self.plan: Plan | None = None
        self._waiting: asyncio.Task[None] | None = None
        self._showing: asyncio.Task[None] | None = None

    def set(self, plan: Plan) -> None:
        """Plan a stop, or another one; its person is told now, or once the session is ready.

        It outlives the hub once what is noted is committed.
        """
        self._forget()
        self.plan = plan
        self._spawner.record.note_state()
        self._go_on()
        self._show()

    def tell(self) -> None:
        """Tell the person of what is planned, unless that is being done."""
        if self.plan and (self._showing is None or self._showing.done()):
            self._show()

    def take_back(self, by: str = "") -> bool:
        """Let the session go on, and say so in it; False if no stop is planned. It is kept as a
        plan is.

        by: empty where nobody said who took it back, as of a node that is in service again.
        """
        if self.plan is None:
            return False
        self._forget()
        self._spawner.record.note_state()
        if by:
            text = phrase("%(by)s took the stop back: this session goes on.", by=by)
        else:
            text = phrase("The node is in service again: this session goes on.")
        all_clear = Notice(PLANNED_STOP_NOTICE, text)
        self._deliver(lambda: all_clear if self._spawner.ready else None)
        return True

    # What the spawner tells

    def ready(self) -> None:
        """Tell the person of a stop that was planned while the session started."""
        if self.plan:
            self._show()

    def seen_running(self, pod: Mapping[str, Any] | None) -> None:  # noqa: ARG002 -- the protocol's
        """Take the plan up again after a restart of the hub."""
        self._go_on()

    def state(self) -> Mapping[str, object]:
        """Let the plan outlive the hub."""
        return {_STATE: self.plan.as_json()} if self.plan else {}

    def restore(self, state: Mapping[str, object]) -> None:
        """Read it again."""
        self.plan = read_plan(state.get(_STATE))

    def cleared(self) -> None:
        """Forget it: what it was about is gone."""
        self._forget()

    # How it is done

    def _forget(self) -> None:
        self.plan = None
        for task in (self._waiting, self._showing):
            if task:
                task.cancel()
        self._waiting = self._showing = None

    def _go_on(self) -> None:
        if self.plan and (self._waiting is None or self._waiting.done()):
            self._waiting = asyncio.create_task(self._carry_out(self.plan))

    def _show(self) -> None:
        def current() -> Notice | None:
            plan = self.plan
            return plan.notice if plan and self._spawner.ready else None

        self._deliver(current)

    def _deliver(self, current: Callable[[], Notice | None]) -> None:
        if self._showing:
            self._showing.cancel()
        self._showing = asyncio.create_task(self._until_shown(current))

    async def _until_shown(self, current: Callable[[], Notice | None]) -> None:
        if await deliver(self._spawner, current, "that an administrator stops it") and self.plan:
            self.when_told()

    async def _carry_out(self, plan: Plan) -> None:
        """Wait until it is time, and stop the session; again and again until that is done."""
        await asyncio.sleep(max((plan.at - _now()).total_seconds(), 0))
        while True:
            if plan.node and self.before_stop:
                await self.before_stop()
                if self.plan is not plan:
                    return
            said = Announcement(plan.sentence(_now()), "", EndReason.ADMINISTRATOR, plan.by)
            self._spawner.last_end.announce(said)
            try:
                await self._stop(self._spawner)
            except (*NOT_SHOWN, SQLAlchemyError) as error:
                self._spawner.log.warning(
                    "%s could not be stopped as %s planned, again in %d s: %s",
                    self._spawner._log_name,
                    plan.by,
                    _AGAIN_SECONDS,
                    error,
                )
                await asyncio.sleep(_AGAIN_SECONDS)
            else:
                return


def _now() -> datetime:
    return datetime.now(UTC)
