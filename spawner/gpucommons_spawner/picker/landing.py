"""Where people land who sign in, or open the hub, without having asked for a page."""

from jupyterhub.handlers import BaseHandler
from jupyterhub.utils import url_path_join


def landing_page(handler: BaseHandler) -> str:
    """Lead to "My sessions" whoever has a session that runs, waits, starts or stops.

    For ``JupyterHub.default_url``. Empty for everybody else, and for whoever asked for a page:
    JupyterHub then leads to that one, or to the picker. Asks no database.
    """
    user = handler.current_user
    if user is None or not user.active or handler.get_argument("next", ""):
        return ""
    return str(url_path_join(handler.hub.base_url, "home"))
