"""Accounting as a program: a service of JupyterHub that records, and shows what was used."""

import asyncio
import logging
import math
import os
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision, list_currencies
from gpucommons_contract import ACCOUNTING_SERVICE, Label
from gpucommons_contract.brand import Appearance
from gpucommons_upkeep import Backoff, Heartbeat, a_change, keep_going
from gpucommons_upkeep.clock import utc_now
from gpucommons_upkeep.election import Election
from gpucommons_upkeep.errors import SetupError, StoreError
from gpucommons_upkeep.kubernetes import connect
from gpucommons_upkeep.watch import Watch
from gpucommons_web.replicated_oauth import ReplicatedOAuth
from gpucommons_web.running import cookie_secret, end, hub_auth, listen, until_signal
from gpucommons_web.titles import PlainTitles, Titles
from kubernetes_asyncio import client
from traitlets import Float, Integer, TraitError, Unicode, validate
from traitlets.config import Config, Configurable

from gpucommons_accounting.database.store import Store
from gpucommons_accounting.mailing.mailing import BudgetMailing
from gpucommons_accounting.mailing.settings import BudgetMail
from gpucommons_accounting.reckoning.periods.calendar import Calendar
from gpucommons_accounting.recording.counters import CounterKeeper
from gpucommons_accounting.recording.forgetting import Forgetting
from gpucommons_accounting.recording.identities import IdentityKeeper
from gpucommons_accounting.recording.pods import SESSION_SELECTOR
from gpucommons_accounting.recording.recorder import Recorder
from gpucommons_accounting.service.activity import ActivityRecording
from gpucommons_accounting.web.accounts import Accounts
from gpucommons_accounting.web.application import application
from gpucommons_accounting.web.asking import Records
from gpucommons_accounting.web.budgets.balance_sheet import BalanceSheet
from gpucommons_accounting.web.budgets.budgeting import Budgeting
from gpucommons_accounting.web.erasing import Erasing
from gpucommons_accounting.web.metrics import AccountingMetrics
from gpucommons_accounting.web.pilot.pilot import Pilot
from gpucommons_accounting.web.site import Site
from gpucommons_accounting.web.teams.leading import Leading

log = logging.getLogger(__name__)

_BEAT_SECONDS = 10.0
"""How often it is written down that all sessions are known, where nothing changes."""
_TOGETHER_SECONDS = 0.2
"""How long it waits for more after a change."""
_SILENT_SECONDS = 60.0
_TOTALS_SECONDS = 30.0
"""How often it looks whether the totals have to be made."""


class _NotKnownError(Exception):
    """Which sessions there are is not known now."""


