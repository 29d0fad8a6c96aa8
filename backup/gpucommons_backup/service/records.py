"""Which repository is whose: a folder of files that the controller keeps, read again as it changes.

Each file is JSON: ``{"name", "password", "team", "owner", "made", "gone"}``, where name is the
repository's path in the store. made and gone, which may lack, are ISO 8601 moments; one that is
gone is of a workspace that was deleted, and nobody is given its files. What else it has is not
looked at.
"""

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

_log = logging.getLogger(__name__)
_APART_S = 5.0
"""Between two looks at the folder."""
_LARGEST = 64 * 1024  # bytes

Owner = tuple[str, str]
"""A team, and the person whose workspace it is there."""


@dataclass(frozen=True, slots=True)
class Record:
    """One repository."""

    name: str
    password: str
    team: str
    owner: str
    made: str = ""
    gone: str = ""


class Records:
    """The files of one folder. Safe to use from several threads."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Read nothing yet. clock: gives seconds."""
        self._folder = folder
        self._clock = clock
        self._lock = Lock()
        self._looked = float("-inf")
        self._state: object = None
        self._by_owner: Mapping[Owner, Record] = {}
        self.problem = ""
        """Why the folder cannot be read; empty if it can."""

    def find(self, team: str, owner: str) -> Record | None:
        """Return the repository of a person's workspace in a team; None if there is none."""
        with self._lock:
            if self._clock() >= self._looked + _APART_S:
                self._look()
                self._looked = self._clock()
            return self._by_owner.get((team, owner))

    def _look(self) -> None:
        try:
            files = [each for each in self._folder.iterdir() if not each.name.startswith(".")]
            facts = [(each, each.stat()) for each in sorted(files)]
        except OSError as error:
            if not self.problem:
                _log.error("%s cannot be read: %s", self._folder, error.strerror)
            self.problem = f"The records of repositories cannot be read: {error.strerror}."
            return
        self.problem = ""
        state = [(file, fact.st_ino, fact.st_mtime_ns, fact.st_size) for file, fact in facts]
        if state == self._state:
            return
        self._state = state
        found = [record for file, _ in facts if (record := _read(file))]
        # A workspace that was made again has a repository of its own: the newest is in use. The
        # name of somebody who has left may be another's now.
        self._by_owner = {
            (each.team, each.owner): each
            for each in sorted(found, key=lambda each: each.made)
            if not each.gone
        }


def _read(file: Path) -> Record | None:
    """Read one; one that is broken is said in the log, and the others count."""
    try:
        with file.open("rb") as stream:
            said = json.loads(stream.read(_LARGEST))
        record = Record(
            name=said["name"],
            password=said["password"],
            team=said["team"],
            owner=said["owner"],
            made=said.get("made", ""),
            gone=said.get("gone", ""),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        _log.error("the record %s cannot be used: %s", file.name, type(error).__name__)
        return None
    texts = (record.name, record.password, record.team, record.owner, record.made, record.gone)
    if not all(isinstance(each, str) for each in texts) or not all(texts[:4]):
        _log.error("the record %s cannot be used: it lacks a text", file.name)
        return None
    parts = record.name.split("/")
    if any(each in ("", ".", "..") for each in parts):
        _log.error("the record %s cannot be used: its name is no path", file.name)
        return None
    return record
