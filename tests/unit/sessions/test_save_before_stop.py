"""Whether pages are asked to save when a session loses its address, and what if that fails."""

from types import SimpleNamespace

import pytest
from gpucommons_sessions import save_before_stop
from gpucommons_sessions.save_before_stop import SavingProxy
from jupyterhub.proxy import ConfigurableHTTPProxy


@pytest.fixture
def done(monkeypatch):
    """What was done, in order: pages asked, the address taken away."""
    done = []

    async def asked(_spawner):
        done.append("asked")

    async def taken(_proxy, _user, server_name):
        done.append(f"taken {server_name}")

    monkeypatch.setattr(save_before_stop, "let_pages_save", asked)
    monkeypatch.setattr(ConfigurableHTTPProxy, "delete_user", taken)
    return done


def _user(pending):
    spawner = SimpleNamespace(pending=pending, _log_name="ada:s")
    return SimpleNamespace(db=None, spawners={"s": spawner})


async def _delete(user, server):
    await SavingProxy.delete_user(SavingProxy(auth_token="t"), user, server)


async def test_pages_of_a_session_that_is_stopped_are_asked_first(done):
    await _delete(_user("stop"), "s")
    assert done == ["asked", "taken s"]


@pytest.mark.parametrize(("pending", "server"), [(None, "s"), ("check", "s"), ("stop", "gone")])
async def test_a_session_that_has_ended_by_itself_is_not_asked(done, pending, server):
    await _delete(_user(pending), server)
    assert done == [f"taken {server}"]


@pytest.mark.parametrize("error", [OSError("away"), AttributeError("no server any more")])
async def test_whatever_hinders_the_asking_the_session_is_stopped(done, monkeypatch, error):
    async def hindered(_spawner):
        raise error

    monkeypatch.setattr(save_before_stop, "let_pages_save", hindered)
    await _delete(_user("stop"), "s")
    assert done == ["taken s"]
