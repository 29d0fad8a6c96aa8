"""What people are called, and how long things last, as they are typed."""

import re
from datetime import timedelta

from gpucommons_contract import UserNameError, is_team_name
from gpucommons_contract import user_name as name_at_sign_in

from gpucommons_people.errors import InputError

_ADDRESS = re.compile(r"[^@]+@[a-z0-9]([^@+']*[a-z0-9])?")
LONGEST_ADDRESS = 150
"""Characters. Dex makes the name of a Kubernetes object of the address: 253 characters there."""
_DURATION = re.compile(r"(\d{1,6})(s|m|h|d)?")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, None: 1}


def user_name(typed: str) -> str:
    """Return the name by which the hub knows somebody. Raises InputError for what is not one."""
    try:
        return name_at_sign_in(typed.strip())
    except UserNameError as error:
        raise InputError(str(error)) from error


def account_name(email: str) -> str:
    """Return the user name of an account in Dex: an e-mail address, in lower case.

    Raises InputError for what cannot be one.
    """
    name = user_name(email)
    if not _ADDRESS.fullmatch(name):
        raise InputError(
            f"{email!r} is not an e-mail address, as Dex's own accounts need. It must look "
            "like ada@example.org: one @, and letters and digits around it."
        )
    if len(name) > LONGEST_ADDRESS:
        raise InputError(
            f"{email!r} has {len(name)} characters; at most {LONGEST_ADDRESS} are allowed for an "
            "account in Dex."
        )
    return name


def team_name(name: str) -> str:
    """Return a team's name as it was given; raises InputError for what cannot be one."""
    if not is_team_name(name):
        raise InputError(
            f"{name!r} is not a name for a team. It must begin with a letter and have at most 40 "
            "characters: a to z, 0 to 9 and hyphens, none at the end."
        )
    return name


def counted(option: str, text: str) -> tuple[str, int]:
    """Read ``NAME=N``, as an option has it; raises InputError for anything else."""
    name, _, count = text.partition("=")
    if not name or not re.fullmatch(r"[0-9]{1,7}", count):
        raise InputError(f"{option} {text!r} must be written NAME=N, such as gpu.nvidia.com=2.")
    return name, int(count)


def sized(option: str, text: str) -> tuple[str, str]:
    """Read ``NAME=AMOUNT``, as an option has it; an empty amount takes back what was set.

    Raises InputError for anything else.
    """
    name, found, size = text.rpartition("=")
    if not found or not name.strip():
        raise InputError(
            f"{option} {text!r} must be written EMAIL=AMOUNT, such as ada@example.org=200Gi, or "
            "with nothing after the = for what others have."
        )
    return user_name(name), size.strip()


def duration(text: str) -> timedelta:
    """Read a duration such as ``90``, ``90s``, ``10m``, ``2h`` or ``1d``.

    Raises InputError for anything else.
    """
    found = _DURATION.fullmatch(text.strip())
    if not found:
        raise InputError(f"{text!r} is not a duration. Write one such as 90s, 10m, 2h or 1d.")
    number, unit = found.groups()
    return timedelta(seconds=int(number) * _SECONDS[unit])
