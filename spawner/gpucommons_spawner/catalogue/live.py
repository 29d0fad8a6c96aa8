"""The catalogue in force: its file is followed, and a broken one changes nothing."""

import asyncio
import logging
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from gpucommons_upkeep import Backoff, Heartbeat, keep_going
from prometheus_client import Gauge

from gpucommons_spawner.catalogue.catalogue import Catalogue
from gpucommons_spawner.catalogue.file import CatalogueError, load_catalogue
from gpucommons_spawner.catalogue.problems import Problem

LOOK_SECONDS = 2.0
"""How often the file is looked at: one call to the file system."""
_SILENT = 120.0
"""Seconds without a look after which something is wrong."""

_PROBLEMS = Gauge(
    "gpucommons_catalogue_problems", "Mistakes in the catalogue's file; 0 when it is in force"
)

_Signature = tuple[int, int, int, int]


class LiveCatalogue:
    """One file and the last good catalogue that was read from it.

    A change is seen by the file's status. Links are followed, so that it is seen too when
    Kubernetes swaps the link of a mounted ConfigMap, or an editor renames a new file into place.
    """

    def __init__(self, path: Path) -> None:
        """Read the file, before the hub serves anybody. Raises CatalogueError."""
        self.path = path
        self._seen = _signature(path)
        self.current = load_catalogue(path)
        self.since = datetime.now(UTC)
        self.problems: tuple[Problem, ...] = ()
        """What is wrong with the file as it is now; the catalogue in force is an earlier one."""
        self.heart = Heartbeat("following the catalogue's file", within=_SILENT)
        self._following: asyncio.Task[None] | None = None

    def begin(self, log: logging.Logger) -> None:
        """Begin to follow the file, if that has not been done. Needs a running event loop."""
        if self._following is None or self._following.done():
            self._tell_of_nobody(log)
            self._following = asyncio.create_task(self._follow(log))

    async def _follow(self, log: logging.Logger) -> None:
        await keep_going(
            lambda: self.look(log),
            heart=self.heart,
            backoff=Backoff(LOOK_SECONDS),
            log=log,
            every=LOOK_SECONDS,
        )

    def _tell_of_nobody(self, log: logging.Logger) -> None:
        for keys, advice in self.current.names_of_nobody():
            log.warning("%s: %s: %s", self.path, ".".join(map(str, keys)), advice)

    async def look(self, log: logging.Logger) -> None:
        """Load the file if it has changed. Reading happens off the event loop."""
        before = await asyncio.to_thread(_signature, self.path)
        if before == self._seen:
            return
        try:
            found: Catalogue | CatalogueError = await asyncio.to_thread(load_catalogue, self.path)
        except CatalogueError as error:
            found = error
        if await asyncio.to_thread(_signature, self.path) != before:
            return  # it is being written; the next look sees the whole
        self._seen = before
        if isinstance(found, CatalogueError):
            self.problems = found.problems
            for problem in self.problems:
                log.error(
                    "catalogue not loaded, the previous one stays in force: %s",
                    problem.text(self.path),
                )
        else:
            self.current, self.since, self.problems = found, datetime.now(UTC), ()
            log.info("catalogue loaded from %s", self.path)
            self._tell_of_nobody(log)
        _PROBLEMS.set(len(self.problems))


@cache
def catalogue_in_force(path: Path) -> LiveCatalogue:
    """Return the one of this file, for the whole hub. Raises CatalogueError at first."""
    return LiveCatalogue(path)


def _signature(path: Path) -> _Signature | None:
    """Return what changes with a file; None if it is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size
