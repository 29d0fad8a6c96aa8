"""Notifies people and administrators outside a session, by mail and chat."""

from typing import Any

from gpucommons_upkeep import Heartbeat
from gpucommons_upkeep.mail_settings import MailSettings
from traitlets import Bool, Float, Integer, List, Unicode

from gpucommons_culler.messages.limits import DeliveryLimits
from gpucommons_culler.messages.mail import Mail
from gpucommons_culler.messages.message import Message
from gpucommons_culler.messages.outbox import Outbox
from gpucommons_culler.messages.rendering import Rendering
from gpucommons_culler.messages.webhook import Webhook

_CHAT = "chat"
"""What the log calls the webhook's address, which is a secret."""
_USUAL = DeliveryLimits()


class Messages(MailSettings):
    """Takes messages and delivers them in the background; senders neither wait nor fail.

    Without settings it delivers nothing. Raises ValueError for settings that cannot work.
    """

    webhook_file = Unicode(
        "",
        config=True,
        help="""
        Path of a file with the address of a webhook of Slack, Mattermost or the like. Whoever
        knows the address can post, so keep it like a password. Empty, the default: no chat.
        Example: ``/etc/gpucommons/secrets/webhook``.
        """,
    )
    webhook_for_people = Bool(
        False,
        config=True,
        help="""
        Whether messages to a person go to the chat too: their name and which session is idle.
        Off by default, because everybody in the chat sees it.
        """,
    )
    administrators = List(
        Unicode(),
        config=True,
        help="""
        Mail addresses of those who are notified of what does not work. None by default.
        Example: ``["gpu-team@example.org"]``.
        """,
    )
    templates = Unicode(
        "",
        config=True,
        help="""
        Path of a folder with Jinja2 templates that replace ours of the same name, such as
        ``warned.mail.txt`` or ``digest.chat.txt``. Empty, the default: none.
        """,
    )
    gather_seconds = Float(
        _USUAL.gather,
        config=True,
        help="""
        Seconds that a message waits for others to the same address, to be sent as one. Ten by
        default: what one look at all sessions finds is sent together.
        """,
    )
    seconds_between = Float(
        _USUAL.between,
        config=True,
        help="Seconds between two deliveries to one address; what comes meanwhile is sent as one.",
    )
    per_minute = Integer(
        _USUAL.per_minute,
        config=True,
        help="Deliveries per minute, for mail and chat each; more must wait.",
    )
    most_kept = Integer(
        _USUAL.kept,
        config=True,
        help="Messages that may wait, for mail and chat each; more are dropped, and logged.",
    )
    give_up_hours = Float(
        _USUAL.give_up_after / 3600,
        config=True,
        help="Hours after which a message that could not be delivered is lost, and logged.",
    )

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 -- passed on
        super().__init__(**settings)
        limits = self._limits()
        rendering = Rendering(self.templates)
        self._mail = self._chat = None
        if mailer := self.mailer():
            self.check_addresses(self.administrators)
            self._mail = Outbox("mail", Mail(mailer, rendering).deliver, limits, self.log)
        if self.webhook_file:
            file = self.existing("webhook_file")
            self._chat = Outbox(_CHAT, Webhook(file, rendering).deliver, limits, self.log)

    def begin(self) -> None:
        """Begin to deliver, in the event loop that runs."""
        for outbox in filter(None, (self._mail, self._chat)):
            outbox.begin()

    @property
    def hearts(self) -> list[Heartbeat]:
        """Whether messages are still sent, for each channel."""
        return [outbox.heart for outbox in (self._mail, self._chat) if outbox]

    async def close(self, seconds: float = 10.0) -> None:
        """Deliver what waits, for this long at most. What is lost then is logged."""
        for outbox in filter(None, (self._mail, self._chat)):
            await outbox.close(seconds)

    def notify_person(self, name: str, message: Message) -> None:
        """Notify a person about their session. Returns at once, and raises nothing."""
        if self._mail:
            address = self.address_of(name)
            if address:
                self._mail.put(address, message)
            else:
                self.log.warning("%r has no mail address; not notified: %s", name, message.topic)
        if self._chat and self.webhook_for_people:
            self._chat.put(_CHAT, message)

    def notify_administrators(self, message: Message) -> None:
        """Notify the administrators. Returns at once, and raises nothing."""
        if self._mail:
            for address in self.administrators:
                self._mail.put(address, message)
        if self._chat:
            self._chat.put(_CHAT, message)

    def _limits(self) -> DeliveryLimits:
        return DeliveryLimits(
            gather=self.gather_seconds,
            between=self.seconds_between,
            per_minute=self.per_minute,
            kept=self.most_kept,
            give_up_after=self.give_up_hours * 3600,
        )
