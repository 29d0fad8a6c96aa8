"""What Fluent Bit's rules make of lines and events, run by the interpreter that it has itself."""

import json
from typing import Any

import pytest
from gpucommons_upkeep.logs.about import FIELDS
from lupa.luajit21 import LuaRuntime

from .charts import values

SECRET = "a8f5f167f44f4964e6c998dee827110c"
_AT = 1764579600.25


def _rules(chart: str) -> Any:
    lua = LuaRuntime(unpack_returned_tuples=True)
    for script in values(f"logs/{chart}", "prod")["luaScripts"].values():
        lua.execute(script)
    return lua


@pytest.fixture(scope="module")
def node():
    """The rules of the Fluent Bit of each node."""
    return _rules("fluent-bit")


def _call(lua, name, record):
    as_table = lua.table_from(record, recursive=True)
    code, _, found = getattr(lua.globals(), name)("tag", _AT, as_table)
    assert code == 2, "the record was changed, and its time was not"
    return _plain(found)


def _plain(value):
    if not hasattr(value, "items"):
        return value
    found = {key: _plain(each) for key, each in value.items()}
    return list(found.values()) if found and set(found) == set(range(1, len(found) + 1)) else found


HUB = {
    "namespace_name": "gpucommons",
    "pod_name": "hub-6f7",
    "pod_id": "h-1",
    "container_name": "hub",
    "host": "node-1",
    "labels": {"component": "hub"},
}
SESSION = {
    "namespace_name": "team-vision",
    "pod_name": "jupyter-ada--train",
    "pod_id": "p-1",
    "container_name": "notebook",
    "host": "node-2",
    "labels": {"component": "singleuser-server", "gpucommons.io/team": "vision"},
    "annotations": {"gpucommons.io/user": "ada", "gpucommons.io/server": "train"},
}
FROM = {"namespace": "gpucommons", "pod": "hub-6f7", "container": "hub", "node": "node-1"}


def test_a_line_of_ours_stays_as_it_is_and_says_where_it_is_from(node):
    line = {
        "time": "2026-12-01T09:00:00.123Z",
        "level": "info",
        "logger": "JupyterHub",
        "program": "hub",
        "message": "ada:train is ready",
        **{name: f"{name}-1" for name in FIELDS},
    }
    found = _call(node, "ours", {"log": json.dumps(line), "line": line, "kubernetes": HUB})
    assert found == {**line, "kind": "lines", "from": FROM}


def test_what_is_on_record_is_told_from_other_lines(node):
    line = {"message": "root: stop session", "audit": True, "by": "root", "details": {"a": [1, 2]}}
    found = _call(node, "ours", {"line": line, "kubernetes": HUB})
    assert found["kind"] == "audit"
    assert found["details"] == {"a": [1, 2]}
    assert found["time"] == "2025-12-01T09:00:00.250Z"


@pytest.mark.parametrize(
    ("text", "level", "message"),
    [
        (
            "09:00:00.123 [ConfigProxy] \x1b[32minfo\x1b[39m: Adding route /user/ada -> http://x",
            "info",
            "Adding route /user/ada -> http://x",
        ),
        ("09:00:00.123 [ConfigProxy] warn: no route", "warning", "no route"),
        (
            "[W 2026-12-01 09:00:00.1 JupyterHub app:3141] No config",
            "warning",
            "No config",
        ),
        ("Traceback (most recent call last):", None, "Traceback (most recent call last):"),
        ("", None, ""),
    ],
)
def test_text_of_other_programs_has_its_level_and_message(node, text, level, message):
    found = _call(node, "ours", {"log": text, "kubernetes": {**HUB, "container_name": "chp"}})
    assert (found.get("level"), found["message"], found["program"]) == (level, message, "chp")


def test_dex_says_the_same_by_other_names(node):
    line = {"time": "2026-12-01T09:00:00Z", "level": "INFO", "msg": "login successful"}
    kubernetes = {**HUB, "namespace_name": "dex", "container_name": "dex"}
    found = _call(node, "ours", {"line": line, "kubernetes": kubernetes})
    assert (found["level"], found["message"], found["program"]) == (
        "info",
        "login successful",
        "dex",
    )
    assert "msg" not in found


