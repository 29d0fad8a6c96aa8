"""What a quota check costs the hub while it knows 10,000 session pods."""

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from gpucommons_contract import GPU_HOURS, AtLimit, Balance, Balances, SubjectKind
from gpucommons_spawner.catalogue import Allowance
from gpucommons_spawner.quota.budgets import Budgets
from gpucommons_spawner.quota.ledger import Ledger, Limits
from gpucommons_spawner.quota.ledger_entry import Holding
from gpucommons_spawner.quota.shortage import QuotaRequest
from gpucommons_spawner.selection.person import Team

from bench.figure import Figure, percentile

_PODS = 10_000
_PER_PERSON = 2
_CHECKS = 20_000
_BALANCES_EVERY = 100
"""Checks after which accounting has said anew what is left of budgets."""
_TEAM = Team("lab", "Lab", "team-lab")


def measure() -> list[Figure]:
    """Check and take, then give back, in a ledger that holds 10,000 sessions of one team.

    Each person and the team have a budget, too.
    """
    ledger, budgets = Ledger(), Budgets()
    budgets.begin(closes=True, patience=timedelta(days=1))
    begun = datetime.now(UTC) - timedelta(hours=1)
    for number in range(_PODS):
        holding = Holding(
            server=str(number % _PER_PERSON),
            units=Decimal("0.25"),
            profile="SciPy",
            team="lab",
            size="gpu",
            running=True,
            begun=begun,
        )
        ledger.restore(f"person-{number // _PER_PERSON}", holding)
    own = Allowance(sessions=5, gpus=Decimal(2), sizes={"gpu": 5})
    together = Allowance(sessions=20_000, gpus=Decimal(10_000))
    milliseconds = []
    for number in range(_CHECKS):
        if number % _BALANCES_EVERY == 0:
            budgets.take(_balances())
        person = f"person-{number % (_PODS // _PER_PERSON)}"
        begin = time.perf_counter()
        limits = Limits(own, together, funds=budgets.of(person, _TEAM))
        ledger.reserve(
            QuotaRequest(person, Holding("new", Decimal(1), "SciPy", "lab", "gpu")), limits
        )
        milliseconds.append((time.perf_counter() - begin) * 1000)
        ledger.release(person, "new")
    return [
        Figure(
            "quota-check",
            f"Quota check, {_PODS} pods known, p99",
            percentile(milliseconds, 0.99),
            "ms",
            target=1.0,
            samples=_CHECKS,
        )
    ]


def _balances() -> Balances:
    """Say that everybody has a budget, and the team, and that both have room."""
    now = datetime.now(UTC)
    resets = now + timedelta(days=7)
    each = tuple(
        Balance(kind, "", GPU_HOURS, amount, amount, resets, at_limit=AtLimit.DENY)
        for kind, amount in (
            (SubjectKind.PERSON, Decimal(100)),
            (SubjectKind.TEAM, Decimal(1_000_000)),
        )
    )
    return Balances(now, "UTC", "EUR", Decimal(4), {}, each)
