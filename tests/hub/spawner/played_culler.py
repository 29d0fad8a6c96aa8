"""The idle culler's API, as a service of the hub, about sessions that a test says it knows."""

import asyncio
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gpucommons_culler.core.case import Case
from gpucommons_culler.core.commitments import Countdown, KeepUsage
from gpucommons_culler.core.decision import Facts, decide
from gpucommons_culler.core.metrics import Metrics
from gpucommons_culler.core.rule import IdleRule
from gpucommons_culler.core.session import Session, SessionKey
from gpucommons_culler.core.signals import Signal, SignalName
from gpucommons_culler.database.store import Store
from gpucommons_culler.web.application import Serving, application
from gpucommons_culler.web.service import IdleAPI
from gpucommons_web.replicated_oauth import ReplicatedOAuth
from tornado.httpserver import HTTPServer

from ..processes import free_port

_TOKEN = "token-of-the-culler-of-the-test"
CONFIG = """
for each in c.JupyterHub.services:
    if each["name"] == "idle":
        each.update(url="http://127.0.0.1:{port}", api_token="{token}", oauth_no_confirm=True)
"""
_RULE = IdleRule("of the test", warn_after=timedelta(minutes=30), stop_after=timedelta(hours=1))


class PlayedCuller:
    """Answers for ``cases``; ``silent`` lets it answer with an error."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self.config = CONFIG.format(port=self.port, token=_TOKEN)
        self.known: list[Case] = []
        self.kept: list[tuple[str, str, timedelta]] = []
        """Whose session was kept, by whom and for how long."""
        self.silent = False
        self._started, self._over = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    def start(self, hub_api: str) -> None:
        self._hub_api = hub_api
        self._thread.start()
        assert self._started.wait(60)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def quiet(self, user: str, since: timedelta, *, warned: bool = False) -> None:
        """Let it have seen no use of somebody's session for some time."""
        now = datetime.now(UTC)
        key = SessionKey(user, "", now - timedelta(days=1))
        signal = Signal(
            SignalName.GPU, "DCGM", True, now, key.started, now - since, "0 %", now - since
        )
        facts = Facts(
            started=key.started,
            signals=(signal,),
            required=frozenset({SignalName.GPU}),
            countdown=Countdown(now, now + timedelta(minutes=30)) if warned else None,
        )
        session = Session(key, f"/user/{user}/", "vision", "scipy", "2026.11", "gpu")
        decision = decide(facts, _RULE, now)
        self.known = [Case(session, _RULE, facts, decision, KeepUsage(0, timedelta()), now)]

    # What the API asks

    @property
    def cases(self) -> Sequence[Case]:
        assert not self.silent
        return self.known

    @property
    def troubles(self) -> Sequence[str]:
        return []

    async def explain(self, key: SessionKey) -> Case | None:
        raise NotImplementedError

    async def keep(self, key: SessionKey, by: str, length: timedelta) -> datetime:
        self.kept.append((key.user, by, length))
        return datetime.now(UTC) + length

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        auth = ReplicatedOAuth(
            api_token=_TOKEN,
            api_url=self._hub_api,
            base_url="/services/idle/",
            oauth_client_id="service-idle",
            access_scopes={"access:services!service=idle"},
        )
        self.store = Store(f"sqlite:///{self._folder}/idle.sqlite")
        self.store.open()
        api = IdleAPI(self, self.store, lambda: datetime.now(UTC))
        server = HTTPServer(
            application(Serving(api, Metrics(), lambda: None, auth, b"secret-of-the-test" * 2))
        )
        server.listen(self.port, "127.0.0.1")
        self._started.set()
        await self._over.wait()
        server.stop()
        await server.close_all_connections()
        self.store.close()
