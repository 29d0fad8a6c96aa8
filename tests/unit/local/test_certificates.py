"""The local platform's own authority and certificate, as programs that check them see them."""

import asyncio
import ssl
import stat
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from gpucommons_local.machine.certificates import CertificateFiles, make_certificates

_NOW = datetime.now(UTC)


@pytest.fixture
def files(tmp_path) -> CertificateFiles:
    files = CertificateFiles(tmp_path / "https")
    make_certificates(files, _NOW)
    return files


@asynccontextmanager
async def _serving(certificate, key):
    """A server that shows a certificate; gives its port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _connect(port, authority, name):
    trusted = ssl.create_default_context(cafile=authority)
    trusted.verify_flags |= ssl.VERIFY_X509_STRICT
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusted, server_hostname=name)
    writer.close()


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
async def test_who_trusts_the_authority_reaches_the_platform_by_either_name(files, name):
    async with _serving(*files.served) as port:
        await _connect(port, files.authority, name)


async def test_who_trusts_another_platforms_authority_is_not_led_here(files, tmp_path):
    other = CertificateFiles(tmp_path / "other")
    make_certificates(other)
    async with _serving(*files.served) as port:
        with pytest.raises(ssl.SSLCertVerificationError):
            await _connect(port, other.authority, "127.0.0.1")


async def test_with_the_authority_s_key_nobody_can_play_another_site(files):
    issuer, ours = (
        x509.load_pem_x509_certificate(each.read_bytes())
        for each in (files.authority, files.server)
    )
    key = load_pem_private_key(files.server_key.read_bytes(), None)
    forged = (
        x509.CertificateBuilder()
        .subject_name(ours.subject)
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(_NOW - timedelta(days=1))
        .not_valid_after(_NOW + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("bank.example.org")]), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()), False
        )
        .sign(load_pem_private_key(files.authority_key.read_bytes(), None), hashes.SHA256())
    )
    certificate = files.folder / "forged.crt"
    certificate.write_bytes(forged.public_bytes(Encoding.PEM))
    async with _serving(certificate, files.server_key) as port:
        with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
            await _connect(port, files.authority, "bank.example.org")


def test_keys_are_of_elliptic_curves_and_read_by_root_alone(files):
    for key in (files.authority_key, files.server_key):
        made = load_pem_private_key(key.read_bytes(), None)
        assert isinstance(made, ec.EllipticCurvePrivateKey)
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    # A browser of somebody else on the machine is to trust it.
    assert stat.S_IMODE(files.authority.stat().st_mode) == 0o644


def _contents(files):
    return {each.name: each.read_bytes() for each in files.folder.iterdir()}


def test_they_are_made_once(files):
    before = _contents(files)
    make_certificates(files, _NOW + timedelta(days=300))
    assert _contents(files) == before


def test_the_server_s_is_renewed_before_its_end_and_the_authority_stays_trusted(files):
    before = _contents(files)
    make_certificates(files, _NOW + timedelta(days=340))
    after = _contents(files)
    assert after["ca.crt"] == before["ca.crt"]
    assert after["server.crt"] != before["server.crt"]
    assert after["server.key"] != before["server.key"]


@pytest.mark.parametrize("lost", ["ca.crt", "ca.key", "server.crt", "server.key"])
async def test_what_is_missing_or_cut_off_is_made_anew_and_all_fits_together(files, lost):
    for content in (None, b"-----BEGIN"):
        if content is None:
            (files.folder / lost).unlink()
        else:
            (files.folder / lost).write_bytes(content)
        make_certificates(files)
        async with _serving(*files.served) as port:
            await _connect(port, files.authority, "localhost")
