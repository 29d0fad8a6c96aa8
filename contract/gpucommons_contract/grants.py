"""Quota grants: granted by the account commands, taken into account by the hub.

Each is a ConfigMap with `Label.QUOTA_GRANT` in a namespace of its own, so that nobody needs
rights on other ConfigMaps for it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from decimal import Decimal, InvalidOperation

from gpucommons_contract.formats.wording import moment, read_moment

GRANTS_NAMESPACE = "gpucommons-quota"
END_OF_DAY = time(23, 59, 59)
"""When a grant ends on its last day if only the day is given, UTC."""


@dataclass(frozen=True, slots=True)
class Grant:
    """More than usual at once, for one person or for one team together, until a moment (UTC).

    Either user or team is set. The usual quota applies to whatever is None or not among sizes.
    by says who granted it. If it was revoked early, revoked_by says by whom, and until when.
    """

    name: str
    user: str
    team: str
    until: datetime
    reason: str
    by: str
    at: datetime
    sessions: int | None = None
    gpus: Decimal | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)
    revoked_by: str = ""

    def in_force(self, now: datetime) -> bool:
        """Return whether it applies at this moment."""
        return now <= self.until

    def last(self) -> str:
        """Write until when it is in force, as `end_in_words`."""
        return end_in_words(self.until)

    def to_data(self) -> dict[str, str]:
        """Write as the data of a ConfigMap."""
        values: dict[str, object] = {
            "user": self.user,
            "team": self.team,
            "sessions": self.sessions,
            "gpus": self.gpus,
            "sizes": json.dumps(dict(self.sizes)) if self.sizes else None,
            "until": self.until.isoformat(),
            "reason": self.reason,
            "by": self.by,
            "at": self.at.isoformat(),
            "revoked_by": self.revoked_by,
        }
        return {key: str(value) for key, value in values.items() if value not in {None, ""}}


def end_in_words(until: datetime) -> str:
    """Write until when a grant is in force: ``2026-12-01``, or ``2026-12-01 18:00 UTC``."""
    return f"{until:%Y-%m-%d}" if until.time() == END_OF_DAY else moment(until)


def read_grant(name: str, data: Mapping[str, str]) -> Grant:
    """Read the data of a ConfigMap. Raises ValueError that says what is wrong with it."""
    user, team = data.get("user", ""), data.get("team", "")
    if bool(user) == bool(team):
        raise ValueError("it must be for a user or for a team")
    try:
        return Grant(
            name=name,
            user=user,
            team=team,
            until=read_moment(data["until"]),
            reason=data.get("reason", ""),
            by=data["by"],
            at=read_moment(data["at"]),
            sessions=int(data["sessions"]) if "sessions" in data else None,
            gpus=_amount(data["gpus"]) if "gpus" in data else None,
            sizes=_sizes(data.get("sizes", "{}")),
            revoked_by=data.get("revoked_by", ""),
        )
    except KeyError as error:
        raise ValueError(f"{error.args[0]} is missing") from error


def _amount(text: str) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise ValueError(f"{text} is not a number of GPUs")
    return found


def _sizes(text: str) -> dict[str, int]:
    found = json.loads(text)
    if not isinstance(found, dict) or not all(isinstance(each, int) for each in found.values()):
        raise ValueError("its sizes are not numbers by name")
    return found
