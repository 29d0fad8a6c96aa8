"""How full a workspace was when it was last seen, in words. Pure."""

from dataclasses import dataclass

from gpucommons_contract import disk_percent, files_percent
from gpucommons_contract.formats.byte_sizes import format_part
from gpucommons_contract.formats.wording import moment
from gpucommons_contract.words import phrase, sentences

from gpucommons_spawner.session_parts.workspace_use import SeenUse

_WARNED = 80.0
"""Percent of bytes or of files, as in the session."""


@dataclass(frozen=True, slots=True)
class DiskWords:
    """A sentence or more, with moments as ``wording.moment`` has them."""

    text: str
    is_short: bool
    """Whether there is little room left, which the text says."""


def disk_words(seen: SeenUse) -> DiskWords:
    """Say it with the moment, unless a session runs that would have said otherwise."""
    disk, use = seen.disk, format_part(seen.disk.used, seen.disk.size)
    told = (
        phrase("Your files take %(use)s.", use=use)
        if seen.runs
        else phrase("Your files took %(use)s at %(moment)s.", use=use, moment=moment(seen.at))
    )
    is_short = disk_percent(disk) >= _WARNED
    many = (
        phrase(
            "There are %(files)s of at most %(most)s files.",
            files=f"{disk.files:,}",
            most=f"{disk.most_files:,}",
        )
        if files_percent(disk) >= _WARNED
        else ""
    )
    advice = phrase("Little room is left: delete what you do not need.") if is_short else ""
    return DiskWords(sentences(told, many, advice), is_short)
