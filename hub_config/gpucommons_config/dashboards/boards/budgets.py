"""Accounting: who used how much, what is left of budgets, and whether the books are up to date."""

from gpucommons_config.dashboards.board import (
    Dashboard,
    Query,
    Row,
    Unit,
    figure,
    graph,
    stack,
    table,
)
from gpucommons_config.dashboards.queries import charged, charged_hours, once, summed

_LEFT = once("team", "gpucommons_budget_remaining_gpu_seconds")
_BUDGET = once("team", "gpucommons_budget_gpu_seconds")
_MONEY_LEFT = once("team, currency", "gpucommons_budget_remaining_money")
_MONEY = once("team, currency", "gpucommons_budget_money")

_USED = Row(
    "Used",
    (
        figure(
            "Charged",
            "GPU-hours of all teams, in the time that is shown.",
            Unit.GPU_HOURS,
            charged_hours(""),
            width=6,
        ),
        figure(
            "Budgets used up",
            "Of teams and people, in their period.",
            Unit.COUNT,
            'sum(max by (kind, unit, state) (gpucommons_budgets{state="used-up"})) or vector(0)',
            width=6,
            bad_from=1,
        ),
        figure(
            "Books are behind",
            "For how long it has not been known which sessions there are.",
            Unit.SECONDS,
            "min(gpucommons_accounting_lag_seconds)",
            width=6,
            bad_from=60,
        ),
        figure(
            "Uncertain ends",
            "Sessions whose end nobody saw; they are charged as far as it is known.",
            Unit.COUNT,
            "max(gpucommons_uncertain_ends)",
            width=6,
            bad_from=1,
        ),
        table(
            "Charged, by team",
            "GPU-hours in the time that is shown.",
            "Charged",
            Unit.GPU_HOURS,
            f"sort_desc({charged_hours('team')})",
            width=8,
        ),
        table(
            "Charged, by size",
            "The same by size of session.",
            "Charged",
            Unit.GPU_HOURS,
            f"sort_desc({charged_hours('size')})",
            width=8,
        ),
        table(
            "Charged, by model",
            "The same by model of GPU.",
            "Charged",
            Unit.GPU_HOURS,
            f"sort_desc({charged_hours('product')})",
            width=8,
        ),
        stack(
            "Charged at once, by team",
            "GPUs, on average of the interval.",
            Unit.GPUS,
            Query(charged("team"), "{{team}}"),
            width=24,
        ),
    ),
)
_BUDGETS = Row(
    "Budgets",
    (
        graph(
            "Left, by team",
            "Share of budgets in GPU time, with grants; below 0 once overdrawn.",
            Unit.SHARE,
            Query(f"{_LEFT} / {_BUDGET}", "{{team}}"),
        ),
        graph(
            "Left in money, by team",
            "Share of budgets in money.",
            Unit.SHARE,
            Query(f"{_MONEY_LEFT} / {_MONEY}", "{{team}}, {{currency}}"),
        ),
        table(
            "GPU-hours that are left",
            "Least first.",
            "Left",
            Unit.GPU_HOURS,
            f"sort({_LEFT} / 3600)",
            width=12,
        ),
        table(
            "Money that is left",
            "In each budget's currency, least first.",
            "Left",
            Unit.COUNT,
            f"sort({_MONEY_LEFT})",
            width=12,
        ),
        stack(
            "Budgets in use, by state",
            "enough, warned (the first percent to warn at is reached), or used up.",
            Unit.COUNT,
            Query(
                summed("kind, state", "kind, unit, state", "gpucommons_budgets"),
                "{{kind}}, {{state}}",
            ),
        ),
        graph(
            "What the hub has not told",
            "Facts that wait in the hub. Ends and refusals among them are missing above until "
            "they are told.",
            Unit.COUNT,
            Query("max(gpucommons_accounting_outbox_facts)", "facts"),
        ),
    ),
)
BUDGETS = Dashboard(
    "budgets",
    "Accounting and budgets",
    "Who used how much, what is left of budgets, and whether the books are up to date.",
    (_USED, _BUDGETS),
)
