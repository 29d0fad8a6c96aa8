"""Why a session ended that nobody stopped, in words. Pure."""

from gpucommons_spawner.queue import eviction
from gpucommons_spawner.session_end import time_up
from gpucommons_spawner.watch import Manifest

LONGEST_SENTENCE = 500
"""Characters of a sentence that is kept for a server."""


def why_ended(pod: Manifest) -> str | None:
    """Say why the pod ends or has ended; None if it goes on, or somebody just stopped it."""
    sentence = eviction(pod) or time_up(pod)
    return sentence[:LONGEST_SENTENCE] if sentence else None
