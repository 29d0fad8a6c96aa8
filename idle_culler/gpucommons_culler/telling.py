"""Who is told what outside of sessions, and with which link."""

from gpucommons_contract import IDLE_SERVICE

from gpucommons_culler.messages import Message, Messages, Topic
from gpucommons_culler.records import Event, EventKind
from gpucommons_culler.session import Session

_TOPICS = {
    EventKind.WARNED: Topic.WARNED,
    EventKind.CANCELLED: Topic.CANCELLED,
    EventKind.STOPPED: Topic.STOPPED,
    EventKind.RELEASED: Topic.RELEASED,
    EventKind.FAILED: Topic.FAILED,
}
_CHANGES = {
    EventKind.WARNED: "Use it, or keep it with one press, and it goes on.",
    EventKind.FAILED: "It is tried again; look at the hub if it goes on.",
}


class Telling:
    """Turns lines of the audit into messages."""

    def __init__(self, messages: Messages, hub_url: str) -> None:
        """hub_url: where people open the hub; empty gives messages without links."""
        self._messages = messages
        self._hub_url = hub_url.rstrip("/")

    def tell(self, session: Session, event: Event) -> None:
        """Tell the session's person, or the administrators of what does not work."""
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
            self._messages.tell_administrators(message)
        else:
            self._messages.tell_person(session.key.user, message)

    def tell_of_trouble(self, message: Message) -> None:
        """Tell the administrators that the culler does not work."""
        self._messages.tell_administrators(message)

    def _url(self, event: Event) -> str:
        if not self._hub_url:
            return ""
        if event.kind is EventKind.STOPPED:
            return f"{self._hub_url}/hub/home"
        return f"{self._hub_url}/services/{IDLE_SERVICE}/"
