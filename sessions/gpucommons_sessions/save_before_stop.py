"""Open pages of a session save before the hub stops it, whoever asked for that."""

from jupyterhub.proxy import ConfigurableHTTPProxy
from jupyterhub.user import User, UserDict

from gpucommons_sessions.client import CALL_ERRORS, let_pages_save
from gpucommons_sessions.hub_database import answers, until_it_answers


class SavingProxy(ConfigurableHTTPProxy):  # type: ignore[misc]  # JupyterHub publishes no types
    """JupyterHub's usual proxy, which keeps a session's address until its pages have saved.

    JupyterHub removes the address before it calls the spawner, when pages no longer reach their
    session. A session that does not answer holds this up for five seconds.

    Without the hub's database, both a new session's address and the end of one wait for it:
    JupyterHub would end the one, and forget that the other was to be ended.
    """

    async def check_routes(
        self, user_dict: UserDict, service_dict: object, routes: object = None
    ) -> None:
        """Put addresses right, as long as it is known whose sessions there are."""
        if answers(user_dict.db):
            await super().check_routes(user_dict, service_dict, routes)

    async def add_user(self, user: User, server_name: str = "") -> None:
        """Add the address of a session that has started."""
        await until_it_answers(user.db, self.log, "the address of a new session")
        await super().add_user(user, server_name)

    async def delete_user(self, user: User, server_name: str = "") -> None:
        """Remove the address of a session, whether it is stopped or has ended by itself."""
        await until_it_answers(user.db, self.log, "the end of a session")
        spawner = user.spawners.get(server_name)
        if spawner is not None and spawner.pending == "stop":
            saved = False
            try:
                await let_pages_save(spawner)
                saved = True
            except CALL_ERRORS as error:
                self.log.info("Pages of %s were not asked to save: %s", spawner._log_name, error)
            except Exception:  # whatever hinders it, the session is stopped
                self.log.exception("Pages of %s could not be asked to save", spawner._log_name)
            if note := getattr(spawner, "note_saving", None):  # GPUSpawner wants to know
                note(saved=saved)
            await until_it_answers(user.db, self.log, "the end of a session")
        await super().delete_user(user, server_name)
