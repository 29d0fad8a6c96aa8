"""Open pages of a session save before the hub stops it, whoever asked for that."""

from jupyterhub.proxy import ConfigurableHTTPProxy
from jupyterhub.user import User

from gpucommons_sessions.client import CALL_ERRORS, let_pages_save


class SavingProxy(ConfigurableHTTPProxy):  # type: ignore[misc]  # JupyterHub publishes no types
    """JupyterHub's usual proxy, which keeps a session's address until its pages have saved.

    JupyterHub removes the address before it calls the spawner, when pages no longer reach their
    session. A session that does not answer holds this up for five seconds.
    """

    async def delete_user(self, user: User, server_name: str = "") -> None:
        """Remove the address of a session, whether it is stopped or has ended by itself."""
        spawner = user.spawners.get(server_name)
        if spawner is not None and spawner.pending == "stop":
            try:
                await let_pages_save(spawner)
            except CALL_ERRORS as error:
                self.log.info("Pages of %s were not asked to save: %s", spawner._log_name, error)
            except Exception:  # whatever hinders it, the session is stopped
                self.log.exception("Pages of %s could not be asked to save", spawner._log_name)
        await super().delete_user(user, server_name)
