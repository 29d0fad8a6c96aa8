"""The culler's pages as a service of a real hub, about sessions that are played."""

import asyncio
import os
import sys
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

from gpucommons_culler.core.metrics import Metrics
from gpucommons_culler.core.records import EventKind
from gpucommons_culler.database.store import Store
from gpucommons_culler.web.application import Serving, application
from gpucommons_culler.web.service import IdleAPI
from gpucommons_web.replicated_oauth import ReplicatedOAuth

from tests.hub.processes import told_to_end
from tests.unit.culler.played_judge import PlayedJudge
from tests.unit.culler.samples import ADA, BEN, DAY, HOUR, MINUTE, NOW, an_event, an_exemption

LONG = "a-name-without-any-place-to-break-" * 4


def fill(store: Store) -> None:
    """Write what happened before."""
    store.exempt(an_exemption(), an_event(EventKind.EXEMPTED, at=NOW - 2 * DAY, team="vision"))
    store.exempt(an_exemption(LONG), an_event(EventKind.EXEMPTED, reason=LONG, at=NOW - 2 * DAY))
    for hour in range(120, 0, -1):
        session = ADA if hour % 2 else BEN
        for kind, after in ((EventKind.WARNED, timedelta()), (EventKind.STOPPED, 30 * MINUTE)):
            at = NOW - hour * HOUR + after
            store.record(an_event(kind, session, at=at, by="", idle_since=at - 30 * MINUTE))
    store.record(replace(an_event(EventKind.KEPT, by="ada"), reason="ada kept it."))


async def main() -> None:
    store = Store(sys.argv[1])
    store.open()
    fill(store)
    address = urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
    api = IdleAPI(PlayedJudge(), store, lambda: NOW)
    serving = Serving(api, Metrics(), lambda: None, ReplicatedOAuth(), b"secret-of-the-test" * 2)
    application(serving).listen(address.port, address.hostname, xheaders=True)
    await told_to_end()


asyncio.run(main())
