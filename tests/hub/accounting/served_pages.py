"""Accounting's pages as a service of a real hub, about two months of a lab that is made up."""

import asyncio
import os
import sys
from urllib.parse import urlsplit

from gpucommons_accounting.database.store import Store
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
from gpucommons_web.access import Caller
from gpucommons_web.replicated_oauth import ReplicatedOAuth

from tests.hub.processes import told_to_end

from .made_up_lab import CALENDAR, HOLD_HOURS, NOW, SINCE, Titles, fill


class _OldAccounts(Accounts):
    """Everybody has their account since long ago: the hub's are of today."""

    async def since(self, caller: Caller) -> str:
        return SINCE


async def main() -> None:
    """Serve them until the hub ends."""
    store = Store(sys.argv[1], calendar=CALENDAR)
    store.open()
    fill(store)
    auth = ReplicatedOAuth()
    site = Site(CALENDAR, "EUR", 2, Titles())
    accounts = _OldAccounts(auth)
    records = Records(store, site, lambda: NOW, accounts)
    sheet = BalanceSheet(store, site, HOLD_HOURS, lambda: NOW)
    pages = application(
        records,
        Budgeting(store, records, sheet),
        Leading(store, records),
        Pilot(store, records),
        auth,
        cookie_secret=b"secret-of-the-test" * 2,
        erasing=Erasing(store, accounts, lambda: NOW),
        metrics=AccountingMetrics(store, sheet, lambda: NOW),
        lab_name="Vision Lab",
        hearts=(),
    )
    address = urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
    pages.listen(address.port, address.hostname, xheaders=True)
    await told_to_end()


asyncio.run(main())
