"""Lines for a session say whose it is; those of the request that starts or stops it do, too."""

import io
import json
import logging
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from gpucommons_spawner.session_parts.session_log import LoggedSession, SessionLog
from gpucommons_upkeep.logs import facts_now
from gpucommons_upkeep.logs.about import Facts, begin
from gpucommons_upkeep.logs.lines import JSONLines
from sqlalchemy.exc import OperationalError

_POD = {"metadata": {"name": "jupyter-ada--train", "uid": "p-1"}}
_FACTS = {"user": "ada", "session": "ada/train", "team": "vision", "pod": "jupyter-ada--train"}


def _session(name: str = "train", log_name: str = "ada:train") -> LoggedSession:
    return LoggedSession(
        SimpleNamespace(
            name=name,
            _log_name=log_name,
            pod_name="jupyter-ada--train",
            _team=SimpleNamespace(name="vision"),
        )
    )


@pytest.fixture
def request_facts() -> Iterator[Facts]:
    facts = Facts({"request_id": "r-1"})
    begin(facts)
    yield facts
    facts.end()


def _logged(session: LoggedSession, **more: object) -> dict[str, str]:
    stream, log = io.StringIO(), logging.getLogger("gpucommons.test-session-log")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JSONLines())
    log.handlers, log.propagate = [handler], False
    SessionLog(log, session).warning("x %s", 1, **more)
    line = json.loads(stream.getvalue())
    assert line["message"] == "x 1"
    return {name: each for name, each in line.items() if name in {*_FACTS, "request_id", "pod_uid"}}


def test_a_line_says_person_session_team_and_pod():
    session = _session()
    assert _logged(session) == _FACTS
    session.started(_POD)
    assert _logged(session) == {**_FACTS, "pod_uid": "p-1"}
    assert _logged(session, extra={"pod": "another"})["pod"] == "another"


class _SpawnerWithoutDatabase:
    """Whose names cannot be read any more, as JupyterHub's while its database is away."""

    pod_name, _team = "jupyter-ada--train", None
    away = False

    @property
    def name(self) -> str:
        if self.away:
            raise OperationalError("select", {}, Exception("away"))
        return "train"

    @property
    def _log_name(self) -> str:
        return f"ada:{self.name}"


def test_a_line_is_written_while_the_hub_s_database_is_away():
    spawner = _SpawnerWithoutDatabase()
    session = LoggedSession(spawner)
    spawner.away = True
    session.starting()
    assert _logged(session)["session"] == "ada/train"


@pytest.mark.parametrize(
    ("name", "log_name", "session"),
    [("", "ada", "ada"), ("", "a:b", "a:b"), ("b", "a:b:b", "a:b/b")],
)
def test_a_session_is_called_as_people_call_it(name, log_name, session):
    assert _session(name, log_name).facts()["session"] == session


async def test_a_start_keeps_its_request_until_people_can_get_in(request_facts):
    session = _session()
    session.starting()
    assert facts_now() == {"request_id": "r-1", **_FACTS}
    request_facts.end()
    session.started(_POD)
    assert _logged(session)["request_id"] == "r-1"
    session.ready()
    assert "request_id" not in _logged(session)
    session.starting()
    assert "pod_uid" not in _logged(session), "it has another pod"


async def test_a_stop_has_its_request_be_about_the_session(request_facts):
    _session().stopping()
    assert facts_now()["session"] == "ada/train"
