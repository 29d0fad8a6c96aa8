"""The administrators' list of sessions: what is read from requests, filtered, sorted, said."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from gpucommons_contract import Annotation
from gpucommons_contract.drains import (
    Drain,
    DrainedEnd,
    DrainedSession,
    drained_sessions_text,
    read_drain,
    read_drained_sessions,
)
from gpucommons_spawner.administration.listing import ListingError, Offered, Wanted
from gpucommons_spawner.administration.nodes import NodeState, node_lines
from gpucommons_spawner.administration.session_line import LineState, SessionLine, Use
from gpucommons_spawner.administration.wishes import (
    LONGEST_NOTICE_MINUTES,
    Action,
    WishError,
    read_wish,
)
from gpucommons_spawner.availability.node import read_node

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
_HOUR = timedelta(hours=1)


def _line(person: str, server: str = "", **said) -> SessionLine:
    usual = SessionLine(
        person=person,
        server=server,
        title="SciPy",
        team="vision",
        size="gpu",
        environment="scipy",
        gpus=Decimal(1),
        model="",
        node="node-1",
        state=LineState.RUNNING,
        since=NOW - _HOUR,
        use=None,
        plan=None,
        ends_at=None,
        ends_why="",
        hours=None,
    )
    return replace(usual, **said)


LINES = [
    _line("ben", hours=Decimal("0.5"), ends_at=NOW + _HOUR),
    _line("ada", "b", hours=Decimal(9), use=Use("Idle", idle_since=NOW - 2 * _HOUR), team="astro"),
    _line("ada", hours=Decimal(9), state=LineState.WAITING, node="", size="cpu", gpus=Decimal(0)),
    _line("eve", use=Use("Idle", idle_since=NOW - _HOUR), ends_at=NOW + 2 * _HOUR),
]


def _names(query: dict[str, str]) -> list[str]:
    return [line.name for line in Wanted.read(query).of(LINES)]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["ada/", "ada/b", "ben/", "eve/"]),
        ({"sort": "-person"}, ["eve/", "ben/", "ada/", "ada/b"]),
        ({"sort": "idle"}, ["ada/b", "eve/", "ada/", "ben/"]),
        ({"sort": "ends"}, ["ben/", "eve/", "ada/", "ada/b"]),
        ({"sort": "hours"}, ["ada/", "ada/b", "ben/", "eve/"]),
        ({"sort": "state"}, ["ada/", "ada/b", "ben/", "eve/"]),
        ({"sort": "node"}, ["ada/b", "ben/", "eve/", "ada/"]),
        ({"team": "astro"}, ["ada/b"]),
        ({"size": "cpu"}, ["ada/"]),
        ({"state": "waiting"}, ["ada/"]),
        ({"node": "node-1", "person": "EV"}, ["eve/"]),
        ({"person": "ada/b"}, ["ada/b"]),
        ({"team": "none"}, []),
    ],
)
def test_sessions_are_chosen_and_sorted_the_most_urgent_first(query, names):
    assert _names(query) == names


@pytest.mark.parametrize("query", [{"state": "odd"}, {"sort": "odd"}, {"sort": "--person"}])
def test_what_cannot_be_asked_for_is_refused_with_what_can(query):
    with pytest.raises(ListingError, match="must be one of"):
        Wanted.read(query)


def test_links_keep_what_was_chosen_and_turn_the_order_round():
    wanted = Wanted.read({"team": "a b", "sort": "idle"})
    assert wanted.sorted_by("person") == "?team=a+b"
    assert wanted.sorted_by("idle") == "?team=a+b&sort=-idle"
    assert (wanted.direction("idle"), wanted.direction("person")) == ("ascending", "")
    assert wanted.query(page="2") == "?team=a+b&sort=idle&page=2"


def test_only_values_that_sessions_have_are_offered():
    assert Offered.of(LINES) == Offered(["astro", "vision"], ["cpu", "gpu"], ["node-1"])


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        (Action.STOP, {}),
        (Action.STOP, {"minutes": "-1"}),
        (Action.STOP, {"minutes": "1.5"}),
        (Action.STOP, {"minutes": "0000000009999999999"}),
        (Action.STOP, {"minutes": f"{LONGEST_NOTICE_MINUTES + 1}"}),
        (Action.STOP, {"minutes": "0", "reason": "x" * 301}),
        (Action.NOTIFY, {"text": "  "}),
        (Action.NOTIFY, {"text": "x" * 801}),
        (Action.NOTIFY, {"text": "Hello.", "level": "loud"}),
        (Action.KEEP, {"hours": "0"}),
        (Action.KEEP, {"hours": "nan"}),
        (Action.KEEP, {"hours": "745"}),
        (Action.EXEMPT, {"until": "2026-12-01"}),
        (Action.EXEMPT, {"until": "2026-11-29", "reason": "Late."}),
        (Action.EXEMPT, {"until": "tomorrow", "reason": "Late."}),
        (Action.GRANT, {"until": "2026-12-01", "reason": "Course."}),
        (Action.GRANT, {"until": "2026-12-01", "reason": "Course.", "sessions": "1.5"}),
        (Action.GRANT, {"until": "2026-12-01", "reason": "Course.", "gpus": "0"}),
        (Action.GRANT, {"until": "2027-12-01", "reason": "Course.", "gpus": "1"}),
    ],
)
def test_wrong_fields_are_refused(action, fields):
    with pytest.raises(WishError):
        read_wish(action, fields, NOW)


def test_right_fields_are_read_and_only_theirs_put_on_record():
    stop = read_wish(Action.STOP, {"minutes": "0", "reason": "  The  node\nfails. "}, NOW)
    assert stop.details() == {"minutes": 0, "reason": "The node fails."}
    grant = {"sessions": "2", "gpus": "0.5", "until": "2026-12-01", "reason": "Course."}
    assert read_wish(Action.GRANT, grant, NOW).details() == {
        "sessions": 2,
        "gpus": "0.5",
        "until": "2026-12-01T23:59:59+00:00",
        "reason": "Course.",
    }
    assert read_wish(Action.TAKE_BACK, {"minutes": "x"}, NOW).details() == {}
    assert read_wish(Action.KEEP, {"hours": "0.5"}, NOW).hours == Decimal("0.5")


def _node(name: str, *, cordoned: bool = False, drain: str = "", gpus: str = "4"):
    return read_node(
        {
            "metadata": {"name": name, "annotations": {Annotation.DRAIN: drain} if drain else None},
            "spec": {"unschedulable": True} if cordoned else {},
            "status": {
                "allocatable": {"nvidia.com/gpu": gpus, "cpu": "8"},
                "conditions": [{"type": "Ready", "status": "True"}],
            },
        }
    )


def test_a_drain_is_read_as_it_was_written_and_nothing_else_is_one():
    drain = Drain("boss", NOW, "A fan fails.")
    assert read_drain(drain.to_text()) == drain
    for text in ("", "{}", "[]", "x", '{"by": "boss", "until": "soon", "reason": ""}'):
        assert read_drain(text) is None


def test_nodes_say_whether_they_are_drained_and_what_became_of_their_sessions():
    drain = Drain("boss", NOW, "").to_text()
    nodes = [
        _node("f", drain=drain),  # and kubectl uncordon since
        _node("e", cordoned=True, drain=drain),
        _node("d", cordoned=True),
        _node("c", cordoned=True, drain=drain),
        _node("b", cordoned=True, drain=drain),
        _node("a"),
        _node("no-gpu", gpus="0"),
    ]
    nodes[1].sessions["exclusive", "vision"] = 1  # the hub does not know yet whose
    nodes[3].sessions["exclusive", "vision"] = 0
    going = {"node": "", "state": LineState.STOPPING}  # their pods are gone already
    lines = [_line("ada", node="b"), _line("ben", **going), _line("eve", node="a")]
    lines += [_line("cem", **going), _line("dan", **going)]
    told, gone = DrainedSession(NOW), DrainedSession(NOW, True, NOW, DrainedEnd.STOPPED)
    of_b = {"ada/": told, "ben/": DrainedSession(), "cem/": gone}
    others = {"b": ["web/shop-2", "web/shop-1"]}
    found = node_lines(nodes, lines, lambda node: of_b if node.name == "b" else {}, others)
    assert [(each.name, each.state) for each in found] == [
        ("a", NodeState.READY),
        ("b", NodeState.DRAINING),
        ("c", NodeState.DRAINED),
        ("d", NodeState.CORDONED),
        ("e", NodeState.DRAINING),
        ("f", NodeState.READY),
    ]
    assert found[-1].drain is None
    assert found[0].gpus == "4 of 4 gpu"
    assert found[1].sessions == ("ada/", "ben/")
    assert (found[1].told, found[1].gone) == (2, 1)
    said = found[1].as_json()
    assert said["other_pods"] == ["web/shop-1", "web/shop-2"]
    assert [each["gone"] for each in said["drained_sessions"]] == [False, False, True]


def test_what_became_of_sessions_is_read_as_it_was_written_and_nothing_else_is():
    sessions = {
        "ada/": DrainedSession(NOW, True, NOW + _HOUR, DrainedEnd.STOPPED),
        "ben/night": DrainedSession(NOW, False),
        "cem/": DrainedSession(),
    }
    assert read_drained_sessions(drained_sessions_text(sessions)) == sessions
    odd = '{"ada/": 1, "ben/": {"told": "soon", "saved": null, "ended": null, "how": null}}'
    for text in ("", "x", "[]", odd):
        assert read_drained_sessions(text) == {}
