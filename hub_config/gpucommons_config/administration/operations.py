"""What ``gpucommons session`` and ``gpucommons node`` do: ask the hub, and show what it says."""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx
from gpucommons_contract import Endpoint, UserNameError, user_name
from gpucommons_contract.wording import counted, moment
from gpucommons_people.errors import InputError, PeopleError
from gpucommons_people.files.audit import actor
from gpucommons_people.names import duration

from gpucommons_config import service_client
from gpucommons_config.command_line import show

_HUB = service_client.Service("hub", "proxy", "gpucommons session list", 120.0)
_LOOK_SECONDS = 5.0
"""How often a node is looked at that is being drained."""
_MINUTE = 60
_API = "api/"


class Hub:
    """The hub of an installation, asked as the account commands' service."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        """Read where it is. Raises PeopleError."""
        _address, self._hub = service_client.configured_hub(
            arguments.config, arguments.find_config(), "it"
        )

    def ask(
        self,
        method: str,
        endpoint: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 -- JSON
        """Return what it answers. Raises PeopleError."""
        answer: httpx.Response = service_client.ask(
            _HUB,
            method,
            f"{self._hub.api_url.rstrip('/')}/{endpoint.removeprefix(_API)}",
            self._hub.token(),
            query=query,
            body=body,
            trusted=self._hub.trusted(),
        )
        if answer.is_success:
            return answer.json()
        raise PeopleError(
            f"The hub answered {answer.status_code}: {service_client.message_of(answer)}"
        )


def run(arguments: argparse.Namespace) -> int:
    """Run the chosen command; 1 for an error, or if something was not done."""
    try:
        return _OPERATIONS[arguments.operation](Hub(arguments), arguments)
    except PeopleError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code


def session_name(text: str) -> str:
    """Return a session's name as the hub writes it, of NAME or NAME/SERVER. Raises InputError."""
    person, _, server = text.partition("/")
    try:
        return f"{user_name(person)}/{server}"
    except UserNameError as error:
        raise InputError(str(error)) from None


def _session_list(hub: Hub, a: argparse.Namespace) -> int:
    names = ("person", "team", "size", "state", "node", "sort")
    query = {name: getattr(a, name) for name in names if getattr(a, name)}
    said = hub.ask("GET", Endpoint.HUB_ADMINISTRATION_SESSIONS, query=query)
    show(a, said, _session_lines)
    return 0


def _session_lines(said: Mapping[str, Any]) -> Iterator[str]:
    columns = ("Session", "Team", "Size", "GPUs", "State", "Use", "Idle since", "Ends", "Node")
    rows = [
        (
            each["session"],
            each["team"],
            each["size"],
            each["gpus"],
            each["state"],
            " ".join(filter(None, (each["use"], each["gpu_use"]))),
            _moment(each["idle_since"]),
            _moment(each["ends_at"]),
            each["node"],
        )
        for each in said["sessions"]
    ]
    yield from _table(columns, rows) if rows else ["There is no such session."]


def _session_stop(hub: Hub, a: argparse.Namespace) -> int:
    return _act(hub, a, "stop", {"minutes": _minutes(a.notice), "reason": a.reason})


def _session_take_back(hub: Hub, a: argparse.Namespace) -> int:
    return _act(hub, a, "take-back", {})


def _session_notify(hub: Hub, a: argparse.Namespace) -> int:
    return _act(hub, a, "notify", {"text": a.text, "level": a.level})


def _session_extend(hub: Hub, a: argparse.Namespace) -> int:
    return _act(hub, a, "keep", {"hours": a.hours})


def _act(hub: Hub, a: argparse.Namespace, action: str, fields: Mapping[str, Any]) -> int:
    sessions = [session_name(each) for each in a.sessions]
    endpoint = Endpoint.HUB_ADMINISTRATION_ACTION.format(action=action)
    body = {**fields, "sessions": sessions, "by": actor()}
    said = hub.ask("POST", endpoint, body=body)
    show(a, said, _outcome_lines)
    return 0 if all(each["done"] for each in said["outcomes"]) else 1


