"""What a quota check costs the hub while it knows 10,000 session pods."""

import time
from decimal import Decimal

from gpucommons_spawner.catalogue import Allowance
from gpucommons_spawner.quota.ledger import Ledger, Limits
from gpucommons_spawner.quota.ledger_entry import Holding
from gpucommons_spawner.quota.shortage import QuotaRequest

from bench.figure import Figure, percentile

_PODS = 10_000
_PER_PERSON = 2
_CHECKS = 20_000


def measure() -> list[Figure]:
    """Check and take, then give back, in a ledger that holds 10,000 sessions of one team."""
    ledger = Ledger()
    for number in range(_PODS):
        holding = Holding(
            str(number % _PER_PERSON), Decimal("0.25"), "SciPy", "lab", "gpu", running=True
        )
        ledger.restore(f"person-{number // _PER_PERSON}", holding)
    limits = Limits(
        person=Allowance(sessions=5, gpus=Decimal(2), sizes={"gpu": 5}),
        team=Allowance(sessions=20_000, gpus=Decimal(10_000)),
    )
    milliseconds = []
    for number in range(_CHECKS):
        person = f"person-{number % (_PODS // _PER_PERSON)}"
        begin = time.perf_counter()
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
