"""Notifies people and administrators outside a session, by mail and chat."""

from pathlib import Path
from typing import Any

from gpucommons_upkeep import Heartbeat
from traitlets import Bool, Enum, Float, Integer, List, Unicode
from traitlets.config import LoggingConfigurable

from gpucommons_culler.messages.limits import DeliveryLimits
from gpucommons_culler.messages.mail import (
    Mail,
    MailServer,
    Security,
    address_of,
    is_full_name,
)
from gpucommons_culler.messages.message import Message
from gpucommons_culler.messages.outbox import Outbox
from gpucommons_culler.messages.rendering import Rendering
from gpucommons_culler.messages.webhook import Webhook

_CHAT = "chat"
"""What the log calls the webhook's address, which is a secret."""
_USUAL = DeliveryLimits()


class Messages(LoggingConfigurable):
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
    mail_host = Unicode(
        "",
        config=True,
        help="""
        Name of the mail server. Empty, the default: no mail. Example: ``mail.example.org``.
        """,
    )
    mail_port = Integer(
        587, config=True, help="Port of the mail server; 587 takes mail from programs as usual."
    )
    mail_security = Enum(
        [str(each) for each in Security],
        default_value=str(Security.STARTTLS),
        config=True,
        help="""
        How the connection to the mail server is encrypted: ``starttls`` (the default; as on port
        587), ``tls`` (as on port 465) or ``none``, which excludes a password.
        """,
    )
    mail_ca_file = Unicode(
        "",
        config=True,
        help="""
        Path of the certificates to trust instead of the system's, for a mail server with an
        authority of your own. Example: ``/etc/gpucommons/mail-ca.pem``.
        """,
    )
    mail_user = Unicode(
        "",
        config=True,
        help="User name for the mail server. Empty, the default: no sign-in.",
    )
    mail_password_file = Unicode(
        "",
        config=True,
        help="""
        Path of the file with the password of ``mail_user``; read for each mail, so that it can
        be replaced. Example: ``/etc/gpucommons/secrets/mail-password``.
        """,
    )
    mail_from = Unicode(
        "",
        config=True,
        help="Address that mail comes from. Example: ``gpus@example.org``.",
    )
    mail_hello = Unicode(
        "",
        config=True,
        help="""
        Full host name to greet the mail server with (EHLO). Empty, the default: the domain of
        ``mail_from``. Example: ``hub.example.org``.
        """,
    )
    mail_domain = Unicode(
        "",
        config=True,
        help="""
        Domain of people's mail addresses, where the name they sign in with is not an address
        itself. Empty, the default: such people get no mail.
        Example: ``example.org``.
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
        if self.mail_host:
            deliver = Mail(self._mail_server(), rendering).deliver
            self._mail = Outbox("mail", deliver, limits, self.log)
        if self.webhook_file:
            file = _existing(self.webhook_file, "webhook_file")
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
            address = address_of(name, self.mail_domain)
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

    def _mail_server(self) -> MailServer:
        for trait in ("mail_from", *(["mail_password_file"] if self.mail_user else [])):
            if not getattr(self, trait):
                raise ValueError(f"Messages.{trait} must be set, too")
        security = Security(self.mail_security)
        if self.mail_user and security is Security.NONE:
            raise ValueError("Messages.mail_security = none would expose mail_user's password")
        for address in (self.mail_from, *self.administrators):
            if address_of(address) is None or "@" not in address:
                raise ValueError(f"Messages: {address!r} is not a mail address")
        if self.mail_hello and not is_full_name(self.mail_hello):
            raise ValueError(
                f"Messages.mail_hello: {self.mail_hello!r} is not a full host name, such as "
                "hub.example.org"
            )
        files = {
            trait: _existing(path, trait) if (path := getattr(self, trait)) else None
            for trait in ("mail_password_file", "mail_ca_file")
        }
        return MailServer(
            host=self.mail_host,
            port=self.mail_port,
            security=security,
            sender=self.mail_from,
            user=self.mail_user,
            password_file=files["mail_password_file"],
            ca_file=files["mail_ca_file"],
            hello=self.mail_hello,
        )


def _existing(path: str, trait: str) -> Path:
    if not Path(path).is_file():
        raise ValueError(f"Messages.{trait}: there is no file {path}")
    return Path(path)
