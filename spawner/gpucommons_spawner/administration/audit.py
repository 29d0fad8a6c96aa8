"""What administrators did, on record: one line of JSON each, in the hub's log."""

import json
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from gpucommons_contract import written_moment

AUDIT_LOG = "gpucommons.audit"
_audit = logging.getLogger(AUDIT_LOG)


@dataclass(frozen=True, slots=True)
class Administrator:
    """Who does something; service is the one that asked for them, and else empty."""

    by: str
    service: str = ""


def record(who: Administrator, action: str, subject: str, details: Mapping[str, object]) -> None:
    """Put on record what is about to be done, and with what: a session, a person or a node."""
    if not _audit.handlers:
        _begin()
    line = {"time": written_moment(datetime.now(UTC)), "action": action, "by": who.by}
    more = {"service": who.service} if who.service else {}
    _audit.info(json.dumps({**line, **more, "subject": subject, "details": dict(details)}))


def _begin() -> None:
    """Write whole lines, whatever the hub's log is set to."""
    plain = logging.StreamHandler(sys.stderr)
    plain.setFormatter(logging.Formatter("%(message)s"))
    _audit.addHandler(plain)
    _audit.setLevel(logging.INFO)
    _audit.propagate = False
