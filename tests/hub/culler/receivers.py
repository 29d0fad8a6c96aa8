"""A real mail server and a real HTTP receiver, on loopback ports of their own."""

import asyncio
import datetime
import ipaddress
import socket
import ssl
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ..processes import free_port

USER, PASSWORD = "culler", "a-password-that-is-long"


class MailReceiver:
    """Takes mail. ``replies`` are what it says to the next mails instead of taking them."""

    def __init__(self, certificate: Path):
        self.certificate = certificate
        self.mails: list[EmailMessage] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        self.replies: list[str] = []
        self.came = asyncio.Event()
        self.greetings: list[str] = []
        self.only_full_names = False
        """Whether it refuses a greeting whose name has no domain, as Postfix may be set to."""
        self.port = free_port()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        make_certificate(self.certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)

        def protocol():
            return _Server(
                self,
                tls_context=context,
                require_starttls=True,
                auth_required=True,
                authenticator=_authenticate,
                loop=asyncio.get_running_loop(),
                hostname="localhost",
            )

        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(protocol, "127.0.0.1", self.port)

    async def stop(self) -> None:
        if self._server:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def handle_EHLO(self, _server, session, _envelope, hostname, responses):  # noqa: N802
        self.greetings.append(hostname)
        if self.only_full_names and "." not in hostname:
            return [self._not_full(hostname)]
        session.host_name = hostname
        return responses

    async def handle_HELO(self, _server, session, _envelope, hostname):  # noqa: N802
        if self.only_full_names and "." not in hostname:
            return self._not_full(hostname)
        session.host_name = hostname
        return "250 localhost"

    @staticmethod
    def _not_full(name: str) -> str:
        return f"504 5.5.2 <{name}>: Helo command rejected: need fully-qualified hostname"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 -- aiosmtpd's name
        if self.replies:
            return self.replies.pop(0)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        self.came.set()
        return "250 OK"


class _Server(SMTP):
    """Asks for a name and a password as Postfix does: Alertmanager knows no other words."""

    AuthLoginUsernameChallenge = "Username:"
    AuthLoginPasswordChallenge = "Password:"


def _authenticate(_server, _session, _envelope, _mechanism, data):
    good = isinstance(data, LoginPassword) and data == LoginPassword(
        USER.encode(), PASSWORD.encode()
    )
    return AuthResult(success=good, handled=False)


class ChatReceiver:
    """Takes posts. ``answers`` are what it does with the next ones instead."""

    def __init__(self):
        self.posts: list[dict] = []
        self.times: list[float] = []
        self.answers: list[dict | None] = []
        """A status, and headers if any. None: leave it without an answer."""
        self.port = free_port()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/services/T0/secret-of-the-webhook"

    async def start(self) -> None:
        application = web.Application()
        application.router.add_post("/services/T0/secret-of-the-webhook", self._take)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        listener = socket.create_server(("127.0.0.1", self.port))
        await web.SockSite(self._runner, listener).start()

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def _take(self, request: web.Request) -> web.Response:
        self.times.append(asyncio.get_running_loop().time())
        if self.answers:
            answer = self.answers.pop(0)
            if answer is None:
                await asyncio.sleep(60)
            return web.Response(**answer or {})
        self.posts.append(await request.json())
        return web.Response(text="ok")


def make_certificate(file: Path) -> None:
    """Write a certificate of localhost with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), address])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
