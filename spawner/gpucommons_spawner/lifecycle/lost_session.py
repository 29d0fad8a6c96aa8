"""Which session that runs is a server's own, though the hub has lost it."""

from typing import Any, Protocol

from jupyterhub.utils import url_path_join

from gpucommons_spawner.kubernetes.manifest import Manifest
from gpucommons_spawner.pod_state.session_pod import session_pod


class _Spawner(Protocol):
    user: Any
    name: str
    hub: Any
    hub_connect_url: str | None
    over: str


def is_forgotten(spawner: _Spawner, pod: Manifest) -> bool:
    """Whether a pod is a session of this server that runs, and that nobody wanted to end."""
    found = session_pod(pod)
    ours = found and found.runs_for(spawner.user.name, spawner.name, hub_api_url(spawner))
    return bool(found and ours and found.start != spawner.over)


def hub_api_url(spawner: _Spawner) -> str:
    """Return where sessions find the hub's API, as JupyterHub writes it for them."""
    url = str(spawner.hub.api_url)
    if spawner.hub_connect_url is None:
        return url
    path = url.partition("://")[2].partition("/")[2]
    return str(url_path_join(spawner.hub_connect_url, path))
