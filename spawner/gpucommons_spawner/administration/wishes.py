"""What an administrator wants to be done with sessions, read from a form or JSON. Pure.

Each error says what is allowed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from gpucommons_contract import END_OF_DAY, NoticeLevel
from gpucommons_contract.words import phrase

LONGEST_NOTICE_MINUTES = 7 * 24 * 60
LONGEST_REASON = 300
LONGEST_TEXT = 800
LONGEST_GRANT = timedelta(days=90)
LONGEST_EXEMPTION = timedelta(days=366)
LONGEST_MESSAGE = timedelta(days=30)
LONGEST_KEEP_HOURS = 24 * 31
_MOST = 10_000
_MOST_DIGITS = 9

Fields = Mapping[str, str]


class Action(StrEnum):
    """What can be done with sessions."""

    STOP = "stop"
    TAKE_BACK = "take-back"
    """Let sessions go on that were to be stopped."""
    NOTIFY = "notify"
    KEEP = "keep"
    EXEMPT = "exempt"
    GRANT = "grant"


STOPS = "delete:servers"
"""The scope to stop anybody's session, which draining a node and telling people need, too."""
NEEDS: Mapping[Action, str] = {
    Action.STOP: STOPS,
    Action.TAKE_BACK: STOPS,
    Action.NOTIFY: STOPS,
    Action.GRANT: "admin:users",
}
"""What an action needs besides the right to the page. The culler asks for its own."""


class WishError(ValueError):
    """What was wrong with a field; the message is a phrase for the administrator."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be done; each action reads the fields that concern it. Moments are in UTC."""

    action: Action
    minutes: int = 0
    reason: str = ""
    text: str = ""
    level: NoticeLevel = NoticeLevel.INFO
    hours: Decimal = Decimal(0)
    until: datetime | None = None
    sessions: int | None = None
    gpus: Decimal | None = None

    def details(self) -> dict[str, object]:
        """Return what is put on record."""
        return {name: said for name, said in _said(self).items() if name in _DETAILS[self.action]}


_DETAILS: Mapping[Action, tuple[str, ...]] = {
    Action.STOP: ("minutes", "reason"),
    Action.TAKE_BACK: (),
    Action.NOTIFY: ("text", "level"),
    Action.KEEP: ("hours",),
    Action.EXEMPT: ("until", "reason"),
    Action.GRANT: ("sessions", "gpus", "until", "reason"),
}


def _said(wish: Wish) -> dict[str, object]:
    return {
        "minutes": wish.minutes,
        "reason": wish.reason,
        "text": wish.text,
        "level": str(wish.level),
        "hours": str(wish.hours),
        "until": wish.until.isoformat() if wish.until else None,
        "sessions": wish.sessions,
        "gpus": None if wish.gpus is None else str(wish.gpus),
    }


def read_wish(action: Action, fields: Fields, now: datetime) -> Wish:
    """Read the fields of an action. Raises WishError."""
    return _READ[action](fields, now)


def minutes_of(fields: Fields) -> int:
    """Read how long before a stop people are told; 0 stops at once. Raises WishError."""
    text = fields.get("minutes", "").strip()
    if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS:
        minutes = int(text)
        if minutes <= LONGEST_NOTICE_MINUTES:
            return minutes
    raise WishError(
        phrase("Minutes must be a whole number from 0 to %(most)s.", most=LONGEST_NOTICE_MINUTES)
    )


def reason_of(fields: Fields, *, needed: bool = False) -> str:
    """Read a reason, which the people concerned read. Raises WishError."""
    reason = " ".join(fields.get("reason", "").split())
    if len(reason) > LONGEST_REASON or (needed and not reason):
        raise WishError(phrase("Give a reason, of up to %(most)s characters.", most=LONGEST_REASON))
    return reason


def day_of(fields: Fields, now: datetime, longest: timedelta) -> datetime:
    """Read a last day, to its end. Raises WishError."""
    last = now.date() + longest
    try:
        day = date.fromisoformat(fields.get("until", "").strip()[:10])
    except ValueError:
        day = date.min
    if not now.date() <= day <= last:
        raise WishError(
            phrase(
                "The last day must be from %(first)s to %(last)s.",
                first=now.date().isoformat(),
                last=last.isoformat(),
            )
        )
    return datetime.combine(day, END_OF_DAY, UTC)


def text_of(fields: Fields) -> str:
    """Read what people are told. Raises WishError."""
    text = " ".join(fields.get("text", "").split())
    if not 1 <= len(text) <= LONGEST_TEXT:
        raise WishError(phrase("Write a message, of up to %(most)s characters.", most=LONGEST_TEXT))
    return text


def level_of(fields: Fields) -> NoticeLevel:
    """Read how urgent it is. Raises WishError."""
    try:
        return NoticeLevel(fields.get("level", "") or NoticeLevel.INFO)
    except ValueError:
        allowed = ", ".join(NoticeLevel)
        raise WishError(phrase("The level must be one of: %(levels)s.", levels=allowed)) from None


def _stop(fields: Fields, _now: datetime) -> Wish:
    return Wish(Action.STOP, minutes=minutes_of(fields), reason=reason_of(fields))


def _take_back(_fields: Fields, _now: datetime) -> Wish:
    return Wish(Action.TAKE_BACK)


def _notify(fields: Fields, _now: datetime) -> Wish:
    return Wish(Action.NOTIFY, text=text_of(fields), level=level_of(fields))


def _keep(fields: Fields, _now: datetime) -> Wish:
    hours = _number(fields.get("hours", ""))
    if hours is None or not 0 < hours <= LONGEST_KEEP_HOURS:
        raise WishError(
            phrase("Hours must be a number above 0, and at most %(most)s.", most=LONGEST_KEEP_HOURS)
        )
    return Wish(Action.KEEP, hours=hours)


def _exempt(fields: Fields, now: datetime) -> Wish:
    until = day_of(fields, now, LONGEST_EXEMPTION - timedelta(days=1))
    return Wish(Action.EXEMPT, until=until, reason=reason_of(fields, needed=True))


def _grant(fields: Fields, now: datetime) -> Wish:
    sessions, gpus = _at_once(fields, "sessions"), _at_once(fields, "gpus")
    if sessions is None and gpus is None:
        raise WishError(phrase("Say how many sessions or GPUs at once are granted."))
    if sessions is not None and sessions != int(sessions):
        raise WishError(phrase("Sessions must be a whole number."))
    return Wish(
        Action.GRANT,
        sessions=None if sessions is None else int(sessions),
        gpus=gpus,
        until=day_of(fields, now, LONGEST_GRANT),
        reason=reason_of(fields, needed=True),
    )


def _at_once(fields: Fields, name: str) -> Decimal | None:
    text = fields.get(name, "").strip()
    if not text:
        return None
    number = _number(text)
    if number is None or not 0 < number <= _MOST:
        raise WishError(
            phrase("Sessions and GPUs must be numbers above 0, and at most %(most)s.", most=_MOST)
        )
    return number


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


_READ: Mapping[Action, Callable[[Fields, datetime], Wish]] = {
    Action.STOP: _stop,
    Action.TAKE_BACK: _take_back,
    Action.NOTIFY: _notify,
    Action.KEEP: _keep,
    Action.EXEMPT: _exempt,
    Action.GRANT: _grant,
}
