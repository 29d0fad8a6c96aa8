"""What begins with the hub, before anybody comes: telling accounting, following the catalogue."""

from pathlib import Path
from typing import Any

from gpucommons_spawner import GPUSpawner, catalogue_in_force
from jupyterhub.app import JupyterHub

SET_LAST = "metrics_collector"
"""What JupyterHub sets when its database, services and sessions are known: it starts next."""


def begin_with_the_hub() -> None:
    """Have the hub that reads its configuration now begin these when it starts.

    Where no hub is starting, as in ``jupyterhub upgrade-db``, nothing happens. A second call
    changes nothing.
    """
    if JupyterHub.initialized():
        JupyterHub.instance().observe(_begin, SET_LAST)


def _begin(change: Any) -> None:  # noqa: ANN401 -- of traitlets
    hub: JupyterHub = change["owner"]
    GPUSpawner.hub_state.tell_accounting(hub.db)
    catalogue_in_force(Path(hub.config.GPUSpawner.catalogue_file)).begin(hub.log)
