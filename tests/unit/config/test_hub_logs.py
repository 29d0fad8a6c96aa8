"""The hub's lines are JSON where the environment says so, and say who asked for what."""

import json
import logging
import logging.config
from types import SimpleNamespace

import pytest
from gpucommons_config.hub_logs import add_logs, log_with_caller
from gpucommons_upkeep.logs import LOG_FORMAT, about
from gpucommons_upkeep.logs.about import Facts, begin
from gpucommons_upkeep.logs.requests import RequestLogged
from jupyterhub.app import JupyterHub
from sqlalchemy.exc import OperationalError
from traitlets.config import Config


@pytest.fixture
def restored():
    """What logging is set to by a test does not outlive it."""
    names = ("JupyterHub", "root", "tornado", "oauthlib")
    loggers = [logging.getLogger(None if each == "root" else each) for each in names]
    before = [(each.handlers[:], each.level, each.propagate, each.parent) for each in loggers]
    yield
    logging.captureWarnings(capture=False)
    for each, (handlers, level, propagate, parent) in zip(loggers, before, strict=True):
        each.handlers, each.propagate, each.parent = handlers, propagate, parent
        each.setLevel(level)


def _configured(c: Config | None = None) -> Config:
    c = c or Config()
    add_logs(c)
    add_logs(c)  # changes nothing more
    return c


def test_each_request_has_an_id_and_a_caller(monkeypatch):
    monkeypatch.delenv(LOG_FORMAT, raising=False)
    c = _configured()
    assert c.JupyterHub.tornado_settings == {
        "transforms": [RequestLogged],
        "log_function": log_with_caller,
    }
    assert "logging_config" not in c.JupyterHub


@pytest.mark.usefixtures("restored")
def test_what_the_installation_set_stays(monkeypatch):
    monkeypatch.setenv(LOG_FORMAT, "json")

    def own(_handler):
        """An operator's."""

    c = Config()
    c.JupyterHub.tornado_settings = {"log_function": own, "transforms": [str]}
    c.JupyterHub.logging_config = {"formatters": {"console": {"class": "logging.Formatter"}}}
    _configured(c)
    assert c.JupyterHub.tornado_settings["log_function"] is own
    assert c.JupyterHub.tornado_settings["transforms"] == [RequestLogged, str]
    assert c.JupyterHub.logging_config["formatters"]["console"]["class"] == "logging.Formatter"


@pytest.mark.usefixtures("restored")
def test_jupyterhub_and_libraries_log_json_where_programs_read_it(monkeypatch, capfd):
    monkeypatch.setenv(LOG_FORMAT, "json")
    hub = JupyterHub(config=_configured())
    hub.init_logging()
    with about(user="ada"):
        hub.log.info("Server %s is ready", "ada:train")
    logging.getLogger("tornado.access").warning("GET /?token=abc")
    logging.getLogger("some.library").warning("odd")
    logging.getLogger("some.library").info("nothing that matters")
    lines = [json.loads(each) for each in capfd.readouterr().err.splitlines()]
    assert [each["message"] for each in lines] == [
        "Server ada:train is ready",
        "GET /?token=[secret]",
        "odd",
    ]
    assert {each["program"] for each in lines} == {"hub"}
    assert (lines[0]["level"], lines[0]["user"]) == ("info", "ada")


class _Handler:
    def __init__(self, caller):
        self._caller = caller

    @property
    def current_user(self):
        if isinstance(self._caller, Exception):
            raise self._caller
        return self._caller


@pytest.mark.parametrize(
    ("caller", "noted", "expected"),
    [
        (SimpleNamespace(name="ada", kind="user"), {}, {"by": "ada", "user": "ada"}),
        (SimpleNamespace(name="root", kind="user"), {"user": "ada"}, {"by": "root", "user": "ada"}),
        (SimpleNamespace(name="idle", kind="service"), {}, {"by": "idle"}),
        (None, {}, {}),
        (OperationalError("select", {}, Exception("away")), {}, {}),
    ],
)
async def test_who_asked_is_on_the_line_of_a_request(monkeypatch, caller, noted, expected):
    facts = Facts(noted)
    begin(facts)
    logged = []
    monkeypatch.setattr("gpucommons_config.hub_logs.log_request", logged.append)
    log_with_caller(_Handler(caller))
    assert len(logged) == 1
    assert facts.now() == expected
