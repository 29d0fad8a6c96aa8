"""What the hub says to sessions: notices, a request to save, the end of one; and what it asks
the idle culler about them.

Authenticator and spawner may import this package; it imports neither.
"""

from gpucommons_sessions.client import show_notice
from gpucommons_sessions.idle_culler import IDLE_SCOPES, IdleCuller
from gpucommons_sessions.notices_api import HANDLERS
from gpucommons_sessions.save_before_stop import SavingProxy

__all__ = ["HANDLERS", "IDLE_SCOPES", "IdleCuller", "SavingProxy", "show_notice"]
