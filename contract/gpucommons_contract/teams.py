"""What a team is called, and which namespace is its own."""

import re

_TEAM_NAME = re.compile(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?")
NAMESPACE_PREFIX = "team-"
"""Every team's namespace begins so; the rights of the account commands end there."""


def is_team_name(name: str) -> bool:
    """Say whether a team may be called so: what Kubernetes takes in a name, 40 characters long."""
    return _TEAM_NAME.fullmatch(name) is not None


def team_namespace(team: str) -> str:
    """Return the namespace of a team. It bears `Label.TEAM` with the team's name."""
    return NAMESPACE_PREFIX + team
