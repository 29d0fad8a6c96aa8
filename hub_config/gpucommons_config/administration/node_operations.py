"""What ``gpucommons node`` does. The hub drains; the command waits, and shows how far that is."""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from gpucommons_contract import Endpoint
from gpucommons_contract.formats.wording import counted, joined, moment
from gpucommons_people.errors import PeopleError
from gpucommons_people.files.audit import actor

from gpucommons_config.administration.hub import Hub
from gpucommons_config.administration.words import minutes, moment_words, table
from gpucommons_config.command_line import show

_LOOK_SECONDS = 5.0
"""How often a node is looked at that is being drained."""
_USUAL_NOTICE = "30m"
_DRAINING, _DRAINED = "draining", "drained"
"""States of a node."""
_Node = Mapping[str, Any]
"""One of the nodes that the hub lists."""


def _list(hub: Hub, a: argparse.Namespace) -> int:
    show(a, hub.ask("GET", Endpoint.HUB_ADMINISTRATION_NODES), _lines)
    return 0


def _lines(said: Mapping[str, Any]) -> Iterator[str]:
    rows = [
        (
            each["node"],
            each["state"],
            str(len(each["sessions"])),
            each["gpus_free"],
            _drain_words(each["drain"]),
        )
        for each in said["nodes"]
    ]
    return table(("Node", "State", "Sessions", "Free", "Drained by"), rows)


def _drain(hub: Hub, a: argparse.Namespace) -> int:
    if a.notice:
        minutes(a.notice)  # before anything is asked
    if a.dry_run:
        return _dry_run(hub, a)
    if a.notice or not _drained(hub, a.node):
        body = {
            "minutes": minutes(a.notice or _USUAL_NOTICE),
            "reason": a.reason,
            "by": actor(),
        }
        hub.ask("POST", _endpoint(a.node, "drain"), body=body)
    node = _wait_until_empty(hub, a.node) if a.wait else _node(hub, a.node)
    show(a, _report(node), _report_lines)
    return 0


def _dry_run(hub: Hub, a: argparse.Namespace) -> int:
    said = hub.ask("GET", Endpoint.HUB_ADMINISTRATION_NODES)
    node = _found(said["nodes"], a.node)
    at = datetime.now(UTC) + timedelta(minutes=minutes(a.notice or _USUAL_NOTICE))
    until = at.isoformat()
    if not a.notice and node and node["drain"]:
        until = node["drain"]["until"]
    document = {
        "node": a.node,
        "listed": node is not None,
        "may_drain": said["may_drain"],
        "until": until,
        "sessions": list(node["sessions"]) if node else [],
        "other_pods": list(node["other_pods"]) if node else [],
    }
    show(a, document, _dry_run_lines)
    return 0 if said["may_drain"] and node else 1


def _dry_run_lines(said: Mapping[str, Any]) -> Iterator[str]:
    if not said["listed"]:
        yield f"The hub lists no node {said['node']}: it is misspelt, or has no GPUs and sessions."
        yield "See: gpucommons node list. Nothing was changed."
        return
    sessions = said["sessions"]
    yield f"Nothing new would come to the node {said['node']}."
    if sessions:
        stopped = counted(len(sessions), "session")
        until = moment_words(said["until"])
        yield f"{stopped} would be told, and stopped at {until}: {joined(sessions)}."
    else:
        yield "No session is on it."
    yield from _other_pods(said["other_pods"])
    if not said["may_drain"]:
        yield "But the hub has no right to do that: apply cluster/drain of this release first."
    yield "Nothing was changed."


def _wait_until_empty(hub: Hub, name: str) -> _Node:
    """Look until no session is left, and say what became of each. Raises PeopleError."""
    before: _Node | None = None
    while True:
        node = _node(hub, name)
        if node["state"] not in (_DRAINING, _DRAINED):
            raise PeopleError(f"The node {name} is in service again, and its sessions go on.")
        for line in _progress(before, node):
            sys.stderr.write(f"{moment(datetime.now(UTC))}: {line}\n")
        if node["state"] == _DRAINED:
            return node
        before = node
        time.sleep(_LOOK_SECONDS)


