"""The culler as a program: a service of JupyterHub with a loop and pages."""

import asyncio
import hashlib
import logging
import os
import signal
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import timedelta

from gpucommons_contract import IDLE_SERVICE
from tornado.httpserver import HTTPServer
from traitlets import Bool, Float, Integer, Unicode
from traitlets.config import Config, Configurable

from gpucommons_culler.clock import Clock
from gpucommons_culler.dry_steps import DrySteps
from gpucommons_culler.election import Election
from gpucommons_culler.engine import Engine
from gpucommons_culler.errors import CullerError
from gpucommons_culler.hub import HubClient
from gpucommons_culler.loop import Loop
from gpucommons_culler.messages import Messages
from gpucommons_culler.metrics import Metrics
from gpucommons_culler.retention import forget_old
from gpucommons_culler.rule import Rules
from gpucommons_culler.sources.measuring import Measuring
from gpucommons_culler.steps import Steps
from gpucommons_culler.store import Store
from gpucommons_culler.store_errors import StoreError
from gpucommons_culler.telling import Telling
from gpucommons_culler.watch import Watch
from gpucommons_culler.web.application import Serving, application
from gpucommons_culler.web.desk import Desk
from gpucommons_culler.web.replicated_oauth import ReplicatedOAuth

log = logging.getLogger(__name__)


class IdleCuller(Configurable):  # type: ignore[misc]  # traitlets publishes no types for it
    """Settings of the culler. Those of JupyterHub come from its usual variables."""

    interval = Float(
        20.0,
        min=1.0,
        help="""
        Seconds between two looks at all sessions. A look is due sooner where a countdown ends,
        and a session's answers to its warning are read at each. Example: ``interval: 60``
        """,
    ).tag(config=True)

    db_url = Unicode(
        "sqlite:///idle.sqlite",
        help="""
        The database of audit, warnings, leases and exemptions, as SQLAlchemy names it. Several
        replicas need one that they share. Example: ``postgresql+psycopg://idle@db/idle``
        """,
    ).tag(config=True)

    retention_days = Integer(
        400, min=1, help="Days that lines of the audit are kept; a year and a bit by default."
    ).tag(config=True)

    public_url = Unicode(
        "",
        help="""
        Where the hub's proxy is to be reached, for sessions that cannot be asked directly, as
        with internal_ssl. What passes the proxy looks like use of the session in JupyterHub.
        Empty, the default: sessions are asked where the hub reaches them.
        Example: ``http://proxy-public.gpucommons.svc``
        """,
    ).tag(config=True)

    hub_url = Unicode(
        "",
        help="""
        Where people open the hub, for links in mails and chats; empty leaves links out.
        Example: ``https://hub.example.org``
        """,
    ).tag(config=True)

    address = Unicode("", help="The address that the pages are served at; empty is all.").tag(
        config=True
    )
    port = Integer(
        10101, help="The port that the pages are served at; 0 serves none, for a dry run."
    ).tag(config=True)

    dry_run = Bool(
        False,
        help="""
        Whether to only write down what would be done, beside a culler that does it. It needs a
        database of its own.
        """,
    ).tag(config=True)

    def __init__(
        self, config: Config, rules: Rules, environment: Mapping[str, str] = os.environ
    ) -> None:
        super().__init__(config=config)
        self._config = config
        self._rules = rules
        self._environment = environment

    async def serve(self) -> None:
        """Cull until a signal ends it. Raises CullerError for a mistake of the operator."""
        async with AsyncExitStack() as stack:
            store = await self._store(stack)
            metrics, clock = Metrics(), Clock()
            hub = await stack.enter_async_context(self._hub())
            telling = Telling(self._messages(stack), self.hub_url)
            sources = await Measuring(config=self._config).open(stack)
            watch = Watch(hub, sources, metrics)
            kind = DrySteps if self.dry_run else Steps
            engine = Engine(
                hub=hub,
                watch=watch,
                rules=self._rules,
                store=store,
                steps=kind(hub, store, telling, metrics),
                metrics=metrics,
                clock=clock,
            )
            election = await self._election(stack)
            loop = Loop(
                engine,
                metrics,
                lambda: election.leads,
                self.interval,
                telling.tell_of_trouble,
            )
            if self.port:
                self._listen(stack, Desk(engine, store, clock.now), metrics, loop)
            keep = timedelta(days=self.retention_days)
            for work in (loop.run(), forget_old(store, keep)):
                stack.push_async_callback(_end, asyncio.create_task(work))
            log.info("Looking at sessions every %.0f s%s", self.interval, self._manner())
            await _signal()

    async def _election(self, stack: AsyncExitStack) -> Election:
        try:
            election = Election(config=self._config)
        except ValueError as error:
            raise CullerError(str(error)) from error
        if self.dry_run:
            election.lease_name = ""  # it acts in its own database alone
        await election.begin()
        stack.push_async_callback(election.close)
        return election

    def _manner(self) -> str:
        return "; a dry run: nothing is done" if self.dry_run else ""

    def _listen(self, stack: AsyncExitStack, desk: Desk, metrics: Metrics, loop: Loop) -> None:
        token = self._variable("JUPYTERHUB_API_TOKEN")
        name = self._environment.get("JUPYTERHUB_SERVICE_NAME", IDLE_SERVICE)
        hub_auth = ReplicatedOAuth(
            api_token=token,
            api_url=self._variable("JUPYTERHUB_API_URL"),
            base_url=self._variable("JUPYTERHUB_SERVICE_PREFIX"),
            oauth_client_id=f"service-{name}",
            access_scopes={"access:services", f"access:services!service={name}"},
        )
        # Of the token, which all replicas share: so a cookie of one is good at the others.
        secret = hashlib.sha256(b"gpucommons idle culler: cookies\0" + token.encode()).digest()
        serving = Serving(desk, metrics, loop.trouble, hub_auth, secret, self.dry_run)
        server = HTTPServer(application(serving), xheaders=True)
        try:
            server.listen(self.port, self.address)
        except OSError as error:
            raise CullerError(f"Port {self.port} cannot be served at: {error.strerror}") from error
        stack.push_async_callback(_close, server)

    def _variable(self, name: str) -> str:
        value = self._environment.get(name)
        if not value:
            raise CullerError(f"The variable {name} is not set; JupyterHub sets it for a service.")
        return value

    def _messages(self, stack: AsyncExitStack) -> Messages:
        try:
            messages = Messages(config=self._config)
        except ValueError as error:
            raise CullerError(str(error)) from error
        if not self.dry_run:
            messages.begin()
            stack.push_async_callback(messages.close)
        return messages

    def _hub(self) -> HubClient:
        url, token = self._variable("JUPYTERHUB_API_URL"), self._variable("JUPYTERHUB_API_TOKEN")
        return HubClient(url, self.public_url or None, token)

    async def _store(self, stack: AsyncExitStack) -> Store:
        store = Store(self.db_url)
        try:
            await asyncio.to_thread(store.open)
        except StoreError as error:
            raise CullerError(f"The database cannot be used: {error}") from error
        stack.callback(store.close)
        return store


async def _signal() -> None:
    """Wait until somebody wants this to end."""
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, ended.set)
    await ended.wait()
    log.info("Ending; countdowns go on when the culler runs again within three minutes")


async def _end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _close(server: HTTPServer) -> None:
    server.stop()
    await server.close_all_connections()
