"""The session that a server had last: what was chosen, and which image ran."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gpucommons_spawner.catalogue.image import has_digest
from gpucommons_spawner.catalogue.reference import DIGEST, split_registry
from gpucommons_spawner.kubernetes.manifest import Manifest
from gpucommons_spawner.pod_state.pod import SESSION


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

    def ran(self, image: str) -> bool:
        """Return whether an image that is pinned is the one that ran, whatever its tag is."""
        name, _, digest = self.image.partition("@")
        pinned_name, _, pinned_digest = image.partition("@")
        return pinned_digest != "" and (
            (split_registry(repository(pinned_name)), pinned_digest)
            == (split_registry(repository(name)), self.digest or digest)
        )

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
    """Return an image's name without tag and digest."""
    name = image.partition("@")[0]
    folder, slash, last = name.rpartition("/")
    return f"{folder}{slash}{last.partition(':')[0]}"


def _digest(image: str, pod: Manifest | None) -> str:
    """Read what the node says it runs.

    Sidecars of a mesh are listed next to the session, and often before it.
    Only a digest of the same repository is one by which any node can fetch the image. A node
    that got it in another way, such as from a file, names something of its own.
    """
    statuses = (pod or {}).get("status", {}).get("containerStatuses") or ()
    ours = statuses if len(statuses) == 1 else filter(_is_session, statuses)
    named = next((str(each.get("imageID", "")) for each in ours), "")
    name, _, digest = named.rpartition("://")[2].partition("@")
    if DIGEST.fullmatch(digest) and split_registry(name) == split_registry(repository(image)):
        return digest
    return ""


def _is_session(container: Manifest) -> bool:
    return container.get("name") == SESSION
