"""An issuer under an attacker's control: real HTTP, and whatever id_token a test wants."""

import itertools
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

from .dex import CLIENT_ID


class HostileIssuer:
    """Serves discovery, keys, authorization and tokens; `forge` makes each id_token.

    forge gets the claims of a good token and returns what is sent; claims are those that
    every good token has from now on; published is the key set, if not that of the key.
    """

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, auto_kid=True)
        self.forge: Callable[[dict[str, object]], str] = self.sign
        self.claims: dict[str, object] = {"sub": "ada", "email": "ada@example.org"}
        self.published: dict[str, object] | None = None
        self.endpoints: dict[str, object] = {}
        self.renews = True
        """Whether it gives refresh tokens."""
        self.refreshes = 0
        self.connectors: list[str | None] = []
        """What each login asked for."""
        self.challenges: dict[str, str] = {}
        """By code, what its login sent along (RFC 7636)."""
        self.verifiers: dict[str, str] = {}
        """By code, what was sent to redeem it."""
        self._nonces: dict[str, str] = {}
        self._numbers = itertools.count()  # logins may come at the same moment
        handler = type("Handler", (_Handler,), {"issuer": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def sign(self, claims: dict[str, object], key: RSAKey | None = None, **header: object) -> str:
        key = key or self.key
        return jwt.encode({"alg": "RS256", "kid": key.kid, **header}, claims, key)

    def authorize(self, query: dict[str, list[str]]) -> str:
        """Sign "ada" in without a question; the code remembers the nonce."""
        code = f"code-{next(self._numbers)}"
        self._nonces[code] = query["nonce"][0]
        self.connectors.append(query.get("connector_id", [None])[0])
        assert query["code_challenge_method"] == ["S256"]
        self.challenges[code] = query["code_challenge"][0]
        answer = urlencode({"code": code, "state": query["state"][0]})
        return f"{query['redirect_uri'][0]}?{answer}"

    def tokens(self, form: dict[str, list[str]]) -> dict[str, object]:
        now = int(time.time())
        claims: dict[str, object] = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 600,
            "email_verified": True,
            "groups": ["vision"],
            **self.claims,
        }
        if form["grant_type"] == ["authorization_code"]:
            login = form["code"][0]
            claims["nonce"] = self._nonces[login]
            self.verifiers[login] = form["code_verifier"][0]
        else:
            login = form["refresh_token"][0].split(".")[1]
            self.refreshes += 1
        claims["sid"] = login
        refresh_token = f"eyJrefresh.{login}.{self.refreshes}"
        tokens = {"id_token": self.forge(claims), "access_token": "eyJaccess"}
        return {**tokens, "refresh_token": refresh_token} if self.renews else tokens

    def document(self) -> dict[str, object]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            **self.endpoints,
        }

    def keys(self) -> dict[str, object]:
        return self.published or {"keys": [self.key.as_dict(private=False)]}


class _Handler(BaseHTTPRequestHandler):
    issuer: HostileIssuer

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/auth":
            self.send_response(302)
            self.send_header("Location", self.issuer.authorize(parse_qs(url.query)))
            self.end_headers()
        elif url.path == "/keys":
            self._send(self.issuer.keys())
        else:
            self._send(self.issuer.document())

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self._send(self.issuer.tokens(form))

    def _send(self, body: object) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep the test's output quiet."""
