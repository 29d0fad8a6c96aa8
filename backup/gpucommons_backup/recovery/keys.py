"""The recovery key: a pair of age's kind X25519 (https://age-encryption.org/v1).

The cluster has the public half, the *recipient*. The private half is on the recovery sheet.
"""

from dataclasses import dataclass, field
from pathlib import Path

from pyrage import IdentityError, RecipientError, x25519

from gpucommons_backup.errors import BackupError

_LARGEST = 64 * 1024
"""Bytes of a file with a key: age writes two lines of comment and one with the key."""
_COMMENT = "#"


@dataclass(frozen=True, slots=True)
class RecoveryKey:
    """Both halves, as age writes them."""

    private: str = field(repr=False)  # AGE-SECRET-KEY-1...
    recipient: str  # age1...


def new_key() -> RecoveryKey:
    """Make a pair."""
    identity = x25519.Identity.generate()
    return RecoveryKey(str(identity), str(identity.to_public()))


def check_recipient(text: str) -> str:
    """Return it. Raises ValueError for what is no recipient of age's kind X25519."""
    try:
        return str(x25519.Recipient.from_str(text))
    except RecipientError:
        raise ValueError(
            "this is no public key of age: it begins with age1 and has 62 characters. "
            "`gpucommons backup recovery-key` makes one"
        ) from None


def read_key(file: Path) -> RecoveryKey:
    """Read the private half from a file such as age-keygen writes. Raises BackupError.

    No error shows anything of what is in the file.
    """
    try:
        with file.open("rb") as stream:
            text = stream.read(_LARGEST).decode()
    except OSError as error:
        raise BackupError(f"The recovery key {file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        text = ""
    lines = [line.strip() for line in text.splitlines()]
    for line in lines:
        if line and not line.startswith(_COMMENT):
            try:
                identity = x25519.Identity.from_str(line)
            except IdentityError:
                continue
            return RecoveryKey(line, str(identity.to_public()))
    raise BackupError(
        f"{file} has no recovery key. It must have the line of the recovery sheet that begins with "
        "AGE-SECRET-KEY-1."
    )
