"""Notices in force for a while: sent by the account commands, shown by the hub in new sessions.

Each is a ConfigMap with `Label.STANDING_NOTICE` in a namespace of its own, so that nobody needs
rights on other ConfigMaps for it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gpucommons_contract.notices import Notice, read_notice
from gpucommons_contract.wording import read_moment

NOTICES_NAMESPACE = "gpucommons-notices"


@dataclass(frozen=True, slots=True)
class StandingNotice:
    """A notice for every session that starts until a moment (UTC), or for those of some people.

    users are their names, nobody named is everybody. by says who sent it, at when.
    """

    notice: Notice
    until: datetime
    by: str
    at: datetime
    users: tuple[str, ...] = ()

    def in_force(self, now: datetime) -> bool:
        """Whether a session that starts at this moment shows it."""
        return now < self.until

    def concerns(self, user: str) -> bool:
        """Whether this person's sessions show it."""
        return not self.users or user in self.users

    def to_data(self) -> dict[str, str]:
        """Write as the data of a ConfigMap."""
        data = {
            "notice": self.notice.to_json(),
            "until": self.until.isoformat(),
            "by": self.by,
            "at": self.at.isoformat(),
        }
        return data | ({"users": json.dumps(self.users)} if self.users else {})


def read_standing_notice(data: Mapping[str, str]) -> StandingNotice:
    """Read the data of a ConfigMap. Raises ValueError that says what is wrong with it."""
    try:
        return StandingNotice(
            notice=read_notice(json.loads(data["notice"])),
            until=read_moment(data["until"]),
            by=data["by"],
            at=read_moment(data["at"]),
            users=_users(data["users"]) if "users" in data else (),
        )
    except KeyError as error:
        raise ValueError(f"{error.args[0]} is missing") from error


def _users(text: str) -> tuple[str, ...]:
    found = json.loads(text)
    named = isinstance(found, list) and all(isinstance(each, str) for each in found)
    if not named or not found:  # an empty list must not read as everybody
        raise ValueError("its users are not a list of names; without them, it is for everybody")
    return tuple(found)
