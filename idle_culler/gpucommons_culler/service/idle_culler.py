"""The culler as a program: a service of JupyterHub with a loop and pages."""

import asyncio
import logging
import os
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial

from gpucommons_contract import IDLE_SERVICE
from gpucommons_contract.brand import Appearance
from gpucommons_contract.formats.wording import span
from gpucommons_upkeep import Heartbeat
from gpucommons_upkeep.election import Election
from gpucommons_upkeep.errors import SetupError, StoreError
from gpucommons_web.health import trouble_of
from gpucommons_web.running import (
    cookie_secret,
    end,
    hub_auth,
    listen,
    until_signal,
    variable,
)
from gpucommons_web.titles import PlainTitles, Titles
from traitlets import Bool, Float, Integer, TraitError, Unicode, validate
from traitlets.config import Config, Configurable

from gpucommons_culler.actions.actions import Actions
from gpucommons_culler.actions.dry_run import DryRunActions
from gpucommons_culler.actions.notifier import Notifier
from gpucommons_culler.clients.hub import HubClient
from gpucommons_culler.core.clock import Clock
from gpucommons_culler.core.metrics import Metrics
from gpucommons_culler.core.rule import Rules
from gpucommons_culler.core.signals import FRESH
from gpucommons_culler.database.store import Store
from gpucommons_culler.messages.messages import Messages
from gpucommons_culler.messages.outbox import MESSAGES
from gpucommons_culler.service.engine import Engine
from gpucommons_culler.service.loop import Loop
from gpucommons_culler.service.retention import forget_old, retention_heart
from gpucommons_culler.telemetry.collector import Collector
from gpucommons_culler.telemetry.sources.settings import SignalSources
from gpucommons_culler.web.application import Serving, application
from gpucommons_culler.web.service import IdleAPI

log = logging.getLogger(__name__)

_SHORTEST_S, _LONGEST_S = 1.0, 60.0
"""Between two looks: a third of the time after which a session is no longer watched."""


