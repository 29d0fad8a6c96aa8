"""Signing in where several replicas serve the pages: it may begin at one and end at another."""

import base64
import hashlib
import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from jupyterhub.services.auth import HubOAuth


class ReplicatedOAuth(HubOAuth):  # type: ignore[misc]  # JupyterHub publishes no types
    """Keeps what it must know of a sign-in in progress in OAuth's state, encrypted.

    HubOAuth keeps it in memory, and only its own process can end what it began. The key comes
    of the service's token, which all replicas share.
    """

    def generate_state(self, next_url: str | None = None, **more: object) -> str:
        """Return the state of a sign-in that begins."""
        said = json.dumps({"next_url": next_url, **more})
        return self._fernet.encrypt(said.encode()).decode()

    def clear_oauth_state(self, state_id: str) -> None:
        """Nothing is kept; the code that came with a state is good once, which the hub checks."""

    def _decode_state(self, state_id: str = "", /) -> dict[str, Any]:
        """Read a state; one that is not ours, or too old, says nothing."""
        try:
            said = self._fernet.decrypt(state_id, ttl=self.oauth_state_max_age)
        except (InvalidToken, ValueError):
            return {}
        found: dict[str, Any] = json.loads(said)
        return found

    @property
    def _fernet(self) -> Fernet:
        secret = b"gpucommons service: sign-in\0" + self.api_token.encode()
        return Fernet(base64.urlsafe_b64encode(hashlib.sha256(secret).digest()))
