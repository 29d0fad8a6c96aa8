"""The session that a server had last: what was chosen, and which image ran."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gpucommons_spawner.catalogue import has_digest
from gpucommons_spawner.watch import Manifest

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_USUAL_REGISTRY = "docker.io/"
_USUAL_FOLDER = "library/"


@dataclass(frozen=True, slots=True)
class PastRun:
    """A session that has run. Written by the hub alone, so that its digest can be trusted."""

    options: Mapping[str, str] = field(hash=False)
    image: str
    """As the catalogue, or the person, named it then."""
    digest: str = ""
    """What a tag stood for; empty where the image has a digest already, or it is not known."""
    at: str = ""
    """When it began to run, in ISO 8601 and UTC."""

    def as_state(self) -> dict[str, object]:
        """Turn into what is kept with a server."""
        return {
            "options": dict(self.options),
            "image": self.image,
            "digest": self.digest,
            "at": self.at,
        }

    @classmethod
    def of_state(cls, state: Mapping[str, object] | None) -> "PastRun | None":
        """Find it in what is kept with a server; None if no session has run there yet."""
        kept = (state or {}).get("past_run")
        if not isinstance(kept, Mapping):
            return None
        return cls(kept["options"], kept["image"], kept["digest"], kept["at"])

    @classmethod
    def of_pod(cls, options: Mapping[str, str], image: str, pod: Manifest | None) -> "PastRun":
        """Note a session whose pod runs. ``image`` is its name before it was pinned, if it was."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(options, image, "" if has_digest(image) else _digest(image, pod), now)


def pinned(image: str, digest: str) -> str:
    """Write an image's name with a digest in the place of its tag."""
    return f"{repository(image)}@{digest}"


def repository(image: str) -> str:
    """Answer an image's name without tag and digest."""
    name = image.partition("@")[0]
    folder, slash, last = name.rpartition("/")
    return f"{folder}{slash}{last.partition(':')[0]}"


def _digest(image: str, pod: Manifest | None) -> str:
    """Read what the node says it runs.

    Only a digest of the same repository is one by which any node can fetch the image. A node
    that got it in another way, such as from a file, names something of its own.
    """
    statuses = (pod or {}).get("status", {}).get("containerStatuses")
    named = str(statuses[0].get("imageID", "")) if statuses else ""
    name, _, digest = named.rpartition("://")[2].partition("@")
    if _DIGEST.fullmatch(digest) and _in_full(name) == _in_full(repository(image)):
        return digest
    return ""


def _in_full(name: str) -> str:
    """Write out what container runtimes leave away, or not."""
    host, slash, _ = name.partition("/")
    if slash and ("." in host or ":" in host or host == "localhost"):
        full = name
    else:
        full = _USUAL_REGISTRY + name
    rest = full.removeprefix(_USUAL_REGISTRY)
    return f"{_USUAL_REGISTRY}{_USUAL_FOLDER}{rest}" if rest != full and "/" not in rest else full
