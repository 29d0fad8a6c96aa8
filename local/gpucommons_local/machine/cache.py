"""Where things built once are kept, and how a step knows that it was done."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path


def cache_folder() -> Path:
    """Folder for everything that can be built again: ``$XDG_CACHE_HOME/gpucommons``."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(base) / "gpucommons"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def checkout() -> Path:
    """The root of the checkout that this package runs from."""
    return Path(__file__).resolve().parents[3]


def fingerprint(paths: Iterable[Path], *extra: str) -> str:
    """Twelve hex digits that change when a file below ``paths`` or a text does."""
    digest = hashlib.sha256()
    for path in paths:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(str(file.relative_to(path.parent)).encode() + b"\0")
                digest.update(file.read_bytes() + b"\0")
    for text in extra:
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()[:12]
