"""What administrators do with sessions: each on record, and told to the session's person."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import quote

from gpucommons_contract import IDLE_SERVICE, Grant, Notice, end_in_words
from gpucommons_contract.formats.wording import moment, read_moment
from gpucommons_contract.words import listed, phrase, phrases, sentences
from gpucommons_sessions.service_calls import ServiceCallError
from gpucommons_upkeep.logs import about
from sqlalchemy.exc import SQLAlchemyError

from gpucommons_spawner.administration.audit import Administrator, record
from gpucommons_spawner.administration.cluster_changes import (
    ClusterChangeError,
    make_grant,
    new_grant_name,
)
from gpucommons_spawner.administration.wishes import Action, Wish
from gpucommons_spawner.catalogue.base import plainly
from gpucommons_spawner.lifecycle.server_record import keep_noted
from gpucommons_spawner.session_parts.delivery import NOT_SHOWN
from gpucommons_spawner.session_parts.planned_stop import Plan

_AT_ONCE = 20
"""Sessions that are called at the same time, so that the hub keeps answering others."""
_MESSAGE_NOTICE = "administrator"
_RULES_NOTICE = "administrator-idle"
_GRANT_NOTICE = "administrator-grant"
_NOT_TOLD = phrase("Its person could not be told of it in the session.")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it for one session, or for one person of a grant."""

    subject: str
    done: bool
    message: str

    def as_json(self) -> dict[str, object]:
        """Write it for programs."""
        return {"session": self.subject, "done": self.done, "message": str(self.message)}


class _NotDoneError(Exception):
    """It was not done; the message says why."""


class AskService(Protocol):
    """Asks a service of the hub for the administrator; raises ServiceCallError."""

    def __call__(
        self, service: str, method: str, path: str, body: Mapping[str, object]
    ) -> Awaitable[Any]:
        """Return the answer's JSON."""


