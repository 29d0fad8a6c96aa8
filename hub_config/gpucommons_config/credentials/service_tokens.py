"""The token of a service that was replaced is good no longer.

JupyterHub enters each token of its configuration into its database, and leaves it there when the
configuration has another one: https://github.com/jupyterhub/jupyterhub, ``JupyterHub._add_tokens``.
"""

from typing import Any

from jupyterhub import orm
from jupyterhub.app import JupyterHub

from gpucommons_config.hub_start import SET_LAST

_FROM_CONFIG = "from config"
"""What JupyterHub notes on such a token."""


def forget_replaced_tokens() -> None:
    """Have the hub that reads its configuration now delete them when it starts.

    Tokens of people are left alone, and those that a service was given in another way. Where no hub
    is starting, nothing happens. A second call changes nothing.
    """
    if JupyterHub.initialized():
        JupyterHub.instance().observe(_forget, SET_LAST)


def _forget(change: Any) -> None:  # noqa: ANN401 -- of traitlets
    hub = change["owner"]
    found = [orm.APIToken.find(hub.db, token) for token in hub.service_tokens]
    in_use = {token.id for token in found if token}
    noted = hub.db.query(orm.APIToken).filter(
        orm.APIToken.service_id.is_not(None), orm.APIToken.note == _FROM_CONFIG
    )
    for token in noted.all():
        if token.id not in in_use:
            hub.log.info("A token of the service %s was replaced: deleted", token.service.name)
            hub.db.delete(token)
    hub.db.commit()
