"""Each alert fires when it should and no earlier, resolves, and says what to do."""

import re
from collections.abc import Iterator
from copy import deepcopy

import pytest
import yaml
from gpucommons_config.slo.rules import RUNBOOKS
from reference_pages.project import ROOT

from .alert_cases import CASES, Case
from .fired import fired
from .registered import registered
from .rule_files import alerts, groups, promtool

_PAGES = ROOT / "docs" / "runbooks"
_METRIC = re.compile(r"\bgpucommons_[a-z_]+\b(?![.])")
_PARTS_OF_HISTOGRAM = ("_bucket", "_count", "_sum")


def _tests_of(group: str, step: int) -> dict:
    mine = [case for case in CASES if case.step == step and _group_of(case) == group]
    return {
        "rule_files": [f"{group}.rules.yaml"],
        "evaluation_interval": f"{step}m",
        "tests": [_test_of(case) for case in mine],
    }


def _group_of(case: Case) -> str:
    return alerts()[case.alert][0][0]


def _test_of(case: Case) -> dict:
    return {
        "name": case.alert,
        "interval": f"{case.step}m",
        "input_series": [{"series": name, "values": said} for name, said in case.series.items()],
        "alert_rule_test": [
            {
                "eval_time": f"{minute}m",
                "alertname": case.alert,
                "exp_alerts": [_expected(case.alert, dict(labels)) for labels in found],
            }
            for minute, found in case.fires.items()
        ],
    }


def _expected(alert: str, labels: dict[str, str]) -> dict:
    found = fired(alert, labels)
    return {"exp_labels": found.labels, "exp_annotations": found.annotations}


_HOW_MUCH = {
    case.alert
    for case in CASES
    for found in case.fires.values()
    for labels in found
    if "how_much" in labels
}
"""Alerts of which it is tried how much they tell."""


def _tried(group: dict) -> dict:
    """Return a group without texts about how much that is nowhere tried."""
    group = deepcopy(group)
    for rule in group["rules"]:
        if rule.get("alert") not in _HOW_MUCH:
            rule.get("annotations", {}).pop("how_much", None)
    return group


@pytest.mark.timeout(600)
def test_each_alert_fires_in_time_and_no_earlier_and_resolves(tmp_path):
    files = []
    for name, group in groups().items():
        (tmp_path / f"{name}.rules.yaml").write_text(yaml.safe_dump({"groups": [_tried(group)]}))
    for name, step in sorted({(_group_of(case), case.step) for case in CASES}):
        files.append(tmp_path / f"{name}.{step}.test.yaml")
        files[-1].write_text(yaml.safe_dump(_tests_of(name, step)))
    done = promtool("test", "rules", *files)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_is_tried_from_quiet_to_firing_to_quiet():
    """Of an objective, the warning, which goes on for hours, is tried once: all are made alike."""
    tried = set()
    for case in CASES:
        found = [labels for _, labels in sorted(case.fires.items())]
        if not found[0] and any(found) and len(found[-1]) < max(map(len, found)):
            tried.add(case.alert)
    assert tried == set(alerts())


def test_of_each_alert_that_tells_how_much_it_is_tried_and_of_objectives_once():
    """They are made alike, and what others tell depends on how Prometheus extrapolates."""
    telling = {
        name
        for name, rules in alerts().items()
        for group, rule in rules
        if "how_much" in rule["annotations"] and not group.startswith("gpucommons-slo-")
    }
    assert telling | {"GPUCommonsStartsSlow"} == _HOW_MUCH


def test_an_alert_has_a_severity_what_happens_what_to_do_and_a_runbook():
    for name, rules in alerts().items():
        for _, rule in rules:
            assert rule["labels"]["severity"] in {"critical", "warning"}
            texts = rule["annotations"]
            assert set(texts) - {"how_much"} == {"summary", "description", "runbook_url"}
            assert all(text[0].isupper() and text[-1] == "." for text in _sentences(texts))
            assert texts["runbook_url"] == f"{RUNBOOKS}/{name}.md"


def _sentences(texts: dict[str, str]) -> Iterator[str]:
    yield from (texts["summary"], texts["description"], texts.get("how_much", "None."))


def test_rules_are_about_metrics_that_there_are(tmp_path):
    there = {each.name for found in registered(tmp_path).values() for each in found}
    asked = {
        name
        for group in groups().values()
        for rule in group["rules"]
        for name in _METRIC.findall(re.sub(r'"[^"]*"', "", rule["expr"]))
    }
    ended = {re.sub(rf"({'|'.join(_PARTS_OF_HISTOGRAM)})$", "", name) for name in asked}
    assert len(ended) > 20
    assert ended <= there


def test_there_is_a_runbook_for_each_alert_and_no_other():
    pages = {page.stem for page in _PAGES.glob("*.md")} - {"index"}
    assert pages == set(alerts())
    listed = re.findall(r"^(GPUCommons\w+)$", (_PAGES / "index.md").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(pages)


def test_a_runbook_says_what_people_notice_what_to_look_at_and_what_to_do():
    for name in alerts():
        text = (_PAGES / f"{name}.md").read_text()
        assert text.startswith(f"# {name}\n")
        headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
        assert headings == ["What people notice", "Look", "Do"], name
