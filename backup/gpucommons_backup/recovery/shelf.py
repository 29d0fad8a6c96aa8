"""A restic repository in each store with the sealed passwords, and notes on the last drills.

Its own password is no secret: what is in it is sealed. So stock restic reads it, and every store
takes it that takes snapshots, one where nothing can be overwritten too.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gpucommons_backup.errors import BackupError
from gpucommons_backup.repository import Repository, Snapshot

NAME = "gpucommons.recovery"
"""Its path in the store. No team has a dot in its name."""
PASSWORD = "not-a-secret"  # noqa: S105 -- as it says
SEALED = "passwords"
"""Host, in restic's sense, of sealed lists."""
DRILL = "drill"
"""Host of reports of drills."""
FILE = "passwords.age"
REPORT = "drill.json"
_STATE, _HIT, _COMPARED = "state=", "hit=", "compared="
"""Tags of a sealed list, and of a report: what it was made of, and what came of the drill."""
_KEPT_DAYS = 30
"""For which older lists are kept: a newer one may lack what was lost from the cluster."""
_LARGEST = 16_000_000  # bytes of a sealed list: some 60,000 repositories


@dataclass(frozen=True, slots=True)
class DrillNote:
    """When a drill was, and what came of it."""

    moment: datetime
    compared: int
    """Workspaces that were put back."""
    hit: int
    """Those of them that are not whole, or could not be put back."""


def shelf_address(store: str) -> str:
    """Return how restic finds it in a store, whose address ends with a slash."""
    return f"{store}{NAME}/"


class RecoveryShelf:
    """The one in a store."""

    def __init__(self, store: str, login: Mapping[str, str], cache: Path | None = None) -> None:
        """``login``: restic's variables. ``cache``: where it keeps what it reads, or at home."""
        named = {"RESTIC_REPOSITORY": shelf_address(store), "RESTIC_PASSWORD": PASSWORD}
        cached = {"RESTIC_CACHE_DIR": str(cache)} if cache else {}
        self._repository = Repository({**login, **cached, **named})

    def state(self) -> str | None:
        """Return what the newest list was made of; None if there is none. Raises BackupError."""
        if not self._repository.exists():
            return None
        found = self._newest(SEALED)
        return found.value(_STATE) if found else None

    def put(self, sealed: bytes, state: str) -> None:
        """Add a list. Raises BackupError."""
        self._add(SEALED, FILE, sealed, (f"{_STATE}{state}",))

    def sealed(self) -> bytes:
        """Return the newest list. Raises BackupError where there is none."""
        if not self._repository.exists() or (found := self._newest(SEALED)) is None:
            raise BackupError(
                f"There are no sealed passwords at {self._repository.address}. They are written "
                "there once backup.yaml has a recovery key (`recovery.recipient`)."
            )
        with self._repository.file(found, FILE.encode()) as stream:
            return stream.read(_LARGEST)

    def note_drill(self, note: DrillNote, report: str) -> None:
        """Keep a report beside the passwords, where the controller finds it. Raises BackupError."""
        tags = (f"{_COMPARED}{note.compared}", f"{_HIT}{note.hit}")
        self._add(DRILL, REPORT, report.encode(), tags, note.moment)

    def last_drill(self) -> DrillNote | None:
        """Return the newest; None if there was none. Raises BackupError."""
        found = self._newest(DRILL) if self._repository.exists() else None
        if found is None:
            return None
        compared, hit = found.value(_COMPARED) or "", found.value(_HIT) or ""
        if not (compared.isdecimal() and hit.isdecimal()):
            return None
        return DrillNote(found.time, int(compared), int(hit))

    def tidy(self, now: datetime) -> None:
        """Forget lists and reports of more than 30 days, but the newest. Raises BackupError.

        Not by restic's rules: those count from the newest one, which may be old itself.
        """
        if not self._repository.exists():
            return
        self._repository.unlock()
        there = [each for each in self._repository.snapshots() if each.time <= now]
        newest = {each.host: each.id for each in there}
        old = now - timedelta(days=_KEPT_DAYS)
        gone = [each.id for each in there if each.time < old and each.id != newest[each.host]]
        if gone:
            self._repository.remove(gone)
        self._repository.prune()

    def _newest(self, host: str) -> Snapshot | None:
        found = self._repository.snapshots(host)
        return found[-1] if found else None

    def _add(
        self,
        host: str,
        name: str,
        content: bytes,
        tags: tuple[str, ...],
        moment: datetime | None = None,
    ) -> None:
        if not self._repository.exists():
            self._repository.create()
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, name).write_bytes(content)
            self._repository.snapshot(
                Path(folder), host=host, time=moment or datetime.now(UTC), tags=tags
            )
