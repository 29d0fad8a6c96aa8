"""What administrators did, on record: one line of JSON each, in the hub's log."""

from collections.abc import Mapping
from dataclasses import dataclass

from gpucommons_upkeep.logs import put_on_record


@dataclass(frozen=True, slots=True)
class Administrator:
    """Who does something; service is the one that asked for them, and else empty."""

    by: str
    service: str = ""


def record(who: Administrator, action: str, subject: str, details: Mapping[str, object]) -> None:
    """Put on record what is about to be done, and with what: a session, a person or a node."""
    fields: dict[str, object] = {"service": who.service} if who.service else {}
    fields |= {"subject": subject, "details": dict(details)}
    put_on_record(action, who.by, fields, on=subject)
