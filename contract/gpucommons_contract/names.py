"""What teams, people and our services are called: one rule for all that name them."""

import re

_TEAM_NAME = re.compile(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?")
NAMESPACE_PREFIX = "team-"
"""Every team's namespace begins with this; the account commands have no rights elsewhere."""

LONGEST_USER_NAME = 254
"""Characters: those of the longest e-mail address, and what JupyterHub's database holds."""
_FIRST = re.compile(r"[a-z0-9]")
_ODD = re.compile(r"[^a-z0-9._@+'-]")
_ALLOWED = (
    "A user name begins with a letter or digit, and holds a to z, digits and . _ @ + ' -, "
    f"{LONGEST_USER_NAME} characters at most"
)


# Services of the hub that hold a token and scopes of their own. The hub's configuration lists
# them. Plain strings, since they go into YAML and the hub's database.
PEOPLE_SERVICE = "gpucommons-people"
"""The account commands: they look at people and sessions, and take them away."""
NOTICE_SERVICE = "gpucommons-notices"
"""The hub itself, sending notices to sessions: a person's own tokens may be refused then."""
IDLE_SERVICE = "idle"
"""The idle culler: it looks at sessions, warns their people, and stops them. Its pages are at
``/services/idle/``."""


def is_team_name(name: str) -> bool:
    """Say whether this can be a team's name: what Kubernetes allows, up to 40 characters."""
    return _TEAM_NAME.fullmatch(name) is not None


def team_namespace(team: str) -> str:
    """Return the namespace of a team. It bears `Label.TEAM` with the team's name."""
    return NAMESPACE_PREFIX + team


class UserNameError(ValueError):
    """What was given cannot be a user name; the text says why, and what is allowed."""


def user_name(given: str) -> str:
    """Return the user name of somebody with this name: the same in lower case.

    Only ASCII letters, digits and ``. _ @ + ' -`` may occur: no path separators, and no letter
    that merely looks like another one or becomes it in lower case. Raises UserNameError.
    """
    if why := _objection(given):
        raise UserNameError(f"The user name {given[:64]!a} cannot be used: {why}. {_ALLOWED}.")
    return given.lower()


def is_user_name(name: str) -> bool:
    """Say whether this can be a user name as it is, capitals included."""
    return not _objection(name) and name == name.lower()


def _objection(given: str) -> str:
    """Say what is wrong with a name; nothing if it can be used."""
    if not given:
        return "it is empty"
    if len(given) > LONGEST_USER_NAME:
        return f"it has {len(given)} characters"
    # Before lowering: some letters outside ASCII become ASCII by it.
    if foreign := next((each for each in given if not each.isascii()), None):
        return f"it holds {foreign!a}"
    name = given.lower()
    if odd := _ODD.search(name):
        return f"it holds {odd[0]!a}"
    return "" if _FIRST.match(name) else f"it begins with {name[0]!a}"
