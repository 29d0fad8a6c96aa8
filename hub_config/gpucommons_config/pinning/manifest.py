"""What a registry keeps of an image: a manifest, or an index of manifests for several platforms.

Source: https://github.com/opencontainers/image-spec, manifest.md and image-index.md.
"""

import hashlib
import json
from dataclasses import dataclass

_OCI = "application/vnd.oci.image"
_DOCKER = "application/vnd.docker"
_INDEXES = (f"{_OCI}.index.v1+json", f"{_DOCKER}.distribution.manifest.list.v2+json")
_MANIFESTS = (f"{_OCI}.manifest.v1+json", f"{_DOCKER}.distribution.manifest.v2+json")
_CONFIGS = (f"{_OCI}.config.v1+json", f"{_DOCKER}.container.image.v1+json")
ACCEPT = ", ".join((*_INDEXES, *_MANIFESTS))
"""All that runtimes can start."""


class ManifestError(Exception):
    """It is not an image that can be started. The text continues the image's name."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is known of an image from its manifest.

    platforms are written as ``linux/amd64``; None where the manifest does not say, and config
    may: the digest of what says it then.
    """

    digest: str
    platforms: tuple[str, ...] | None
    config: str = ""


def digest_of(content: bytes) -> str:
    """Return the digest by which a registry keeps this."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def read_manifest(content: bytes, content_type: str) -> Manifest:
    """Read a manifest or index. Raises ManifestError."""
    try:
        read = json.loads(content)
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise ManifestError("is answered with something that is not a manifest")
    if read.get("schemaVersion") == 1:
        raise ManifestError("is in a format of 2015 that runtimes no longer start; push it again")
    sent_as = content_type.partition(";")[0].strip().lower()
    said = read.get("mediaType")
    if said and sent_as in {*_INDEXES, *_MANIFESTS} and said != sent_as:
        raise ManifestError(f"is sent as {sent_as}, but says that it is something else")
    digest, entries = digest_of(content), read.get("manifests")
    if isinstance(entries, list):
        return Manifest(digest, _platforms(entries))
    config = read.get("config")
    if not isinstance(config, dict) or not isinstance(read.get("layers"), list):
        raise ManifestError("is answered with something that is not a manifest")
    if config.get("mediaType") not in _CONFIGS:
        raise ManifestError("is not a container image, but something else that registries keep")
    return Manifest(digest, None, str(config.get("digest", "")))


def read_platform(config: bytes) -> str | None:
    """Read for which platform an image is, from its configuration; None if that says nothing."""
    try:
        return _platform(json.loads(config))
    except (ValueError, RecursionError):
        return None


def has_platform(platforms: tuple[str, ...], asked: str) -> bool:
    """Return whether an image is for a platform, of any variant unless one is named."""
    return any(each == asked or each.startswith(f"{asked}/") for each in platforms)


def _platforms(entries: list[object]) -> tuple[str, ...] | None:
    """List the platforms of an index; None if one of its images does not say."""
    found = [
        _platform(entry.get("platform") if isinstance(entry, dict) else None) for entry in entries
    ]
    if None in found:
        return None
    # Build tools keep their attestations next to the images, as of this platform.
    return tuple(each for each in found if each and not each.startswith("unknown/"))


def _platform(said: object) -> str | None:
    if not isinstance(said, dict):
        return None
    parts = [said.get("os"), said.get("architecture"), said.get("variant")]
    if not all(isinstance(each, str) and each for each in parts[:2]):
        return None
    return "/".join(str(each) for each in parts if each)
