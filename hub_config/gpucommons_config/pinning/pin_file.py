"""Looks up what a catalogue's file names, and writes the file; these two steps and no other."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gpucommons_contract.formats.yaml_files import Document, YAMLFileError, parse_documents
from gpucommons_spawner.catalogue.file import catalogue_to_pin

from gpucommons_config.pinning.auth_files import AuthFiles, auth_files
from gpucommons_config.pinning.calls import Calls, open_client
from gpucommons_config.pinning.catalogue_text import with_images
from gpucommons_config.pinning.errors import PinningError
from gpucommons_config.pinning.pin import LookedUp, look_up
from gpucommons_config.pinning.registries import Registries
from gpucommons_config.pinning.targets import targets
from gpucommons_config.pinning.whole_file import replace_whole

_MARK = b"\xef\xbb\xbf"
"""What some editors put in front of UTF-8."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to look up. seconds are for one answer of a registry."""

    only: tuple[str, ...]
    platforms: tuple[str, ...]
    auth_file: Path | None
    ca_file: Path | None
    plain: frozenset[str]
    seconds: float
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FileFound:
    """A file as it was read, as it will be, and what that is made of."""

    file: Path
    before: bytes
    after: bytes
    looked_up: LookedUp


async def look_up_file(file: Path, settings: Settings) -> FileFound:
    """Read a catalogue, ask the registries, and make the new text; nothing is written.

    Raises CatalogueError and PinningError.
    """
    catalogue, tree = catalogue_to_pin(file)
    before = _content(file, tree)
    chosen = targets(catalogue, tree, settings.only)
    paths, named = auth_files(settings.auth_file, settings.environment, os.getuid())
    credentials = AuthFiles(paths, named=named)
    async with open_client(settings.ca_file) as client:
        calls = Calls(client, settings.seconds, settings.plain)
        found = await look_up(chosen, tree, Registries(calls, credentials), settings.platforms)
    mark = _MARK if before.startswith(_MARK) else b""
    text = with_images(before.removeprefix(mark).decode(), tree, found.images())
    return FileFound(file, before, mark + text.encode(), found)


def write(found: FileFound) -> None:
    """Write the new text. Raises PinningError."""
    replace_whole(found.file, found.before, found.after)


def _content(file: Path, tree: Document) -> bytes:
    """Read the bytes of what was read to the tree."""
    try:
        content = file.read_bytes()
        documents = parse_documents(content.decode("utf-8-sig"), file)
    except (OSError, UnicodeDecodeError, YAMLFileError):
        documents = ()
    if [each.value for each in documents] != [tree.value]:
        raise PinningError("it was changed while it was read; run the command again")
    return content
