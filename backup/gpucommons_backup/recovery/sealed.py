"""The list of all repositories with their passwords, which only the recovery key opens.

Once opened it is text, a line of JSON for each repository: a person reads it without any tool.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

import pyrage
from pyrage import x25519

from gpucommons_backup.errors import BackupError
from gpucommons_backup.recovery.keys import RecoveryKey


@dataclass(frozen=True, slots=True)
class SealedRecord:
    """What somebody needs to open one repository, and to know whose it is."""

    repository: str
    """Its path in each store."""
    team: str
    owner: str
    password: str
    copy_password: str = ""
    """Of the copy in the second store; empty where none was made."""
    kept: bool = False
    """Whether the first store has a snapshot in it."""
    copied: bool = False
    """Whether the second store has."""


def text_of(records: Sequence[SealedRecord]) -> bytes:
    """Write the list, always in the same order."""
    ordered = sorted(records, key=lambda each: each.repository)
    return "".join(f"{json.dumps(asdict(each))}\n" for each in ordered).encode()


def seal(text: bytes, recipient: str) -> bytes:
    """Encrypt it, so that age opens it with the private half of this recipient."""
    sealed: bytes = pyrage.encrypt(text, [x25519.Recipient.from_str(recipient)])
    return sealed


def unseal(sealed: bytes, key: RecoveryKey) -> list[SealedRecord]:
    """Open the list. Raises BackupError where the key is another one, or the list is damaged."""
    try:
        text: bytes = pyrage.decrypt(sealed, [x25519.Identity.from_str(key.private)])
    except pyrage.DecryptError as error:
        raise BackupError(
            f"The list of passwords does not open with this recovery key, whose public half is "
            f"{key.recipient}: {error}. Is that the recipient in backup.yaml?"
        ) from None
    names = {each.name for each in fields(SealedRecord)}
    try:
        found = [json.loads(line) for line in text.splitlines()]
        return [
            SealedRecord(**{name: value for name, value in each.items() if name in names})
            for each in found
        ]
    except (ValueError, TypeError, AttributeError):
        raise BackupError(
            "The list of passwords opens, but is not as it should be. Was it made by another "
            "version of GPU Commons?"
        ) from None
