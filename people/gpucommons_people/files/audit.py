"""The audit log: one line of JSON for every change, on disk before the change is reported."""

import getpass
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from gpucommons_people.errors import PeopleError


def actor(environment: Mapping[str, str] = os.environ) -> str:
    """Return who gives the command: the person behind sudo, or else the system account."""
    if name := environment.get("SUDO_USER"):
        return name
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"  # an account without a name, as in containers


class AuditLog:
    """A file that only grows. who overrides the actor, as for a portal that knows its users.

    None as the file: this installation keeps no log of its own.
    """

    def __init__(self, file: Path | None, who: str | None = None) -> None:
        self._file = file
        self._who = who or actor()

    @property
    def who(self) -> str:
        """Whoever gives the command, as the log names them."""
        return self._who

    def check(self) -> None:
        """Raise PeopleError if the log could not be written; called before the first change."""
        if self._file:
            os.close(self._open(self._file))

    def write(self, action: str, subject: str, details: Mapping[str, object]) -> None:
        """Add a line. Nothing secret belongs into details."""
        if not self._file:
            return
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "actor": self._who,
            "action": action,
            "subject": subject,
            "details": dict(details),
        }
        file = self._open(self._file)
        try:
            # One write with O_APPEND: lines of two commands do not mix.
            os.write(file, (json.dumps(line, default=str) + "\n").encode())
            os.fsync(file)
        except OSError as error:
            raise PeopleError(
                f"The audit log {self._file} cannot be written: {error.strerror}. What was done "
                f"and is not in it: {action} {subject}."
            ) from error
        finally:
            os.close(file)

    def _open(self, path: Path) -> int:
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
            return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        except OSError as error:
            raise PeopleError(
                f"Nothing is changed without a record, and the audit log {path} cannot be "
                f"written: {error.strerror}. Give this account the right to write there, or set "
                "audit_log in the configuration."
            ) from error
