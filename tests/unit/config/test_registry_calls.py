"""Registries that are slow, away, behind a proxy or TLS, or none at all."""

import datetime
import ipaddress
import socket
import ssl
import threading
from contextlib import contextmanager, suppress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from gpucommons_config.pinning.calls import open_client
from gpucommons_config.pinning.errors import PinningError

from tests.unit.config.looking_up import complaint, look_up
from tests.unit.config.played_registry import (
    Registry,
    Reply,
    serving,
)


async def test_a_registry_that_never_answers_is_given_up(registry):
    end = threading.Event()
    registry.instead = lambda request: end.wait() and None
    try:
        told = await complaint(f"{registry.host}/scipy:1", plain=[registry.host], seconds=0.05)
    finally:
        end.set()
    assert "no whole answer within 0.05 seconds; try again, or allow more with --timeout" in told


async def test_a_registry_that_answers_byte_by_byte_is_given_up():
    with _played(_trickle) as host:
        told = await complaint(f"{host}/scipy:1", plain=[host], seconds=0.05)
    assert "no whole answer within 0.05 seconds" in told


async def test_a_host_where_nobody_listens_is_told():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{bound.getsockname()[1]}"
        told = await complaint(f"{host}/scipy:1")
    assert told.startswith(f"{host} does not answer: ")
    assert told.endswith("check its name and the network")


async def test_what_is_no_http_is_told():
    with _played(_greet) as host:
        told = await complaint(f"{host}/scipy:1", plain=[host])
    assert f"{host} does not answer in proper HTTP" in told


@contextmanager
def _played(part):
    """Let something else than a registry answer one connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def play() -> None:
            connection, _ = server.accept()
            with connection, suppress(ConnectionError):
                part(connection)

        thread = threading.Thread(target=play)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        thread.join()


def _greet(connection: socket.socket) -> None:
    connection.sendall(b"220 mail.example ESMTP\r\n")
    connection.recv(100_000)


def _trickle(connection: socket.socket) -> None:
    for begun in ("404 Not Found\r\nContent-Length: 0", "200 OK\r\nContent-Length: 1000000"):
        if not connection.recv(100_000):
            return  # given up already, on a busy machine
        connection.sendall(f"HTTP/1.1 {begun}\r\n\r\n".encode())
    pause = threading.Event()
    while True:  # until nobody listens any more
        connection.sendall(b" ")
        pause.wait(0.01)


async def test_others_are_asked_through_the_proxy_and_this_machine_is_not(
    registry, other, monkeypatch
):
    digest = registry.push("scipy", "1")
    other.contents, other.tags = registry.contents, registry.tags
    monkeypatch.setenv("HTTP_PROXY", other.url)
    monkeypatch.setenv("HTTPS_PROXY", other.url)
    for name in ("NO_PROXY", "no_proxy", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert (await look_up(f"{registry.host}/scipy:1")).digest == digest
    assert other.asked == []
    plain = ["registry.lab:5000"]
    assert (await look_up("registry.lab:5000/scipy:1", plain=plain)).digest == digest
    assert other.asked[0].headers["host"] == "registry.lab:5000"
    told = await complaint("registry.example/scipy:1")
    assert "the proxy on the way to registry.example does not let us through: 501" in told


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("ALL_PROXY", "socks5://127.0.0.1:1", "Name one as http://HOST:PORT"),
        ("ALL_PROXY", "ftp://127.0.0.1:1", "Name one as http://HOST:PORT"),
        ("SSL_CERT_FILE", "/nowhere.pem", "SSL_CERT_FILE or SSL_CERT_DIR names cannot be used"),
    ],
)
def test_an_environment_that_cannot_be_followed_is_told(monkeypatch, name, value, says):
    monkeypatch.setenv(name, value)
    with pytest.raises(PinningError, match=says):
        open_client(None)


# TLS


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Make an authority and a certificate of this machine; return its file and a server's side."""
    folder = tmp_path_factory.mktemp("authority")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A lab")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return folder / "ca.pem", server


async def test_an_authority_of_ones_own_is_trusted_when_it_is_named(authority):
    file, server = authority
    with serving(Registry(), server) as registry:
        digest = registry.push("scipy", "1")
        assert (await look_up(f"{registry.host}/scipy:1", ca_file=file)).digest == digest
        told = await complaint(f"{registry.host}/scipy:1")
    assert f"{registry.host} is not trusted: " in told
    assert told.endswith("name the certificate of its authority with --ca-file")


async def test_nobody_is_sent_from_tls_to_where_there_is_none(authority):
    file, server = authority
    with serving(Registry(), server) as registry:
        registry.instead = lambda request: Reply(302, {"Location": "http://else.example/x"})
        told = await complaint(f"{registry.host}/scipy:1", ca_file=file)
    assert "else.example would be asked without TLS" in told


@pytest.mark.parametrize("content", ["", "no certificate"])
def test_a_file_without_certificates_is_told(tmp_path, content):
    file = tmp_path / "ca.pem"
    file.write_text(content)
    with pytest.raises(PinningError, match=r"ca\.pem: cannot be used: .*PEM"):
        open_client(file)
    with pytest.raises(PinningError, match="No such file"):
        open_client(tmp_path / "none.pem")