class IdleCuller(Configurable):
    """Settings of the culler. Those of JupyterHub come from its usual variables."""

    interval = Float(
        20.0,
        help="""
        Seconds between two looks at all sessions, from 1 to 60. Without a look for three minutes
        a session counts as not watched, and so is never idle. A countdown's end brings the next
        look forward, and each look reads the answers to warnings. Example: ``interval: 60``
        """,
    ).tag(config=True)

    db_url = Unicode(
        "sqlite:///idle.sqlite",
        help="""
        SQLAlchemy URL of the database of audit, warnings, leases and exemptions. Several
        replicas must share one. Example: ``postgresql+psycopg2://idle@db/idle``
        """,
    ).tag(config=True)

    retention_days = Integer(
        400, min=1, help="Days to keep lines of the audit; a little over a year by default."
    ).tag(config=True)

    public_url = Unicode(
        "",
        help="""
        Address of the hub's proxy, for sessions that cannot be called directly, as with
        internal_ssl. What passes the proxy looks like use of the session to JupyterHub. Empty,
        the default: sessions are called where the hub reaches them.
        Example: ``http://proxy-public.gpucommons.svc``
        """,
    ).tag(config=True)

    hub_url = Unicode(
        "",
        help="""
        Address at which people open the hub, for links in mails and chats; empty omits links.
        Example: ``https://hub.example.org``
        """,
    ).tag(config=True)

    address = Unicode("", help="Address to serve the pages at; empty means all.").tag(config=True)
    port = Integer(10101, help="Port to serve the pages at; 0 serves none, for a dry run.").tag(
        config=True
    )

    dry_run = Bool(
        False,
        help="""
        Whether to only record what would be done, in addition to a culler that does it. It needs
        a database of its own.
        """,
    ).tag(config=True)

    @validate("interval")
    def _bounded(self, proposal: Mapping[str, float]) -> float:
        seconds = proposal["value"]
        if _SHORTEST_S <= seconds <= _LONGEST_S:
            return seconds
        raise TraitError(
            f"IdleCuller.interval is {seconds:g}: it must be {_SHORTEST_S:g} to {_LONGEST_S:g} "
            f"seconds. Without a look for {span(FRESH.total_seconds())} a session counts as not "
            "watched, so with longer intervals no session would ever be idle."
        )

    def __init__(
        self,
        config: Config,
        rules: Rules,
        environment: Mapping[str, str] = os.environ,
        titles: Titles | None = None,
        appearance: Appearance | None = None,
    ) -> None:
        super().__init__(config=config)
        self._appearance = appearance or Appearance()
        self._titles = titles or PlainTitles()
        self._config = config
        self._rules = rules
        self._environment = environment

    async def serve(self) -> None:
        """Cull until a signal ends it. Raises SetupError for a mistake of the operator."""
        async with AsyncExitStack() as stack:
            store = await self._store(stack)
            metrics, clock = Metrics(), Clock()
            metrics.registry.register(MESSAGES)
            hub = await stack.enter_async_context(self._hub())
            messages = self._messages(stack)
            notifier = Notifier(messages, self.hub_url)
            sources = await SignalSources(config=self._config).open(stack)
            collector = Collector(hub, sources, metrics, self._rules)
            kind = DryRunActions if self.dry_run else Actions
            actions = kind(hub, store, notifier, metrics)
            engine = Engine(
                hub=hub,
                collector=collector,
                rules=self._rules,
                store=store,
                actions=actions,
                metrics=metrics,
                clock=clock,
                alert=notifier.report_trouble,
            )
            election = await self._election(stack)
            loop = Loop(
                engine,
                metrics,
                lambda: election.leads,
                self.interval,
                notifier.report_trouble,
            )
            old = retention_heart()
            hearts = [loop.heart, old, *messages.hearts, *election.hearts]
            if self.port:
                api = IdleAPI(
                    engine, store, clock.now, changed=loop.wake, has_person=hub.has_person
                )
                self._listen(stack, api, metrics, hearts)
            keep = timedelta(days=self.retention_days)
            for work in (loop.run(), forget_old(store, keep, old)):
                stack.push_async_callback(end, asyncio.create_task(work))
            log.info("Looking at sessions every %.0f s%s", self.interval, self._manner())
            await until_signal()
            log.info("Stopping; countdowns continue if the culler is back within three minutes")

    async def _election(self, stack: AsyncExitStack) -> Election:
        try:
            election = Election(config=self._config)
        except ValueError as error:
            raise SetupError(str(error)) from error
        if self.dry_run:  # it acts in its own database alone
            election.lease_name, election.single = "", True
        await election.begin()
        stack.push_async_callback(election.close)
        return election

    def _manner(self) -> str:
        return "; a dry run, which changes nothing" if self.dry_run else ""

    def _listen(
        self, stack: AsyncExitStack, api: IdleAPI, metrics: Metrics, hearts: Sequence[Heartbeat]
    ) -> None:
        auth = hub_auth(self._environment, IDLE_SERVICE)
        serving = Serving(
            api=api,
            metrics=metrics,
            health=partial(trouble_of, hearts),
            hub_auth=auth,
            cookie_secret=cookie_secret("idle culler", auth),
            dry_run=self.dry_run,
            hearts=hearts,
            titles=self._titles,
            appearance=self._appearance,
        )
        listen(stack, application(serving), self.port, self.address)

    def _messages(self, stack: AsyncExitStack) -> Messages:
        try:
            messages = Messages(config=self._config)
        except ValueError as error:
            raise SetupError(str(error)) from error
        if not self.dry_run:
            messages.begin()
            stack.push_async_callback(messages.close)
        return messages

    def _hub(self) -> HubClient:
        url = variable(self._environment, "JUPYTERHUB_API_URL")
        token = variable(self._environment, "JUPYTERHUB_API_TOKEN")
        return HubClient(url, self.public_url or None, token)

    async def _store(self, stack: AsyncExitStack) -> Store:
        store = Store(self.db_url)
        try:
            await asyncio.to_thread(store.open)
        except StoreError as error:
            raise SetupError(f"The database cannot be used: {error}") from error
        stack.callback(store.close)
        return store
