"""Credentials are replaced as docs/runbooks/operations/rotate-credentials.md says.

The Secrets are in a real API server, cluster/rotate.sh changes them with a real kubectl, and a real
hub and its proxy start with them, as they do under z2jh. People are signed in by a real Dex.
"""

import base64
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from gpucommons_config.credentials.cookies import PREVIOUS
from gpucommons_local.machine.cache import checkout
from gpucommons_local.machine.programs import program

from tests.waiting import until

from .browser import Browser
from .kubernetes import APIServer
from .login_hub import Hub
from .test_login import username

ADA, GRACE = "ada@example.org", "grace@example.org"
_NAMESPACE, _HUB, _CHART = "gpucommons", "gpucommons-hub", "hub"
_CRYPT_KEYS, _COOKIE_SECRET = "hub.config.CryptKeeper.keys", "hub.config.JupyterHub.cookie_secret"
_IDLE_TOKEN, _PROXY_TOKEN = (
    "hub.services.idle.apiToken",
    "hub.config.ConfigurableHTTPProxy.auth_token",
)
_CONFIG = """
from pathlib import Path
from gpucommons_config.credentials.cookies import accept_previous_cookies
from gpucommons_config.credentials.service_tokens import forget_replaced_tokens
mounted = Path({folder!r})
c.CryptKeeper.keys = (mounted / {crypt_keys!r}).read_text().split(";")
c.JupyterHub.cookie_secret = bytes.fromhex((mounted / {cookie_secret!r}).read_text())
c.JupyterHub.services.append(
    {{"name": "idle", "api_token": (mounted / {idle_token!r}).read_text()}}
)
c.JupyterHub.load_roles.append(
    {{"name": "idle", "services": ["idle"], "scopes": ["list:users", "read:users:name"]}}
)
c.JupyterHub.cleanup_servers = False
accept_previous_cookies(c)
forget_replaced_tokens()
"""


class Installation:
    """The Secrets of an installation, and its hub."""

    def __init__(self, api: APIServer, hub: Hub, folder: Path) -> None:
        self._api, self.hub, self._folder = api, hub, folder
        kubectl = folder / "bin" / "kubectl"
        kubectl.parent.mkdir()
        real = f"{program('kubectl')} --kubeconfig {api.kubeconfig}"
        kubectl.write_text(f'#!/bin/sh\nexec {real} "$@"\n')
        kubectl.chmod(0o755)
        (folder / "secrets").mkdir()

    def make(self, namespace: str, name: str, **data: str) -> None:
        body = {"metadata": {"name": name}, "stringData": data}
        self._api.post(f"/api/v1/namespaces/{namespace}/secrets", body)

    def secret(self, name: str, namespace: str = _NAMESPACE) -> dict[str, str]:
        data = self._api.get(f"/api/v1/namespaces/{namespace}/secrets/{name}").get("data", {})
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def labels(self, name: str) -> dict[str, str]:
        found = self._api.get(f"/api/v1/namespaces/{_NAMESPACE}/secrets/{name}")
        labels: dict[str, str] = found["metadata"].get("labels", {})
        return labels

    def rotate(self, *words: str, says: str = "") -> str:
        """Replace one; says: why that is refused."""
        path = f"{self._folder / 'bin'}:{os.environ['PATH']}"
        command = ["bash", str(checkout() / "cluster" / "rotate.sh"), *words]
        done = subprocess.run(
            command, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
        )
        assert bool(done.returncode) == bool(says), done.stderr
        assert says in done.stderr
        return done.stdout

    def start(self) -> None:
        """Start the hub with what the Secrets hold now, as Kubernetes mounts them."""
        held = self.secret(_HUB)
        for key, value in held.items():
            (self._folder / "secrets" / key).write_text(value)
        self.hub._env[PREVIOUS] = held.get("previous-cookie-secret", "")
        self.hub._env["CONFIGPROXY_AUTH_TOKEN"] = self.secret(_CHART)[_PROXY_TOKEN]
        self.hub.start()

    def restart(self) -> None:
        self.hub.stop()
        self.start()


@pytest.fixture(scope="module")
def api(tmp_path_factory) -> Iterator[APIServer]:
    api = APIServer(tmp_path_factory.mktemp("api"))
    api.start()
    for name in (_NAMESPACE, "dex"):
        api.post("/api/v1/namespaces", {"metadata": {"name": name}})
    yield api
    api.stop()


@pytest.fixture(scope="module")
def secrets(api, stopped_hub, tmp_path_factory) -> Installation:
    """The Secrets, with a hub that is not started."""
    secrets = Installation(api, stopped_hub, tmp_path_factory.mktemp("installation"))
    held = {_CRYPT_KEYS: "0f" * 32, _COOKIE_SECRET: "1e" * 32, _IDLE_TOKEN: "first-token-of-idle"}
    secrets.make(_NAMESPACE, _HUB, **held)
    secrets.make(_NAMESPACE, _CHART, **{_PROXY_TOKEN: "first-token-of-the-proxy"})
    url = "postgresql+psycopg2://idle:first@db:5432/idle?sslmode=require"
    service = {"api-token": "first-token-of-idle", "db-url": url}
    secrets.make(_NAMESPACE, "idle-culler", **service)
    for name in ("hub", "idle"):
        secrets.make(_NAMESPACE, f"gpucommons-database-{name}", username=name, password="first")
    for namespace in (_NAMESPACE, "dex"):
        secrets.make(namespace, "gpucommons-dex-client", **{"client-secret": "first"})
    return secrets


