"""What is left of budgets, as metrics: of teams each by its name, of people how many. Pure."""

from collections.abc import Iterator
from decimal import Decimal

from gpucommons_contract import GPU_HOURS, Balance, Balances, SubjectKind
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

_HOUR_SECONDS = 3600
_STATES = ("enough", "warned", "used-up")
_AMOUNT = "Budgets of teams in their period, in {}, with what was granted."
_LEFT = "What is left of budgets of teams, in {}; below 0 once overdrawn."


def budget_metrics(balances: Balances) -> Iterator[Metric]:
    """Yield them. Of those that each has, the budgets count of which something was used."""
    time = GaugeMetricFamily(
        "gpucommons_budget_gpu_seconds", _AMOUNT.format("GPU time"), labels=("team",)
    )
    time_left = GaugeMetricFamily(
        "gpucommons_budget_remaining_gpu_seconds", _LEFT.format("GPU time"), labels=("team",)
    )
    money = GaugeMetricFamily(
        "gpucommons_budget_money", _AMOUNT.format("money"), labels=("team", "currency")
    )
    money_left = GaugeMetricFamily(
        "gpucommons_budget_remaining_money", _LEFT.format("money"), labels=("team", "currency")
    )
    reached = {
        (str(balance.kind), balance.unit, state): 0
        for balance in balances.balances
        for state in _STATES
    }
    for balance in balances.named():
        reached[str(balance.kind), balance.unit, _state(balance)] += 1
        if balance.kind is not SubjectKind.TEAM:
            continue
        if balance.unit == GPU_HOURS:
            time.add_metric((balance.name,), _seconds(balance.amount))
            time_left.add_metric((balance.name,), _seconds(balance.left))
        else:
            labels = balance.name, balance.unit
            money.add_metric(labels, float(balance.amount))
            money_left.add_metric(labels, float(balance.left))
    yield from (time, time_left, money, money_left)
    counted = GaugeMetricFamily(
        "gpucommons_budgets",
        "Budgets by whether the first percent to warn at was reached, or all is used.",
        labels=("kind", "unit", "state"),
    )
    for key, count in sorted(reached.items()):
        counted.add_metric(key, count)
    yield counted


def _state(balance: Balance) -> str:
    if balance.left <= 0:
        return "used-up"
    return "enough" if balance.reached is None else "warned"


def _seconds(gpu_hours: Decimal) -> float:
    return float(gpu_hours * _HOUR_SECONDS)
