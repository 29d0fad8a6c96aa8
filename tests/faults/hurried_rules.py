"""Our rules on a clock that runs faster, so that a test need not wait for hours. Pure.

All that is a time is shortened by one factor: how often rules are evaluated, how far they look
back, for how long something must last, and how old something may be. Nothing else is changed.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

FACTOR = 20
"""So 3 minutes are 9 seconds."""
LONGEST_FOR_S = 20.0
"""No alert waits longer, such as that of snapshots, which waits for two hours."""
_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"(?<=\[)(\d+)([smhd])(?=\])|(?<=offset )(\d+)([smhd])\b")
_SECONDS = re.compile(r"(?<![\w.])(90|300|900|1800|3600|86400)(?![\w.])")
"""Numbers of seconds that rules compare with; no other number in a rule is one of these."""
_QUOTED = re.compile(r'("[^"]*")')


def hurried(groups: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return groups of rules whose times are shortened."""
    return [_group(group) for group in groups]


def _group(group: Mapping[str, Any]) -> dict[str, Any]:
    made = {**group, "rules": [_rule(each) for each in group["rules"]]}
    if "interval" in group:
        made["interval"] = _written(_seconds(group["interval"]) / FACTOR)
    return made


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    made = {**rule, "expr": _expression(rule["expr"])}
    if "for" in rule:
        made["for"] = _written(min(_seconds(rule["for"]) / FACTOR, LONGEST_FOR_S))
    return made


def _expression(text: str) -> str:
    """Shorten times outside of quotes, in which bounds of buckets and names are."""
    parts = _QUOTED.split(text)
    return "".join(part if part.startswith('"') else _shortened(part) for part in parts)


def _shortened(text: str) -> str:
    text = _SECONDS.sub(lambda found: f"{int(found[0]) / FACTOR:g}", text)
    return _DURATION.sub(lambda found: _written(_seconds(found[0]) / FACTOR), text)


def _seconds(duration: str) -> float:
    return float(duration[:-1]) * _UNITS_S[duration[-1]]


def _written(seconds: float) -> str:
    return f"{round(1000 * seconds)}ms"
