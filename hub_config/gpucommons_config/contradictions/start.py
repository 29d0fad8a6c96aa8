"""The look at a hub's settings when it starts."""

import asyncio
from weakref import WeakSet

from jupyterhub.app import JupyterHub

from gpucommons_config.chart import chart_values
from gpucommons_config.contradictions.checks import contradictions
from gpucommons_config.contradictions.settings import HubSettings

_asked: WeakSet[JupyterHub] = WeakSet()
"""Hubs that look at their settings anyway, however often their configuration asks for it."""


def warn_at_start() -> None:
    """Have the hub that reads its configuration now log once what contradicts GPU Commons.

    It looks when it has read all of it, so that what comes after this call counts too. Where no
    hub is starting, as in ``jupyterhub upgrade-db``, nothing happens.
    """
    if not JupyterHub.initialized():
        return
    hub = JupyterHub.instance()
    if hub in _asked:
        return
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return
    _asked.add(hub)
    # The hub reads its configuration, and applies it, without a pause.
    loop.call_soon(_warn, hub)


def _warn(hub: JupyterHub) -> None:
    for each in contradictions(HubSettings(hub, chart_values())):
        hub.log.warning("Contradicts GPU Commons (%s): %s", each.name, each.sentence)
