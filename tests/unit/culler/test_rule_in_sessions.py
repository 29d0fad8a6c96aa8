"""A session learns by which rule it is judged now, and shows that."""

from datetime import datetime, timedelta

import pytest
from gpucommons_contract import SessionActivity, SessionInfo
from gpucommons_culler.core.metrics import Metrics
from gpucommons_culler.core.rule import IdleRule
from gpucommons_culler.core.session import Session
from gpucommons_culler.telemetry.collector import Collector
from gpucommons_lab.activity.idle_rule import CurrentIdleRule

from .samples import NOW, a_session

AT_THE_START = SessionInfo("PyTorch", "2026.11", "GPU", "Vision", idle_stop_after=1)
SHORT = IdleRule("short", warn_after=timedelta(seconds=40), stop_after=timedelta(minutes=2))
NEVER = IdleRule("never", stop_after=None)


class Hub:
    """Passes what the culler tells on to the session."""

    def __init__(self) -> None:
        self.session = CurrentIdleRule()

    async def activity(self, session: Session, rule: IdleRule | None = None) -> SessionActivity:
        assert rule
        self.session.hear(lambda name: rule.in_seconds().get(name, ""))
        return SessionActivity(60.0, (), (), None)


class Rules:
    def __init__(self, rule: IdleRule) -> None:
        self.rule = rule

    def of(self, team: str, size: str, now: datetime) -> IdleRule:
        assert (team, size, now) == ("vision", "gpu", NOW)
        return self.rule


@pytest.mark.parametrize(("rule", "shown"), [(SHORT, (40, 120)), (NEVER, (None, None))])
async def test_each_question_tells_a_session_the_rule_that_holds_for_it(rule, shown):
    hub = Hub()
    session = a_session(team="vision", size="gpu")
    await Collector(hub, [], Metrics(), Rules(rule)).ask([session], NOW)
    told = hub.session.of(AT_THE_START)
    assert (told.idle_warn_after, told.idle_stop_after) == shown
