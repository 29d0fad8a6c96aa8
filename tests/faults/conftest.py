"""The thread in which proxies and played servers live, and the proxy before a module's server."""

from collections.abc import Iterator

import pytest

from .loop_thread import LoopThread
from .proxy import FaultsProxy


@pytest.fixture(scope="session")
def thread() -> Iterator[LoopThread]:
    thread = LoopThread()
    thread.start()
    yield thread
    thread.stop()


@pytest.fixture(scope="module")
def started_proxy(api, thread) -> Iterator[FaultsProxy]:
    """Stand before the module's own API server, ``api``; before another server, override this."""
    proxy = FaultsProxy("API server", api.url, thread)
    proxy.start()
    yield proxy
    proxy.stop()


@pytest.fixture
def proxy(started_proxy) -> Iterator[FaultsProxy]:
    started_proxy.played.clear()
    yield started_proxy
    started_proxy.heal()
