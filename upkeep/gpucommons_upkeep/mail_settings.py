"""Where a service hands mail in: its settings."""

from collections.abc import Iterable
from pathlib import Path

from traitlets import Enum, Integer, Unicode
from traitlets.config import LoggingConfigurable

from gpucommons_upkeep.mail import Mailer, MailServer, Security, address_of, is_full_name


class MailSettings(LoggingConfigurable):
    """The settings of a mail server. Each service that sends mail has a section of its own."""

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

    def mailer(self) -> Mailer | None:
        """Return who hands mail in; None without a mail server.

        Raises ValueError for settings that cannot work, with their section and name.
        """
        return Mailer(self._mail_server()) if self.mail_host else None

    def address_of(self, name: str) -> str | None:
        """Return the address of somebody by the name they sign in with; None if there is none."""
        return address_of(name, self.mail_domain)

    def check_addresses(self, addresses: Iterable[str]) -> None:
        """Raise ValueError for what is no mail address."""
        for address in addresses:
            if address_of(address) is None or "@" not in address:
                raise ValueError(f"{self._section}: {address!r} is not a mail address")

    def existing(self, trait: str) -> Path:
        """Return the file that a setting names. Raises ValueError where there is none."""
        path = Path(getattr(self, trait))
        if not path.is_file():
            raise ValueError(f"{self._section}.{trait}: there is no file {path}")
        return path

    @property
    def _section(self) -> str:
        return type(self).__name__

    def _mail_server(self) -> MailServer:
        for trait in ("mail_from", *(["mail_password_file"] if self.mail_user else [])):
            if not getattr(self, trait):
                raise ValueError(f"{self._section}.{trait} must be set, too")
        security = Security(self.mail_security)
        if self.mail_user and security is Security.NONE:
            raise ValueError(
                f"{self._section}.mail_security = none would expose mail_user's password"
            )
        self.check_addresses([self.mail_from])
        if self.mail_hello and not is_full_name(self.mail_hello):
            raise ValueError(
                f"{self._section}.mail_hello: {self.mail_hello!r} is not a full host name, such as "
                "hub.example.org"
            )
        files = {
            trait: self.existing(trait) if getattr(self, trait) else None
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
            settings=self._section,
        )
