"""What a session tells of itself, with the spawner's word and without."""

import time
from dataclasses import replace

import httpx
import pytest
from gpucommons_contract import Endpoint, SessionInfo, SessionStatus, SessionVariable
from gpucommons_lab.activity.handlers import session_info
from pydantic import TypeAdapter

from .conftest import Session

PATH = f"/{Endpoint.SESSION}"
STATUS = TypeAdapter(SessionStatus)
PICKED = SessionInfo(
    environment="PyTorch",
    version="2026.11",
    size="Quarter of an H200",
    team="Vision Lab",
    longest=3600,
    idle_stop_after=1800,
)


@pytest.fixture(scope="module")
def picked_session(tmp_path_factory):
    environment = {SessionVariable.SESSION: PICKED.to_json()}
    session = Session(tmp_path_factory.mktemp("picked"), None, environment=environment)
    session.wait()
    yield session
    session.close()


def status(session) -> SessionStatus:
    return STATUS.validate_json(session.client.get(PATH).raise_for_status().text)


def test_a_session_tells_what_was_picked_and_how_long_it_lasts(picked_session):
    told = status(picked_session)
    assert told.session == PICKED
    assert 0 <= time.time() - told.started < 120
    assert told.ends == told.started + 3600


def test_the_idle_rule_that_holds_now_takes_the_place_of_the_one_at_the_start(picked_session):
    def asked(**rule) -> SessionInfo:
        path = f"/{Endpoint.SESSION_ACTIVITY}"
        picked_session.client.get(path, params=rule).raise_for_status()
        return status(picked_session).session

    ruled = replace(PICKED, idle_warn_after=60, idle_stop_after=120)
    assert asked(warn_after=60, stop_after=120) == ruled
    assert asked() == asked(warn_after="soon", stop_after=1) == ruled  # no culler's word
    never = asked(warn_after="never", stop_after="never")
    assert never == replace(PICKED, idle_stop_after=None)
    assert asked(warn_after=900, stop_after=1800).idle_stop_after == 1800


def test_bare_jupyterlab_has_no_session_and_all_else_works(plain_session):
    told = status(plain_session)
    assert (told.session, told.ends) == (None, None)
    assert 0 <= time.time() - told.started < 600
    assert plain_session.client.get(f"/{Endpoint.SESSION_GPUS}").status_code == 200


def test_a_stranger_learns_nothing(picked_session):
    url = picked_session.client.base_url.join(PATH)
    answer = httpx.get(url, headers={"Authorization": "token wrong"}, timeout=60)
    assert answer.status_code == 403
    assert "Vision" not in answer.text


def test_asking_is_not_activity(plain_session):
    def last_activity() -> str:
        return plain_session.client.get("/api/status").json()["last_activity"]

    before = last_activity()
    status(plain_session)
    assert last_activity() == before


def test_what_a_newer_spawner_says_besides_is_left_out():
    text = PICKED.to_json().replace("{", '{"colour": "green", ', 1)
    assert session_info({SessionVariable.SESSION: text}) == PICKED


@pytest.mark.parametrize("text", ["{", "[]", "7", '{"environment": "PyTorch"}'])
def test_what_cannot_be_read_is_logged_and_left_out(text, caplog):
    assert session_info({SessionVariable.SESSION: text}) is None
    assert SessionVariable.SESSION in caplog.text