class Accounting(Configurable):
    """Settings of accounting. Those of JupyterHub come from its usual variables."""

    db_url = Unicode(
        "sqlite:///accounting.sqlite",
        help="""
        SQLAlchemy URL of the database of records. Several replicas must share one.
        Example: ``postgresql+psycopg2://accounting@db/accounting``
        """,
    ).tag(config=True)

    time_zone = Unicode(
        "UTC",
        help="""
        The site's time zone, by its IANA name: days and months of reports begin by its clock.
        A change moves no usage. Example: ``Europe/Berlin``
        """,
    ).tag(config=True)

    currency = Unicode(
        "EUR", help="The currency of prices, by its ISO 4217 code. Example: ``USD``"
    ).tag(config=True)

    budget_hold_hours = Float(
        4.0,
        min=0.0,
        help="""
        How many hours of a session its start takes from the budgets beforehand, at most; no more
        than the session can last. While it runs they are taken anew, and at its end what was not
        used is there again. With 0 a start takes nothing. Example: ``8``
        """,
    ).tag(config=True)

    name_retention_days = Integer(
        400,
        min=0,
        allow_none=True,
        help="""
        For how many days after somebody left their name is kept; a little over a year by default,
        so that a report of the year has it. Then a pseudonym takes its place, and no total
        changes. 0 or None: for ever. Example: ``90``
        """,
    ).tag(config=True)

    probe_team = Unicode(
        "start-probe",
        help="""
        The team of the start probe, which is nobody: its sessions are in usage as that team's, and
        neither in a pilot's figures nor among the starts and ends that metrics count. Empty: all
        teams are people's. Example: ``probe``
        """,
    ).tag(config=True)

    catalogue_file = Unicode(
        "",
        help="""
        The hub's catalogue: pages call environments and sizes as it does. Without it they have
        their names. Example: ``/etc/gpucommons/catalogue/catalogue.yaml``
        """,
    ).tag(config=True)

    address = Unicode("", help="Address to serve the pages at; empty means all.").tag(config=True)
    port = Integer(10109, help="Port to serve the pages at.").tag(config=True)

    @validate("time_zone")
    def _known_zone(self, proposal: Mapping[str, str]) -> str:
        try:
            Calendar(proposal["value"])
        except ValueError as error:
            raise TraitError(f"Accounting.time_zone: {error}") from error
        return proposal["value"]

    @validate("currency")
    def _known_currency(self, proposal: Mapping[str, str]) -> str:
        if proposal["value"] in list_currencies():
            return proposal["value"]
        raise TraitError(
            f"Accounting.currency is {proposal['value']!r}: a code of ISO 4217 is needed, such as "
            "EUR or USD."
        )

    def __init__(
        self,
        config: Config,
        environment: Mapping[str, str] = os.environ,
        appearance: Appearance | None = None,
        titles: Titles | None = None,
    ) -> None:
        super().__init__(config=config)
        self._config, self._environment = config, environment
        self._appearance = appearance or Appearance()
        self._titles = titles or PlainTitles()

    def opened_store(self) -> Store:
        """Open the database. Raises SetupError."""
        try:
            store = Store(self.db_url, calendar=Calendar(self.time_zone))
            store.open()
        except StoreError as error:
            raise SetupError(f"The database cannot be used: {error}") from error
        return store

    async def serve(self) -> None:
        """Record until a signal ends it. Raises SetupError for a mistake of the operator."""
        async with AsyncExitStack() as stack:
            store = await asyncio.to_thread(self.opened_store)
            stack.callback(store.close)
            election = await self._election(stack)
            connection = await stack.enter_async_context(
                await connect("Accounting records what the API server says of sessions.")
            )
            auth = hub_auth(self._environment, ACCOUNTING_SERVICE)
            accounts, recorder = Accounts(auth), Recorder(store)
            keeper = IdentityKeeper(store.people_and_teams, accounts.since_of)
            core = client.CoreV1Api(connection)
            watches, teams = _watches(core, recorder), _team_watch(core, keeper)
            heart = Heartbeat("recording sessions", _SILENT_SECONDS)
            counter = CounterKeeper(store, utc_now, self.probe_team)
            heard = (watch.heart for watch in (*watches, teams))
            hearts = [heart, keeper.heart, counter.heart, *heard, *election.hearts]
            activity = ActivityRecording(self._config, self._environment)
            totals_heart = Heartbeat("making totals", math.inf)
            forgetting = Forgetting(store, accounts.since_of, self.name_retention_days)
            # These are shown; without them all else works.
            hearts += [activity.heart, totals_heart, forgetting.heart]
            await activity.begin(stack, store, recorder, lambda: election.leads)
            records = Records(store, self._site(), utc_now, accounts)
            sheet = self._sheet(store, records.site)
            budgeting, leading = Budgeting(store, records, sheet), Leading(store, records)
            pilot = Pilot(store, records, self.probe_team)
            erasing = Erasing(store, accounts, utc_now)
            parts = records, budgeting, leading, pilot, erasing
            mailing = self._mailing(store, sheet)
            hearts += [mailing.heart] if mailing else []
            self._listen(stack, auth, parts, AccountingMetrics(store, sheet, utc_now), hearts)

            async def step() -> None:
                await a_change(recorder.changed, within=_BEAT_SECONDS, together=_TOGETHER_SECONDS)
                if not all(watch.fresh for watch in watches):
                    raise _NotKnownError("the API server does not say which sessions there are")
                if election.leads:
                    await recorder.step(utc_now() - timedelta(seconds=watches[0].heart.age))
                else:
                    recorder.leave_to_another()

            loop = keep_going(step, heart=heart, backoff=Backoff(1.0, 10.0), log=log)
            known = keeper.run(lambda: election.leads and teams.fresh)
            counting = counter.run(lambda: election.leads)
            forgotten = forgetting.run(lambda: election.leads)
            totals = _keep_totals(store, election, totals_heart)
            mails = [mailing.run(lambda: election.leads)] if mailing else []
            following = (watch.run() for watch in (*watches, teams))
            for work in (loop, totals, known, counting, forgotten, *mails, *following):
                stack.push_async_callback(end, asyncio.create_task(work))
            log.info("Recording sessions; days are those of %s", self.time_zone)
            await until_signal()
            log.info("Stopping; what happens meanwhile is settled at the next start")

    def _site(self) -> Site:
        precision = get_currency_precision(self.currency)
        return Site(Calendar(self.time_zone), self.currency, precision, self._titles)

    async def _election(self, stack: AsyncExitStack) -> Election:
        try:
            election = Election(config=self._config)
        except ValueError as error:
            raise SetupError(str(error)) from error
        await election.begin()
        stack.push_async_callback(election.close)
        return election

    def _sheet(self, store: Store, site: Site) -> BalanceSheet:
        return BalanceSheet(store, site, Decimal(str(self.budget_hold_hours)), utc_now)

    def _mailing(self, store: Store, sheet: BalanceSheet) -> BudgetMailing | None:
        """Return what sends mail; None where there is no mail server."""
        settings = BudgetMail(config=self._config)
        try:
            mailer = settings.mailer()
        except ValueError as error:
            raise SetupError(str(error)) from error
        return BudgetMailing(store, sheet, settings, mailer, utc_now) if mailer else None

    def _listen(
        self,
        stack: AsyncExitStack,
        auth: ReplicatedOAuth,
        parts: tuple[Records, Budgeting, Leading, Pilot, Erasing],
        metrics: AccountingMetrics,
        hearts: Sequence[Heartbeat],
    ) -> None:
        secret = cookie_secret("accounting", auth)
        records, budgeting, leading, pilot, erasing = parts
        pages = application(
            records,
            budgeting,
            leading,
            pilot,
            auth,
            cookie_secret=secret,
            erasing=erasing,
            metrics=metrics,
            lab_name=self._appearance.lab_name,
            hearts=hearts,
        )
        listen(stack, pages, self.port, self.address)


def _watches(core: Any, recorder: Recorder) -> list[Watch]:  # noqa: ANN401 -- the client is untyped
    pods = Watch(
        core.list_pod_for_all_namespaces, recorder.pods, log, label_selector=SESSION_SELECTOR
    )
    return [pods, Watch(core.list_node, recorder.nodes, log)]


def _team_watch(core: Any, keeper: IdentityKeeper) -> Watch:  # noqa: ANN401 -- see above
    return Watch(core.list_namespace, keeper.namespaces, log, label_selector=str(Label.TEAM))


async def _keep_totals(store: Store, election: Election, heart: Heartbeat) -> None:
    """Make the totals where there are none, or of another time zone's days."""

    async def step() -> None:
        if election.leads and not await asyncio.to_thread(store.totals_are_made):
            log.info("Making the totals of all months; reports are slow until then")
            await asyncio.to_thread(store.make_totals)
            log.info("The totals of all months are made")

    backoff = Backoff(1.0, _TOTALS_SECONDS)
    await keep_going(step, heart=heart, backoff=backoff, log=log, every=_TOTALS_SECONDS)
