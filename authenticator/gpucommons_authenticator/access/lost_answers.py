"""Asking again soon after a renewal whose answer was lost.

The provider may have changed the refresh token, and takes the one before it for a while only,
in Dex for ``reuseInterval``. Asked after that, it says no to somebody whom it would vouch for.
"""

import asyncio
import time

from jupyterhub.user import User

_PAUSES_S = (8.0, 15.0, 25.0)
"""Within the minute that we advise for ``reuseInterval``, and few: a provider that is down has
enough to do when it is back.
"""


class LostAnswers:
    """Shortens the time until JupyterHub asks again, which is ``auth_refresh_age`` otherwise."""

    def __init__(self, usual: float) -> None:
        """usual: seconds after which JupyterHub asks again about somebody who is active."""
        self._usual = usual
        self._lost: dict[str, int] = {}
        """How often it was asked about a person in vain, since the last answer."""

    def lost(self, user: User) -> None:
        """Have the next request ask again after a pause. After a few times, as usual."""
        times = self._lost.get(user.name, 0)
        if times == len(_PAUSES_S) or self._usual <= _PAUSES_S[times]:
            return
        self._lost[user.name] = times + 1
        asked = time.monotonic() - self._usual + _PAUSES_S[times]
        # JupyterHub notes, as soon as this returns, that it has asked just now.
        asyncio.get_running_loop().call_soon(setattr, user, "_auth_refreshed", asked)

    def came(self, user: User) -> None:
        """Note that there was an answer."""
        self._lost.pop(user.name, None)