class Actions:
    """Does what one administrator wants."""

    def __init__(self, who: Administrator, api: Any, ask: AskService) -> None:  # noqa: ANN401
        """api: the Kubernetes client's CoreV1Api."""
        self._who, self._api, self._ask = who, api, ask
        self._do: Mapping[Action, Callable[[Any, Wish], Awaitable[str]]] = {
            Action.STOP: self._stop,
            Action.TAKE_BACK: self._take_back,
            Action.NOTIFY: self._notify,
            Action.KEEP: self._keep,
            Action.EXEMPT: self._exempt,
        }

    async def run(self, wish: Wish, spawners: Sequence[Any]) -> list[Outcome]:
        """Do it for all; one that fails keeps none of the others from it."""
        if wish.action is Action.GRANT:
            people = {each.user.name: each for each in spawners}
            return [await self._grant(name, each, wish) for name, each in sorted(people.items())]
        turns = asyncio.Semaphore(_AT_ONCE)

        async def one(spawner: Any) -> Outcome:  # noqa: ANN401
            async with turns:
                return await self._one(spawner, wish)

        outcomes = await asyncio.gather(*(one(each) for each in spawners))
        keep_noted(spawners)
        return list(outcomes)

    async def drain(self, spawners: Sequence[Any], plan: Plan) -> list[Outcome]:
        """Have the sessions of a node stopped; those already told the same are left as they are,
        and those that are stopped before for another reason.
        """
        told = []
        for spawner in spawners:
            known = spawner.planned_stop.plan
            if known and known.does_for(plan):
                continue
            details = {"minutes": max(0, _minutes_until(plan.at)), "node": plan.node}
            self._record("stop session", spawner, details)
            spawner.planned_stop.set(plan)
            told.append(Outcome(_name(spawner), done=True, message=_stopped(plan)))
        keep_noted(spawners)
        return told

    async def give_back(self, spawners: Sequence[Any], node: str) -> None:
        """Let those go on that were to be stopped for a node's sake."""
        for spawner in spawners:
            plan = spawner.planned_stop.plan
            if plan and plan.node == node and spawner.pending != "stop":
                self._record("take stop back", spawner, {"node": node})
                spawner.planned_stop.take_back(self._who.by)
        keep_noted(spawners)

    async def _one(self, spawner: Any, wish: Wish) -> Outcome:  # noqa: ANN401 -- GPUSpawner
        name = _name(spawner)
        self._record(f"{wish.action} session", spawner, wish.details())
        try:
            return Outcome(name, done=True, message=await self._do[wish.action](spawner, wish))
        except (_NotDoneError, ServiceCallError) as error:
            message = error.args[0] if error.args else str(error)
            return Outcome(name, done=False, message=message)

    def _record(self, action: str, spawner: Any, details: Mapping[str, object]) -> None:  # noqa: ANN401
        with about(**spawner.logged.facts()):
            record(self._who, action, _name(spawner), details)

    async def _stop(self, spawner: Any, wish: Wish) -> str:  # noqa: ANN401
        _demand_no_stop(spawner)
        at = datetime.now(UTC) + timedelta(minutes=wish.minutes)
        plan = Plan(at, self._who.by, wish.reason)
        spawner.planned_stop.set(plan)
        return _stopped(plan) if wish.minutes else phrase("It is being stopped; files are saved.")

    async def _take_back(self, spawner: Any, _wish: Wish) -> str:  # noqa: ANN401
        _demand_no_stop(spawner)
        if not spawner.planned_stop.take_back(self._who.by):
            raise _NotDoneError(phrase("No stop of it was planned."))
        return phrase("It goes on.")

    async def _notify(self, spawner: Any, wish: Wish) -> str:  # noqa: ANN401
        if not spawner.ready:
            raise _NotDoneError(phrase("It does not run yet, so nobody would see the message."))
        text = phrase("%(by)s, an administrator: %(text)s", by=self._who.by, text=wish.text)
        if not await _tell(spawner, Notice(_MESSAGE_NOTICE, text, wish.level)):
            raise _NotDoneError(phrase("The session did not take the message."))
        return phrase("The message is shown in it.")

    async def _keep(self, spawner: Any, wish: Wish) -> str:  # noqa: ANN401
        path = f"api/sessions/{_path(spawner)}/keep"
        said = await self._ask(IDLE_SERVICE, "POST", path, {"hours": float(wish.hours)})
        until = moment(read_moment(said["until"]))
        text = phrase(
            "%(by)s, an administrator, keeps this session until %(moment)s, whether it is used or "
            "not.",
            by=self._who.by,
            moment=until,
        )
        told = await _tell(spawner, Notice(_RULES_NOTICE, text))
        done = phrase("It is kept until %(moment)s.", moment=until)
        return done if told else sentences(done, _NOT_TOLD)

    async def _exempt(self, spawner: Any, wish: Wish) -> str:  # noqa: ANN401
        assert wish.until  # as it was read
        day = f"{wish.until:%Y-%m-%d}"
        person, server = spawner.user.name, spawner.name
        body = {
            "scope": "session",
            "name": f"{person}/{server}" if server else person,
            "until": day,
            "reason": wish.reason,
        }
        await self._ask(IDLE_SERVICE, "POST", "api/exemptions", body)
        text = phrase(
            "%(by)s, an administrator, exempts this session from being stopped for being idle "
            "until %(day)s: %(reason)s",
            by=self._who.by,
            day=day,
            reason=wish.reason,
        )
        told = await _tell(spawner, Notice(_RULES_NOTICE, text))
        done = phrase("It is exempt until %(day)s.", day=day)
        return done if told else sentences(done, _NOT_TOLD)

    async def _grant(self, person: str, spawner: Any, wish: Wish) -> Outcome:  # noqa: ANN401
        assert wish.until  # as it was read
        grant = Grant(
            name=new_grant_name(),
            user=person,
            team="",
            until=wish.until,
            reason=wish.reason,
            by=self._who.by,
            at=datetime.now(UTC).replace(microsecond=0),
            sessions=wish.sessions,
            gpus=wish.gpus,
        )
        record(self._who, "grant quota", person, {"grant": grant.name, **wish.details()})
        try:
            await make_grant(self._api, grant)
        except ClusterChangeError as error:
            return Outcome(person, done=False, message=error.args[0])
        what, last = _amounts(grant), end_in_words(grant.until)
        text = phrase(
            "%(by)s, an administrator, lets you have %(what)s at once until %(day)s: %(reason)s",
            by=self._who.by,
            what=what,
            day=last,
            reason=wish.reason,
        )
        if spawner.ready:
            await _tell(spawner, Notice(_GRANT_NOTICE, text))
        return Outcome(
            person,
            done=True,
            message=phrase("May have %(what)s at once until %(day)s.", what=what, day=last),
        )


def _amounts(grant: Grant) -> str:
    parts = []
    if grant.sessions is not None:
        parts.append(phrases("%(count)s session", "%(count)s sessions", grant.sessions))
    if grant.gpus is not None:
        parts.append(phrase("%(number)s GPUs", number=plainly(grant.gpus)))
    return listed(parts)


def _stopped(plan: Plan) -> str:
    return phrase("It will be stopped at %(moment)s; its person is told.", moment=moment(plan.at))


def _demand_no_stop(spawner: Any) -> None:  # noqa: ANN401
    if spawner.pending == "stop":
        raise _NotDoneError(phrase("It is being stopped already."))


async def _tell(spawner: Any, notice: Notice) -> bool:  # noqa: ANN401 -- GPUSpawner
    """Show a notice; False if it did not arrive."""
    if spawner.show_notice is None:
        return False
    try:
        await spawner.show_notice(spawner, notice)
    except (*NOT_SHOWN, SQLAlchemyError) as error:
        spawner.log.warning("%s was not told by an administrator: %s", spawner._log_name, error)
        return False
    return True


def _minutes_until(at: datetime) -> int:
    return round((at - datetime.now(UTC)).total_seconds() / 60)


def _name(spawner: Any) -> str:  # noqa: ANN401
    return f"{spawner.user.name}/{spawner.name}"


def _path(spawner: Any) -> str:  # noqa: ANN401
    """Name a session in the culler's addresses."""
    return "/".join(quote(part, safe="") for part in (spawner.user.name, spawner.name) if part)
