"""The release of z2jh's chart in the cluster, and the one that ours goes with."""

import pytest
from gpucommons_doctor.checks.hub.chart_version import judge_versions, versions_of
from gpucommons_doctor.finding import State
from gpucommons_doctor.z2jh import CHART_VERSION

from . import objects


def _policies(label, chart):
    policies = objects.network_policies()
    for each in policies:
        if each["metadata"].get("labels"):
            each["metadata"]["labels"] = {"app": "jupyterhub", label: chart}
    return policies


@pytest.mark.parametrize("label", ["chart", "helm.sh/chart"])
def test_another_release_of_the_chart_is_a_warning_that_names_both(label):
    (found,) = judge_versions(versions_of(_policies(label, "jupyterhub-4.3.1")))
    assert found.state is State.WARNING
    assert "4.3.1" in found.found
    assert CHART_VERSION in found.found
    assert f"Upgrade the hub to chart {CHART_VERSION}" in found.advice


def test_the_release_that_is_installed_with_this_one_is_good():
    (found,) = judge_versions(versions_of(objects.network_policies()))
    assert (found.state, CHART_VERSION in found.found) == (State.GOOD, True)


def test_a_cluster_without_the_chart_is_not_judged_by_it():
    (found,) = judge_versions(versions_of(_policies("chart", "jupyterhub-tools-1.0")))
    assert (found.state, "not installed" in found.found) == (State.GOOD, True)
