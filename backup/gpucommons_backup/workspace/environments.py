"""Lists the packages of Python environments, so that one which is not kept can be made again.

Read from what installers leave in them; nothing of a person's is run.
"""

import json
import os
from collections.abc import Iterator
from email.parser import BytesHeaderParser
from hashlib import sha256
from pathlib import Path

from gpucommons_backup.workspace.reading import small_file

_MOST = 2**20
"""Bytes of a file that an installer has left of a package."""
_MOST_OF_CONDA = 4 * 2**20
"""Conda's have the names of all files."""
_UNUSABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What comes of files that are not what their names say. Each is left out of the list."""
_LONGEST_NAME = 200
"""Bytes. File systems take 255."""


def package_list(environment: Path) -> str | None:
    """Return the packages as ``pip install -r`` or ``conda create --file`` reads them.

    None: there are none, or it is no environment.
    """
    if (environment / "conda-meta").is_dir():
        return _text(["@EXPLICIT"], _of_conda(environment))
    return _text([], _of_pip(environment))


def _text(head: list[str], packages: Iterator[str]) -> str | None:
    # One line each, which can be written: JSON may name half a character.
    found = sorted(each for each in packages if each.isprintable())
    return "\n".join([*head, *found, ""]) if found else None


def _of_conda(environment: Path) -> Iterator[str]:
    for file in environment.glob("conda-meta/*.json"):
        try:
            said = json.loads(small_file(file, environment, _MOST_OF_CONDA))
            md5 = f"#{said['md5']}" if said.get("md5") else ""
            yield f"{said['url']}{md5}"
        except _UNUSABLE:
            continue  # half written, or not one of conda's


def files_of_conda(environment: Path) -> frozenset[bytes]:
    """Return the files that conda has installed, relative to the environment."""
    found: set[bytes] = set()
    for file in environment.glob("conda-meta/*.json"):
        try:
            files = json.loads(small_file(file, environment, _MOST_OF_CONDA))["files"]
            found.update([os.fsencode(each) for each in files])
        except _UNUSABLE:
            continue  # its files are kept
    return frozenset(found)


def _of_pip(environment: Path) -> Iterator[str]:
    for folder in environment.glob("lib/python*/site-packages/*.dist-info"):
        try:
            text = small_file(folder / "METADATA", environment, _MOST)
            said = BytesHeaderParser().parsebytes(text)
            name, version = said["Name"], said["Version"]
        except _UNUSABLE:
            continue
        if name and version:
            origin = _origin(folder / "direct_url.json", environment)
            yield f"{name} @ {origin}" if origin else f"{name}=={version}"


def _origin(file: Path, environment: Path) -> str | None:
    """Return where a package is from that no index has (PEP 610)."""
    try:
        said = json.loads(small_file(file, environment, _MOST))
        url = str(said["url"])
        commit = (said.get("vcs_info") or {}).get("commit_id")
        scheme = (said.get("vcs_info") or {}).get("vcs")
    except _UNUSABLE:
        return None
    origin = f"{scheme}+{url}@{commit}" if scheme and commit else url
    return origin if origin.isprintable() else None


def file_name(environment: bytes) -> str:
    """Return under which name the list of an environment is kept: its path, where that fits."""
    name = environment.replace(b"%", b"%25").replace(b"/", b"%2F")
    if len(name) > _LONGEST_NAME:
        name = name[:_LONGEST_NAME] + b"-" + sha256(environment).hexdigest()[:12].encode()
    return os.fsdecode(name + b".txt")
