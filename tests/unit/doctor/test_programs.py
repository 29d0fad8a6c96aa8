"""What of an installation is there, and whether it runs."""

from datetime import UTC, datetime, timedelta

import pytest
from gpucommons_doctor.checks.hub.hub_address import hosts_of, judge_hosts
from gpucommons_doctor.checks.hub.programs import judge_programs
from gpucommons_doctor.finding import State

from . import objects

_DOWN = datetime(2026, 11, 29, 10, tzinfo=UTC)
"""Since when the pods that tests take away are not ready."""
_NOW = _DOWN + timedelta(minutes=6)


def _judged(deployments, now=_NOW):
    return judge_programs(deployments, now)


def test_before_an_installation_nothing_is_wrong():
    others = objects.deployment("web", {"app": "web"})
    without_labels = objects.deployment("old", None)
    (found,) = _judged([others, without_labels])
    assert (found.state, "yet" in found.found) == (State.GOOD, True)


def test_dex_alone_is_the_step_before_the_hub():
    (found,) = _judged(
        [each for each in objects.deployments() if each["metadata"]["name"] == "dex"]
    )
    assert found.state is State.GOOD


def test_dex_may_be_elsewhere():
    here = [each for each in objects.deployments() if each["metadata"]["name"] != "dex"]
    (found,) = _judged(here)
    assert (found.state, "Dex" in found.found) == (State.GOOD, False)


@pytest.mark.parametrize(
    ("minutes", "state"), [(1, State.WARNING), (6, State.FAULT)], ids=["starting", "down"]
)
def test_what_starts_gets_some_minutes(minutes, state):
    deployments = objects.deployments()
    deployments[0]["status"]["availableReplicas"] = None
    (found,) = _judged(deployments, _DOWN + timedelta(minutes=minutes))
    assert found.state is state
    assert "kubectl -n gpucommons logs deployment/hub" in found.advice


def test_one_that_was_never_seen_counts_from_when_it_was_made():
    deployments = objects.deployments()
    del deployments[0]["status"]
    (found,) = _judged(deployments)
    assert found.state is State.FAULT


def test_one_of_two_is_a_warning():
    deployments = objects.deployments()
    deployments[2]["status"]["availableReplicas"] = 1
    (found,) = _judged(deployments)
    assert found.state is State.WARNING
    assert "The idle culler runs in 1 of 2 pods" in found.found


@pytest.mark.parametrize(
    ("hosts", "state"),
    [
        ({"hub.example.org"}, State.GOOD),
        ({"hub.example.org", "old.example.org"}, State.GOOD),
        ({"hub.example.com"}, State.FAULT),
        (set(), State.GOOD),
    ],
)
def test_a_hub_under_other_names_alone_is_another(hosts, state):
    there = hosts_of([objects.hub_ingress("hub.example.org")])
    (found,) = judge_hosts(there, hosts)
    assert found.state is state


def test_only_the_ingress_of_the_chart_names_the_hub():
    other = objects.hub_ingress("grafana.example.org")
    other["metadata"]["labels"] = {"app": "grafana"}
    assert hosts_of([other, objects.hub_ingress()]) == set()
    (found,) = judge_hosts(set(), {"hub.example.org"})
    assert found.state is State.GOOD
