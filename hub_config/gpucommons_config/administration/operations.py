"""What ``gpucommons session`` and ``gpucommons node`` do: ask the hub, and show what it says."""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gpucommons_contract import Endpoint, UserNameError, user_name
from gpucommons_people.errors import InputError, PeopleError
from gpucommons_people.files.audit import actor

from gpucommons_config.administration.hub import Hub
from gpucommons_config.administration.node_operations import NODE_OPERATIONS
from gpucommons_config.administration.words import minutes, moment_words, table
from gpucommons_config.command_line import show


def run(arguments: argparse.Namespace) -> int:
    """Run the chosen command; 1 for an error, or if something was not done."""
    try:
        return OPERATIONS[arguments.operation](Hub(arguments), arguments)
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
            moment_words(each["idle_since"]),
            moment_words(each["ends_at"]),
            each["node"],
        )
        for each in said["sessions"]
    ]
    yield from table(columns, rows) if rows else ["There is no such session."]


def _session_stop(hub: Hub, a: argparse.Namespace) -> int:
    return _act(hub, a, "stop", {"minutes": minutes(a.notice), "reason": a.reason})


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


OPERATIONS: Mapping[str, Callable[[Hub, argparse.Namespace], int]] = {
    **NODE_OPERATIONS,
    "session_extend": _session_extend,
    "session_list": _session_list,
    "session_notify": _session_notify,
    "session_stop": _session_stop,
    "session_take_back": _session_take_back,
}
