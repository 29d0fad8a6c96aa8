"""A platform's own authority, and the certificate that its proxy and Dex serve HTTPS with.

Whoever wants to open the platform without a warning lets their browser trust the authority. So it
is good for this machine's loopback and nothing else: with its key, nobody can play another site.
"""

import os
import secrets
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gpucommons_local.machine.instance import Instance

_AUTHORITY_LIFE = timedelta(days=3650)
_SERVER_LIFE = timedelta(days=365)
"""Some browsers refuse servers' certificates that count for years, whoever signed them."""
_RENEWED_BEFORE = timedelta(days=30)
_CLOCKS_DIFFER = timedelta(hours=1)

_NAME = "localhost"
_ADDRESS = IPv4Address("127.0.0.1")

_Extension = tuple[x509.ExtensionType, bool]
"""With whether a program that does not know it has to refuse the certificate."""


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """Where they are. The keys can be read by root alone, the certificates by everybody."""

    folder: Path

    @property
    def authority(self) -> Path:
        """What a browser is to trust."""
        return self.folder / "ca.crt"

    @property
    def authority_key(self) -> Path:
        """What the authority signs with."""
        return self.folder / "ca.key"

    @property
    def server(self) -> Path:
        """The certificate of proxy and Dex."""
        return self.folder / "server.crt"

    @property
    def server_key(self) -> Path:
        """Its key."""
        return self.folder / "server.key"

    @property
    def served(self) -> tuple[Path, Path]:
        """What a program that serves HTTPS reads at its start."""
        return self.server, self.server_key


def certificate_files(instance: Instance) -> CertificateFiles:
    """Say where a platform's certificates are, made or not."""
    return CertificateFiles(instance.state / "https")


def trusting(instance: Instance) -> tuple[str, ...]:
    """Return the arguments by which curl trusts what proxy and Dex show."""
    return ("--cacert", str(certificate_files(instance).authority)) if instance.https else ()


def make_certificates(files: CertificateFiles, now: datetime | None = None) -> None:
    """Make what is missing, damaged, or near its end; the authority stays for ten years.

    A new authority needs to be trusted anew.
    """
    now = now or datetime.now(UTC)
    files.folder.mkdir(parents=True, exist_ok=True)
    if not _is_usable(files.authority, files.authority_key, files.authority, now):
        _make_authority(files, now)
    if not _is_usable(files.server, files.server_key, files.authority, now):
        _make_server(files, now)


def _is_usable(certificate: Path, key: Path, issuer: Path, now: datetime) -> bool:
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)
        found = _read(certificate)
        found.verify_directly_issued_by(_read(issuer))
    except (OSError, ValueError, TypeError, InvalidSignature):  # missing, damaged, or of two makes
        return False
    return found.not_valid_before_utc <= now < found.not_valid_after_utc - _RENEWED_BEFORE


def _make_authority(files: CertificateFiles, now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    # Each has a name of its own: of two by one name, a browser may take the other.
    name = _name(f"GPU Commons local platform {secrets.token_hex(4)}")
    loopback = [x509.DNSName(_NAME), x509.IPAddress(IPv4Network(_ADDRESS))]
    extensions: list[_Extension] = [
        (x509.BasicConstraints(ca=True, path_length=0), True),
        (x509.NameConstraints(permitted_subtrees=loopback, excluded_subtrees=None), True),
        (_usage(signs_certificates=True), True),
    ]
    builder = _counting(now, _AUTHORITY_LIFE).subject_name(name).issuer_name(name)
    _write(files.authority_key, _pem(key), 0o600)
    _write(files.authority, _signed(builder, extensions, key, key), 0o644)


def _make_server(files: CertificateFiles, now: datetime) -> None:
    issuer, key = _read(files.authority), ec.generate_private_key(ec.SECP256R1())
    issuer_key = serialization.load_pem_private_key(files.authority_key.read_bytes(), None)
    assert isinstance(issuer_key, ec.EllipticCurvePrivateKey)  # as we made it
    extensions: list[_Extension] = [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (x509.SubjectAlternativeName([x509.DNSName(_NAME), x509.IPAddress(_ADDRESS)]), False),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (_usage(signs_certificates=False), True),
    ]
    builder = _counting(now, _SERVER_LIFE).subject_name(_name(_NAME)).issuer_name(issuer.subject)
    _write(files.server_key, _pem(key), 0o600)
    _write(files.server, _signed(builder, extensions, key, issuer_key), 0o644)


def _signed(
    builder: x509.CertificateBuilder,
    extensions: Sequence[_Extension],
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
) -> bytes:
    """Sign what a key is good for; returns PEM. Both keys are named in it, for whoever checks."""
    own, issuer = key.public_key(), issuer_key.public_key()
    names: list[_Extension] = [
        (x509.SubjectKeyIdentifier.from_public_key(own), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), False),
    ]
    for extension, critical in [*extensions, *names]:
        builder = builder.add_extension(extension, critical)
    numbered = builder.public_key(own).serial_number(x509.random_serial_number())
    return numbered.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _counting(now: datetime, life: timedelta) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder()
    return builder.not_valid_before(now - _CLOCKS_DIFFER).not_valid_after(now + life)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _read(certificate: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(certificate.read_bytes())


def _write(file: Path, content: bytes, mode: int) -> None:
    """Replace a file in one step, never readable by more than it is to be."""
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as output:
        output.write(content)
    new.chmod(mode)
    new.replace(file)
