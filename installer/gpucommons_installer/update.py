"""What a second run may write: files that nobody changed since. Pure."""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from gpucommons_installer.errors import InstallerError
from gpucommons_installer.folder import Files, hash_of


@dataclass(slots=True)
class Update:
    """What becomes of each file.

    write is new or changes, same stays as it is. left were changed by hand, with the reason.
    unneeded were written before, and these answers do not have them. differences are for people,
    by file; those of files that are left say what was not taken over.
    """

    write: dict[PurePosixPath, str] = field(default_factory=dict)
    same: list[PurePosixPath] = field(default_factory=list)
    left: dict[PurePosixPath, str] = field(default_factory=dict)
    unneeded: list[PurePosixPath] = field(default_factory=list)
    differences: dict[PurePosixPath, str] = field(default_factory=dict)
    hashes: dict[PurePosixPath, str] = field(default_factory=dict)
    """What the list of what was written says afterwards."""


def compare(
    rendered: Files,
    known: Mapping[PurePosixPath, str],
    now: Callable[[PurePosixPath], str | None],
) -> Update:
    """Judge each file. known is the list of what was written, now returns what a file holds."""
    found = Update(hashes=dict(known))
    for file, text in rendered.items():
        held = now(file)
        if held == text:
            found.same.append(file)
            found.hashes[file] = hash_of(text)
            continue
        found.differences[file] = _difference(file, held or "", text)
        if why := _changed(held, known.get(file)):
            found.left[file] = why
        else:
            found.write[file] = text
            found.hashes[file] = hash_of(text)
    found.unneeded = [each for each in known if each not in rendered and now(each) is not None]
    return found


def refuse_older(written_by: str, release: str) -> None:
    """Refuse to write what a newer release wrote, because an older one does not know all of it.

    Both are versions of GPU Commons; an empty one is older than all. Raises InstallerError.
    """
    if _numbers(written_by) > _numbers(release):
        raise InstallerError(
            f"GPU Commons {written_by} wrote this folder, and {release} is older. Nothing was "
            f"written. Use {written_by} or newer; to go back, take the folder as it was from your "
            "git: docs/how-to/upgrade.md."
        )


def _numbers(release: str) -> list[int]:
    """Return what a version starts with: 0.2.0 and 0.2.0rc1 are the same here."""
    found = re.match(r"\d+(\.\d+)*", release)
    return [int(each) for each in found[0].split(".")] if found else []


def _changed(held: str | None, known: str | None) -> str:
    """Say what somebody did to a file; empty if it is as it was written, or new."""
    if held is None:
        return "it was deleted by hand" if known else ""
    if known is None:
        return "it was there before"
    return "" if hash_of(held) == known else "it was changed by hand"


def _difference(file: PurePosixPath, before: str, after: str) -> str:
    lines = difflib.unified_diff(
        before.splitlines(),
        after.splitlines(),
        f"{file} now",
        f"{file} by the answers",
        lineterm="",
    )
    return "\n".join(lines)
