"""Dex as it describes itself, over HTTP and TLS, and what is made of that."""

import ipaddress
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from gpucommons_authenticator.provider.http_client import Answer
from gpucommons_doctor.checks.hub.dex import (
    Dex,
    Reading,
    judge_discovery,
    judge_failure,
    judge_keys,
)
from gpucommons_doctor.finding import State
from joserfc.jwk import RSAKey

ISSUER = "https://hub.example.org/dex"
URL = f"{ISSUER}/.well-known/openid-configuration"
NOW = datetime(2026, 11, 29, 10, 0, tzinfo=UTC)
KEYS = {"keys": [RSAKey.generate_key(2048).as_dict(private=False) | {"use": "sig"}]}


def _discovery(issuer=ISSUER, **fields):
    """What Dex 2.44 publishes (server/handlers.go)."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/auth",
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/keys",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "groups", "profile", "offline_access"],
        "claims_supported": ["iss", "sub", "aud", "iat", "exp", "email", "name"],
        **fields,
    }


def _judged(*, status=200, date=NOW, expires=NOW + timedelta(days=60), issuer=ISSUER, **fields):
    answer = Answer(status, _discovery(**{"issuer": issuer, **fields}))
    return judge_discovery(issuer, URL, Reading(answer, NOW, date, expires))


def _states(findings):
    return {each.state for each in findings}


def test_dex_as_it_is_is_good():
    assert _states(_judged()) == {State.GOOD}


@pytest.mark.parametrize("told", [f"{ISSUER}/", "http://hub.example.org/dex", None])
def test_an_issuer_must_be_the_same_to_the_letter(told):
    answer = Answer(200, _discovery() | {"issuer": told})
    (found,) = judge_discovery(ISSUER, URL, Reading(answer, NOW, NOW))
    assert found.state is State.FAULT
    assert repr(told) in found.found
    assert "to the letter" in found.found


@pytest.mark.parametrize(
    ("fields", "state", "said"),
    [
        ({"scopes_supported": ["openid", "email", "profile"]}, State.FAULT, "groups"),
        ({"scopes_supported": None}, State.UNKNOWN, "does not say"),
        ({"grant_types_supported": ["refresh_token"]}, State.FAULT, "authorization_code"),
        ({"grant_types_supported": ["authorization_code"]}, State.WARNING, "refresh tokens"),
        (
            {"scopes_supported": ["openid", "email", "groups", "profile"]},
            State.WARNING,
            "refresh tokens",
        ),
        ({"id_token_signing_alg_values_supported": ["HS256"]}, State.FAULT, "HS256"),
        ({"date": NOW - timedelta(seconds=121)}, State.FAULT, "2 minutes behind"),
        ({"date": NOW + timedelta(hours=3)}, State.FAULT, "3 hours ahead of"),
        ({"date": None}, State.UNKNOWN, "clock is not known"),
        ({"expires": NOW + timedelta(days=5)}, State.WARNING, "ends at 2026-12-04 10:00 UTC"),
        ({"status": 503}, State.FAULT, "answered 503"),
        ({"token_endpoint": "http://hub.example.org/dex/token"}, State.FAULT, "token_endpoint"),
    ],
)
def test_what_dex_offers_is_judged(fields, state, said):
    found = [each for each in _judged(**fields) if each.state is not State.GOOD]
    assert [each.state for each in found][:1] == [state]
    assert any(said in each.found for each in found)


def test_a_clock_within_the_leeway_is_good():
    assert _states(_judged(date=NOW - timedelta(seconds=119))) == {State.GOOD}


def test_http_is_a_warning_but_on_this_machine():
    assert _states(_judged(issuer="http://dex.example.org")) == {State.GOOD, State.WARNING}
    assert _states(_judged(issuer="http://127.0.0.1:8001/dex")) == {State.GOOD}


def test_keys_must_be_such_that_signatures_can_be_checked():
    assert judge_keys(URL, Answer(200, KEYS)).state is State.GOOD
    assert judge_keys(URL, Answer(200, {"keys": []})).state is State.FAULT
    assert judge_keys(URL, Answer(500, {})).state is State.FAULT


def test_a_dex_that_is_out_of_reach_is_unknown():
    found = judge_failure(ISSUER, httpx.ConnectError("[Errno -2] Name or service not known"))
    assert found.state is State.UNKNOWN
    assert "Name or service not known" in found.found


def _authority(folder):
    """An authority, its file, and the TLS settings of a server on 127.0.0.1 that it vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A lab's own authority")])
    own = _certificate(name, name, key, key, x509.BasicConstraints(ca=True, path_length=0))
    served = ec.generate_private_key(ec.SECP256R1())
    leaf_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "dex")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    leaf = _certificate(leaf_name, name, served, key, address)
    ca, chain = folder / "ca.pem", folder / "dex.pem"
    ca.write_bytes(own.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    private = served.private_bytes(serialization.Encoding.PEM, *form)
    chain.write_bytes(leaf.public_bytes(serialization.Encoding.PEM) + private)
    settings = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    settings.load_cert_chain(chain)
    return ca, settings


def _certificate(subject, issuer, key, signer, extension):
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(issuer, subject, key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1))
    builder = builder.not_valid_after(now + timedelta(days=7))
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    builder = builder.add_extension(extension, critical=True)
    builder = builder.add_extension(identifier, critical=False)
    builder = builder.add_extension(authority, critical=False)
    return builder.sign(signer, hashes.SHA256())


