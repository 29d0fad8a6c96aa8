"""That a node is being taken out of service: written on the node, read by whoever lists nodes."""

import json
from dataclasses import dataclass
from datetime import datetime

from gpucommons_contract.wording import read_moment, written_moment


@dataclass(frozen=True, slots=True)
class Drain:
    """Who takes a node out of service, from when on its sessions are stopped (UTC), and why."""

    by: str
    until: datetime
    reason: str = ""

    def to_text(self) -> str:
        """Write as the value of `Annotation.DRAIN`."""
        return json.dumps(
            {"by": self.by, "until": written_moment(self.until), "reason": self.reason}
        )


def read_drain(text: str) -> Drain | None:
    """Read it; None for what is empty or none."""
    try:
        match json.loads(text):
            case {"by": str(by), "until": str(until), "reason": str(reason)}:
                return Drain(by, read_moment(until), reason)
    except ValueError:
        pass
    return None
