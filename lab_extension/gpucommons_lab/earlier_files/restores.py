"""Puts files and folders back on threads, tells how far each is, and ends one that is cancelled."""
# Paths are bytes of any encoding:
# ruff: noqa: PTH103, PTH118, PTH120

import logging
import os
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from threading import Event, Lock
from urllib.parse import quote_from_bytes

from gpucommons_contract import PuttingBack, PuttingBackState

from gpucommons_lab.earlier_files.explaining import EXPLAINED, explanation
from gpucommons_lab.earlier_files.publishing import exchange, publish
from gpucommons_lab.earlier_files.putting_back import names_with, put_back, put_beside
from gpucommons_lab.earlier_files.service import FilesService
from gpucommons_lab.earlier_files.unfinished import Unfinished
from gpucommons_lab.earlier_files.unpacking import Counted, unpacked

_log = logging.getLogger(__name__)
_AT_ONCE = 2  # as many as the service sends to one person
_MOST_KEPT = 10


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be put back, and where."""

    snapshot: str
    path: bytes
    """Relative to the home folder; empty for all of it. That, and all of the team's folder, goes
    into a new folder there."""
    is_folder: bool
    in_place: bool
    """Instead of what is there now, which is kept beside; else beside that."""
    words: str
    """By which its name differs from what is there now, such as ``27 Nov 03.00``."""


class CancelledError(Exception):
    """Somebody does not want it any more."""


class _Job:
    def __init__(self, state: PuttingBack) -> None:
        self.state = state
        self.cancelled = Event()

    def tell(self, amount: int) -> None:
        if self.cancelled.is_set():
            raise CancelledError
        self.state = replace(self.state, done=self.state.done + amount)


class Restores:
    """Those that run, and the last ten that did."""

    def __init__(
        self,
        service: FilesService,
        home: Path,
        mark: str,
        freed: Callable[[], None],
        team_folder: bytes = b"",
    ) -> None:
        """``mark`` is of this server alone, see `unfinished.mark_of_server`.

        ``freed`` is called after something was written, as room is different then.
        ``team_folder`` is its path in the home folder; empty if there is none.
        """
        self._wholes = {b"", team_folder}
        self._service, self._home, self._changed = service, os.fsencode(home), freed
        self._unfinished = Unfinished(self._home, mark)
        self._jobs: OrderedDict[str, _Job] = OrderedDict()
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="put-back")
        self._lock = Lock()
        self._number = 0

    def begin(self, wanted: Wanted) -> PuttingBack:
        """Begin, or wait until others are done."""
        with self._lock:
            self._number += 1
            path = quote_from_bytes(wanted.path)
            state = PuttingBack(str(self._number), path, PuttingBackState.RUNNING, 0, None)
            job = self._jobs[state.id] = _Job(state)
            self._forget()
            self._threads.submit(self._run, job, wanted)
        return state

    def all(self) -> list[PuttingBack]:
        """List them, the latest first."""
        return [each.state for each in reversed(list(self._jobs.values()))]

    def cancel(self, identifier: str) -> None:
        """End one, if it still runs. Nothing is left of it."""
        if job := self._jobs.get(identifier):
            job.cancelled.set()

    def close(self) -> None:
        """End all. Of one whose server is killed before that is done, `clear` leaves nothing."""
        for each in list(self._jobs.values()):
            each.cancelled.set()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def clear(self) -> None:
        """Delete what this server has left if it was killed. Only before anything is begun."""
        self._unfinished.clear()

    def _forget(self) -> None:
        over = [
            key for key, each in self._jobs.items() if each.state.state != PuttingBackState.RUNNING
        ]
        for key in over[:-_MOST_KEPT]:
            del self._jobs[key]

    def _run(self, job: _Job, wanted: Wanted) -> None:
        try:
            job.tell(0)
            target, kept = self._put(job, wanted)
        except CancelledError:
            job.state = replace(job.state, state=PuttingBackState.CANCELLED)
        except Exception as error:
            is_known = isinstance(error, EXPLAINED)
            _log.warning("something was not put back: %r", error, exc_info=not is_known)
            _status, message = explanation(error)
            job.state = replace(job.state, state=PuttingBackState.FAILED, message=message)
        else:
            job.state = replace(
                job.state,
                state=PuttingBackState.DONE,
                target=self._shown(target),
                kept=self._shown(kept),
            )
            self._changed()

    def _put(self, job: _Job, wanted: Wanted) -> tuple[bytes, bytes | None]:
        """Return where it is now, and where that is which was in its place."""
        place = os.path.join(self._home, wanted.path)
        if not wanted.is_folder:
            return self._put_file(job, wanted, place)
        is_whole = wanted.path in self._wholes
        names = _whole(place, wanted.words) if is_whole else names_with(place, wanted.words)
        with self._service.archive(wanted.snapshot, wanted.path) as archive:
            job.state = replace(job.state, size=archive.size)
            new = self._unfinished.new(os.path.join(place, b"new") if is_whole else place)
            with unpacked(new, archive, job.tell) as made:
                if is_whole:
                    return publish(made, names), None
                os.makedirs(os.path.dirname(place), exist_ok=True)
                if not wanted.in_place:
                    return publish(made, names), None
                return place, exchange(made, place)

    def _put_file(self, job: _Job, wanted: Wanted, place: bytes) -> tuple[bytes, bytes | None]:
        with self._service.content(wanted.snapshot, wanted.path) as found:
            job.state = replace(job.state, size=found.size)
            body, kept = Counted(found.body, job.tell), None
            if wanted.in_place:
                target, kept = place, put_back(place, found.size, body)
            else:
                target = put_beside(place, wanted.words, found.size, body)
            if found.modified:  # so that it shows that it is the same
                os.utime(target, (found.modified.timestamp(), found.modified.timestamp()))
            return target, kept

    def _shown(self, path: bytes | None) -> str | None:
        if path is None:
            return None
        return quote_from_bytes(os.path.relpath(path, self._home))


def _whole(top: bytes, words: str) -> Iterator[bytes]:
    """Yield names for all of a folder in itself: ``restored 27 Nov 03.00``, ..."""
    for number in count(1):
        end = "" if number == 1 else f" ({number})"
        yield os.path.join(top, os.fsencode(f"restored {words}{end}"))