@asynccontextmanager
async def _served(tls=None, *, body=None, date=None):
    """Dex on this machine; yields its issuer."""

    async def discovery(request):
        issuer = f"{request.scheme}://{request.host}/dex"
        headers = {"Date": format_datetime(date, usegmt=True)} if date else {}
        if body is not None:
            return web.Response(text=body, headers=headers)
        return web.json_response(_discovery(issuer), headers=headers)

    async def keys(_request):
        return web.json_response(KEYS)

    app = web.Application()
    app.router.add_get("/dex/.well-known/openid-configuration", discovery)
    app.router.add_get("/dex/keys", keys)
    server = TestServer(app, scheme="https" if tls else "http")
    await server.start_server(ssl=tls)
    try:
        yield str(server.make_url("/dex"))
    finally:
        await server.close()


async def test_dex_is_read_as_the_hub_reads_it(cluster):
    async with _served() as issuer:
        found = await Dex(issuer).run(cluster)
    assert _states(found) == {State.GOOD}
    assert len(found) == 2


async def test_a_clock_that_is_off_shows_in_the_answer(cluster):
    async with _served(date=datetime.now(UTC) - timedelta(hours=1)) as issuer:
        found = await Dex(issuer).run(cluster)
    assert State.FAULT in _states(found)


async def test_a_chain_that_is_not_trusted_is_a_fault_and_ca_mends_it(cluster, tmp_path):
    ca, tls = _authority(tmp_path)
    async with _served(tls) as issuer:
        (refused,) = await Dex(issuer).run(cluster)
        found = await Dex(issuer, ca).run(cluster)
    assert refused.state is State.FAULT
    assert "not trusted" in refused.found
    assert "ca_certs" in refused.advice
    # Seven days are left of it.
    assert [each.state for each in found] == [State.GOOD, State.WARNING, State.GOOD]
    assert "certificate" in found[1].found


@pytest.mark.parametrize("body", ["<html>", "[]"])
async def test_what_is_no_discovery_document_is_a_fault(cluster, body):
    async with _served(body=body) as issuer:
        (found,) = await Dex(issuer).run(cluster)
    assert found.state is State.FAULT
    assert "something other than JSON" in found.found


async def test_nobody_there_is_unknown(cluster):
    (found,) = await Dex("http://127.0.0.1:1/dex").run(cluster)
    assert found.state is State.UNKNOWN


@pytest.mark.parametrize(
    ("issuer", "state"), [("", State.WARNING), ("hub.example.org/dex", State.FAULT)]
)
async def test_an_issuer_must_be_given_and_be_an_address(cluster, issuer, state):
    (found,) = await Dex(issuer).run(cluster)
    assert found.state is state


async def test_a_file_of_certificates_that_is_none_is_unknown(cluster, tmp_path):
    for content in (None, "nothing"):
        file = tmp_path / "ca.pem"
        if content:
            file.write_text(content)
        (found,) = await Dex(ISSUER, file).run(cluster)
        assert found.state is State.UNKNOWN
        assert "--ca" in found.advice
