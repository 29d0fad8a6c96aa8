"""What every installation of GPU Commons shares: the hub made of its parts."""

import gc
import sys
from pathlib import Path

from gpucommons_authenticator import TEMPLATES as LOGIN_TEMPLATES
from gpucommons_authenticator import DexOAuthenticator
from gpucommons_authenticator.saving_proxy import SavingProxy
from gpucommons_authenticator.session_calls import show_notice
from gpucommons_spawner import HANDLERS, CatalogueError, GPUSpawner, catalogue_in_force
from gpucommons_spawner import TEMPLATES as PICKER_TEMPLATES
from traitlets.config import Config


def defaults() -> Config:
    """Return the hub's configuration before an installation adds its own."""
    c = Config()
    c.JupyterHub.authenticator_class = DexOAuthenticator
    c.JupyterHub.spawner_class = GPUSpawner
    # With another one, open pages do not save before the hub stops their session.
    c.JupyterHub.proxy_class = SavingProxy
    c.JupyterHub.extra_handlers = HANDLERS
    c.JupyterHub.template_paths = [str(LOGIN_TEMPLATES), str(PICKER_TEMPLATES)]
    # The quota counts a person's sessions; this only lets there be more than one.
    c.JupyterHub.allow_named_servers = True
    # Sessions outlive the hub: a restart finds them again.
    c.JupyterHub.cleanup_servers = False
    # The spawner lets starts wait for their turn; JupyterHub would turn people away.
    c.JupyterHub.concurrent_spawn_limit = 0
    # Seconds. A start that goes on would keep everybody out for ten.
    c.JupyterHub.init_spawners_timeout = 1
    c.Authenticator.enable_auth_state = True
    c.Spawner.default_url = "/lab"
    c.GPUSpawner.show_notice = show_notice
    return c


def check_catalogue(c: Config) -> None:
    """Stop the hub with the catalogue's file, line and key if it has a mistake.

    Without this the mistake would show when the first person signs in, and the file would be
    read then, while others wait.
    """
    file = c.GPUSpawner.get("catalogue_file")
    if not file:
        sys.exit("gpucommons: set GPUSpawner.catalogue_file to the path of the catalogue")
    try:
        catalogue_in_force(Path(file))
    except CatalogueError as error:
        sys.exit(f"gpucommons: {error}")


def spare_the_collector() -> None:
    """Keep all that was imported out of garbage collection: none of it becomes garbage.

    A full collection looks at every object, and the hub answers nobody meanwhile. Most objects
    are the Kubernetes client's classes.
    """
    gc.collect()
    gc.freeze()
