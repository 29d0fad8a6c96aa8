"""Reports to the hub how full the home folder is, so that its pages can say so.

The hub asks no session, of which it has thousands, and mounts no volume.
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from urllib.parse import quote

from gpucommons_contract import DiskUse, Endpoint, disk_percent
from gpucommons_upkeep import Backoff, Heartbeat, keep_going
from tornado.httpclient import AsyncHTTPClient, HTTPRequest

log = logging.getLogger(__name__)

_PACE = 10.0
"""Seconds between two looks at what was measured."""
_SELDOM = 60.0
"""Seconds between two reports at least."""
_CHANGE = 1.0
"""Percent of the volume; with less of a change, nothing is reported for an hour."""
_OFTEN = 3600.0
_PATIENCE = 3600.0
_TIMEOUT = 20.0


class DiskReport:
    """Reports what changed much, and else once an hour. It does nothing outside JupyterHub."""

    def __init__(
        self,
        read: Callable[[], DiskUse | None],
        environ: Mapping[str, str],
        *,
        pace: float = _PACE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``environ`` is where JupyterHub names the session, itself and the token."""
        self._read, self._environ = read, environ
        self._pace, self._clock = pace, clock
        self._sent: DiskUse | None = None
        self._sent_at = float("-inf")
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Report from now on; needs a running event loop."""
        if self._environ.get("JUPYTERHUB_API_URL"):
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Report no longer."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look(self) -> None:
        """Report if there is something new. Raises what the hub's client raises."""
        disk = self._read()
        if disk is None or not self._is_news(disk):
            return
        api, user, server, token = (
            self._environ[f"JUPYTERHUB_{name}"]
            for name in ("API_URL", "USER", "SERVER_NAME", "API_TOKEN")
        )
        path = Endpoint.HUB_DISK_USE.removeprefix("api/").format(
            user=quote(user, safe=""), server=quote(server, safe="")
        )
        request = HTTPRequest(
            f"{api}/{path}",
            method="PUT",
            headers={"Authorization": f"token {token}", "Content-Type": "application/json"},
            body=json.dumps(asdict(disk)),
            request_timeout=_TIMEOUT,
        )
        await AsyncHTTPClient().fetch(request)
        self._sent, self._sent_at = disk, self._clock()

    def _is_news(self, disk: DiskUse) -> bool:
        since = self._clock() - self._sent_at
        if self._sent is None or since >= _OFTEN:
            return True
        if since < _SELDOM:
            return False
        is_other_size = disk.size != self._sent.size
        return is_other_size or abs(disk_percent(disk) - disk_percent(self._sent)) >= _CHANGE

    async def _run(self) -> None:
        await keep_going(
            self.look,
            heart=Heartbeat("Reporting how full the home folder is", _PATIENCE),
            backoff=Backoff(longest=_PATIENCE / 4),
            log=log,
            every=self._pace,
        )
