"""Passwords that people can type from paper, and their bcrypt hashes."""

import asyncio
import secrets

import bcrypt

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without i, l, o, 0 and 1, which look alike on paper."""
_GROUPS, _GROUP_LENGTH = 4, 4
_COST = 10
"""The cost that Dex expects; higher ones slow down every login of a course."""


def new_password() -> str:
    """Make a password such as ``k7wd-p2mx-9tfa-hqe4``: 79 random bits."""
    groups = (
        "".join(secrets.choice(_LETTERS) for _ in range(_GROUP_LENGTH)) for _ in range(_GROUPS)
    )
    return "-".join(groups)


async def hashed(password: str) -> bytes:
    """Return the bcrypt hash, made in a thread: it takes a core for about 50 ms on purpose."""
    return await asyncio.to_thread(bcrypt.hashpw, password.encode(), bcrypt.gensalt(_COST))