def _outcome_lines(said: Mapping[str, Any]) -> Iterator[str]:
    for each in said["outcomes"]:
        yield f"{each['session']}: {'' if each['done'] else 'NOT DONE. '}{each['message']}"


def _node_list(hub: Hub, a: argparse.Namespace) -> int:
    show(a, hub.ask("GET", Endpoint.HUB_ADMINISTRATION_NODES), _node_lines)
    return 0


def _node_lines(said: Mapping[str, Any]) -> Iterator[str]:
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
    return _table(("Node", "State", "Sessions", "Free", "Drained by"), rows)


def _node_drain(hub: Hub, a: argparse.Namespace) -> int:
    minutes = _minutes(a.notice)
    endpoint = Endpoint.HUB_ADMINISTRATION_NODE.format(name=quote(a.node, safe=""), action="drain")
    body = {"minutes": minutes, "reason": a.reason, "by": actor()}
    said = hub.ask("POST", endpoint, body=body)
    told = {each["session"]: each for each in said["outcomes"]}
    if not a.json:
        show(a, said, _outcome_lines)
    left: Sequence[str] = []
    if not a.no_wait:

        def again(until: str) -> Any:  # noqa: ANN401 -- JSON
            return hub.ask("POST", endpoint, body={**body, "until": until})

        _wait_until_empty(hub, a.node, again, told)
    else:
        left = _node(hub, a.node)["sessions"]
    done = f"The node {a.node} is drained: {counted(len(told), 'session')} told, none is left."
    begun = f"Nothing new comes to the node {a.node}; {counted(len(left), 'session')} on it."
    document = {"node": a.node, "outcomes": list(told.values()), "sessions_left": list(left)}
    show(a, document, lambda _said: [begun if a.no_wait else done])
    return 0


def _wait_until_empty(
    hub: Hub, node: str, drain: Callable[[str], Any], told: dict[str, Mapping[str, Any]]
) -> None:
    """Look until no session is left; one that came in the last moment is told the same, too."""
    before: Sequence[str] | None = None
    while (found := _node(hub, node))["sessions"]:
        if found["not_told"]:
            for each in drain(found["drain"]["until"])["outcomes"]:
                told[each["session"]] = each
        if found["sessions"] != before:
            before = found["sessions"]
            left = counted(len(found["sessions"]), "session")
            sys.stderr.write(f"{_now()}: {left} on {node}: {', '.join(found['sessions'])}\n")
        time.sleep(_LOOK_SECONDS)


def _node(hub: Hub, name: str) -> Mapping[str, Any]:
    nodes: Sequence[Mapping[str, Any]] = hub.ask("GET", Endpoint.HUB_ADMINISTRATION_NODES)["nodes"]
    found = next((each for each in nodes if each["node"] == name), None)
    if found is None:
        raise PeopleError(f"The hub no longer knows the node {name}. See: gpucommons node list.")
    return found


def _node_give_back(hub: Hub, a: argparse.Namespace) -> int:
    name = quote(a.node, safe="")
    endpoint = Endpoint.HUB_ADMINISTRATION_NODE.format(name=name, action="give-back")
    said = hub.ask("POST", endpoint, body={"by": actor()})
    show(a, said, lambda _said: [f"The node {a.node} is in service again."])
    return 0


def _minutes(text: str) -> int:
    return round(duration(text).total_seconds() / _MINUTE)


def _moment(text: str | None) -> str:
    return moment(datetime.fromisoformat(text)) if text else ""


def _drain_words(drain: Mapping[str, str] | None) -> str:
    return f"{drain['by']} until {_moment(drain['until'])} {drain['reason']}" if drain else ""


def _now() -> str:
    return moment(datetime.now(UTC))


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    for row in (columns, *rows):
        cells = (f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


_OPERATIONS: Mapping[str, Callable[[Hub, argparse.Namespace], int]] = {
    "node_drain": _node_drain,
    "node_give_back": _node_give_back,
    "node_list": _node_list,
    "session_extend": _session_extend,
    "session_list": _session_list,
    "session_notify": _session_notify,
    "session_stop": _session_stop,
    "session_take_back": _session_take_back,
}
