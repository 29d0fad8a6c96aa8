"""Notices in force for a while: sent by the account commands, shown by the hub in new sessions.

Each is a ConfigMap with `Label.STANDING_NOTICE` in a namespace of its own, so that nobody needs
rights on other ConfigMaps for it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from gpucommons_contract.formats.wording import read_moment
from gpucommons_contract.sessions.notices import Notice, read_notice
from gpucommons_contract.words import message_of, read_message

NOTICES_NAMESPACE = "gpucommons-notices"


@dataclass(frozen=True, slots=True)
class StandingNotice:
    """A notice for every session that starts until a moment (UTC), or for those of some people.

    users are their names; without any, it is for everybody. by says who sent it, at when.
    """

    notice: Notice
    until: datetime
    by: str
    at: datetime
    users: tuple[str, ...] = ()

    def in_force(self, now: datetime) -> bool:
        """Return whether a session that starts at this moment shows it."""
        return now < self.until

    def concerns(self, user: str) -> bool:
        """Return whether this person's sessions show it."""
        return not self.users or user in self.users

    def to_data(self) -> dict[str, str]:
        """Write as the data of a ConfigMap."""
        data = {
            "notice": self.notice.to_json(),
            "until": self.until.isoformat(),
            "by": self.by,
            "at": self.at.isoformat(),
        }
        message = message_of(self.notice.text)
        return (
            data
            | ({"users": json.dumps(self.users)} if self.users else {})
            | ({"message": json.dumps(message)} if message else {})
        )


def read_standing_notice(data: Mapping[str, str]) -> StandingNotice:
    """Read the data of a ConfigMap. Raises ValueError that says what is wrong with it."""
    try:
        return StandingNotice(
            notice=with_message(read_notice(json.loads(data["notice"])), data.get("message")),
            until=read_moment(data["until"]),
            by=data["by"],
            at=read_moment(data["at"]),
            users=_users(data["users"]) if "users" in data else (),
        )
    except KeyError as error:
        raise ValueError(f"{error.args[0]} is missing") from error


def with_message(notice: Notice, message: str | None) -> Notice:
    """Return a notice whose text can be translated, by the message (JSON) that it was made of.

    Raises ValueError for what is none, or is that of another text.
    """
    if message is None:
        return notice
    text = read_message(json.loads(message))
    if text != notice.text:
        raise ValueError("its message is not that of its text")
    return replace(notice, text=text)


def _users(text: str) -> tuple[str, ...]:
    found = json.loads(text)
    named = isinstance(found, list) and all(isinstance(each, str) for each in found)
    if not named or not found:  # an empty list must not read as everybody
        raise ValueError("its users are not a list of names; without them, it is for everybody")
    return tuple(found)
