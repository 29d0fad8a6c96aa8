"""Lets in the peers that there are, again and again, for as long as the program runs."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

from gpucommons_upkeep import Backoff, Heartbeat
from gpucommons_upkeep.api_server import APIServer
from gpucommons_upkeep.errors import SetupError

from gpucommons_private_access.interface import Tunnel
from gpucommons_private_access.peers import listed

_EVERY_S = 5.0
"""A list of a few objects is cheap, and whoever was removed must be out within a minute."""
_LONGEST_PAUSE_S = 15.0
_FRESH_S = 60.0

_log = logging.getLogger(__name__)


def follow(
    server: APIServer,
    tunnel: Tunnel,
    ready: Path,
    pause: Callable[[float], object] = time.sleep,
) -> None:
    """Let in whom the API server lists, until WireGuard ends. ready: a file to make at the first.

    While the API server does not answer, who is in stays: nobody can be removed then either.
    """
    heart = Heartbeat("Listing the peers", _FRESH_S)
    backoff = Backoff(longest=_LONGEST_PAUSE_S)
    while not tunnel.ended:
        try:
            tunnel.let_in(listed(server))
        except SetupError:
            raise
        except Exception as error:  # a list of those that may occur is never complete
            if heart.failed(f"{type(error).__name__}: {error}"):
                _log.warning("The peers cannot be listed; who is in stays: %s", heart.problem)
            pause(backoff.pause())
            continue
        if heart.failures:
            _log.info("The peers are listed again")
        heart.succeeded()
        backoff.reset()
        ready.touch()
        pause(_EVERY_S)
