"""What a second run may write: files that nobody changed since. Pure."""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

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
