"""What a look with a session is given: the hub's address, certificates, secrets.

Everything here raises InputError.
"""

import ssl
from pathlib import Path
from urllib.parse import urlsplit

from gpucommons_people.errors import InputError

from gpucommons_doctor.trust import trusting


def hub_address(text: str) -> str:
    """Return the hub's address, if it is one."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InputError("Name the hub as people open it: --hub https://HOST.")
    return text


def trust_of(ca: Path | None) -> ssl.SSLContext:
    """Return which certificates are trusted. ca: a file of them, instead of the system's."""
    try:
        return trusting(ca)
    except OSError as error:
        raise InputError(f"The file {ca} cannot be used: {error}. Correct --ca.") from error


def secret_in(file: Path) -> str:
    """Return the one line of a file, such as a password."""
    try:
        text = file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read: {error}.") from error
    if not text or "\n" in text:
        raise InputError(f"{file} must hold one line, the secret alone.")
    return text
