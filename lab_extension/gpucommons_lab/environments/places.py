"""Where environments are looked for: in few folders, one level deep, never in all of a home."""

import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from gpucommons_lab.environments.environment import Environment, look_at

DEFAULT_FOLDERS = (
    ".",
    ".venvs",
    ".virtualenvs",
    "venvs",
    "envs",
    ".conda/envs",
    ".local/share/mamba/envs",
)
"""Below the home folder: where venv, uv, virtualenvwrapper, conda and micromamba put them."""
_IN_PROJECTS = (".venv", "venv")
_MOST = 500
"""Folders that are looked at in each place. Each takes about four requests to a file server."""
_CONDA_LIST = ".conda/environments.txt"
"""In which conda notes each environment that it made."""


def find_environments(folders: Sequence[str], home: Path) -> list[Environment]:
    """Look for environments with kernels; by name. Reads the disk, and may take seconds on NFS."""
    found: dict[Path, Environment] = {}
    for each in _candidates(folders, home):
        if each not in found and (environment := look_at(each, home)):
            found[each] = environment
    return sorted(found.values(), key=lambda each: (each.name.lower(), each.folder))


def _candidates(folders: Sequence[str], home: Path) -> Iterator[Path]:
    for folder in folders:
        place = home / folder
        for each in _folders_in(place):
            is_own = not each.name.startswith(".") or each.name in _IN_PROJECTS
            if place == home and not is_own:
                continue  # what programs keep there
            yield each
            yield from (each / name for name in _IN_PROJECTS)
            if (each / "conda-meta").is_dir():
                yield from _folders_in(each / "envs")
    yield from _noted_by_conda(home)


def _folders_in(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            names = (entry.name for entry in entries if entry.is_dir())
            return [folder / name for name in sorted(islice(names, _MOST))]
    except OSError:  # there is none, or it is not ours to read
        return []


def _noted_by_conda(home: Path) -> Iterator[Path]:
    try:
        lines = (home / _CONDA_LIST).read_text(errors="surrogateescape").splitlines()
    except OSError:
        return
    for line in lines[:_MOST]:
        path = Path(line.strip())
        if path.is_relative_to(home):
            yield path
