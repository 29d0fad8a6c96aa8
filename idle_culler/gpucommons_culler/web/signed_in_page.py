"""Where the hub leads people back to who signed in."""

from jupyterhub.services.auth import HubOAuthCallbackHandler

from gpucommons_culler.web.page import PageHandler


class SignedInPage(PageHandler, HubOAuthCallbackHandler):  # type: ignore[misc]  # it has no types
    """JupyterHub's handler; what fails is said on a page, which leads to a new try."""

    async def prepare(self) -> None:
        """Let everybody in: who it is, is found out here."""
