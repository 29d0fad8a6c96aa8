"""What the culler says of sessions is left out where it cannot be read."""

import json

import pytest
from gpucommons_sessions.idle_culler import IdleCuller

_RIGHT = {"user": "ada", "server": "", "state": "idle"}


@pytest.fixture
def answers(monkeypatch):
    """Have a culler answer with this."""

    def answer(said: object) -> IdleCuller:
        culler = IdleCuller()

        async def get(*_: object) -> bytes:
            return json.dumps(said).encode()

        monkeypatch.setattr(culler._service, "get", get)
        return culler

    return answer


async def test_sessions_are_found_by_their_names(answers):
    culler = answers({"sessions": [_RIGHT]})
    assert await culler.sessions_of(None, "ada") == {"": _RIGHT}
    assert await culler.all_sessions(None) == {("ada", ""): _RIGHT}


@pytest.mark.parametrize(
    "said",
    [
        [],
        {},
        {"sessions": None},
        {"sessions": ["ada"]},
        {"sessions": [{"state": "idle"}]},
        {"sessions": [{"user": [], "state": "idle"}]},
    ],
)
async def test_an_answer_that_cannot_be_read_is_none(answers, caplog, said):
    culler = answers(said)
    assert await culler.sessions_of(None, "ada") == {}
    assert await culler.all_sessions(None) == {}
    assert "The idle culler does not answer" in caplog.text
