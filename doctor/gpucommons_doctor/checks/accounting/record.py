"""Whether accounting answers, and knows what is used now."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar

from gpucommons_people.clients.cluster import Cluster

from gpucommons_doctor.check import Check
from gpucommons_doctor.checks.accounting.service import (
    DEPLOYMENT,
    HUB_NAMESPACE,
    AccountingService,
    Answer,
    NotLetInError,
    NotServedError,
    not_asked,
    refused,
)
from gpucommons_doctor.finding import Finding, fault, good, warning

_LATE, _TOO_LATE = timedelta(minutes=2), timedelta(minutes=10)
"""It writes down every 10 seconds that it knows all sessions; budgets hold for 5 minutes."""


class AccountingRecord(Check):
    """Asks the service, with the account commands' token."""

    name: ClassVar[str] = "accounting-record"
    question: ClassVar[str] = "Does accounting answer, and is its record of now?"

    def __init__(self, accounts: Path | None) -> None:
        """accounts: the account commands' file, None if none was given."""
        self._accounts = accounts

    async def run(self, cluster: Cluster) -> list[Finding]:
        """Ask until when budgets are reckoned, which is when all sessions were last known."""
        if self._accounts is None:
            return await not_asked(cluster)
        try:
            answer = await AccountingService(self._accounts).ask("budgets")
        except (NotLetInError, NotServedError) as error:
            return [refused(error)]
        return [judge_record(answer)]


def judge_record(answer: Answer) -> Finding:
    """Judge how old the record is. Both moments are of the same clock, or of the database's."""
    until = datetime.fromisoformat(answer.said["as_of"])
    age = answer.at - until
    if age <= _LATE:
        return good("Accounting answers, and has recorded all sessions until now.")
    said = f"Accounting has recorded nothing since {until:%Y-%m-%d %H:%M} UTC."
    advice = (
        f"kubectl -n {HUB_NAMESPACE} logs deployment/{DEPLOYMENT} says what is away: the API "
        "server, or its database. It settles what happened meanwhile."
    )
    return fault(said, advice) if age > _TOO_LATE else warning(said, advice)
