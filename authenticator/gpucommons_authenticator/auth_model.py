"""What JupyterHub is told of somebody, and what it keeps about them."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias, TypedDict, cast

from jupyterhub.user import User

from gpucommons_authenticator.id_token import Claims


class AuthState(TypedDict, total=False):
    """What JupyterHub keeps, encrypted, about somebody who signed in.

    Somebody who was entered and never signed in has none of it.
    verified_at is when Dex last vouched for them, leaving_at when the sessions of somebody
    who may not be here any more stop: both in seconds since the epoch.
    """

    access_token: str
    refresh_token: str | None
    id_token: str
    scope: list[str]
    oauth_user: Claims
    verified_at: float
    leaving_at: float


class AuthModel(TypedDict):
    """What JupyterHub wants to know about somebody: see Authenticator.authenticate."""

    name: str
    admin: bool | None
    groups: list[str]
    auth_state: AuthState


SaveModel: TypeAlias = Callable[[AuthModel, User], Awaitable[object]]


async def auth_state_of(user: User) -> AuthState:
    """Return what is kept about somebody, decrypted; empty where there is nothing."""
    return cast("AuthState", await user.get_auth_state() or {})
