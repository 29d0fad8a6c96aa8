"""Whom the culler notifies of what outside sessions, and with which link."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from gpucommons_contract import IDLE_SERVICE

from gpucommons_culler.core.records import Event, EventKind
from gpucommons_culler.core.session import Session
from gpucommons_culler.messages.message import Message, Topic
from gpucommons_culler.messages.messages import Messages

_TOPICS = {
    EventKind.WARNED: Topic.WARNED,
    EventKind.CANCELLED: Topic.CANCELLED,
    EventKind.STOPPED: Topic.STOPPED,
    EventKind.RELEASED: Topic.RELEASED,
    EventKind.FAILED: Topic.FAILED,
}
_CHANGES = {
    EventKind.WARNED: "Use it or keep it with one click, and it keeps running.",
    EventKind.FAILED: "It is tried again; check the hub if this continues.",
}


class Notifier:
    """Turns lines of the audit into messages."""

    def __init__(self, messages: Messages, hub_url: str) -> None:
        """hub_url: where people open the hub; empty gives messages without links."""
        self._messages = messages
        self._hub_url = hub_url.rstrip("/")

    def notify(self, session: Session, event: Event) -> None:
        """Notify the session's person, or the administrators of what does not work."""
        message = Message(
            topic=_TOPICS[event.kind],
            at=event.at,
            reason=event.reason,
            session=session.key.name,
            size=session.size,
            until=event.until,
            change=_CHANGES.get(event.kind, ""),
            url=self._url(event),
        )
        if event.kind is EventKind.FAILED:
            self._messages.notify_administrators(message)
        else:
            self._messages.notify_person(session.key.user, message)

    def report_trouble(self, message: Message) -> None:
        """Notify the administrators that the culler does not work."""
        self._messages.notify_administrators(message)

    def _url(self, event: Event) -> str:
        if not self._hub_url:
            return ""
        if event.kind is EventKind.STOPPED:
            return f"{self._hub_url}/hub/home"
        return f"{self._hub_url}/services/{IDLE_SERVICE}/"


_LASTS = timedelta(minutes=10)
"""What is over sooner is not worth a mail."""
_CHANGE = "Sessions whose activity is unknown are left alone. See: gpucommons idle check."


@dataclass(slots=True)
class _Trouble:
    since: datetime
    reported: bool = False


class TroubleAlerts:
    """Reports each trouble once, until it is over."""

    def __init__(self, notify: Callable[[Message], None]) -> None:
        self._notify = notify
        self._known: dict[str, _Trouble] = {}

    def note(self, troubles: Mapping[str, str], now: datetime) -> None:
        """Take everything that is wrong now: sentences by what they are about."""
        self._known = {about: self._known.get(about) or _Trouble(now) for about in troubles}
        for about, trouble in self._known.items():
            if not trouble.reported and now - trouble.since >= _LASTS:
                trouble.reported = True
                self._notify(Message(Topic.TROUBLE, now, troubles[about], change=_CHANGE))
