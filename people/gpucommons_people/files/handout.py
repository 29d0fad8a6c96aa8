"""Handouts: what a new person gets on paper or by mail, with their first password."""

import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from string import Formatter

from gpucommons_people.errors import InputError, PeopleError
from gpucommons_people.files.configuration import Configuration
from gpucommons_people.files.folders import sync_folder
from gpucommons_people.names import LONGEST_ADDRESS

_PRIVATE_ACCESS = "private_access"
FIELDS = ("name", "user_name", "password", "teams", "address", "access_note", _PRIVATE_ACCESS)
"""What a template may hold in braces; a brace of its own is written twice."""

_MARK_LENGTH = 16

TEMPLATE = """\
# Welcome to GPU Commons

This is the account of {name}.

| | |
|---|---|
| Address | {address} |
| User name | {user_name} |
| Password | `{password}` |
| Team | {teams} |

{access_note}

{private_access}
## First steps

1. Open {address} and choose *Sign in*.
2. Enter the user name and the password above.
3. Choose an environment and a size, and press *Start*.
4. Your files in the home folder stay when a session stops.

Keep this password to yourself. If it is lost, an administrator can give you another one.
"""


def template(configuration: Configuration) -> str:
    """Return the template of this installation; InputError if it cannot be read or filled in."""
    file = configuration.handout_template
    if file is None:
        return TEMPLATE
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The handout's template {file} cannot be read: {error}.") from error
    try:
        named = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError as error:
        raise InputError(
            f"The handout's template {file} has a single brace: {error}. "
            "Write {{ or }} where a brace is meant."
        ) from error
    if unknown := sorted(named - set(FIELDS)):
        raise InputError(
            f"The handout's template {file} asks for {', '.join(map(repr, unknown))}; "
            f"allowed are {', '.join(FIELDS)}. Write {{{{ or }}}} where a brace is meant."
        )
    return text


def handout(
    text: str,
    configuration: Configuration,
    *,
    user_name: str,
    name: str,
    groups: Iterable[str],
    password: str,
    private_access: str = "",
) -> str:
    """Fill in a template that `template` returned.

    private_access is how the person's device gets in; a template that does not ask for it has it at
    its end, because nobody else knows the key.
    """
    asked = {name for _, name, _, _ in Formatter().parse(text)}
    end = f"\n{private_access}" if private_access and _PRIVATE_ACCESS not in asked else ""
    teams = [group for group in groups if group != configuration.admin_group]
    filled = text.format(
        name=name,
        user_name=user_name,
        password=password,
        teams=", ".join(teams) or "none yet",
        address=configuration.address,
        access_note=configuration.access_note.strip(),
        private_access=private_access,
    )
    return filled + end


class Handouts:
    """The folder of the handouts. Each file holds a password and is its owner's alone.

    A handout is on disk before the account has its password, under a name that belongs to
    that password; it gets its own name after. So whenever a command is interrupted, there is
    no account whose password nobody knows, and no handout says a password that never was.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def prepare(self, user_name: str, text: str, password_hash: bytes) -> None:
        """Write a handout, on disk when this returns, before its password is in force."""
        self._write(user_name, self._pending(user_name, password_hash), text)

    def publish(self, user_name: str, password_hash: bytes) -> Path | None:
        """Give the handout of the password in force its name; others of this person go.

        password_hash is the one in force. Returns the file if there was one to publish.
        """
        pending, final = self._pending(user_name, password_hash), self.file(user_name)
        published = pending.exists()
        if published:
            pending.replace(final)
        for other in self._all_pending(user_name):
            other.unlink(missing_ok=True)
        if published:
            sync_folder(self._folder)
        return final if published else None

    def discard(self, user_name: str, password_hash: bytes) -> None:
        """Delete a handout that was prepared, whose password did not come into force."""
        self._pending(user_name, password_hash).unlink(missing_ok=True)

    def remove(self, user_name: str) -> bool:
        """Delete somebody's handouts; False if there was none."""
        if len(user_name) > LONGEST_ADDRESS:  # too long for a file's name, and for an account
            return False
        shutil.rmtree(self._devices(user_name), ignore_errors=True)
        found = [*self._all_pending(user_name), self.file(user_name)]
        present = [each for each in found if each.exists()]
        for each in present:
            each.unlink(missing_ok=True)
        return bool(present)

    def write_device(self, user_name: str, device: str, text: str) -> None:
        """Write the handout of a device, in place of an earlier one."""
        final = self.device_file(user_name, device)
        pending = final.with_name(f".{final.name}")
        self._write(user_name, pending, text)
        pending.replace(final)
        sync_folder(final.parent)

    def remove_device(self, user_name: str, device: str) -> None:
        """Delete the handout of a device, if there is one."""
        if len(user_name) <= LONGEST_ADDRESS:
            self.device_file(user_name, device).unlink(missing_ok=True)

    def device_file(self, user_name: str, device: str) -> Path:
        """Return where the handout of a device is, or would be."""
        return self._devices(user_name) / f"{device}.md"

    def file(self, user_name: str) -> Path:
        """Return where somebody's handout is, or would be."""
        return self._folder / f"{user_name}.md"

    def _write(self, user_name: str, file: Path, text: str) -> None:
        """Write a new file for its owner alone, on disk when this returns."""
        try:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            how = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
            with os.fdopen(os.open(file, how, 0o600), "w", encoding="utf-8") as opened:
                opened.write(text)
                opened.flush()
                os.fsync(opened.fileno())
            sync_folder(file.parent)
        except OSError as error:
            raise PeopleError(
                f"The handout for {user_name} cannot be written to {self._folder}: "
                f"{error.strerror}. Nothing was changed. Set handouts in the configuration."
            ) from error

    def _devices(self, user_name: str) -> Path:
        return self._folder / "devices" / user_name

    def _pending(self, user_name: str, password_hash: bytes) -> Path:
        mark = hashlib.sha256(password_hash).hexdigest()[:_MARK_LENGTH]
        return self._folder / f".{user_name}.{mark}.md"

    def _all_pending(self, user_name: str) -> list[Path]:
        # Of this length alone: .ada@example.org.*.md would also be ada@example.org.uk's.
        return list(self._folder.glob(f".{user_name}.{'?' * _MARK_LENGTH}.md"))
