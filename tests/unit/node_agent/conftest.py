"""Time for everybody: other work may share the machine."""

import pytest

_PATIENCE_S = 60.0


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let agents made from now on cut nobody off who is only slow."""
    monkeypatch.setattr("gpucommons_node.server._TIMEOUT", _PATIENCE_S)
    monkeypatch.setattr("gpucommons_node.server._Handler.timeout", _PATIENCE_S)
