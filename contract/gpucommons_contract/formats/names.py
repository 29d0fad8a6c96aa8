"""What teams, people and our services are called: one rule for all that name them."""

import re

_TEAM_NAME = re.compile(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?")
NAMESPACE_PREFIX = "team-"
"""Every team's namespace begins with this; the account commands have no rights elsewhere."""

LONGEST_USER_NAME = 254
"""Characters: those of the longest e-mail address, and what JupyterHub's database has room for."""
_FIRST = re.compile(r"[a-z0-9]")
_ODD = re.compile(r"[^a-z0-9._@+'-]")
_ALLOWED = (
    "A user name begins with a letter or digit, and contains only a to z, digits and . _ @ + ' -, "
    f"at most {LONGEST_USER_NAME} characters"
)


# Services of the hub that have a token and scopes of their own. The hub's configuration lists
# them. Plain strings, since they go into YAML and the hub's database.
PEOPLE_SERVICE = "gpucommons-people"
"""The account commands: they read who is there and which sessions run, and remove both."""
NOTICE_SERVICE = "gpucommons-notices"
"""The hub itself, sending notices to sessions: a person's own tokens may be refused then."""
FILES_SERVICE = "files"
"""The service that gives people earlier versions of their files, in JupyterHub's list."""
READ_SNAPSHOTS_SCOPE = "custom:gpucommons:read:snapshots"
"""Whoever has it may read snapshots of anybody's files, by giving a reason."""
READ_BALANCES_SCOPE = "custom:gpucommons:read:balances"
"""Whoever has it may read from accounting what is left of everybody's budget."""
SEND_NOTICES_SCOPE = "custom:gpucommons:send:notices"
"""Whoever has it may show notices in sessions, and do nothing else there."""
TELL_ACCOUNTING_SCOPE = "custom:gpucommons:tell:accounting"
"""Whoever has it may tell accounting what became of starts, and why sessions ended."""
ACCOUNTING_SERVICE = "gpu"
"""Accounting: it records sessions, and shows what was used. Its pages are at ``/services/gpu/``."""
IDLE_SERVICE = "idle"
"""The idle culler: it observes sessions, warns their people, and stops them. Its pages are at
``/services/idle/``."""


def is_team_name(name: str) -> bool:
    """Return whether this can be a team's name: what Kubernetes allows, up to 40 characters."""
    return _TEAM_NAME.fullmatch(name) is not None


def team_namespace(team: str) -> str:
    """Return the namespace of a team. It has `Label.TEAM` with the team's name."""
    return NAMESPACE_PREFIX + team


class UserNameError(ValueError):
    """Not a user name; the text says why, and what is allowed."""


def user_name(given: str) -> str:
    """Return the user name of somebody with this name: the same in lower case.

    Only ASCII letters, digits and ``. _ @ + ' -`` may occur: no path separators, and no letter
    that merely looks like another one or becomes it in lower case. Raises UserNameError.
    """
    if why := _objection(given):
        raise UserNameError(f"The user name {given[:64]!a} cannot be used: {why}. {_ALLOWED}.")
    return given.lower()


def is_user_name(name: str) -> bool:
    """Return whether this can be a user name as it is, capitals included."""
    return not _objection(name) and name == name.lower()


def _objection(given: str) -> str:
    """Return what is wrong with a name; empty if it can be used."""
    if not given:
        return "it is empty"
    if len(given) > LONGEST_USER_NAME:
        return f"it has {len(given)} characters"
    # Before lowering: some letters outside ASCII become ASCII by it.
    if foreign := next((each for each in given if not each.isascii()), None):
        return f"it contains {foreign!a}"
    name = given.lower()
    if odd := _ODD.search(name):
        return f"it contains {odd[0]!a}"
    return "" if _FIRST.match(name) else f"it begins with {name[0]!a}"
