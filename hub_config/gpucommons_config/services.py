"""The hub's own helpers, and what each may do."""

from collections.abc import Mapping
from typing import Any

from gpucommons_authenticator.session_calls import NOTICE_SCOPES
from gpucommons_contract import IDLE_SERVICE, NOTICE_SERVICE, PEOPLE_SERVICE
from traitlets.config import Config

_SCOPES: Mapping[str, tuple[str, ...]] = {
    # `gpucommons user …`: looks at people and sessions, and takes them away;
    # `gpucommons idle explain`: reads what the culler says of anybody's session.
    PEOPLE_SERVICE: (
        "list:users",
        "read:users",
        "read:servers",
        "delete:users",
        "delete:servers",
        "admin-ui",
        f"access:services!service={IDLE_SERVICE}",
    ),
    # The hub itself: tells sessions what is to come, and stops those of people who were
    # removed. It makes a token of a minute for each call, good for one session.
    NOTICE_SERVICE: NOTICE_SCOPES,
    # The idle culler. It sends its own token to the hub alone.
    IDLE_SERVICE: (
        "read:servers",  # lists what runs, and looks again before it stops anything
        "access:servers",  # gets tokens to ask each session for its use, and to warn in it
        "delete:servers",  # stops idle ones
        # What each of those tokens may do beside: say whose it is.
        f"read:services:name!service={IDLE_SERVICE}",
        "start:servers",  # starts one again in a size without a GPU, to give only that back
    ),
}
_FOR_PEOPLE = (
    f"access:services!service={IDLE_SERVICE}",  # see and keep one's own sessions
)
"""What everybody may do with our services."""


def add_services(c: Config) -> None:
    """Add our services and their roles to those that the installation lists.

    An installation that wants the commands to reach the hub lists `PEOPLE_SERVICE`
    with an ``api_token``; its entry is kept.
    """
    listed = list(c.JupyterHub.get("services", []))
    named = {each["name"] for each in listed}
    c.JupyterHub.services = [*listed, *({"name": n} for n in _SCOPES if n not in named)]
    c.JupyterHub.extra_user_scopes = {*c.JupyterHub.get("extra_user_scopes", ()), *_FOR_PEOPLE}
    c.JupyterHub.load_roles = [
        *(_widened(role) for role in c.JupyterHub.get("load_roles", [])),
        *(
            {"name": name, "services": [name], "scopes": list(scopes)}
            for name, scopes in _SCOPES.items()
        ),
    ]


def _widened(role: Mapping[str, Any]) -> dict[str, Any]:
    """Add to what an installation says that everybody may do: then the extra scopes do not count.

    Other roles stay as they are.
    """
    if role["name"] != "user" or "scopes" not in role:
        return dict(role)
    return {**role, "scopes": [*role["scopes"], *_FOR_PEOPLE]}
