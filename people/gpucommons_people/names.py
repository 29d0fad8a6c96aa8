"""What people are called, and how long things last, as they are typed."""

import re
from datetime import timedelta

from gpucommons_contract import is_team_name

from gpucommons_people.errors import InputError

_USER_NAME = re.compile(r"[a-z0-9_+'][a-z0-9._+'-]*@[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_LONGEST = 150
"""Characters. Dex makes the name of a Kubernetes object of the address: 253 characters there."""
_DURATION = re.compile(r"(\d{1,6})(s|m|h|d)?")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, None: 1}


def user_name(email: str) -> str:
    """Return the user name of an e-mail address: the address in lower case.

    Raises InputError for what cannot be one.
    """
    name = email.strip().lower()
    if len(name) > _LONGEST:
        raise InputError(f"{email!r} has {len(name)} characters; at most {_LONGEST} are allowed.")
    # Before lower-casing: the sign for kelvin would become the letter k.
    if not email.isascii() or not _USER_NAME.fullmatch(name):
        raise InputError(
            f"{email!r} is no e-mail address that can be a user name. It has to look like "
            "ada@example.org: letters a to z, digits and . _ + ' - with one @."
        )
    return name


def team_name(name: str) -> str:
    """Return a team's name as it was given; raises InputError for what cannot be one."""
    if not is_team_name(name):
        raise InputError(
            f"{name!r} is no name for a team. It has to begin with a letter and hold at most 40 "
            "characters: a to z, 0 to 9 and hyphens, none at the end."
        )
    return name


def duration(text: str) -> timedelta:
    """Read a duration such as ``90``, ``90s``, ``10m``, ``2h`` or ``1d``.

    Raises InputError for anything else.
    """
    found = _DURATION.fullmatch(text.strip())
    if not found:
        raise InputError(f"{text!r} is no duration. Write one such as 90s, 10m, 2h or 1d.")
    number, unit = found.groups()
    return timedelta(seconds=int(number) * _SECONDS[unit])