def test_whose_session_a_line_is_of_is_what_its_pod_says(node):
    line = {"level": "warning", "message": "the disk is full", "request_id": "r-1", "logger": "x"}
    found = _call(node, "session", {"line": line, "kubernetes": SESSION})
    assert found == {
        **line,
        "kind": "lines",
        "program": "session",
        "user": "ada",
        "session": "ada/train",
        "team": "vision",
        "pod": "jupyter-ada--train",
        "pod_uid": "p-1",
        "time": "2025-12-01T09:00:00.250Z",
        "from": {
            "namespace": "team-vision",
            "pod": "jupyter-ada--train",
            "container": "notebook",
            "node": "node-2",
        },
    }
    default = {**SESSION, "annotations": {"gpucommons.io/user": "ada", "gpucommons.io/server": ""}}
    assert _call(node, "session", {"log": "x", "kubernetes": default})["session"] == "ada"


def test_a_session_can_put_nothing_on_record_and_speak_for_nobody_else(node):
    line = {
        "message": "root: stop session",
        "audit": True,
        "kind": "audit",
        "by": "root",
        "user": "ben",
        "session": "ben",
        "program": "hub",
        "time": "2020-01-01T00:00:00Z",
        "from": {"namespace": "gpucommons"},
    }
    found = _call(node, "session", {"line": line, "kubernetes": SESSION})
    assert found["kind"] == "lines"
    assert (found["user"], found["program"]) == ("ada", "session")
    assert found["time"].startswith("2025-12-01")
    assert found["from"]["namespace"] == "team-vision"
    assert not {"audit", "by"} & set(found)


def test_a_pod_that_is_no_session_is_named_by_its_container(node):
    kubernetes = {"namespace_name": "team-vision", "pod_name": "x", "container_name": "snapshot"}
    found = _call(node, "session", {"log": "INFO done", "kubernetes": kubernetes})
    assert (found["program"], found["message"]) == ("snapshot", "INFO done")
    assert "user" not in found


@pytest.mark.parametrize("rule", ["ours", "session"])
@pytest.mark.parametrize(
    "text",
    [
        f"503 GET /user/ada/lab?reset&token={SECRET}&x=1 connect ECONNREFUSED",
        f"GET /hub/oauth_callback?code={SECRET}&state={SECRET}",
        f"GET /hub/login?_xsrf={SECRET}&next=%2Fhub",
        f"GET /hub/login?next=%2Fhub%2Fhome%3Ftoken%3D{SECRET}%26code%3D{SECRET}",
        f"GET /hub/login?next=%2Fa%3Fnext%3D%252Fb%253Ftoken%253D{SECRET}",
        f"Authorization: token {SECRET}",
        f"authorization: Bearer {SECRET}",
        f'{{"Authorization": "token {SECRET}"}}',
        f"Cookie: jupyterhub-session-id={SECRET}; a={SECRET}",
        f"the token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.{SECRET} is wrong",
    ],
)
def test_what_programs_of_others_write_has_no_secret_afterwards(node, rule, text):
    for record in ({"log": text}, {"line": {"message": text, "exception": text}}):
        found = json.dumps(_call(node, rule, {**record, "kubernetes": SESSION}))
        assert SECRET not in found
        assert "[secret]" in found


def test_ordinary_addresses_stay(node):
    text = "200 GET /hub/home?language=de&next=%2Fhub (ada@10.0.0.1)"
    assert _call(node, "ours", {"log": text, "kubernetes": HUB})["message"] == text


def test_an_event_is_of_its_pod():
    event = {
        "type": "Warning",
        "reason": "FailedScheduling",
        "message": "0/3 nodes are available",
        "involvedObject": {
            "kind": "Pod",
            "namespace": "team-vision",
            "name": "jupyter-ada--train",
            "uid": "p-1",
        },
        "source": {"component": "default-scheduler"},
        "lastTimestamp": "2026-12-01T09:00:00Z",
    }
    assert _call(_rules("fluent-bit-events"), "event", event) == {
        "kind": "events",
        "program": "kubernetes",
        "logger": "default-scheduler",
        "level": "warning",
        "reason": "FailedScheduling",
        "message": "FailedScheduling: 0/3 nodes are available",
        "object": "Pod/jupyter-ada--train",
        "pod": "jupyter-ada--train",
        "pod_uid": "p-1",
        "time": "2026-12-01T09:00:00Z",
        "from": {"namespace": "team-vision"},
    }
