"""An AlertmanagerConfig for the operator, made of a file for Alertmanager itself."""

import re
from pathlib import Path

import pytest
import yaml
from gpucommons_config.command import main
from gpucommons_config.slo.alertmanager import (
    DEFAULT_FILE,
    AlertmanagerError,
    alertmanager_text,
)
from reference_pages.project import ROOT

from tests.unit.monitoring.rule_files import alerts

_OBJECT = ROOT / "cluster" / "monitoring" / "alertmanager" / "config.yaml"
_FILE = r"""
global: {smtp_smarthost: 'mail.example.org:587', slack_api_url_file: /etc/secrets/ours/chat}
templates: [texts.tmpl]
route:
  receiver: others
  routes:
    - receiver: ours
      matchers: ['team=~"a\\.b"', 'severity!="info"']
      group_by: [team]
      routes: [{matchers: ['severity="critical"'], receiver: on-call}]
inhibit_rules:
  - {source_matchers: ['a="1"'], target_matchers: ['a="2"'], equal: [team]}
receivers:
  - name: others
    email_configs: [{to: others@example.org}]
  - name: ours
    slack_configs:
      - title: 'Of {{ template "title" . }}'
        text: '{{ template "slack.default.text" . }}'
  - name: on-call
    email_configs: [{to: on-call@example.org, auth_password_file: /etc/secrets/mail/password}]
"""
_TEXTS = '{{ define "title" -}}\n{{ if .x }}a{{ end }}\nb\n{{- end }}\n'


@pytest.fixture
def file(tmp_path) -> Path:
    (tmp_path / "texts.tmpl").write_text(_TEXTS)
    file = tmp_path / "alertmanager.yaml"
    file.write_text(_FILE)
    return file


def _made(file: Path) -> dict:
    return yaml.safe_load(alertmanager_text(file))["spec"]


def test_the_object_in_cluster_is_that_of_the_default_file(capsys):
    assert main(["slo", "alertmanager"]) == 0
    assert capsys.readouterr().out == _OBJECT.read_text()


def test_the_command_prints_the_object_of_a_file(file, capsys):
    assert main(["slo", "alertmanager", str(file)]) == 0
    assert yaml.safe_load(capsys.readouterr().out)["spec"] == _made(file)


def test_routes_and_what_is_held_back_are_those_of_the_file(file):
    made = _made(file)
    assert made["route"] == {
        "receiver": "ours",
        "matchers": [
            {"name": "team", "value": r"a\.b", "matchType": "=~"},
            {"name": "severity", "value": "info", "matchType": "!="},
        ],
        "groupBy": ["team"],
        "routes": [
            {"matchers": [{"name": "severity", "value": "critical"}], "receiver": "on-call"}
        ],
    }
    assert made["inhibitRules"] == [
        {
            "sourceMatch": [{"name": "a", "value": "1"}],
            "targetMatch": [{"name": "a", "value": "2"}],
            "equal": ["team"],
        }
    ]


def test_receivers_of_the_routes_have_what_is_global_and_name_keys_of_secrets(file):
    ours, on_call = _made(file)["receivers"]
    (chat,), (mail,) = ours["slackConfigs"], on_call["emailConfigs"]
    assert chat["apiURL"] == {"name": "ours", "key": "chat"}
    assert mail == {
        "smarthost": "mail.example.org:587",
        "to": "on-call@example.org",
        "authPassword": {"name": "mail", "key": "password"},
    }


def test_texts_stand_where_they_are_used_and_those_of_alertmanager_are_named(file):
    (chat,) = _made(file)["receivers"][0]["slackConfigs"]
    assert chat["title"] == "Of {{ if .x }}a{{ end }}\nb"
    assert chat["text"] == '{{ template "slack.default.text" . }}'


def test_keys_within_a_message_are_spelled_as_the_object_has_them(file):
    more = "icon_url: x, thumb_url: x, short_fields: true, actions: [{confirm: {ok_text: y}}]"
    file.write_text(_FILE.replace("slack_configs:\n", f"slack_configs:\n      - {{{more}}}\n"))
    chat, _ = _made(file)["receivers"][0]["slackConfigs"]
    del chat["apiURL"]
    assert chat == {
        "iconURL": "x",
        "thumbURL": "x",
        "shortFields": True,
        "actions": [{"confirm": {"okText": "y"}}],
    }


