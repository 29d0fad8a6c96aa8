"""Alerts as Prometheus sends them, with the labels and texts that our rules give them."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from .alert_cases import CASES, Labels
from .rule_files import alerts

_LABEL = re.compile(r"{{ \$labels[.](\w+) }}")


class Fired(NamedTuple):
    """One alert: what is of its rule, without its name, and its texts filled in."""

    name: str
    labels: Labels
    annotations: Labels


def fired(name: str, labels: Labels) -> Fired:
    """Return an alert that fires with these labels, among them `how_much` if that is known."""
    rules = [rule for _, rule in alerts()[name]]
    severity = labels.get("severity", rules[0]["labels"]["severity"])
    (rule,) = (each for each in rules if each["labels"]["severity"] == severity)
    texts = {
        key: _LABEL.sub(lambda found: labels.get(found[1], ""), text)
        for key, text in rule["annotations"].items()
        if key != "how_much"
    }
    if "how_much" in labels:
        texts["how_much"] = labels["how_much"]
    own = {key: value for key, value in labels.items() if key != "how_much"}
    return Fired(name, {**own, "severity": severity}, texts)


def every_alert() -> Iterator[Fired]:
    """Yield each alert once; of an objective, the critical one and the warning."""
    seen = set()
    for case in CASES:
        for labels in (each for found in case.fires.values() for each in found):
            alert = fired(case.alert, labels)
            if (what := (alert.name, alert.labels["severity"])) not in seen:
                seen.add(what)
                yield alert
