"""The commands ``gpucommons session`` and ``gpucommons node``, beside a hub of the test's."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from gpucommons_config.administration import node_operations
from gpucommons_config.command import main
from gpucommons_contract.drains import Drain, DrainedEnd, DrainedSession
from gpucommons_spawner.administration.actions import Outcome
from gpucommons_spawner.administration.nodes import NodeLine, NodeState
from gpucommons_spawner.administration.session_line import LineState, SessionLine, Use

from tests.unit.config.played_hub import TOKEN, Request, serving

ADA = SessionLine(
    *("ada", "", "PyTorch, quarter", "vision", "quarter", "pytorch"),
    gpus=Decimal("0.25"),
    model="H200",
    node="gpu-1",
    state=LineState.RUNNING,
    since=datetime(2026, 11, 30, 8, tzinfo=UTC),
    use=Use("Idle", "0 %", idle_since=datetime(2026, 11, 30, 9, tzinfo=UTC)),
    plan=None,
    ends_at=datetime(2026, 11, 30, 10, 30, tzinfo=UTC),
    ends_why="if nobody uses it",
    hours=None,
)
BO = replace(ADA, person="bo", server="night", state=LineState.WAITING, node="", use=None)
DRAIN = Drain("grace", datetime(2026, 11, 30, 12, tzinfo=UTC), "A fan is broken.")
DRAINED = NodeLine("gpu-1", "H200", "4 of 4", (), NodeState.DRAINED, DRAIN)
READY = replace(DRAINED, sessions=("ada/",), state=NodeState.READY, drain=None)
TOLD = DrainedSession(datetime(2026, 11, 30, 11, 1, tzinfo=UTC))
STOPPED = replace(
    TOLD, saved=True, ended=datetime(2026, 11, 30, 12, 1, tzinfo=UTC), how=DrainedEnd.STOPPED
)


@pytest.fixture
def hub():
    with serving() as hub:
        yield hub


@pytest.fixture
def run(hub, tmp_path, monkeypatch):
    """Give a command as grace, at an installation with that hub."""
    monkeypatch.setenv("SUDO_USER", "grace")
    monkeypatch.setattr(node_operations, "_LOOK_SECONDS", 0.0)
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    file = tmp_path / "people.yaml"
    file.write_text(f"address: {hub.url}\nhub: {{api_url: {hub.url}/hub/api, token_file: token}}\n")

    def run(*words):
        return main([*words, "--config", str(file)])

    return run


def _words(line):
    return " ".join(line.split())


def _nodes(*nodes, may_drain=True):
    return {"nodes": [each.as_json() for each in nodes], "may_drain": may_drain}


def _outcomes(*outcomes):
    return {"outcomes": [each.as_json() for each in outcomes]}


def test_sessions_are_listed_with_what_is_known_of_each(hub, run, capsys):
    hub.will("GET sessions", {"sessions": [ADA.as_json(), BO.as_json()]})
    assert run("session", "list", "--team", "vision", "--state", "running", "--sort", "idle") == 0
    head, ada, bo = capsys.readouterr().out.splitlines()
    assert head.split("  ")[0] == "Session"
    idle, ends = "2026-11-30 09:00 UTC", "2026-11-30 10:30 UTC"
    assert _words(ada) == f"ada/ vision quarter 0.25 running Idle 0 % {idle} {ends} gpu-1"
    assert _words(bo) == f"bo/night vision quarter 0.25 waiting {ends}"
    assert head.index("Ends") == ada.index(ends) == bo.index(ends)
    query = {"team": "vision", "state": "running", "sort": "idle"}
    assert hub.asked == [Request("GET", "sessions", query, None)]


def test_no_session_is_said_in_words_and_in_json_is_an_empty_list(hub, run, capsys):
    hub.will("GET sessions", {"sessions": []})
    assert run("session", "list") == 0
    assert capsys.readouterr().out == "There is no such session.\n"
    assert run("session", "list", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"sessions": []}


@pytest.mark.parametrize(
    ("words", "action", "fields"),
    [
        (["stop"], "stop", {"minutes": 15, "reason": ""}),
        (
            ["stop", "--notice", "2h", "--reason", "A fan is broken."],
            "stop",
            {"minutes": 120, "reason": "A fan is broken."},
        ),
        (["take-back"], "take-back", {}),
        (
            ["notify", "Updates tonight.", "--level", "error"],
            "notify",
            {"text": "Updates tonight.", "level": "error"},
        ),
        (["extend", "--hours", "4"], "keep", {"hours": "4"}),
    ],
)
def test_what_is_done_with_sessions_is_asked_of_the_hub_in_the_name_of_who_gives_the_command(
    hub, run, words, action, fields
):
    said = _outcomes(Outcome("ada/", True, "It was told."), Outcome("bo/night", True, "It too."))
    hub.will(f"POST sessions/{action}", said)
    assert run("session", *words, "Ada", "bo/night") == 0
    body = {**fields, "sessions": ["ada/", "bo/night"], "by": "grace"}
    assert hub.asked == [Request("POST", f"sessions/{action}", {}, body)]


def test_one_session_for_which_it_was_not_done_makes_the_command_fail(hub, run, capsys):
    said = _outcomes(Outcome("ada/", True, "It stops."), Outcome("bo/", False, "It does not run."))
    hub.will("POST sessions/stop", said)
    assert run("session", "stop", "ada", "bo") == 1
    assert capsys.readouterr().out == "ada/: It stops.\nbo/: NOT DONE. It does not run.\n"
    assert run("session", "stop", "ada", "bo", "--json") == 1
    assert json.loads(capsys.readouterr().out) == said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["session", "stop", "ada lovelace"], "The user name 'ada lovelace' cannot be used"),
        (["session", "stop", "ada", "--notice", "soon"], "'soon' is not a duration. Write one"),
        (["node", "drain", "gpu-1", "--notice", "soon"], "'soon' is not a duration. Write one"),
    ],
)
def test_what_cannot_be_meant_is_not_asked_of_the_hub(hub, run, capsys, words, says):
    assert run(*words) != 0
    assert says in capsys.readouterr().err
    assert hub.asked == []


def test_what_the_hub_refuses_is_said_with_its_reason(hub, run, capsys):
    hub.will("POST sessions/keep", {"message": "hours must be 1 to 24."}, status=400)
    assert run("session", "extend", "ada", "--hours", "99") == 1
    assert capsys.readouterr().err == "The hub answered 400: hours must be 1 to 24.\n"


def test_an_installation_without_a_hub_is_told_what_it_lacks(hub, tmp_path, capsys):
    file = tmp_path / "alone.yaml"
    file.write_text(f"address: {hub.url}\n")
    assert main(["node", "list", "--config", str(file)]) != 0
    assert "has no hub, whose token is needed to ask it." in capsys.readouterr().err


def test_nodes_are_listed_with_who_drains_them(hub, run, capsys):
    more = {"name": "gpu-2", "gpus": "1 of 4", "sessions": ("ada/", "bo/")}
    usual = replace(READY, **more)
    hub.will("GET nodes", _nodes(DRAINED, usual))
    assert run("node", "list") == 0
    _head, drained, ready = capsys.readouterr().out.splitlines()
    who = "grace until 2026-11-30 12:00 UTC A fan is broken."
    assert _words(drained) == f"gpu-1 drained 0 4 of 4 {who}"
    assert _words(ready) == "gpu-2 ready 2 1 of 4"


def test_a_drain_shows_how_far_it_is_and_ends_with_what_became_of_each_session(hub, run, capsys):
    begun = replace(DRAINED, sessions=("ada/",), state=NodeState.DRAINING)
    told = replace(begun, drained={"ada/": TOLD})
    late = replace(told, sessions=("ada/", "bo/"), drained={"ada/": TOLD, "bo/": DrainedSession()})
    before = DrainedSession(None, None, STOPPED.ended, DrainedEnd.BEFORE)
    gone = DrainedSession(TOLD.told)  # while the hub was away
    over = {"ada/": STOPPED, "bo/": before, "cem/": gone}
    done = replace(DRAINED, drained=over, other_pods=("web/shop-1",))
    hub.will("GET nodes", *map(_nodes, (READY, begun, told, told, late, done)))
    hub.will("POST nodes/gpu-1/drain", _outcomes(Outcome("ada/", True, "It stops then.")))
    assert run("node", "drain", "gpu-1", "--reason", "A fan is broken.") == 0
    printed = capsys.readouterr()
    assert [_words(line) for line in printed.out.splitlines()] == [
        "Session Told Pages saved Ended",
        "ada/ 2026-11-30 11:01 UTC yes stopped at 2026-11-30 12:01 UTC",
        "bo/ no ended before at 2026-11-30 12:01 UTC",
        "cem/ 2026-11-30 11:01 UTC while the hub was away",
        "The node gpu-1 is drained: 3 sessions, 2 told, none is left.",
        "Not a session, and still on it: web/shop-1. kubectl drain evicts these.",
    ]
    said = [line.partition(": ")[2] for line in printed.err.splitlines()]
    assert said == [
        "1 session on gpu-1, until 2026-11-30 12:00 UTC: ada/.",
        "ada/ was told.",
        "2 sessions on gpu-1, until 2026-11-30 12:00 UTC: ada/ and bo/.",
        "ada/ ended: stopped at 2026-11-30 12:01 UTC.",
        "bo/ ended: ended before at 2026-11-30 12:01 UTC.",
        "cem/ was told.",
        "cem/ ended: while the hub was away.",
    ]
    (asked,) = (each.body for each in hub.asked if each.method == "POST")
    assert asked == {"minutes": 30, "reason": "A fan is broken.", "by": "grace"}


def test_the_command_given_again_waits_for_the_drain_that_goes_on(hub, run, capsys):
    full = replace(DRAINED, sessions=("ada/",), state=NodeState.DRAINING)
    hub.will("GET nodes", *map(_nodes, (full, full, DRAINED)))
    hub.will("POST nodes/gpu-1/drain", _outcomes())
    assert run("node", "drain", "gpu-1") == 0
    assert "none is left" in capsys.readouterr().out
    assert {each.method for each in hub.asked} == {"GET"}
    assert run("node", "drain", "gpu-1", "--notice", "2h") == 0
    (asked,) = (each.body for each in hub.asked if each.method == "POST")
    assert asked["minutes"] == 120


@pytest.mark.parametrize(("notice", "minutes"), [("0m", 0), ("30", 1), ("30s", 1), ("90s", 2)])
def test_no_time_of_notice_is_cut_short(hub, run, notice, minutes):
    hub.will("GET nodes", _nodes(DRAINED))
    hub.will("POST nodes/gpu-1/drain", _outcomes())
    assert run("node", "drain", "gpu-1", "--notice", notice) == 0
    (asked,) = (each.body for each in hub.asked if each.method == "POST")
    assert asked["minutes"] == minutes


def test_a_drain_that_nobody_waits_for_says_what_is_left(hub, run, capsys):
    full = replace(DRAINED, sessions=("ada/",), state=NodeState.DRAINING, drained={"ada/": TOLD})
    hub.will("GET nodes", _nodes(full))
    for words in (("drain", "gpu-1", "--no-wait"), ("report", "gpu-1")):
        assert run("node", *words) == 0
        last = capsys.readouterr().out.splitlines()[-1]
        left = "1 session, 1 told, 1 left until 2026-11-30 12:00 UTC: ada/."
        assert last == f"Nothing new comes to the node gpu-1: {left}"
        assert run("node", *words, "--json") == 0
        said = json.loads(capsys.readouterr().out)
        assert (said["node"], said["sessions_left"]) == ("gpu-1", ["ada/"])
        assert [(each["session"], each["gone"]) for each in said["sessions"]] == [("ada/", False)]


def test_what_a_drain_would_do_is_said_without_doing_it(hub, run, capsys):
    there = replace(READY, sessions=("ada/", "bo/"), other_pods=("web/shop-1",))
    hub.will("GET nodes", _nodes(there))
    assert run("node", "drain", "gpu-1", "--notice", "1h", "--dry-run") == 0
    out = capsys.readouterr().out
    assert "2 sessions would be told, and stopped at" in out
    assert "ada/ and bo/." in out
    assert "Not a session, and still on it: web/shop-1." in out
    hub.will("GET nodes", _nodes(there, may_drain=False))
    assert run("node", "drain", "gpu-1", "--dry-run") == 1
    assert "apply cluster/drain of this release first" in capsys.readouterr().out
    assert run("node", "drain", "gpu-l", "--dry-run") == 1
    out = capsys.readouterr().out
    assert "The hub lists no node gpu-l" in out
    assert "Nothing new would come" not in out
    assert {each.method for each in hub.asked} == {"GET"}


@pytest.mark.parametrize(
    ("there", "says"),
    [
        ((), "The hub does not know the node gpu-1."),
        ((READY,), "The node gpu-1 is in service again, and its sessions go on."),
    ],
)
def test_a_node_that_is_lost_or_given_back_meanwhile_does_not_count_as_empty(
    hub, run, capsys, there, says
):
    hub.will("GET nodes", _nodes(*there))
    hub.will("POST nodes/gpu-1/drain", _outcomes())
    assert run("node", "drain", "gpu-1") == 1
    printed = capsys.readouterr()
    assert says in printed.err
    assert "is drained" not in printed.out


def test_there_is_no_report_of_a_node_that_is_in_service(hub, run, capsys):
    hub.will("GET nodes", _nodes(READY))
    assert run("node", "report", "gpu-1") == 1
    assert "The node gpu-1 is not drained." in capsys.readouterr().err


def test_a_node_is_given_back_by_its_name_whatever_is_in_it(hub, run, capsys):
    hub.will("POST nodes/gpu%2F1/give-back", _outcomes())
    assert run("node", "give-back", "gpu/1") == 0
    assert capsys.readouterr().out == "The node gpu/1 is in service again.\n"
    assert hub.asked == [Request("POST", "nodes/gpu%2F1/give-back", {}, {"by": "grace"})]
