"""Lets a server of JupyterHub go on with a pod that runs already, or end when it is gone.

JupyterHub's own way is used: a start whose spawner answers with a server that is up, and with
the token that this server has. Nothing is made in Kubernetes.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gpucommons_contract import Label

from gpucommons_spawner.catalogue.program import program_at
from gpucommons_spawner.kubernetes.manifest import Manifest
from gpucommons_spawner.lifecycle.listening import listens

if TYPE_CHECKING:
    from jupyterhub.proxy import Proxy
    from jupyterhub.user import User

_CHOICE = {
    "team": Label.TEAM,
    "environment": Label.ENVIRONMENT,
    "version": Label.VERSION,
    "size": Label.SIZE,
}
_DEFAULT_URL = "JUPYTERHUB_DEFAULT_URL"
"""JupyterHub's variable for ``Spawner.default_url``."""


def choice_of(pod: Manifest) -> Mapping[str, str]:
    """Read from a pod what its session was started with, as far as it tells."""
    labels = pod["metadata"].get("labels") or {}
    choice = {key: str(labels[label]) for key, label in _CHOICE.items() if labels.get(label)}
    opens = _opens(pod)
    return {**choice, "opens": opens} if opens else choice


def _opens(pod: Manifest) -> str:
    """Name the program that JupyterHub has the session open with; empty if it says none."""
    for container in pod.get("spec", {}).get("containers") or ():
        for variable in container.get("env") or ():
            if variable["name"] == _DEFAULT_URL:
                return program_at(variable.get("value") or "")
    return ""


async def adopt(user: "User", server: str, pod: Manifest, proxy: "Proxy") -> bool:
    """Have somebody's server go on with a pod; False if the hub cannot reach it now.

    Raises whatever JupyterHub's start raises. The pod stays as it is then.
    """
    spawner: Any = user.spawners[server]
    where = urlsplit(spawner._get_pod_url(pod))
    if not await listens(where.hostname or "", where.port or 80):
        return False

    spawner.adopts = pod
    spawner._spawn_pending = True
    try:
        await user.spawn(server, options=dict(choice_of(pod)))
        await proxy.add_user(user, server)
    finally:
        spawner._spawn_pending = False
        spawner.adopts = None
    spawner.add_poll_callback(_end, user, server, proxy)
    return True


async def look_again(user: "User", server: str, proxy: "Proxy") -> None:
    """Look at a server at which JupyterHub does not look any more: its stop has failed halfway.

    One that is gone is ended for good; at any other JupyterHub looks again.
    """
    spawner: Any = user.spawners[server]
    if await spawner.poll() is not None:
        await _end(user, server, proxy)
        return
    spawner.add_poll_callback(_end, user, server, proxy)
    spawner.start_polling()


async def _end(user: "User", server: str, proxy: "Proxy") -> None:
    """Do what JupyterHub does when a server is gone. Raises what that raises."""
    spawner: Any = user.spawners[server]
    try:
        await proxy.delete_user(user, server)
        await user.stop(server)
    finally:
        spawner.forget_half_an_end()