@pytest.fixture(scope="module")
def installation(secrets, dex, hub_folder) -> Iterator[Installation]:
    """The same, while the hub runs."""
    folder = str(secrets._folder / "secrets")
    keys = {"crypt_keys": _CRYPT_KEYS, "cookie_secret": _COOKIE_SECRET, "idle_token": _IDLE_TOKEN}
    secrets.hub.configure(dex.issuer, _CONFIG.format(folder=folder, **keys))
    secrets.start()
    yield secrets
    secrets.hub.api("DELETE", f"users/{ADA}/server")
    secrets.hub.stop()


def _may_list(hub: Hub, token: str) -> bool:
    return hub.api("GET", "users", token=token).status_code == 200


def test_people_stay_signed_in_and_reach_their_sessions_when_the_hubs_credentials_are_replaced(
    installation,
):
    hub, before = installation.hub, installation.secret(_HUB)
    with Browser(hub.url) as ada, Browser(hub.url) as grace, Browser(hub.url) as grace_later:
        ada.sign_in(ADA)
        grace.sign_in(GRACE)
        assert hub.api("POST", f"users/{ADA}/server").status_code in {201, 202}
        until(lambda: hub.server(ADA).get("ready"))
        assert ada.follow(f"/user/{ADA}/").text == "still running"

        installation.rotate("crypt-keys")
        installation.rotate("cookie-secret")
        installation.rotate("proxy-token")
        assert "deployment/hub deployment/idle-culler" in installation.rotate("token", "idle")
        installation.restart()
        after = installation.secret(_HUB)
        assert not [key for key, value in before.items() if after[key] == value]
        assert _may_list(hub, after[_IDLE_TOKEN])
        assert not _may_list(hub, before[_IDLE_TOKEN])
        assert username(ada) == ADA
        assert hub.server(ADA)["ready"]
        until(lambda: ada.follow(f"/user/{ADA}/").text == "still running")  # by the new proxy

        installation.rotate("crypt-keys", "--finish")
        installation.restart()
        assert ";" not in installation.secret(_HUB)[_CRYPT_KEYS]
        assert username(ada) == ADA, "the hub has written what it keeps of her with the new key"
        assert username(grace) is None, "nobody has, of her, since she did not come"
        grace_later.sign_in(GRACE)

        installation.rotate("cookie-secret", "--finish")
        installation.restart()
        assert username(ada) is None, "her cookie is the old secret's"
        assert username(grace_later) == GRACE
        assert hub.server(ADA)["ready"]


def test_a_second_secret_of_cookies_waits_until_the_one_before_is_over(secrets):
    secrets.rotate("cookie-secret", "--finish")
    secrets.rotate("cookie-secret")
    held = secrets.secret(_HUB)
    secrets.rotate("cookie-secret", says="run this with --finish first")
    assert secrets.secret(_HUB) == held
    secrets.rotate("cookie-secret", "--leaked")
    after = secrets.secret(_HUB)
    assert "previous-cookie-secret" not in after
    assert after[_COOKIE_SECRET] not in held.values()


def test_what_two_programs_know_each_other_by_is_the_same_at_both(secrets):
    out = secrets.rotate("token", "idle") + secrets.rotate("database", "idle")
    out += secrets.rotate("dex-client") + secrets.rotate("database", "hub")
    service, held = secrets.secret("idle-culler"), secrets.secret(_HUB)
    assert service["api-token"] == held[_IDLE_TOKEN] != "first-token-of-idle"
    password = secrets.secret("gpucommons-database-idle")["password"]
    assert service["db-url"] == (
        f"postgresql+psycopg2://idle:{password}@db:5432/idle?sslmode=require"
    )
    client = secrets.secret("gpucommons-dex-client")
    assert client == secrets.secret("gpucommons-dex-client", "dex") != {"client-secret": "first"}
    assert secrets.secret("gpucommons-database-hub")["password"] != "first"
    _no_value_is_in(out, held, service, client)
    for name in ("hub", "idle"):  # else CloudNativePG does not look at the change
        assert secrets.labels(f"gpucommons-database-{name}") == {"cnpg.io/reload": "true"}


def _no_value_is_in(text: str, *held: Mapping[str, str]) -> None:
    assert not [each for data in held for each in data.values() if each in text]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "rotate.sh crypt-keys [--finish]"),
        (("everything",), "rotate.sh crypt-keys [--finish]"),
        (("crypt-keys", "--leaked"), "takes --finish, or nothing"),
        (("token",), "has no token of a service ''"),
        (("token", "gpu"), "has no token of a service 'gpu'"),
        (("database", "accounting"), "gpucommons-database-accounting"),
    ],
)
def test_what_is_not_there_is_refused_and_nothing_changes(secrets, words, says):
    held = secrets.secret(_HUB)
    secrets.rotate(*words, says=says)
    assert secrets.secret(_HUB) == held