def _progress(before: _Node | None, now: _Node) -> Iterator[str]:
    """Yield what is new since the look before."""
    known = {each["session"]: each for each in before["drained_sessions"]} if before else {}
    for each in now["drained_sessions"]:
        earlier = known.get(each["session"], {})
        if each["told"] and not earlier.get("told"):
            yield f"{each['session']} was told."
        if each["gone"] and not earlier.get("gone"):
            yield f"{each['session']} ended: {_end_words(each)}."
    left, drain = now["sessions"], now["drain"]
    if left and (before is None or (before["sessions"], before["drain"]) != (left, drain)):
        until = moment_words(drain["until"])
        yield f"{counted(len(left), 'session')} on {now['node']}, until {until}: {joined(left)}."


def _report_of(hub: Hub, a: argparse.Namespace) -> int:
    node = _node(hub, a.node)
    if node["drain"] is None:
        raise PeopleError(f"The node {a.node} is not drained. See: gpucommons node list.")
    show(a, _report(node), _report_lines)
    return 0


def _report(node: _Node) -> dict[str, Any]:
    return {
        "node": node["node"],
        "state": node["state"],
        "drain": node["drain"],
        "sessions": list(node["drained_sessions"]),
        "sessions_left": list(node["sessions"]),
        "other_pods": list(node["other_pods"]),
    }


def _report_lines(said: Mapping[str, Any]) -> Iterator[str]:
    sessions = said["sessions"]
    if sessions:
        rows = [
            (
                each["session"],
                moment_words(each["told"]) or "no",
                _saved_words(each),
                _end_words(each) if each["gone"] else "no",
            )
            for each in sessions
        ]
        yield from table(("Session", "Told", "Pages saved", "Ended"), rows)
    told = sum(1 for each in sessions if each["told"])
    left = said["sessions_left"]
    until = moment_words(said["drain"]["until"])
    counts = f"{counted(len(sessions), 'session')}, {told} told"
    if said["state"] == _DRAINING:
        what = f"{len(left)} left until {until}{': ' if left else ''}{joined(left)}"
        yield f"Nothing new comes to the node {said['node']}: {counts}, {what}."
    else:
        yield f"The node {said['node']} is drained: {counts}, none is left."
    yield from _other_pods(said["other_pods"])


def _other_pods(pods: Sequence[str]) -> Iterator[str]:
    if pods:
        yield f"Not a session, and still on it: {joined(pods)}. kubectl drain evicts these."


def _saved_words(session: Mapping[str, Any]) -> str:
    return {True: "yes", False: "could not be asked"}.get(session["saved"], "")


def _end_words(session: Mapping[str, Any]) -> str:
    if session["how"] is None:
        return "while the hub was away"
    how = "stopped" if session["how"] == "stopped" else "ended before"
    return f"{how} at {moment_words(session['ended'])}"


def _give_back(hub: Hub, a: argparse.Namespace) -> int:
    said = hub.ask("POST", _endpoint(a.node, "give-back"), body={"by": actor()})
    show(a, said, lambda _said: [f"The node {a.node} is in service again."])
    return 0


def _endpoint(node: str, action: str) -> str:
    return Endpoint.HUB_ADMINISTRATION_NODE.format(name=quote(node, safe=""), action=action)


def _drained(hub: Hub, name: str) -> bool:
    """Whether a drain of the node goes on, as after a command that was ended."""
    nodes = hub.ask("GET", Endpoint.HUB_ADMINISTRATION_NODES)["nodes"]
    found = _found(nodes, name)
    return found is not None and found["drain"] is not None


def _node(hub: Hub, name: str) -> _Node:
    found = _found(hub.ask("GET", Endpoint.HUB_ADMINISTRATION_NODES)["nodes"], name)
    if found is None:
        raise PeopleError(f"The hub does not know the node {name}. See: gpucommons node list.")
    return found


def _found(nodes: Sequence[_Node], name: str) -> _Node | None:
    return next((each for each in nodes if each["node"] == name), None)


def _drain_words(drain: Mapping[str, str] | None) -> str:
    return f"{drain['by']} until {moment_words(drain['until'])} {drain['reason']}" if drain else ""


NODE_OPERATIONS: Mapping[str, Callable[[Hub, argparse.Namespace], int]] = {
    "node_drain": _drain,
    "node_give_back": _give_back,
    "node_list": _list,
    "node_report": _report_of,
}
