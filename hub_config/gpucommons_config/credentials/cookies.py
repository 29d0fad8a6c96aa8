"""A new secret of the hub's cookies signs nobody out while the hub has the one before, too."""

import hashlib
import os
import sys
from collections.abc import Mapping
from typing import NoReturn

from traitlets.config import Config

from gpucommons_config.composition import add

PREVIOUS = "GPUCOMMONS_PREVIOUS_COOKIE_SECRET"
"""Variable of the hub: the secret before the present one, as hexadecimal digits; empty for none."""
_UNVERSIONED = 0
"""What tornado calls the secret of cookies that were signed while the hub had one alone."""


def accept_previous_cookies(c: Config, environment: Mapping[str, str] = os.environ) -> None:
    """Have cookies stay good that the secret before has signed; new ones get the present one's.

    To be called when the rest of ``c`` is written. Tornado keeps several secrets apart by a number
    in each cookie, of which JupyterHub has no setting: so it is in its tornado_settings, which
    count before what JupyterHub says
    (https://www.tornadoweb.org/en/stable/guide/security.html#cookies-and-signed-cookies).
    A mistake stops the hub with the variable's name.
    """
    digits = environment.get(PREVIOUS, "").strip()
    if not digits:
        return
    present, previous = _present(c), _read(PREVIOUS, digits)
    if previous == present:
        return
    secrets = {_UNVERSIONED: previous, _number(previous): previous, _number(present): present}
    settings = {"cookie_secret": secrets, "key_version": _number(present)}
    add(c.JupyterHub, "tornado_settings", settings)


def _present(c: Config) -> bytes:
    secret = c.JupyterHub.get("cookie_secret")
    if not isinstance(secret, bytes | str) or not secret:
        _stop(f"{PREVIOUS} is set: set JupyterHub.cookie_secret, the present one, too")
    return secret if isinstance(secret, bytes) else _read("JupyterHub.cookie_secret", secret)


def _read(name: str, digits: str) -> bytes:
    try:
        return bytes.fromhex(digits)
    except ValueError:
        _stop(f"{name} must be hexadecimal digits, as `openssl rand -hex 32` prints them")


def _number(secret: bytes) -> int:
    """Return a secret's own number, so that it has the same one in whichever place it is."""
    return 1 + int.from_bytes(hashlib.sha256(b"gpucommons cookie\0" + secret).digest()[:4])


def _stop(message: str) -> NoReturn:
    sys.exit(f"gpucommons: {message}")
