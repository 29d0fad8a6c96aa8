"""One look of the probe: the steps that it tries, and what came of all together."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from gpucommons_contract import amount
from gpucommons_spawner.catalogue import Catalogue

from gpucommons_doctor.after.choice import Choice, choose
from gpucommons_doctor.after.hub import Hub
from gpucommons_doctor.after.session import Session
from gpucommons_doctor.after.sign_in import Login
from gpucommons_doctor.after.step import Outcome, Step
from gpucommons_doctor.after.steps import (
    GPUSeen,
    KernelRuns,
    ServerAnswers,
    SignIn,
    Start,
    Stop,
)
from gpucommons_doctor.after.walk import walk
from gpucommons_doctor.finding import State
from gpucommons_doctor.probe.steps import Cleared, FileWritten

STEPS: tuple[type[Step], ...] = (
    SignIn,
    Cleared,
    Start,
    ServerAnswers,
    KernelRuns,
    GPUSeen,
    FileWritten,
    Stop,
)
"""All of a look, in their order. A size without a GPU has no `GPUSeen`."""


class Result(StrEnum):
    """What came of a look."""

    GOOD = "good"
    FAILED = "failed"
    """The platform did not do what it must."""
    WAITED = "waited"
    """Its turn had not come when it was given up: GPUs were in use. It is no failure."""
    TURNED_DOWN = "turned-down"
    """The hub did not allow the start, as by a quota: whether it would do is not known."""
    UNKNOWN = "unknown"
    """The look itself went wrong, or was interrupted."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look: what came of it, and of each of its steps."""

    result: Result
    outcomes: Sequence[Outcome] = ()


def chosen(catalogue: Catalogue, environment: str, size: str, team: str) -> Choice:
    """Choose what is named; without a size the smallest that is on. Raises InputError."""
    return choose(catalogue, environment, size or _smallest(catalogue), team)


def _smallest(catalogue: Catalogue) -> str:
    """Return the name of the size that takes least from others; empty if none is on."""
    usable = {name: each for name, each in catalogue.sizes.items() if not each.disabled}
    amounts = {
        name: (each.units, amount(each.cpu), amount(each.memory)) for name, each in usable.items()
    }
    return min(amounts, key=lambda name: amounts[name], default="")


async def look(
    address: str, trust: ssl.SSLContext, login: Login, choice: Choice, limit_s: float
) -> Look:
    """Look once, each step for limit_s seconds at most. Nothing is left of it."""
    async with Hub(address, trust) as hub:
        session = Session(hub, choice.options)
        steps: list[Step] = [
            SignIn(hub, login),
            Cleared(session),
            Start(session, choice),
            ServerAnswers(hub, session),
            KernelRuns(hub, session),
            FileWritten(session),
        ]
        if choice.size.gpu is not None:
            steps.insert(-1, GPUSeen(hub, session, choice.size_name, choice.size))
        outcomes = await walk(steps, Stop(hub, session), limit_s)
        return Look(_judged(outcomes, session), outcomes)


def _judged(outcomes: Sequence[Outcome], session: Session) -> Result:
    faults = [each for each in outcomes if each.state == State.FAULT]
    if [type(each.step) for each in faults] == [Start]:
        if session.turned_down:
            return Result.TURNED_DOWN
        if session.waits:
            return Result.WAITED
    if faults:
        return Result.FAILED
    unknown = any(each.state == State.UNKNOWN for each in outcomes)
    return Result.UNKNOWN if unknown else Result.GOOD
