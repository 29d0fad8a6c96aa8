"""Names of images, taken apart as container runtimes do it: registry, repository, tag, digest.

Source: https://github.com/distribution/reference, which docker, containerd and CRI-O go by.
"""

import re
from dataclasses import dataclass
from typing import Self

USUAL_REGISTRY = "docker.io"
"""Of names that begin with no host."""
USUAL_TAG = "latest"
"""Of names without tag and digest."""
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

_USUAL_FOLDER = "library/"
_FORMER_REGISTRY = "index.docker.io"
_LONGEST_NAME = 255
"""Characters of registry and repository together."""
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*(?::[0-9]{{1,5}})?")
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


@dataclass(frozen=True, slots=True)
class ImageReference:
    """Where an image is, written in full. tag and digest are empty where the name has none."""

    registry: str
    """A host, with its port if that is written: ``docker.io``, ``registry.example.org:5000``."""
    repository: str
    """Such as ``library/debian``."""
    tag: str = ""
    digest: str = ""

    @classmethod
    def parse(cls, image: str) -> Self:
        """Take a name apart. Raises ValueError that says what such a name has to be."""
        name, at, digest = image.partition("@")
        folder, slash, last = name.rpartition("/")
        last, colon, tag = last.partition(":")
        name = f"{folder}{slash}{last}"
        registry, repository = split_registry(name)
        if at and not DIGEST.fullmatch(digest):
            raise ValueError("has a digest that is not sha256: and 64 hexadecimal digits")
        if colon and not _TAG.fullmatch(tag):
            raise ValueError(
                f"has the tag {tag!r}; a tag has 1 to 128 letters, digits, dots, hyphens and "
                "underscores, and begins with none of . and -"
            )
        if not _HOST.fullmatch(registry):
            raise ValueError(
                f"has the registry {registry!r}; write a host's name, and :PORT if any"
            )
        if not _REPOSITORY.fullmatch(repository) or len(name) > _LONGEST_NAME:
            raise ValueError(
                f"has the repository {repository!r}; write folders and a name of a to z, digits, "
                f"and single dots, hyphens and underscores within, {_LONGEST_NAME} characters "
                "at most"
            )
        return cls(registry, repository, tag, digest)


def split_registry(name: str) -> tuple[str, str]:
    """Return the registry and the repository of a name without tag, whether or not it is valid.

    What is left out in short names is written out: ``debian`` is ``docker.io`` and
    ``library/debian``.
    """
    host, slash, rest = name.partition("/")
    if slash and (host == "localhost" or host != host.lower() or set(host) & set(".:")):
        registry, repository = host, rest
    else:
        registry, repository = USUAL_REGISTRY, name
    if registry in {USUAL_REGISTRY, _FORMER_REGISTRY}:
        registry = USUAL_REGISTRY
        repository = repository if "/" in repository else f"{_USUAL_FOLDER}{repository}"
    return registry, repository


def pinned_beside_tag(image: str, digest: str) -> str:
    """Write a name with its tag and a digest, so that the tag can be looked up again.

    Runtimes go by the digest alone then.
    """
    name = image.partition("@")[0]
    has_tag = ":" in name.rpartition("/")[2]
    return f"{name}@{digest}" if has_tag else f"{name}:{USUAL_TAG}@{digest}"
