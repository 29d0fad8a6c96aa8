"""Presses of *Start* on a page from before its session began: JupyterHub refuses them."""

from typing import Any

from jupyterhub.handlers.pages import SpawnHandler
from jupyterhub.scopes import needs_scope
from jupyterhub.utils import url_path_join

from gpucommons_spawner.picker.offer import FIELD

_post = SpawnHandler._post


def lead_stale_presses() -> None:
    """Have *Start again* lead to the session if it has begun meanwhile, as a press of its link
    would, and another choice to "My sessions", which shows what runs instead. A second call
    changes nothing.
    """
    SpawnHandler._post = _led


# As what it stands for: whether somebody else has a session is not everybody's to know.
@needs_scope("servers")  # type: ignore[untyped-decorator]
async def _led(handler: Any, user_name: str, server_name: str, display_name: str) -> Any:  # noqa: ANN401
    user = handler.find_user(user_name)
    spawner = user.spawners.get(server_name) if user else None
    if spawner is None or not spawner.active:
        return await _post(
            handler, user_name=user_name, server_name=server_name, display_name=display_name
        )
    if handler.get_body_argument(FIELD, ""):
        return await handler._get(
            user_name=user_name, server_name=server_name, display_name=display_name
        )
    return handler.redirect(url_path_join(handler.hub.base_url, "home"))
