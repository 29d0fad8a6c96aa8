"""What an operator sets on DexOAuthenticator: how the hub speaks with Dex."""

from urllib.parse import urlsplit

from oauthenticator.oauth2 import OAuthenticator
from tornado.httpclient import AsyncHTTPClient
from traitlets import Float, Integer, List, TraitError, Unicode, validate

from gpucommons_authenticator.provider.id_token import SIGNING_ALGORITHMS, check_algorithms

_MAX_CONNECTIONS = 50
_DEFAULT_SCOPES = ["openid", "email", "profile", "groups", "federated:id", "offline_access"]


class ConnectionSettings(OAuthenticator):  # type: ignore[misc]  # OAuthenticator publishes no types
    """Where Dex is, what is asked of it, and for how long it is waited for."""

    issuer = Unicode(
        config=True,
        help="""
        Dex's address, exactly as `issuer` in Dex's own configuration, reachable from the
        hub and from browsers. Everything else about Dex is discovered from it.
        Example: `https://hub.example.org/dex`
        """,
    )
    signing_algorithms = List(
        Unicode(),
        list(SIGNING_ALGORITHMS),
        config=True,
        help="""
        Algorithms that an id_token may be signed with; public-key ones only. The default
        covers all that Dex signs with unless its signer is changed.
        """,
    )
    clock_leeway = Integer(
        120,
        config=True,
        help="""
        Seconds by which the clocks of the hub and of Dex may differ. Two minutes forgive a
        machine without time synchronisation for some weeks, and are short against a token's
        life.
        """,
    )
    provider_timeout = Float(
        3.0,
        config=True,
        help="""
        Seconds that a person's request waits for Dex, all steps together. Dex usually answers in
        well under one second; longer waits only make an outage worse.
        """,
    )
    scope = List(
        Unicode(),
        _DEFAULT_SCOPES,
        config=True,
        help="""
        Scopes to ask for. `openid` is needed; `groups` brings the groups, `offline_access`
        the refresh token that keeps them up to date, `federated:id` the connector that
        `group_rules` may name.
        """,
    )

    @validate("issuer")
    def _check_issuer(self, proposal: dict[str, str]) -> str:
        parts = urlsplit(proposal["value"])
        if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query:
            raise TraitError(
                f"DexOAuthenticator.issuer is {proposal['value']!r}; it must be a URL "
                "such as https://hub.example.org/dex"
            )
        return proposal["value"]

    @validate("signing_algorithms")
    def _check_signing_algorithms(self, proposal: dict[str, list[str]]) -> list[str]:
        try:
            check_algorithms(proposal["value"])
        except ValueError as error:
            raise TraitError(f"DexOAuthenticator: {error}") from error
        return proposal["value"]

    def _enable_auth_state_default(self) -> bool:
        """Keep tokens, encrypted: without them groups could not be kept up to date."""
        return True

    def _auth_refresh_strict_default(self) -> bool:
        """Let a no from Dex count for API tokens too; outages are forgiven by outage_grace."""
        return True

    def _auth_refresh_age_default(self) -> int:
        """Ask about people who are active every two minutes: a removal is felt within five."""
        return 120

    def _refresh_pre_spawn_default(self) -> bool:
        """Ask before each start, too: nobody who was removed begins a session."""
        return True

    def _http_client_default(self) -> AsyncHTTPClient:
        """Use connections of our own, so that a hanging Dex does not hold up the hub's."""
        return AsyncHTTPClient(force_instance=True, max_clients=_MAX_CONNECTIONS)

    def _login_service_default(self) -> str:
        return "your lab account"

    def check_allow_config(self) -> None:
        """Stop the hub at start if what every login needs is missing."""
        missing = [
            name for name in ("issuer", "client_id", "client_secret") if not getattr(self, name)
        ]
        if missing:
            raise ValueError(
                f"Set {' and '.join(f'c.DexOAuthenticator.{name}' for name in missing)} "
                "to what Dex's configuration says."
            )
        super().check_allow_config()
