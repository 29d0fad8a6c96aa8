"""Rules for Prometheus, of objectives: how much is bad, and when that is too much. Pure.

An alert compares a long and a short time with the budget, as Google's SRE workbook does in
"Alerting on SLOs". Few people start sessions at once, so that one failure alone would be too much:
an alert needs two.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from gpucommons_config.slo.manifest import manifest_text
from gpucommons_config.slo.objective import Objective, Part

Rule = dict[str, Any]

VALID_TOTAL, BAD_TOTAL, BAD_STATE = "slo:sli_valid:total", "slo:sli_bad:total", "slo:sli_bad:state"
"""What is recorded of an objective: of events all and bad ones since ever; of time, 1 while bad."""
RUNBOOKS = "https://github.com/gpucommons/gpucommons/blob/main/docs/runbooks"
"""Where each alert has a page, by its name."""
_LEAST = 2
"""Failures, or minutes, that an alert needs."""


class _Burn(NamedTuple):
    """How many times faster than planned a budget may be used in a long and a short time."""

    factor: float
    long: str
    short: str


_PAGES = (_Burn(14.4, "1h", "5m"), _Burn(6, "6h", "30m"))
"""In which 2 % and 5 % of a month's budget are used."""
_RARE_PAGES = (_Burn(14.4, "1h", "30m"), _Burn(6, "6h", "30m"))
"""The same where five minutes have no event: an alert would come and go with each."""
_TICKETS = (_Burn(1, "3d", "6h"),)
"""In which 10 % of it are."""
_WINDOWS = ("5m", "30m", "1h", "6h", "3d")
_NAMES = {
    Part.HUB: "gpucommons-slos",
    Part.ACCOUNTING: "gpucommons-accounting-slos",
    Part.PROBE: "gpucommons-probe-slos",
}
_HEAD = """\
# Made by `gpucommons slo rules {part}`. Change the objectives, and make it again:
# docs/how-to/watch-the-platform.md.
"""


def rules_text(part: Part, objectives: Sequence[Objective]) -> str:
    """Return the rules of a part's objectives as a PrometheusRule, in YAML."""
    groups = [
        {"name": f"gpucommons-slo-{each.name}", "interval": "1m", "rules": list(_rules(each))}
        for each in objectives
        if each.part is part
    ]
    made = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {
            "name": _NAMES[part],
            "namespace": "gpucommons",
            "labels": {"app.kubernetes.io/part-of": "gpu-commons"},
        },
        "spec": {"groups": groups},
    }
    return _HEAD.format(part=part) + manifest_text(made)


def _rules(objective: Objective) -> Iterator[Rule]:
    labels = {"slo": objective.name}
    chosen = f'{{slo="{objective.name}"}}'

    def record(name: str, expression: str) -> Rule:
        return {"record": name, "expr": expression, "labels": labels}

    if objective.bad_while is not None:
        yield record(BAD_STATE, objective.bad_while)
        for window in _WINDOWS:
            yield record(_failures(window), f"sum_over_time({BAD_STATE}{chosen}[{window}])")
            yield record(_ratio(window), f"avg_over_time({BAD_STATE}{chosen}[{window}])")
    else:
        # Kept as one series each, they go on where a program is started again. A first failure
        # counts, as there was a 0 before it.
        yield record(VALID_TOTAL, f"{objective.valid}")
        yield record(BAD_TOTAL, f"({objective.bad})\nor 0 * ({objective.valid})")
        for window in _WINDOWS:
            failures = f"increase({BAD_TOTAL}{chosen}[{window}])"
            valid = f"increase({VALID_TOTAL}{chosen}[{window}])"
            yield record(_failures(window), failures)
            yield record(_ratio(window), f"{failures} / ({valid} > 0)")
    yield _alert(objective, "critical", _RARE_PAGES if objective.rare else _PAGES)
    yield _alert(objective, "warning", _TICKETS)


def _failures(window: str) -> str:
    return f"slo:sli_failures:increase{window}"


def _ratio(window: str) -> str:
    return f"slo:sli_error:ratio_rate{window}"


def _alert(objective: Objective, severity: str, burns: Sequence[_Burn]) -> Rule:
    chosen = f'{{slo="{objective.name}"}}'
    conditions = [
        f"({_ratio(burn.long)}{chosen} > {burn.factor:g} * {objective.budget:g}\n"
        f"and {_ratio(burn.short)}{chosen} > {burn.factor:g} * {objective.budget:g}\n"
        f"and {_failures(burn.long)}{chosen} >= {_LEAST})"
        for burn in burns
    ]
    bad, may_be = "{{ $value | humanizePercentage }}", f"{100 * objective.budget:g}%"
    return {
        "alert": objective.alert,
        "expr": "\nor ".join(conditions),
        "labels": {"severity": severity},
        "annotations": {
            "summary": objective.summary,
            "description": objective.description,
            "how_much": f"Bad were {bad}, where {may_be} may be.",
            "runbook_url": f"{RUNBOOKS}/{objective.alert}.md",
        },
    }
