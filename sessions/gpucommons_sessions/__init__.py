"""What the hub says to sessions: notices, a request to save, the end of one.

Authenticator and spawner may import this package; it imports neither.
"""

from gpucommons_sessions.client import show_notice
from gpucommons_sessions.notices_api import HANDLERS
from gpucommons_sessions.save_before_stop import SavingProxy

__all__ = ["HANDLERS", "SavingProxy", "show_notice"]
