"""Rules for Prometheus, made of a file of objectives."""

import re
from importlib import import_module

import pytest
import yaml
from gpucommons_config.command import main
from gpucommons_config.slo.objective import (
    DEFAULT_FILE,
    ObjectivesError,
    Part,
    read_objectives,
)
from gpucommons_config.slo.rules import rules_text
from reference_pages.project import ROOT

_MONITORING = ROOT / "cluster" / "monitoring"
_FILES = {
    Part.HUB: _MONITORING / "slos.yaml",
    Part.ACCOUNTING: _MONITORING / "accounting" / "slos.yaml",
    Part.PROBE: _MONITORING / "probe" / "slos.yaml",
}
_OBJECTIVE = """
- name: starts
  part: hub
  target: 99
  alert: StartsFail
  summary: Starts fail.
  description: Look.
  bad: sum(bad)
  valid: sum(valid)
"""


def _file(tmp_path, text):
    file = tmp_path / "slos.yaml"
    file.write_text(text)
    return file


@pytest.mark.parametrize("part", Part)
def test_the_rules_in_cluster_are_those_of_the_default_objectives(part):
    assert _FILES[part].read_text() == rules_text(part, read_objectives())


def test_the_command_prints_the_rules_of_a_file(tmp_path, capsys):
    text = _OBJECTIVE.replace("99", "99.5")
    assert main(["slo", "rules", "hub", str(_file(tmp_path, text))]) == 0
    (group,) = yaml.safe_load(capsys.readouterr().out)["spec"]["groups"]
    page, ticket = (each for each in group["rules"] if "alert" in each)
    assert (page["labels"], ticket["labels"]) == ({"severity": "critical"}, {"severity": "warning"})
    assert 'slo:sli_error:ratio_rate1h{slo="starts"} > 14.4 * 0.005' in page["expr"]
    assert 'slo:sli_failures:increase3d{slo="starts"} >= 2' in ticket["expr"]


def test_where_events_are_rare_five_minutes_do_not_count(tmp_path, capsys):
    """An alert would end five minutes after each, and come again with the next."""
    assert main(["slo", "rules", "hub", str(_file(tmp_path, f"{_OBJECTIVE}  rare: true\n"))]) == 0
    (group,) = yaml.safe_load(capsys.readouterr().out)["spec"]["groups"]
    page, ticket = (each["expr"] for each in group["rules"] if "alert" in each)
    assert "ratio_rate5m" not in page
    assert page.count("ratio_rate30m") == 2
    assert "ratio_rate6h" in ticket


def test_the_command_without_a_file_prints_the_default_ones(capsys):
    assert main(["slo", "rules", "accounting"]) == 0
    assert capsys.readouterr().out == _FILES[Part.ACCOUNTING].read_text()


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("target: 99", "target: 100", "0.target: Input should be less than 100"),
        ("part: hub", "part: dex", "0.part: Input should be 'hub', 'accounting' or 'probe'"),
        ("  valid: sum(valid)\n", "", "0: Value error, give bad and valid, or bad_while alone"),
        ("bad: sum", "bda: sum", "0.bda: Extra inputs are not permitted"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path, before, after, said):
    file = _file(tmp_path, _OBJECTIVE.replace(before, after))
    with pytest.raises(ObjectivesError) as raised:
        read_objectives(file)
    assert str(raised.value).startswith(f"{file}: ")
    assert said in str(raised.value)


def test_a_name_is_given_once(tmp_path):
    file = _file(tmp_path, _OBJECTIVE * 2)
    with pytest.raises(ObjectivesError, match="the name starts is there twice"):
        read_objectives(file)


def test_a_file_that_cannot_be_used_is_told_and_nothing_is_printed(tmp_path, capsys):
    assert main(["slo", "rules", "hub", str(tmp_path / "none.yaml")]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "none.yaml: No such file or directory" in captured.err


def test_an_objective_has_a_budget_of_what_its_target_leaves():
    budgets = {each.name: each.budget for each in read_objectives(DEFAULT_FILE)}
    assert budgets["start-success"] == 0.01
    assert budgets["sign-in"] == 0.001


def test_pages_of_the_hub_are_named_by_classes_that_there_are():
    text = DEFAULT_FILE.read_text().replace("[.]", ".").replace("(Login|Callback)", "Login")
    names = set(re.findall(r'handler=~?"([\w.]+)"', text))
    assert len(names) == 2
    for name in names | {"gpucommons_authenticator.login.handlers.CallbackHandler"}:
        module, _, handler = name.rpartition(".")
        assert f"{getattr(import_module(module), handler).__module__}.{handler}" == name
