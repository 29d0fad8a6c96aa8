"""What restic prints on standard error, and the sentence that a person reads of it."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gpucommons_backup.errors import (
    BackupError,
    RepositoryHalfMadeError,
    RepositoryLockedError,
    RepositoryMissingError,
    RepositoryUnreachableError,
    WrongPasswordError,
)

INCOMPLETE = 3
"""Exit code of a backup that made a snapshot without what could not be read."""
MISSING = 10
"""Exit code where there is no repository; like those above, of restic's manual, "Scripting"."""
_BY_CODE: Mapping[int, tuple[type[BackupError], str]] = {
    MISSING: (RepositoryMissingError, "There is no repository at {address}."),
    11: (
        RepositoryLockedError,
        "Another program holds the repository at {address}, and did not let go in time.",
    ),
    12: (
        WrongPasswordError,
        "The password does not open the repository at {address}: it is that of another one, or was "
        "changed.",
    ),
}
_FULL = (
    r"\(507\)|\(413\)|(?i:no space left on device|insufficient ?storage|free drive threshold"
    "|quota ?exceeded|quota is reached)"
)
"""Servers of S3 say it in words of their own: those of versitygw, MinIO, Ceph and Garage."""
_BY_WORDS: tuple[tuple[str, type[BackupError], str], ...] = (
    (
        "config file already exists",
        BackupError,
        "There is a repository at {address} already.",
    ),
    (
        "repository already contains",
        RepositoryHalfMadeError,
        "The repository at {address} has a key and no configuration: it was not made to its end.",
    ),
    (
        r"\(401\)|Stat: Access Denied|Access Key Id you provided|request signature we calculated",
        RepositoryUnreachableError,
        "The store at {address} does not accept the account: its name or password is wrong, or the "
        "repository is somebody else's.",
    ),
    (
        "MakeBucket: Access Denied",
        BackupError,
        "The store has no bucket for {address}, or this account may not see it, and may make none.",
    ),
    (
        r"\(403\)|Access Denied",
        RepositoryUnreachableError,
        "The store at {address} refuses: this account may not do that. An append-only store lets "
        "nothing be removed.",
    ),
    (
        _FULL,
        BackupError,
        "The store at {address} is full: {said}.",
    ),
    (
        "connection refused|no such host|i/o timeout|context deadline|connection reset"
        "|no route to host|network is unreachable|certificate|server gave HTTP response",
        RepositoryUnreachableError,
        "The store at {address} does not answer: {said}.",
    ),
)
_ACCOUNT = re.compile("//[^/@]*@")
_RETRIED = "returned error, retrying after"
_SUMMARIES = {
    "There were ": "Not all was put back: {said}.",
    "repository contains errors": "The repository at {address} is damaged: {said}.",
}
"""How restic's last words begin, after it has named what is wrong, and what to say instead."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that restic has complained of."""

    text: str  # one line
    item: str | None = None
    """The file that it is about, where it is about one."""
    is_last: bool = False
    """Why it has ended."""

    @property
    def reason(self) -> str:
        """The innermost reason: Go's programs write it last."""
        return self.text.rpartition(": ")[2].rstrip(".")

    def __str__(self) -> str:
        return f"{self.item}: {self.text}" if self.item else self.text


def complaints(text: bytes) -> list[Complaint]:
    """Read standard error: JSON documents, and lines of plain text among them."""
    return [each for line in text.decode(errors="replace").splitlines() for each in _read(line)]


def tries_a_full_store(line: bytes) -> bool:
    """Whether restic says that the store is full and that it tries again."""
    found = complaints(line)
    return any(_RETRIED in each.text and re.search(_FULL, each.text) for each in found)


def address(repository: str) -> str:
    """Return where a repository is, without the account in it."""
    return _ACCOUNT.sub("//", repository)


def error_of(code: int, text: bytes, repository: str) -> BackupError:
    """Return what to raise where restic ended with this exit code."""
    found = complaints(text)
    place = address(repository) or "an address that is not set"
    if code in _BY_CODE:
        kind, sentence = _BY_CODE[code]
        return kind(sentence.format(address=place))
    for words, kind, sentence in _BY_WORDS:
        for each in reversed(found):
            if re.search(words, each.text):
                return kind(sentence.format(address=place, said=each.reason))
    return BackupError(_plain(code, found, place))


def _plain(code: int, found: list[Complaint], place: str) -> str:
    last = next((each for each in reversed(found) if each.is_last), None)
    details = [each for each in found if not each.is_last and _RETRIED not in each.text]
    if last is None and not details:
        return f"restic ended with exit code {code}."
    sentence = "{said}."
    if last:
        by_start = (said for start, said in _SUMMARIES.items() if last.text.startswith(start))
        sentence = next(by_start, "")
    if not sentence or not details:
        return f"{str(last).rstrip('.')}."
    # Those with the name of a file say more than those about what the store has it in.
    details = [each for each in details if each.item] or details
    more = f" ({len(details) - 1} more of that kind)" if len(details) > 1 else ""
    return sentence.format(said=f"{str(details[0]).rstrip('.')}{more}", address=place)


def _read(line: str) -> Iterator[Complaint]:
    try:
        said = json.loads(line)
    except ValueError:
        said = {"message": line}
    if not isinstance(said, dict):
        said = {"message": line}
    error = said.get("error")
    text = error.get("message") if isinstance(error, dict) else None
    # Below the first line there is where restic's own code was, or an advice for its users.
    first = str(text or said.get("message") or "").strip().partition("\n")[0]
    first = first.removeprefix("\x1b[2K").removeprefix("Fatal: ").removeprefix("error: ").strip()
    if first:
        is_last = said.get("message_type") == "exit_error"
        yield Complaint(first, said.get("item") or None, is_last)
