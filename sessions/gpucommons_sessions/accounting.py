"""Asks accounting what is left of budgets."""

from gpucommons_contract import (
    ACCOUNTING_SERVICE,
    BALANCES_SCOPES,
    Balances,
    BalancesError,
    Endpoint,
    read_balances,
)
from sqlalchemy.orm import Session

from gpucommons_sessions.asked_service import AskedService, NoAnswerError

_TIMEOUT_S = 10.0


class Accounting:
    """One for the hub."""

    def __init__(self) -> None:
        self._service = AskedService(
            ACCOUNTING_SERVICE, "accounting", "What is left of budgets", BALANCES_SCOPES, _TIMEOUT_S
        )

    def is_there(self, db: Session) -> bool:
        """Whether the hub has accounting. Raises NoAnswerError while its database is away."""
        return self._service.find(db)

    async def balances(self, db: Session) -> Balances | None:
        """Return what is left of all budgets; None where the hub has no accounting.

        db: the hub's. Raises NoAnswerError.
        """
        said = await self._service.get(db, Endpoint.BALANCES)
        try:
            return None if said is None else read_balances(said)
        except BalancesError as error:
            raise NoAnswerError(str(error)) from error
