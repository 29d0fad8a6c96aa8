"""A judge with a few sessions, in place of an engine that watches real ones."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from gpucommons_culler.core.case import Case
from gpucommons_culler.core.commitments import Countdown, KeepUsage, Lease
from gpucommons_culler.core.decision import Facts, decide
from gpucommons_culler.core.errors import KeepRefusedError
from gpucommons_culler.core.rule import IdleRule
from gpucommons_culler.core.session import Session, SessionKey
from gpucommons_culler.core.signals import Signal, SignalName

from .samples import ADA, BEN, DAY, HOUR, MINUTE, NOW, a_session

CLEO = SessionKey("cleo", "", NOW - DAY)
ADA_NIGHT = SessionKey("ada", "night run", NOW - 5 * MINUTE)


KEPT = KeepUsage(1, timedelta(hours=5, minutes=47, seconds=30))


def a_signal(quiet: timedelta, value: str = "0 % at most") -> Signal:
    return Signal(SignalName.GPU, "DCGM", True, NOW - MINUTE / 6, NOW - DAY, NOW - quiet, value)


def a_case(session: Session, quiet: timedelta, **facts) -> Case:
    rule = IdleRule("size gpu-half")
    known = Facts(
        started=session.key.started,
        signals=(a_signal(quiet),),
        required=frozenset({SignalName.GPU}),
        **facts,
    )
    return Case(session, rule, known, decide(known, rule, NOW), KEPT, NOW)


class PlayedJudge:
    """Ada is warned, Ben works, Cleo keeps hers."""

    def __init__(self) -> None:
        warned = Countdown(NOW - 10 * MINUTE, NOW + 20 * MINUTE)
        lease = Lease(NOW + HOUR, "cleo")
        self.all = [
            a_case(a_session(BEN, team="astro"), MINUTE),
            a_case(a_session(ADA), 40 * MINUTE, countdown=warned, gpu_memory=8 * 2**30),
            a_case(a_session(ADA_NIGHT, size="cpu", gpus=Decimal(0)), MINUTE),
            a_case(a_session(CLEO), 3 * HOUR, lease=lease),
        ]
        self.kept: list[tuple[str, str, timedelta]] = []
        self.explained: list[SessionKey] = []

    @property
    def troubles(self) -> Sequence[str]:
        return ["Prometheus does not measure all: it knows nobody."]

    @property
    def cases(self) -> Sequence[Case]:
        return self.all

    async def explain(self, key: SessionKey) -> Case | None:
        self.explained.append(key)
        found = {case.session.key: case for case in self.all}
        return replace(found[key], silence="It did not answer.") if key in found else None

    async def keep(self, key: SessionKey, by: str, length: timedelta) -> datetime:
        if length > 12 * HOUR:
            raise KeepRefusedError("It can be kept for at most 6 hours more.")
        self.kept.append((key.name, by, length))
        return NOW + length
