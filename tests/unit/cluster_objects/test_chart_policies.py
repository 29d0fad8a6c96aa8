"""What these tests take z2jh's chart to make is what it makes, where chart and Helm are at hand."""

import shutil
import subprocess

import pytest
import yaml

from tests.unit.helm_values.charts import EXAMPLE, FOLDER, merge, releases

from .chart_policies import (
    DEFAULTS,
    HUB_LABELS,
    PROXY_LABELS,
    PULLER_LABELS,
    Object,
    chart_policies,
)
from .kustomize import ENVIRONMENTS, named, of_kind
from .pod_security import lacks_for_restricted


def _as_the_chart_makes_it(environment: str) -> list[Object]:
    release = releases()["jupyterhub"]
    chart = release.chart_file("values.yaml").parent
    if not (chart / "templates").is_dir():
        pytest.skip(f"{chart} has no templates: helm-values/README.md says how to fetch the chart")
    if not (helm := shutil.which("helm")):
        pytest.skip("helm is not installed")
    files = [FOLDER / "jupyterhub" / f"{each}.yaml" for each in ("base", environment)]
    given = [word for each in (*files, EXAMPLE / "jupyterhub.yaml") for word in ("-f", str(each))]
    command = [helm, "template", "jupyterhub", str(chart), "-n", release.namespace, *given]
    made = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [each for each in yaml.safe_load_all(made) if each]


def test_the_defaults_are_those_of_the_chart():
    chart = yaml.safe_load(releases()["jupyterhub"].chart_file("values.yaml").read_text())
    assert merge(chart["hub"]["networkPolicy"], DEFAULTS["hub"]) == DEFAULTS["hub"]
    assert chart["hub"]["networkPolicy"] == DEFAULTS["hub"]
    assert chart["proxy"]["chp"]["networkPolicy"] == DEFAULTS["proxy"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_policies_are_those_that_the_chart_makes(environment):
    made = _as_the_chart_makes_it(environment)
    for policy in chart_policies(environment):
        assert policy["spec"] == named(made, "NetworkPolicy", policy["metadata"]["name"])["spec"]
    assert len(of_kind(made, "NetworkPolicy")) == 2


def test_the_pods_of_the_chart_have_the_labels_that_policies_go_by():
    made = _as_the_chart_makes_it("prod")
    for kind, name, labels in (
        ("Deployment", "hub", HUB_LABELS),
        ("Deployment", "proxy", PROXY_LABELS),
        ("DaemonSet", "continuous-image-puller", PULLER_LABELS),
    ):
        template = named(made, kind, name)["spec"]["template"]
        others = set(template["metadata"]["labels"]) - set(labels)
        assert labels.items() <= template["metadata"]["labels"].items()
        assert not [each for each in others if not each.startswith("app.kubernetes.io/")]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_pods_of_the_chart_may_run_in_our_namespace(environment):
    made = _as_the_chart_makes_it(environment)
    pods = [*of_kind(made, "Deployment"), *of_kind(made, "DaemonSet"), *of_kind(made, "Job")]
    assert pods
    for each in pods:
        assert lacks_for_restricted(each["spec"]["template"]["spec"]) == []