def test_a_template_that_uses_another_is_told(file):
    (file.parent / "texts.tmpl").write_text(_TEXTS.replace("b", '{{ template "x" . }}'))
    with pytest.raises(
        AlertmanagerError, match=r"'x' can be put in place only .* another template"
    ):
        alertmanager_text(file)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("global: {", "global: {resolve_timeout: 1m, ", "global.resolve_timeout has no place"),
        ("slack_configs", "pagerduty_configs", "receivers.1.pagerduty_configs: Extra inputs"),
        (
            "    - receiver: ours",
            "    - {}\n    - receiver: ours",
            "route.routes: List should have",
        ),
        ("'severity!=\"info\"'", "severity", "'severity' is no matcher"),
        ('template "title"', 'template "titel"', "No template 'titel' is in the files"),
        (
            "auth_password_file: /etc/secrets/mail/password",
            "auth_password: swordfish",
            "auth_password would be in plain text",
        ),
        ("slack_api_url_file", "slack_api_url", "global.slack_api_url has no place"),
        ("texts.tmpl", "none.tmpl", "none.tmpl: No such file or directory"),
        (
            "to: on-call@example.org,",
            "to: on-call@example.org, tls_config: {ca_file: /etc/ours/ca},",
            "tls_config is made up in another way in an AlertmanagerConfig",
        ),
        (
            "    slack_configs:\n      -",
            "    slack_configs:\n      - http_config: {basic_auth: {password: swordfish}}\n       ",
            "http_config is made up in another way in an AlertmanagerConfig",
        ),
        (
            "/etc/secrets/mail/password",
            "password",
            "auth_password_file is 'password', and must end with the name of a Secret and a key",
        ),
        (
            "  receiver: others\n",
            "  receiver: others\n  group_wait: 1m\n",
            "route.group_wait has no",
        ),
        ("receiver: ours\n      m", "m", "route.routes.0 needs a receiver of its own"),
        ("receiver: on-call}", "receiver: oncall}", "The receiver oncall is not among receivers."),
        ('{{ template "title" . }}', '{{template "title" .}}', "only where it is used as {{ temp"),
        (
            '{{ template "title" . }}',
            '{{- template "title" $ }}',
            "only where it is used as {{ temp",
        ),
    ],
)
def test_what_cannot_be_made_into_an_object_is_told_and_nothing_is_printed(
    file, capsys, before, after, said
):
    assert before in _FILE
    file.write_text(_FILE.replace(before, after))
    with pytest.raises(AlertmanagerError, match=re.escape(said)):
        alertmanager_text(file)
    assert main(["slo", "alertmanager", str(file)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err


def test_no_secret_is_in_the_file_or_in_the_object():
    for text in (DEFAULT_FILE.read_text(), _OBJECT.read_text()):
        assert "https://" not in text
        assert not re.search(r"(password|api_url|apiURL|[sS]ecret): *[^\s]", text)


def _matched(matchers: list[str]) -> set[str]:
    """Return the names of alerts that matchers of the default file choose."""
    (found,) = re.findall(r'alertname=~?"([^"]*)"', "\n".join(matchers))
    return {name for name in alerts() if re.fullmatch(found, name)}


def test_every_alert_is_told_and_only_those_that_there_are_hold_back_others():
    default = yaml.safe_load(DEFAULT_FILE.read_text())
    (route,) = default["route"]["routes"]
    assert _matched(route["matchers"]) == set(alerts())
    for rule in default["inhibit_rules"]:
        for matchers in (rule["source_matchers"], rule["target_matchers"]):
            (found,) = re.findall(r'alertname=~?"([^"]*)"', "\n".join(matchers))
            branches = re.fullmatch(r"(\w+)(?:\((.*)\))?", found)
            named = (
                [branches[1] + each for each in (branches[2] or "").split("|")] if branches else []
            )
            assert set(named) == _matched(matchers) or found == "GPUCommons.+"


def test_a_cause_is_critical_where_it_holds_back_what_is_critical():
    for rule in yaml.safe_load(DEFAULT_FILE.read_text())["inhibit_rules"]:
        severities = {
            each["labels"]["severity"]
            for name in _matched(rule["source_matchers"])
            for _, each in alerts()[name]
        }
        assert 'severity="critical"' in rule["source_matchers"] or severities == {"critical"}


def test_failures_wait_until_it_is_known_that_a_part_is_away():
    default = yaml.safe_load(DEFAULT_FILE.read_text())
    (failures,) = default["route"]["routes"][0]["routes"][0]["routes"]
    assert failures["matchers"] == ['slo=~".+"']
    known_after = [
        _seconds(rule["for"])
        for each in default["inhibit_rules"]
        for name in _matched(each["source_matchers"])
        for _, rule in alerts()[name]
        if name.endswith("Away") and len(each["source_matchers"]) == 1
    ]
    assert len(known_after) == 2
    assert _seconds(failures["group_wait"]) >= max(known_after)


def test_what_is_critical_is_told_sooner_and_more_often():
    (working_day,) = yaml.safe_load(DEFAULT_FILE.read_text())["route"]["routes"]
    (on_call,) = working_day["routes"]
    assert on_call["matchers"] == ['severity="critical"']
    for key in ("group_wait", "group_interval", "repeat_interval"):
        assert _seconds(on_call[key]) < _seconds(working_day[key])


def _seconds(text: str) -> int:
    return int(text[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[text[-1]]
