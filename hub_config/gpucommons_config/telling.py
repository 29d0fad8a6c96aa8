"""What waits for accounting is told from the start of the hub on, before anybody comes."""

from typing import Any

from gpucommons_spawner import GPUSpawner
from jupyterhub.app import JupyterHub

_SET_LAST = "metrics_collector"
"""What JupyterHub sets when its database, services and sessions are known: it starts next."""


def tell_accounting_from_start() -> None:
    """Have the hub that reads its configuration now begin to tell accounting when it starts.

    Where no hub is starting, as in ``jupyterhub upgrade-db``, nothing happens. A second call
    changes nothing.
    """
    if JupyterHub.initialized():
        JupyterHub.instance().observe(_begin, _SET_LAST)


def _begin(change: Any) -> None:  # noqa: ANN401 -- of traitlets
    GPUSpawner.hub_state.tell_accounting(change["owner"].db)
