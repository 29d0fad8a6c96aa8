"""What JupyterHub learns about somebody, and what it keeps about them."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TypeAlias, TypedDict, cast

from jupyterhub.user import User

from gpucommons_authenticator.provider.id_token import Claims


class AuthState(TypedDict, total=False):
    """What JupyterHub keeps, encrypted, about somebody who signed in.

    Somebody who was entered and never signed in has none of it.
    verified_at is when Dex last vouched for them, renewed_at when it last did so without a
    sign-in, leaving_at when the sessions of somebody who may no longer be here stop: all in
    seconds since the epoch. leaving_because is a `Because`.
    """

    access_token: str
    refresh_token: str | None
    id_token: str
    scope: list[str]
    oauth_user: Claims
    verified_at: float
    renewed_at: float
    leaving_at: float
    leaving_because: str


class AuthModel(TypedDict):
    """What JupyterHub wants to know about somebody: see Authenticator.authenticate."""

    name: str
    admin: bool | None
    groups: list[str]
    auth_state: AuthState


class Because(StrEnum):
    """Why somebody is about to leave."""

    TOLD = "told"
    """An administrator said so."""
    REFUSED = "refused"
    """Dex, or a rule of this hub, said that they may not be here."""
    UNCLEAR = "unclear"
    """Their directory vouches for others, and not for them."""


SaveModel: TypeAlias = Callable[[AuthModel, User], Awaitable[object]]


async def auth_state_of(user: User) -> AuthState:
    """Return what is kept about somebody, decrypted; empty where there is nothing."""
    return cast("AuthState", await user.get_auth_state() or {})


def never_signed_in(user: User) -> bool:
    """Say whether somebody was entered by an administrator and never signed in, as robots are.

    What is kept and cannot be read, after a change of the key, is not nothing.
    """
    return user.encrypted_auth_state is None


def because_of(auth_state: AuthState) -> Because:
    """Return why somebody is about to leave, as it was kept; the most doubtful if it was not."""
    kept = auth_state.get("leaving_because")
    return next((each for each in Because if each == kept), Because.UNCLEAR)
