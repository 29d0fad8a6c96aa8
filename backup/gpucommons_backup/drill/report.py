"""What came of a drill."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum


class Outcome(StrEnum):
    """What came of one workspace."""

    IDENTICAL = "identical"
    """All that our own list says came back, byte for byte where contents are in that list."""
    DIFFERS = "differs"
    FAILED = "failed"
    """It could not be put back, or not be compared."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One workspace that was put back, or was to be."""

    repository: str
    team: str
    owner: str
    outcome: Outcome
    says: str = ""
    """What differs, or why it failed; empty if it is identical."""
    snapshot: str = ""
    moment: str = ""
    """When the snapshot was taken, in ISO 8601, UTC."""
    files: int = 0
    size: int = 0  # bytes

    @property
    def whole(self) -> bool:
        """Whether all came back."""
        return self.outcome is Outcome.IDENTICAL


@dataclass(frozen=True, slots=True)
class DrillReport:
    """All of them."""

    moment: datetime
    store: str
    is_copy: bool
    """Whether it was the second store."""
    known: int
    """Repositories in the sealed list."""
    expected: int
    """Those of them that have snapshots in this store."""
    checked: tuple[Checked, ...]

    @property
    def hit(self) -> list[Checked]:
        """Return those that are not whole."""
        return [each for each in self.checked if not each.whole]

    def to_json(self) -> str:
        """Write it for programs."""
        said = {
            "moment": f"{self.moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "store": self.store,
            "is_copy": self.is_copy,
            "known": self.known,
            "expected": self.expected,
            "compared": len(self.checked),
            "hit": len(self.hit),
            "workspaces": [asdict(each) for each in self.checked],
        }
        return json.dumps(said, indent=2, ensure_ascii=True)
