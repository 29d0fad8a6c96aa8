"""Deletes all that a store has of one repository, for ever."""

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from gpucommons_backup.errors import (
    BackupError,
    RepositoryMissingError,
    RepositoryUnreachableError,
)
from gpucommons_backup.repository import Repository

_REST = "rest:"
_KINDS = ("keys", "snapshots", "index", "locks", "data")
"""What a repository has; the keys first: without them nobody can read the rest any more."""
_LISTS = "application/vnd.x.restic.rest.v2"
_PATIENCE_S = 60.0
_MEMORY = {"GOMEMLIMIT": "300MiB", "GOGC": "20"}
"""restic deletes inside the controller, which has 512 MiB with it."""
_REFUSED = {
    "GET": ("say what it has", "Is its login right?"),
    "DELETE": (
        "delete",
        "It needs the login that may, at the address where nothing is append-only.",
    ),
}
"""What a store refuses, and what is to be done about it."""


@dataclass(frozen=True, slots=True)
class Doomed:
    """A repository in a store."""

    address: str
    environment: Mapping[str, str] = field(repr=False)
    """restic's variables, with a login that may delete."""


def erase(doomed: Doomed) -> None:
    """Delete it. It is safe to repeat, and to be killed. Raises BackupError.

    Of rest-server all files are deleted. Of S3 a configuration and a key are left, some hundred
    bytes, that nothing can be read with.
    """
    if doomed.address.startswith(_REST):
        _Server(doomed).erase()
        return
    environment = {**_MEMORY, **doomed.environment, "RESTIC_REPOSITORY": doomed.address}
    repository = Repository(environment)
    try:
        repository.erase()
    except RepositoryMissingError:
        return


def is_there(repository: Doomed) -> bool:
    """Whether the store has anything that can be read. Raises BackupError."""
    if repository.address.startswith(_REST):
        return _Server(repository).has_configuration()
    environment = {**repository.environment, "RESTIC_REPOSITORY": repository.address}
    try:
        return bool(Repository(environment).snapshots())
    except RepositoryMissingError:
        return False


class _Server:
    """A rest-server: https://restic.readthedocs.io/en/v0.18.1/100_references.html#rest-backend."""

    def __init__(self, doomed: Doomed) -> None:
        self._url = doomed.address.removeprefix(_REST)
        user = doomed.environment.get("RESTIC_REST_USERNAME", "")
        password = doomed.environment.get("RESTIC_REST_PASSWORD", "")
        login = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._headers = {"Accept": _LISTS} | ({"Authorization": f"Basic {login}"} if user else {})

    def erase(self) -> None:
        for kind in _KINDS:
            for name in self._names(kind):
                self._ask("DELETE", f"{kind}/{name}")
        self._ask("DELETE", "config")

    def has_configuration(self) -> bool:
        return self._ask("GET", "config") is not None

    def _names(self, kind: str) -> Iterator[str]:
        listed = self._ask("GET", f"{kind}/")
        yield from (str(each["name"]) for each in json.loads(listed or b"[]") or ())

    def _ask(self, method: str, path: str) -> bytes | None:
        """Return the answer; None where that is not there."""
        request = urllib.request.Request(  # noqa: S310 -- an address of the settings
            f"{self._url}{path}", headers=self._headers, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:  # noqa: S310
                said: bytes = answer.read()
        except urllib.error.HTTPError as error:
            if error.code == HTTPStatus.NOT_FOUND:
                return None
            what, needed = _REFUSED[method]
            raise BackupError(
                f"The store at {self._url} refuses to {what}: {error.code} {error.reason}. {needed}"
            ) from error
        except (OSError, ValueError) as error:
            raise RepositoryUnreachableError(
                f"The store at {self._url} does not answer: {error}."
            ) from error
        return said
