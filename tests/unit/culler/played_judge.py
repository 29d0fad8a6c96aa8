"""A judge with a few sessions, in place of an engine that watches real ones."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from gpucommons_culler.decision import Countdown, Facts, Lease, decide
from gpucommons_culler.keep_refused import KeepRefusedError
from gpucommons_culler.rule import IdleRule
from gpucommons_culler.session import Session, SessionKey
from gpucommons_culler.signals import Signal, SignalName

from .samples import ADA, BEN, DAY, HOUR, MINUTE, NOW, a_session

CLEO = SessionKey("cleo", "", NOW - DAY)
ADA_NIGHT = SessionKey("ada", "night run", NOW - 5 * MINUTE)


@dataclass(frozen=True, slots=True)
class PlayedView:
    session: Session
    rule: IdleRule
    facts: Facts
    decision: object
    keep_left: timedelta = timedelta(hours=6, minutes=12, seconds=30)
    silence: str | None = None


def a_signal(quiet: timedelta, value: str = "0 % at most") -> Signal:
    return Signal(SignalName.GPU, "DCGM", True, NOW - MINUTE / 6, NOW - DAY, NOW - quiet, value)


def a_view(session: Session, quiet: timedelta, **facts) -> PlayedView:
    rule = IdleRule("size gpu-half")
    known = Facts(
        started=session.key.started,
        signals=(a_signal(quiet),),
        required=frozenset({SignalName.GPU}),
        **facts,
    )
    return PlayedView(session, rule, known, decide(known, rule, NOW))


class PlayedJudge:
    """Ada is warned, Ben works, Cleo keeps hers."""

    def __init__(self) -> None:
        warned = Countdown(NOW - 10 * MINUTE, NOW + 20 * MINUTE)
        lease = Lease(NOW + HOUR, "cleo")
        self.all = [
            a_view(a_session(BEN, team="astro"), MINUTE),
            a_view(a_session(ADA), 40 * MINUTE, countdown=warned, gpu_memory=8 * 2**30),
            a_view(a_session(ADA_NIGHT, size="cpu", gpus=Decimal(0)), MINUTE),
            a_view(a_session(CLEO), 3 * HOUR, lease=lease),
        ]
        self.kept: list[tuple[str, str, timedelta]] = []
        self.explained: list[SessionKey] = []

    @property
    def views(self) -> Sequence[PlayedView]:
        return self.all

    async def explain(self, key: SessionKey) -> PlayedView | None:
        self.explained.append(key)
        found = {view.session.key: view for view in self.all}
        return replace(found[key], silence="It did not answer.") if key in found else None

    async def keep(self, key: SessionKey, by: str, length: timedelta) -> datetime:
        if length > 12 * HOUR:
            raise KeepRefusedError("It can be kept for 6 hours more at most.")
        self.kept.append((key.name, by, length))
        return NOW + length
