"""What a sign-in costs the hub, beside oauthenticator's own class on the same Dex."""

import json
import tempfile
from importlib.metadata import version
from pathlib import Path

from gpucommons_authenticator import TEMPLATES
from gpucommons_local.machine.programs import program

from bench.figure import Figure
from tests.hub.browser import Browser
from tests.hub.dex import CLIENT_ID, CLIENT_SECRET, Dex
from tests.hub.login_hub import Hub
from tests.hub.processes import free_port

_LOGINS = 100
_BLOCK = 10
"""Sign-ins on one hub before the other has its turn."""
_PERSON = "ada@example.org"
_COMMON = """
c.JupyterHub.bind_url = {url!r}
c.JupyterHub.hub_port = {hub_port}
c.JupyterHub.db_url = "sqlite:///hub.sqlite"
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.Authenticator.enable_auth_state = True
c.Authenticator.manage_groups = True
c.OAuthenticator.client_id = {client_id!r}
c.OAuthenticator.client_secret = {client_secret!r}
c.OAuthenticator.allowed_groups = {{"vision"}}
"""
_OURS = """
c.JupyterHub.authenticator_class = "gpucommons_authenticator.DexOAuthenticator"
c.JupyterHub.template_paths = [{templates!r}]
from gpucommons_config.pages.languages import add_languages
add_languages(c)
c.DexOAuthenticator.removal_grace = None
c.DexOAuthenticator.issuer = {issuer!r}
"""
_PEER = """
c.JupyterHub.authenticator_class = "generic-oauth"
c.GenericOAuthenticator.authorize_url = {issuer!r} + "/auth"
c.GenericOAuthenticator.token_url = {issuer!r} + "/token"
c.GenericOAuthenticator.userdata_url = {issuer!r} + "/userinfo"
c.GenericOAuthenticator.scope = ["openid", "email", "profile", "groups", "offline_access"]
c.GenericOAuthenticator.username_claim = "email"
c.GenericOAuthenticator.auth_state_groups_key = "oauth_user.groups"
"""


class _Hub(Hub):
    """The tests' hub, with the settings of one contestant."""

    def __init__(self, folder: Path):
        folder.mkdir()
        super().__init__(folder)

    def set_up(self, settings: str, issuer: str) -> None:
        text = (_COMMON + settings).format(
            url=self.url,
            hub_port=free_port(),
            proxy_port=free_port(),
            proxy=str(program("configurable-http-proxy")),
            templates=str(TEMPLATES),
            issuer=issuer,
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
        )
        (self._folder / "jupyterhub_config.py").write_text(text)

    def cpu_of_logins(self, count: int) -> float:
        """Sign in so often, each time as a new browser; returns the hub's CPU seconds."""
        before = self.cpu_seconds()
        for _ in range(count):
            with Browser(self.url) as browser:
                page = browser.sign_in(_PERSON)
                if page.url.path != "/hub/home":
                    raise RuntimeError(f"The sign-in ended at {page.url}:\n{self.tail()}")
        return self.cpu_seconds() - before


def measure() -> list[Figure]:
    """Sign in a hundred times on each hub, by turns."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours, peer = _Hub(folder / "ours"), _Hub(folder / "peer")
        dex = Dex(folder, ours.url)
        _admit(folder / "dex.json", peer.url)
        dex.start()
        ours.set_up(_OURS, dex.issuer)
        peer.set_up(_PEER, dex.issuer)
        try:
            ours.start()
            peer.start()
            for hub in (ours, peer):
                hub.cpu_of_logins(_BLOCK)  # fills caches
            seconds = [
                (ours.cpu_of_logins(_BLOCK), peer.cpu_of_logins(_BLOCK))
                for _ in range(_LOGINS // _BLOCK)
            ]
        finally:
            for each in (peer, ours, dex):
                each.stop()
    our_total, peer_total = (sum(column) for column in zip(*seconds, strict=True))
    return [
        Figure(
            "login-cpu",
            "Hub CPU of a sign-in",
            1000 * our_total / _LOGINS,
            "ms",
            peer=f"GenericOAuthenticator {version('oauthenticator')}",
            peer_value=1000 * peer_total / _LOGINS,
            ratio_target=1.3,
            samples=_LOGINS,
        )
    ]


def _admit(dex_config: Path, url: str) -> None:
    """Let Dex lead back to a second hub."""
    config = json.loads(dex_config.read_text())
    config["staticClients"][0]["redirectURIs"].append(f"{url}/hub/oauth_callback")
    dex_config.write_text(json.dumps(config))
