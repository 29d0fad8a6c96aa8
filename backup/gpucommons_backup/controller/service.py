"""Runs the controller until a signal ends it, with its metrics and its health."""

import asyncio
import logging
import signal
from pathlib import Path

from aiohttp import web
from gpucommons_upkeep import Backoff, Heartbeat, a_change, keep_going
from gpucommons_upkeep.watch import Watch

from gpucommons_backup.controller.controller import Controller
from gpucommons_backup.controller.metrics import CONTENT_TYPE
from gpucommons_backup.controller.repositories.erasures import Erasing
from gpucommons_backup.controller.repositories.sealing import RecoveryMetrics, Sealing
from gpucommons_backup.controller.results.wishes import Asking
from gpucommons_backup.controller.settings import LiveSettings
from gpucommons_backup.controller.watching.claims import CLAIM_SELECTOR
from gpucommons_backup.controller.watching.cluster import API
from gpucommons_backup.controller.watching.pods import POD_SELECTOR
from gpucommons_backup.errors import BackupError

_EVERY_SECONDS = 10.0
"""How often it looks at everything where nothing changes: time passes, and makes things due."""
_TOGETHER_SECONDS = 0.1
"""How long it waits for more after a change."""
_SILENT_SECONDS = 120.0
_SEALING_SECONDS, _SEALING_PAUSE_SECONDS = 60.0, 600.0
"""How often it looks for passwords that are not sealed, and how long it waits at most after it
could not seal them."""


_ERASING_SECONDS = 5.0
"""How often it looks for requests to erase snapshots."""


class _NotKnownError(BackupError):
    """What is in the cluster is not known now."""


async def serve(file: Path, port: int, log: logging.Logger) -> None:
    """Run until SIGTERM or SIGINT. Raises SettingsError and ClusterError at the start."""
    settings = LiveSettings(file, log)
    async with API.open() as api:
        controller = Controller(api, settings, log)
        claims = Watch(
            api.core.list_persistent_volume_claim_for_all_namespaces,
            controller.claims,
            log,
            label_selector=CLAIM_SELECTOR,
        )
        pods = Watch(
            api.core.list_pod_for_all_namespaces,
            controller.pods,
            log,
            label_selector=POD_SELECTOR,
        )
        asking = Asking(settings, controller.wishes, controller.changed, log)
        heart = Heartbeat("taking care of snapshots", _SILENT_SECONDS)

        async def step() -> None:
            """Wait for a change, or a while, and act on what is known, if it is known."""
            await a_change(controller.changed, within=_EVERY_SECONDS, together=_TOGETHER_SECONDS)
            if not (controller.loaded and claims.fresh and pods.fresh):
                raise _NotKnownError("the API server does not say what there is")
            await controller.step()

        sealing = Sealing(api, settings, RecoveryMetrics(controller.metrics.registry), log)
        # Not part of the health: a store that is away is told, and snapshots go on.

        async def seal() -> None:
            await sealing.step()
            if sealing.sealed != controller.sealed:
                controller.sealed = sealing.sealed
                controller.changed.set()

        sealed = keep_going(
            seal,
            heart=Heartbeat("sealing the passwords for the recovery key", _SILENT_SECONDS),
            backoff=Backoff(_SEALING_SECONDS, _SEALING_PAUSE_SECONDS),
            log=log,
            every=_SEALING_SECONDS,
        )
        erasing = Erasing(api, settings, controller.living, controller.left_over, log)
        erased = keep_going(
            erasing.step,
            heart=Heartbeat("erasing snapshots on request", _SILENT_SECONDS),
            backoff=Backoff(1.0, 60.0),
            log=log,
            every=_ERASING_SECONDS,
        )
        loop = keep_going(step, heart=heart, backoff=Backoff(1.0, 10.0), log=log)
        runs = (claims.run(), pods.run(), asking.run(), loop, sealed, erased)
        tasks = [asyncio.create_task(each) for each in runs]
        hearts = (heart, claims.heart, pods.heart)
        runner = web.AppRunner(_application(controller, hearts), access_log=None)
        try:
            await runner.setup()
            await web.TCPSite(runner, port=port).start()
            log.info("taking snapshots; metrics and health at port %d", port)
            await _until_told(tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await runner.cleanup()


async def _until_told(tasks: list[asyncio.Task[None]]) -> None:
    """Wait for a signal. None of the tasks ends before; one that does raises what broke it."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    waiting = asyncio.create_task(told.wait())
    done, _ = await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    for each in done:
        each.result()


def _application(controller: Controller, hearts: tuple[Heartbeat, ...]) -> web.Application:
    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(
            body=controller.metrics.exposition(), headers={"Content-Type": CONTENT_TYPE}
        )

    async def health(_request: web.Request) -> web.Response:
        troubles = list(filter(None, (each.trouble() for each in hearts)))
        if not controller.loaded:
            troubles.append("the cluster's workspaces are not known yet")
        return web.Response(
            text="; ".join(troubles) + "\n" if troubles else "ok\n",
            status=503 if troubles else 200,
        )

    application = web.Application()
    application.add_routes([web.get("/metrics", metrics), web.get("/health", health)])
    return application
