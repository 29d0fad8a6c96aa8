"""A person's workspace, and what is said of its snapshots."""

import json
from dataclasses import dataclass

from tests.people import SignedIn
from tests.platform import LocalPlatform
from tests.waiting import until

from .waiting_start import pods_of

_PREFIX = "gpucommons.io/"


@dataclass
class Workspace:
    """The claim of somebody's files in a team."""

    platform: LocalPlatform
    namespace: str
    name: str
    seen: str | None = None
    """Id of the last snapshot that is known."""

    @classmethod
    def of(cls, platform: LocalPlatform, person: SignedIn) -> "Workspace":
        """Return that of somebody's running session."""
        (pod,) = pods_of(platform, person)
        claims = (
            each["persistentVolumeClaim"]["claimName"]
            for each in pod["spec"]["volumes"]
            if "persistentVolumeClaim" in each
        )
        (name,) = (each for each in claims if each.startswith("workspace-"))
        found = cls(platform, pod["metadata"]["namespace"], name)
        found.seen = found.notes().get("snapshot-id")
        return found

    def notes(self) -> dict[str, str]:
        """Return our annotations of the claim."""
        told = self.platform.kubectl("get", "pvc", self.name, "-n", self.namespace, "-o", "json")
        notes = json.loads(told)["metadata"]["annotations"]
        return {
            key.removeprefix(_PREFIX): value
            for key, value in notes.items()
            if key.startswith(_PREFIX)
        }

    def next_snapshot(self) -> dict[str, str]:
        """Wait for one that was not there before, and return what is said of it."""

        def new() -> dict[str, str] | None:
            notes = self.notes()
            assert "snapshot-error" not in notes, notes
            return notes if notes.get("snapshot-id") not in (None, self.seen) else None

        found = until(new, pause=1)
        self.seen = found["snapshot-id"]
        return found
