"""The hub's own helpers, and what each may do."""

from collections.abc import Iterable, Mapping
from typing import Any

from gpucommons_contract import (
    ACCOUNTING_SERVICE,
    BALANCES_SCOPES,
    FILES_SERVICE,
    IDLE_SERVICE,
    NOTICE_SERVICE,
    PEOPLE_SERVICE,
    READ_BALANCES_SCOPE,
    READ_SNAPSHOTS_SCOPE,
    SEND_NOTICES_SCOPE,
    TELL_ACCOUNTING_SCOPE,
)
from gpucommons_sessions import IDLE_SCOPES
from gpucommons_sessions.client import NOTICE_SCOPES
from traitlets.config import Config

from gpucommons_config.composition import add, contents

_SCOPES: Mapping[str, tuple[str, ...]] = {
    # `gpucommons user …`: looks at people and sessions, and takes them away;
    # `gpucommons idle explain`: reads what the culler says of anybody's session;
    # `gpucommons usage …`: reads and prices what anybody used;
    # `gpucommons backup browse` and others: read snapshots, of which their people are told.
    PEOPLE_SERVICE: (
        "list:users",
        "read:users",
        "read:servers",
        "delete:users",
        "delete:servers",
        "admin-ui",
        f"access:services!service={IDLE_SERVICE}",
        f"access:services!service={ACCOUNTING_SERVICE}",
        READ_SNAPSHOTS_SCOPE,
    ),
    # The hub itself: announces to sessions what is to come, and stops those of people who
    # were removed. It makes a token for each call, valid for a minute and one session. With one
    # that can do nothing else, it reads what the culler says of sessions, for their people; with
    # another one, what is left of budgets; with a third it tells accounting what became of starts,
    # and why sessions ended.
    NOTICE_SERVICE: (*NOTICE_SCOPES, *IDLE_SCOPES, *BALANCES_SCOPES, TELL_ACCOUNTING_SCOPE),
    # The idle culler. It sends its own token to the hub alone.
    IDLE_SERVICE: (
        "read:servers",  # lists what runs, and looks again before it stops anything
        "access:servers",  # gets tokens to ask each session for its use, and to warn in it
        "delete:servers",  # stops idle ones
        # What each of those tokens may do in addition: say whose it is.
        f"read:services:name!service={IDLE_SERVICE}",
        "start:servers",  # starts one again in a size without a GPU, to give only that back
    ),
    # Accounting. It learns of sessions from Kubernetes and the hub, which it asks who visits it.
    ACCOUNTING_SERVICE: (
        "access:servers",  # gets tokens to ask each session how busy its GPUs are
        # What each of those tokens may do in addition: say whose it is.
        f"read:services:name!service={ACCOUNTING_SERVICE}",
        "read:users",  # since when a visitor has the account: somebody else had the name before
    ),
    # The service of earlier files. Sessions send it their own tokens; in which team one works, and
    # so whose files it may have, is the hub's word. It tells people who read theirs.
    FILES_SERVICE: ("read:servers", SEND_NOTICES_SCOPE),
}
_CUSTOM_SCOPES: Mapping[str, Mapping[str, str]] = {
    READ_SNAPSHOTS_SCOPE: {
        "description": "Read snapshots of anybody's files; whose they are is told, with the reason."
    },
    READ_BALANCES_SCOPE: {"description": "Read what is left of everybody's budget."},
    SEND_NOTICES_SCOPE: {"description": "Show notices in anybody's sessions."},
    TELL_ACCOUNTING_SCOPE: {
        "description": "Tell accounting what became of starts, and why sessions ended."
    },
}
"""Rights that JupyterHub's own scopes would give together with much more."""
_FOR_PEOPLE = (
    f"access:services!service={IDLE_SERVICE}",  # see and keep one's own sessions
    f"access:services!service={ACCOUNTING_SERVICE}",  # see one's own usage
)
"""What everybody may do with our services."""


def add_services(c: Config) -> None:
    """Add our services and their roles to those that the installation lists.

    An installation that wants the commands to reach the hub lists `PEOPLE_SERVICE`
    with an ``api_token``; its entry is kept. So it is with `FILES_SERVICE`. A role that it gives
    the name of one of ours keeps what it says, and gets what ours needs. Nothing is added twice.
    """
    hub = c.JupyterHub
    named = {each.get("name") for each in contents(hub, "services", [])}
    add(hub, "services", [{"name": name} for name in _SCOPES if name not in named])
    add(hub, "extra_user_scopes", set(_FOR_PEOPLE))
    add(hub, "custom_scopes", {name: dict(each) for name, each in _CUSTOM_SCOPES.items()})
    roles = [_with_ours(role) for role in contents(hub, "load_roles", [])]
    known = {role.get("name") for role in roles}
    ours = (
        {"name": name, "services": [name], "scopes": list(scopes)}
        for name, scopes in _SCOPES.items()
    )
    hub.load_roles = [*roles, *(role for role in ours if role["name"] not in known)]


def _with_ours(role: Mapping[str, Any]) -> dict[str, Any]:
    """Add to a role of the installation what people, or our service of that name, may do."""
    name = str(role.get("name"))
    if name == "user" and "scopes" in role:  # then the extra scopes do not count
        return {**role, "scopes": _with_items(role["scopes"], _FOR_PEOPLE)}
    if name in _SCOPES:
        return {
            **role,
            "services": _with_items(role.get("services", ()), [name]),
            "scopes": _with_items(role.get("scopes", ()), _SCOPES[name]),
        }
    return dict(role)


def _with_items(theirs: Iterable[str], ours: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*theirs, *ours]))
