"""Hands mail in at a mail server."""

import asyncio
import re
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from enum import StrEnum
from pathlib import Path

import aiosmtplib

_PATIENCE_S = 30.0
_PERMANENT = range(500, 600)
"""SMTP's replies that are final. Source: https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1"""
_NO_FULL_NAME = 504
"""Postfix' reply to a greeting without a full host name."""
_SET_UP = {500, 501, 502, 503, 521, 523, 530, 534, 535, 538}
"""What is wrong with our settings, not with the mail: they may be fixed while it waits.
Source: https://www.rfc-editor.org/rfc/rfc4954#section-6"""
_RULE = re.compile(r"5\.7\.\d")
"""How a reply begins by a rule of the server, such as for whom it relays: settings may fix it, too.
Source: https://www.rfc-editor.org/rfc/rfc3463#section-3.8"""
_LONGEST_ADDRESS = 254
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_FULL_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")


class DeliveryError(Exception):
    """A message did not arrive. The text has no secret in it.

    hopeless: it would fail the same way again. retry_after: seconds that the receiver wants to
    be left alone; None if it said nothing.
    """

    def __init__(
        self, text: str, *, hopeless: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(text)
        self.hopeless = hopeless
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail in words. subject is one line."""

    subject: str
    text: str


class Security(StrEnum):
    """How the connection to the mail server is encrypted."""

    STARTTLS = "starttls"
    """It begins unencrypted, as usual on port 587, and must not stay so."""
    TLS = "tls"
    """From the first byte, as usual on port 465."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in, and as whom."""

    host: str
    port: int
    security: Security
    sender: str
    user: str = ""
    password_file: Path | None = None
    ca_file: Path | None = None
    """Certificates that are trusted instead of the system's."""
    hello: str = ""
    """The full name by which we greet it; empty is the domain of the sender."""
    settings: str = "MailSettings"
    """What the section of its settings is called."""

    @property
    def greeting(self) -> str:
        """The name by which we greet. Many servers refuse one that is not full, as a pod's is.

        Source: https://www.rfc-editor.org/rfc/rfc5321#section-4.1.1.1
        """
        return self.hello or self.sender.rpartition("@")[2]


def address_of(person: str, domain: str = "") -> str | None:
    """Return a person's mail address: their name, if it is one, or their name in a domain.

    None if that is not an address: names may have characters that would break out of a header.
    """
    address = person if "@" in person or not domain else f"{person}@{domain}"
    fits = len(address) <= _LONGEST_ADDRESS and _ADDRESS.fullmatch(address)
    return address if fits else None


def is_full_name(host: str) -> bool:
    """Say whether a host's name has a domain."""
    return _FULL_NAME.fullmatch(host) is not None


class Mailer:
    """Hands mail in, each on a connection of its own."""

    def __init__(self, server: MailServer) -> None:
        self._server = server

    async def send(self, address: str, letter: Letter) -> None:
        """Send a mail. Raises DeliveryError."""
        mail = EmailMessage()
        mail["From"] = self._server.sender
        mail["To"] = address
        mail["Subject"] = letter.subject
        mail["Date"] = formatdate()
        mail["Message-ID"] = make_msgid(domain=self._server.sender.rpartition("@")[2])
        # So that no holiday notice answers. https://www.rfc-editor.org/rfc/rfc3834#section-5
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(letter.text)
        password = await self._password()
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self._send(mail, password)
        except aiosmtplib.SMTPAuthenticationError:
            # The password may be put right while the mail waits.
            raise DeliveryError("the mail server refuses user and password") from None
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise self._refused(max(error.recipients, key=lambda each: each.code)) from None
        except aiosmtplib.SMTPResponseException as error:
            raise self._refused(error) from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
            raise DeliveryError(f"no mail can be sent: {type(error).__name__}") from None

    async def _send(self, mail: EmailMessage, password: str | None) -> None:
        server = self._server
        context = None
        if server.security is not Security.NONE:
            context = await asyncio.to_thread(ssl.create_default_context, cafile=server.ca_file)
        async with aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.security is Security.TLS,
            start_tls=False,
            tls_context=context,
            timeout=_PATIENCE_S,
            local_hostname=server.greeting,
        ) as connection:
            await connection.ehlo()  # by ourselves: HELO would follow, and hide what is answered
            if server.security is Security.STARTTLS:
                await connection.starttls()
            if server.user and password is not None:
                await connection.login(server.user, password)
            await connection.send_message(mail)

    def _refused(self, error: aiosmtplib.SMTPResponseException) -> DeliveryError:
        """Say why a mail was not taken; what a setting can put right is tried again."""
        settings, code = self._server.settings, error.code
        if code == _NO_FULL_NAME:
            return DeliveryError(
                f"the mail server answered {code} to the greeting {self._server.greeting}; set "
                f"{settings}.mail_hello to a full host name that it accepts"
            )
        final, at_once = code in _PERMANENT, isinstance(error, aiosmtplib.SMTPConnectResponseError)
        if code in _SET_UP or (final and at_once) or _RULE.match(error.message):
            return DeliveryError(
                f"the mail server answered {code}; check {settings}.mail_security, mail_user, "
                "mail_port and mail_from"
            )
        return DeliveryError(f"the mail server answered {code}", hopeless=final)

    async def _password(self) -> str | None:
        """Read the password each time, so that it can be replaced."""
        file = self._server.password_file
        if not file:
            return None
        try:
            return (await asyncio.to_thread(file.read_text)).strip()
        except (OSError, ValueError) as error:
            raise DeliveryError(f"{file}: {type(error).__name__}") from error
