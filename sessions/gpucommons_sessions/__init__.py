"""What the hub says to sessions: notices, a request to save, the end of one; what it asks
the idle culler about them, and accounting about budgets; and what it tells accounting.

Authenticator and spawner may import this package; it imports neither.
"""

from gpucommons_sessions.accounting import Accounting
from gpucommons_sessions.accounting_outbox import AccountingOutbox
from gpucommons_sessions.asked_service import NoAnswerError
from gpucommons_sessions.client import show_notice
from gpucommons_sessions.idle_culler import IDLE_SCOPES, IdleCuller
from gpucommons_sessions.notices_api import HANDLERS
from gpucommons_sessions.save_before_stop import SavingProxy

__all__ = [
    "HANDLERS",
    "IDLE_SCOPES",
    "Accounting",
    "AccountingOutbox",
    "IdleCuller",
    "NoAnswerError",
    "SavingProxy",
    "show_notice",
]
