"""Messages by mail."""

import asyncio
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from enum import StrEnum
from pathlib import Path

import aiosmtplib

from gpucommons_culler.messages.delivery import DeliveryError
from gpucommons_culler.messages.message import Message
from gpucommons_culler.messages.rendering import Rendering

_PATIENCE_S = 30.0
_PERMANENT = range(500, 600)
"""SMTP's answers that stay the same. Source: https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1"""
_LONGEST_ADDRESS = 254
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")


class Security(StrEnum):
    """How the connection to the mail server is kept secret."""

    STARTTLS = "starttls"
    """It begins in the open, as usual on port 587, and must not go on so."""
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


def address_of(person: str, domain: str = "") -> str | None:
    """Answer a person's mail address: their name, if that is one, or that name in a domain.

    None if that makes no address: names may have characters that would break out of a header.
    """
    address = person if "@" in person or not domain else f"{person}@{domain}"
    fits = len(address) <= _LONGEST_ADDRESS and _ADDRESS.fullmatch(address)
    return address if fits else None


class Mail:
    """Hands mail in, each on a connection of its own."""

    def __init__(self, server: MailServer, rendering: Rendering) -> None:
        self._server = server
        self._rendering = rendering

    async def deliver(self, address: str, messages: Sequence[Message], left_out: int) -> None:
        """Send messages as one mail. Raises DeliveryError."""
        letter = self._rendering.letter(messages, left_out)
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
            codes = [each.code for each in error.recipients]
            raise _refused(max(codes, default=0)) from None
        except aiosmtplib.SMTPResponseException as error:
            raise _refused(error.code) from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
            raise DeliveryError(f"no mail can be sent: {type(error).__name__}") from None

    async def _send(self, mail: EmailMessage, password: str | None) -> None:
        server = self._server
        context = None
        if server.security is not Security.NONE:
            context = await asyncio.to_thread(ssl.create_default_context, cafile=server.ca_file)
        await aiosmtplib.send(
            mail,
            hostname=server.host,
            port=server.port,
            use_tls=server.security is Security.TLS,
            start_tls=server.security is Security.STARTTLS,
            tls_context=context,
            username=server.user or None,
            password=password,
            timeout=_PATIENCE_S,
        )

    async def _password(self) -> str | None:
        """Read the password anew, so that it can be replaced."""
        file = self._server.password_file
        if not file:
            return None
        try:
            return (await asyncio.to_thread(file.read_text)).strip()
        except (OSError, ValueError) as error:
            raise DeliveryError(f"{file}: {type(error).__name__}") from error


def _refused(code: int) -> DeliveryError:
    return DeliveryError(f"the mail server answered {code}", hopeless=code in _PERMANENT)
