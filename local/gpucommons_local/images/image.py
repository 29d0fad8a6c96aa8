"""What an image is made of, and the name that follows from it."""

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

from gpucommons_local.errors import PlatformError

REGISTRY = "gpucommons.local"
"""First part of every reference. Nothing answers there: images come from this machine alone."""


class Ingredient(Protocol):
    """Something that an image's build context holds."""

    def identity(self) -> str:
        """Text that changes when the ingredient would come out different."""

    def place(self, context: Path, log: Path) -> None:
        """Put it into the build context, making it first if need be."""


@dataclass(frozen=True, slots=True)
class Files:
    """Files and folders as they stand, at the same place in the context as below ``root``."""

    root: Path
    names: tuple[str, ...]

    def identity(self) -> str:
        """Hash of names, permissions to execute and contents."""
        digest = hashlib.sha256()
        for file in self.files():
            executable = bool(file.stat().st_mode & 0o100)
            digest.update(f"{file.relative_to(self.root)}\0{executable}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
        return digest.hexdigest()

    def place(self, context: Path, log: Path) -> None:  # noqa: ARG002 - nothing to log
        """Copy them."""
        for file in self.files():
            target = context / file.relative_to(self.root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, target)

    def files(self) -> Iterator[Path]:
        """Give every file, in an order that does not depend on the file system."""
        for name in self.names:
            path = self.root / name
            if not path.exists():
                raise PlatformError(f"{path} is missing, and an image is made from it.")
            found = sorted(path.rglob("*")) if path.is_dir() else [path]
            yield from (each for each in found if each.is_file() and _is_source(each))


def _is_source(path: Path) -> bool:
    return "__pycache__" not in path.parts


@dataclass(frozen=True)
class Image:
    """One container image: a Containerfile, its context, and the image that it starts from.

    version is the part of the tag that people read, such as "2026.11"; the rest of the tag is
    made from everything that goes into the image, so a reference never changes its meaning.
    keep_steps makes another build start at the first step that differs: worth its space where
    steps take minutes and the last ones change most.
    """

    name: str
    version: str
    containerfile: str  # path in the context
    context: tuple[Ingredient, ...]
    parent: "Image | None" = None  # given to the Containerfile as BASE
    arguments: Mapping[str, str] = field(default_factory=dict)
    keep_steps: bool = False

    @property
    def title(self) -> str:
        """Name and version, as in ``make images IMAGES=scipy:2026.11``."""
        return f"{self.name}:{self.version}"

    def fingerprint(self) -> str:
        """Twelve hex digits that stand for everything the image is made from.

        Looked at once in a process: a source that changes during a build is the next run's.
        """
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        digest = hashlib.sha256(self.containerfile.encode())
        parts = [f"{key}={value}" for key, value in sorted(self.arguments.items())]
        parts += [each.identity() for each in self.context]
        parts += [self.parent.fingerprint()] if self.parent else []
        for part in parts:
            digest.update(part.encode() + b"\0")
        return digest.hexdigest()[:12]

    def reference(self) -> str:
        """Give the name under which a pod asks for it. Needs no build."""
        return f"{REGISTRY}/{self.name}:{self.version}-{self.fingerprint()}"

    def lineage(self) -> list["Image"]:
        """Give the images to build for this one, first to last, itself included."""
        return [*(self.parent.lineage() if self.parent else []), self]
