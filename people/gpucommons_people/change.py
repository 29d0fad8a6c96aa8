"""What an operation did, or with ``dry_run`` would do."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, slots=True)
class Change:
    """One finished operation.

    steps are what was done; left says what stays or is still to do. Both are full sentences,
    and with dry_run they say what would be. data holds the same for programs.
    """

    action: str
    subject: str
    steps: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    dry_run: bool = False
    data: Mapping[str, object] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        """Whether anything was done, or would be."""
        return bool(self.steps)

    def as_json(self) -> dict[str, object]:
        """Turn into what ``--json`` prints."""
        return {**asdict(self), "changed": self.changed}
