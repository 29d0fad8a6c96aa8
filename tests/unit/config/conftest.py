"""Registries that answer, and credentials for them."""

import base64
import json

import pytest
from gpucommons_config.pinning.auth_files import AuthFiles

from tests.unit.config.played_registry import (
    Registry,
    serving,
)


@pytest.fixture
def registry():
    with serving(Registry()) as registry:
        yield registry


@pytest.fixture
def other():
    """Serve somebody else: another port is another host to those who keep credentials apart."""
    with serving(Registry()) as other:
        yield other


@pytest.fixture
def login(tmp_path):
    """Write a file of credentials."""

    def login(host: str, user: str = "ada", password: str = "secret", **more: object) -> AuthFiles:
        auth = base64.b64encode(f"{user}:{password}".encode()).decode()
        file = tmp_path / "auth.json"
        file.write_text(json.dumps({"auths": {host: {"auth": auth, **more}}}))
        return AuthFiles([file], named=True)

    return login
