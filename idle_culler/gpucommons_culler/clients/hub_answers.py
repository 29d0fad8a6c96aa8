"""Responses of the hub and of sessions, read from their JSON."""

import json
import logging
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from gpucommons_contract import Notice, NoticeChoice, NoticeLevel, read_moment
from gpucommons_contract.words import ENGLISH
from gpucommons_upkeep.http_client import Response

from gpucommons_culler.core.session import Session, SessionKey

log = logging.getLogger(__name__)


def has_begun(said: dict[str, Any]) -> bool:
    """Return whether a session's start is known: without it runs cannot be told apart."""
    if said["started"]:
        return True
    log.warning("%s/%s is left alone: its start is unknown", said["user"], said["server"])
    return False


def read_session(said: dict[str, Any]) -> Session:
    """Read one session of the hub's list. Raises what reading raises."""
    options: dict[str, str] = said["options"]
    url = said["url"]
    if not url.startswith("/"):
        raise ValueError(f"{url!r} is not a path")
    last = said["last_activity"]
    return Session(
        key=SessionKey(said["user"], said["server"], read_moment(said["started"])),
        url=url,
        team=options.get("team", ""),
        environment=options.get("environment", ""),
        version=options.get("version") or options.get("image", ""),
        size=options.get("size", ""),
        last_activity=read_moment(last) if last else None,
        options=options,
        address=said["address"],
        gpus=Decimal(said["gpus"]),
        pod=str(said["pod"]),
        language=str(said.get("language", ENGLISH)),  # an older hub does not say
    )


def read_shown_notice(said: dict[str, Any]) -> Notice:
    """Read a notice with its answer, as a session lists it. Raises what reading raises."""
    ends_at, answer = said.get("ends_at"), said.get("answer")
    return Notice(
        id=str(said["id"]),
        text=str(said["text"]),
        level=NoticeLevel(said["level"]),
        ends_at=None if ends_at is None else float(ends_at),
        choices=tuple(NoticeChoice(str(c["id"]), str(c["label"])) for c in said["choices"]),
        answer=None if answer is None else str(answer),
    )


def is_of_jupyter(answer: Response) -> bool:
    """Return whether this is Jupyter Server's own response to ``api/status``."""
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        return False
    return isinstance(said, dict) and {"started", "last_activity", "kernels"} <= said.keys()


def says_missing(answer: Response) -> bool:
    """Return whether the hub itself says that there is no such thing.

    Something else at its address, such as a proxy, may answer 404 to anything.
    """
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        return False
    return isinstance(said, dict) and said.get("status") == HTTPStatus.NOT_FOUND


def message_of(answer: Response) -> str:
    """Return the hub's message, which is JSON if it comes from its API."""
    try:
        return str(json.loads(answer.body)["message"])
    except (ValueError, KeyError, TypeError):
        return answer.body[:200].decode(errors="replace")
