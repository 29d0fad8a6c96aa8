"""What pages for platform engineers say of charts, values and objects is so."""

import re
from pathlib import Path

import pytest
import yaml
from gpucommons_doctor.checks.cluster.kubernetes_version import OLDEST, OLDEST_FOR_DRA, TESTED
from gpucommons_doctor.z2jh import CHART_VERSION
from gpucommons_spawner.catalogue import Size
from reference_pages.project import ROOT

from .charts import (
    ENVIRONMENTS,
    EXAMPLE,
    FOLDER,
    LOGS,
    all_releases,
    helm_commands,
    merge,
    releases,
    values,
)
from .objects import CLUSTER, objects
from .schema import mistakes

HOW_TO = ROOT / "docs" / "how-to"
_BLOCK = re.compile(r"^( *)```yaml\n\1# (\S+)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_SIZE = {"display_name": "Size", "cpu": 1, "memory": "1Gi"}
MODES = {
    "`exclusive`": {"mode": "exclusive", "product": "NVIDIA-H200"},
    "`mps`": {"mode": "mps", "shares": 4},
    "`timeslice`": {"mode": "timeslice", "shares": 4},
    "`mig`, `strategy: mixed`": {"mode": "mig", "profile": "1g.10gb"},
    "`mig`, `strategy: single`": {
        "mode": "mig",
        "profile": "1g.10gb",
        "strategy": "single",
        "product": "NVIDIA-H200-MIG-1g.10gb",
    },
    "`hami`": {"mode": "hami", "memory": "8Gi", "core_percent": 25, "shares": 4},
}
"""A size of each mode, by the first cell of its row."""


_PRINTED = ROOT / "spawner" / "gpucommons_spawner" / "catalogue" / "pods_of_catalogue.yaml"
"""What ``gpucommons catalogue constraints`` fills in, and prints."""


def _page(name: str) -> str:
    return (HOW_TO / f"{name}.md").read_text()


def _blocks(name: str) -> list[tuple[str, object]]:
    """The YAML of a page that says in its first line which file it is of, by that file."""
    return [(file, yaml.safe_load(text)) for _, file, text in _BLOCK.findall(_page(name))]


def _row(page: str, first: str) -> list[str]:
    (found,) = re.findall(rf"^\| {re.escape(first)} \| (.*) \|$", page, re.MULTILINE)
    return found.split(" | ")


# GPU nodes


@pytest.mark.parametrize("first", MODES)
def test_a_size_asks_for_what_the_page_says(first):
    asks, on = _row(_page("prepare-gpu-nodes"), first)
    fields = Size.model_validate({**_SIZE, "gpu": MODES[first]}).gpu_fields()
    assert {f"`{name}`" for name in fields.limits} == set(re.findall(r"`nvidia\.com/[^`]+`", asks))
    for label, value in fields.node_selector.items():
        assert label in on
        assert label.endswith(".product") or f"{label}={value}" in on
    assert {each["key"] for each in fields.tolerations} == {"nvidia.com/gpu"}


@pytest.mark.parametrize("page", [each.stem for each in sorted(HOW_TO.glob("*.md"))])
def test_values_of_pages_are_values_of_charts(page):
    for file, given in _blocks(page):
        chart = Path(file).stem
        if file.startswith("installation/") and chart in releases():
            assert isinstance(given, dict)
            merged = merge(values(chart, "prod"), given)
            assert not list(mistakes(releases()[chart], merged)), file


def test_the_size_for_nodes_on_demand_is_one():
    (catalogue,) = (
        given for file, given in _blocks("add-nodes-on-demand") if file == "catalogue.yaml"
    )
    (size,) = catalogue["sizes"].values()
    assert Size.model_validate(size).nodes_on_demand


# Storage


def test_workspaces_are_as_large_as_the_page_says():
    sizes = {
        each: values("jupyterhub", each, EXAMPLE)["singleuser"]["storage"]["capacity"]
        for each in ("prod", "staging", "dev")
    }
    said = "50 GiB each in `prod`, 10 in `staging`, 5 in `dev`"
    assert sizes == dict(zip(sizes, ("50Gi", "10Gi", "5Gi"), strict=True))
    assert _row(_page("choose-storage"), "workspaces")[-1] == said


# Upgrade


def test_the_hub_is_upgraded_as_the_helmfile_installs_it():
    hub = releases()["jupyterhub"]
    version, namespace, files = helm_commands(_page("upgrade"))["jupyterhub"]
    assert (version, namespace) == (hub.version, hub.namespace)
    layers = [f"helm-values/jupyterhub/{each}.yaml" for each in ("base", "prod")]
    assert files == [*layers, "installation/jupyterhub.yaml"]


def test_the_checks_of_values_are_those_of_the_chart_that_is_installed():
    assert releases()["jupyterhub"].version == CHART_VERSION


def test_charts_are_upgraded_in_the_order_in_which_they_are_installed():
    (said,) = re.findall(r"in\s+its\s+order:\s+(.*?)\.", _page("upgrade"), re.DOTALL)
    assert [*re.split(r",\s+", said.strip()), "jupyterhub"] == list(releases())


def test_versions_of_kubernetes_are_those_that_are_checked():
    oldest, dra, tested = (".".join(map(str, each)) for each in (OLDEST, OLDEST_FOR_DRA, TESTED))
    (said,) = _row(_page("upgrade"), "Kubernetes")
    assert said.startswith(f"{oldest} to {tested}, with DRA from {dra} on; ")


def test_environments_have_the_jupyterhub_of_the_hub():
    hub, base = (
        re.search(r"^jupyterhub==((\d+)\S*)", (ROOT / file).read_text(), re.MULTILINE)
        for file in ("images/hub/requirements.txt", "images/base/requirements.txt")
    )
    assert hub
    assert base
    assert hub[1] == base[1]
    assert f"major version, {hub[2]} here" in _row(_page("upgrade"), "the hub and environments")[0]


# Uninstall


def _cluster_wide() -> set[tuple[str, str]]:
    """Kind and name of our objects that are in no namespace, and of our namespaces."""
    return {
        (each["kind"], each["metadata"]["name"])
        for file in (*CLUSTER.glob("*/*.yaml"), _PRINTED)
        if file.name != "kustomization.yaml"
        for each in objects(file)
        if each["kind"] in _CLUSTER_WIDE
    }


_CLUSTER_WIDE = {
    "Namespace": "Namespace",
    "ClusterRole": "ClusterRole",
    "ClusterRoleBinding": "ClusterRoleBinding",
    "ValidatingAdmissionPolicy": "ValidatingAdmissionPolicy and its binding",
    "ValidatingAdmissionPolicyBinding": "ValidatingAdmissionPolicy and its binding",
    "ClusterQueue": "ClusterQueue, ResourceFlavor",
    "ResourceFlavor": "ClusterQueue, ResourceFlavor",
    "WorkloadPriorityClass": "WorkloadPriorityClass",
}
"""Kinds without a namespace, and the first cell of the row that has them."""


def test_everything_of_ours_outside_of_a_namespace_is_named_where_it_goes():
    page = _page("uninstall")
    for row in set(_CLUSTER_WIDE.values()):
        said = set(re.findall(r"`([\w-]+)`", _row(page, row)[0]))
        assert said == {name for kind, name in _cluster_wide() if _CLUSTER_WIDE[kind] == row}, row


def test_gatekeeper_is_installed_as_the_helmfile_does():
    release = all_releases()["gatekeeper"]
    files = [f"helm-values/gatekeeper/{each}.yaml" for each in ("base", "prod")]
    installed = helm_commands(_page("guard-team-namespaces"))
    assert installed == {"gatekeeper": (release.version, release.namespace, files)}


def test_gatekeeper_is_asked_of_all_that_constraints_look_at():
    kinds = {
        (group, kind)
        for each in objects(CLUSTER / "policies-gatekeeper" / "constraints.yaml")
        for looked_at in each["spec"]["match"]["kinds"]
        for group in looked_at["apiGroups"]
        for kind in looked_at["kinds"]
    }
    rules = values("gatekeeper", "prod")["validatingWebhookCustomRules"]
    asked = {
        (group, resource)
        for each in rules
        for group in each["apiGroups"]
        for resource in each["resources"]
        if each["scope"] == "Namespaced"
    }
    assert asked == {
        (group, f"{kind.lower()}{'es' if kind.endswith('s') else 's'}") for group, kind in kinds
    }


def test_the_platform_goes_on_without_gatekeeper():
    ours = {name for kind, name in _cluster_wide() if kind == "Namespace"}
    charts = {
        each.namespace
        for folder in (FOLDER, LOGS)
        for name, each in all_releases(folder).items()
        if name != "gatekeeper"  # whose chart leaves out its own
    }
    for environment in ENVIRONMENTS:
        given = values("gatekeeper", environment)["validatingWebhookExemptNamespacesLabels"]
        assert ours | charts <= set(given["kubernetes.io/metadata.name"])


def test_gatekeepers_templates_are_named_where_they_go():
    (deleted,) = re.findall(
        r"kubectl delete constrainttemplates ((?:.*\\\n)*.*)", _page("uninstall")
    )
    templates = objects(CLUSTER / "policies-gatekeeper" / "templates.yaml")
    names = {each["metadata"]["name"] for each in templates} | {"gpucommonspodsofcatalogue"}
    assert set(deleted.replace("\\\n", " ").split()) == names
    assert "helm uninstall gatekeeper --namespace gatekeeper-system --wait" in _page("uninstall")


def test_every_chart_is_uninstalled_and_its_namespace_deleted():
    page = _page("uninstall")
    for name, release in releases().items():
        assert f"helm uninstall {name} --namespace {release.namespace} --wait" in page
    (deleted,) = re.findall(r"kubectl delete namespaces ((?:.*\\\n)*.*)", page)
    ours = {name for kind, name in _cluster_wide() if kind == "Namespace"}
    assert set(deleted.replace("\\\n", " ").split()) | ours == ours | {
        each.namespace for each in releases().values()
    }
