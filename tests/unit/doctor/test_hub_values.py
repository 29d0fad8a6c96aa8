"""What the doctor reads of a hub: z2jh's values in several files, or traits by class name."""

import asyncio
import json
import re
from dataclasses import replace
from typing import Any

import pytest
import yaml
from gpucommons_config.command import main
from gpucommons_doctor.checks.gpus.sizes import judge_size, read_nodes
from gpucommons_doctor.finding import State
from gpucommons_doctor.hub_values import HubValues, read_hub_values
from gpucommons_doctor.installation import read_installation
from gpucommons_doctor.z2jh import DEDICATED, DEFAULTS, KEYS, flaws, merged, on_chart
from gpucommons_doctor.z2jh_hub import traits_of
from gpucommons_people.errors import InputError
from hypothesis import given
from hypothesis import strategies as st
from reference_pages.project import ROOT

from ..helm_values.charts import leaves, releases
from . import objects
from .conftest import CATALOGUE

HELM_VALUES = ROOT / "helm-values"
EXAMPLE = [
    HELM_VALUES / "jupyterhub" / "base.yaml",
    HELM_VALUES / "jupyterhub" / "prod.yaml",
    HELM_VALUES / "example-installation" / "jupyterhub.yaml",
]

TRAITS = """\
KubeSpawner:
  storage_class: slow
  tolerations: [{key: site, operator: Exists}]
GPUSpawner:
  queue: sessions
  storage_class: fast
DexOAuthenticator:
  issuer: https://hub.example.org/dex
JupyterHub:
  port: 8000
"""
SITE = {"key": "site", "operator": "Exists"}
PURPOSE = {
    "matchExpressions": [
        {"key": "hub.jupyter.org/node-purpose", "operator": "In", "values": ["user"]}
    ]
}


@pytest.fixture
def write(tmp_path):
    """Write files of values; returns their paths."""

    def written(*contents: str | dict[str, Any]):
        files = [tmp_path / f"{number}.yaml" for number in range(len(contents))]
        for file, content in zip(files, contents, strict=True):
            file.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
        return files

    return written


def _of_sessions(*files: dict[str, Any]) -> dict[str, Any]:
    return dict(traits_of(on_chart(merged(files)))["KubeSpawner"])


def test_our_values_with_the_example_say_what_the_hub_is_set_to():
    found = read_installation(CATALOGUE, EXAMPLE)
    assert found.queue == "sessions"
    assert found.storage_class == "standard"
    assert found.issuer == "https://dex.example.org"
    assert found.placement == {"tolerations": [*DEDICATED]}


async def test_the_command_takes_the_files_that_helm_takes(kubeconfig, capsys):
    given = [argument for file in EXAMPLE for argument in ("--values", str(file))]
    command = ["doctor", "--json", "--kubeconfig", str(kubeconfig), "--catalogue", str(CATALOGUE)]
    checks = ["--only", "queue", "--only", "storage"]
    assert await asyncio.to_thread(main, [*command, *given, *checks]) == 1
    storage, queue = json.loads(capsys.readouterr().out)["checks"]
    assert any("standard" in each["found"] for each in storage["findings"])
    assert "Every team has the LocalQueue sessions." in str(queue["findings"])


def test_the_install_page_gives_the_doctor_what_it_gives_helm():
    page = (ROOT / "docs" / "tutorial" / "install-on-your-cluster.md").read_text()
    helm, *_more = re.findall(r"helm upgrade --install jupyterhub (?:.*\\\n)*.*", page)
    (command,) = re.findall(r"gpucommons doctor (?!--after)(?:.*\\\n)*.*", page)
    assert re.findall(r"--values (\S+)", command) == re.findall(r"-f (\S+)", helm)


def test_a_later_file_counts_before_an_earlier_one():
    base = {"singleuser": {"nodeSelector": {"pool": "a", "zone": "x"}, "extraTolerations": [SITE]}}
    more = {"singleuser": {"nodeSelector": {"pool": "b"}, "extraTolerations": []}}
    found = _of_sessions(base, more)
    assert found["node_selector"] == {"pool": "b", "zone": "x"}
    assert found["tolerations"] == [*DEDICATED]


def test_null_removes_what_an_earlier_file_or_the_chart_says():
    base = {"singleuser": {"nodeSelector": {"pool": "a"}, "extraTolerations": [SITE]}}
    nothing = {
        "singleuser": {"nodeSelector": None},
        "scheduling": {"userPods": {"tolerations": None}},
    }
    found = _of_sessions(base, nothing)
    assert "node_selector" not in found
    assert found["tolerations"] == [SITE]


def test_what_is_set_after_null_is_laid_over_the_chart_again():
    nothing = {"scheduling": {"userPods": None}}
    require = {"scheduling": {"userPods": {"nodeAffinity": {"matchNodePurpose": "require"}}}}
    assert _of_sessions(nothing)["tolerations"] == []
    assert _of_sessions(nothing, require)["tolerations"] == [*DEDICATED]
    assert _of_sessions(nothing, require)["node_affinity_required"] == [PURPOSE]


@pytest.mark.parametrize("match", ["prefer", "ignore"])
def test_a_preferred_purpose_keeps_sessions_from_no_node(match):
    values = {"scheduling": {"userPods": {"nodeAffinity": {"matchNodePurpose": match}}}}
    assert "node_affinity_required" not in _of_sessions(values)


def test_a_required_purpose_comes_after_affinities_of_the_installation():
    term = {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["x"]}]}
    values = {
        "singleuser": {"extraNodeAffinity": {"required": [term]}},
        "scheduling": {"userPods": {"nodeAffinity": {"matchNodePurpose": "require"}}},
    }
    assert _of_sessions(values)["node_affinity_required"] == [term, PURPOSE]


def test_hub_config_counts_before_the_keys_of_sessions(write):
    values = {
        "singleuser": {
            "extraTolerations": [SITE],
            "nodeSelector": {"pool": "a"},
            "storage": {"dynamic": {"storageClass": "slow"}},
            "cloudMetadata": {"blockWithIptables": False},
        },
        "hub": {
            "config": {
                "KubeSpawner": {"tolerations": []},
                "GPUSpawner": {"storage_class": "fast"},
            }
        },
    }
    found = read_installation(CATALOGUE, write(values))
    assert found.storage_class == "fast"
    assert found.placement == {"tolerations": [], "node_selector": {"pool": "a"}}


@pytest.mark.parametrize("kind", ["static", "none", None])
def test_the_storage_class_is_that_of_workspaces_only_if_the_chart_makes_them(kind):
    storage = {"type": kind, "dynamic": {"storageClass": "slow"}}
    assert "storage_class" not in _of_sessions({"singleuser": {"storage": storage}})


def test_what_sessions_need_besides_is_read():
    sidecar = {"name": "proxy", "image": "proxy"}
    found = _of_sessions(
        {
            "singleuser": {
                "initContainers": [sidecar],
                "cloudMetadata": {"blockWithIptables": False},
                "extraContainers": [sidecar],
                "extraPodConfig": {"runtimeClassName": "nvidia"},
                "extraResource": {"guarantees": {"site/port": "1"}},
            }
        }
    )
    assert "block-cloud-metadata" not in str(found)
    assert found["init_containers"] == found["extra_containers"] == [sidecar]
    assert found["extra_pod_config"] == {"runtimeClassName": "nvidia"}
    assert found["extra_resource_guarantees"] == {"site/port": "1"}


def test_sizes_are_judged_with_what_the_values_let_sessions_tolerate(write):
    taint = {"key": "site", "effect": "NoSchedule"}
    node = objects.node("cpu-1")
    node["spec"]["taints"] = [taint]
    without = read_installation(CATALOGUE, write({"hub": {}}))
    with_it = read_installation(CATALOGUE, write({"singleuser": {"extraTolerations": [SITE]}}))
    states = [
        judge_size("cpu", each.sizes["cpu"], read_nodes([node]), each.placement, hami=False)[
            0
        ].state
        for each in (without, with_it)
    ]
    assert states == [State.FAULT, State.GOOD]


def test_values_are_read_as_helm_reads_them(write):
    files = write("hub: {allowNamedServers: yes, extraFiles: {a: {mode: 0644}}}")
    hub = read_hub_values(files).chart["hub"]
    assert hub["allowNamedServers"] is True
    assert hub["extraFiles"] == {"a": {"mode": 0o644}}


def test_the_values_that_the_chart_mounts_are_its_values(write):
    mounted = {"Chart": {"Name": "jupyterhub"}, "Release": {"Name": "hub"}, "cull": {}}
    assert read_hub_values(write(mounted)).chart == {
        **DEFAULTS,
        **mounted,
        "cull": DEFAULTS["cull"],
    }


def test_traits_by_class_name_say_what_the_hub_is_set_to(write):
    found = read_installation(CATALOGUE, write(TRAITS))
    assert found.queue == "sessions"
    assert found.storage_class == "fast"
    assert found.issuer == "https://hub.example.org/dex"
    assert found.placement == {"tolerations": [SITE]}
    assert read_hub_values(write(TRAITS)).chart is None


@pytest.mark.parametrize("content", [TRAITS, {"hub": {"config": {"GPUSpawner": {"queue": "a"}}}}])
def test_what_is_given_besides_counts_before_the_values(write, content):
    found = read_installation(
        CATALOGUE, write(content), queue="", storage_class="x", issuer="http://y"
    )
    assert (found.queue, found.storage_class, found.issuer) == ("", "x", "http://y")


@pytest.mark.parametrize("contents", [[""], ["# nothing"], ["", "{}"]])
def test_empty_values_set_nothing(write, contents):
    found = read_installation(CATALOGUE, write(*contents))
    assert found.values == HubValues()
    assert replace(found, values=None) == read_installation(CATALOGUE)


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        (["- a"], "hold no keys"),
        (["x"], "hold no keys"),
        (["a: ["], "not valid YAML"),
        (["\x00"], "not valid YAML"),
        (["GPUSpawner: 3"], "GPUSpawner must be a mapping of traits"),
        (["GPUSpawner: {queue: no}"], "not valid YAML"),
        (["hub: {}\nGPUSpawner: {}"], "traits of GPUSpawner, which belong below hub.config"),
        (["singeluser: {}"], "singeluser is neither a key of z2jh's values"),
        (["hub: {}", "GPUSpawner: {queue: a}"], "Give files of one kind"),
        (["GPUSpawner: {queue: a}", "hub: {}"], "Give files of one kind"),
        (["GPUSpawner: {queue: a}", "JupyterHub: {port: 1}"], "reads one such file"),
        (["hub: {}", "hub: 3"], "hub must be a mapping, not 3"),
        (["hub: {config: {loadRoles: {}}}"], "hub.config.loadRoles must be the name of a class"),
        (["hub: {config: {GPUSpawner: [a]}}"], "hub.config.GPUSpawner must be a mapping, not"),
        (["hub: {services: {idle: 3}}"], "hub.services.idle must be a mapping, not 3"),
        (["singleuser: {storage: {extraVolumes: 3}}"], "must be a list or a mapping, not 3"),
        (["singleuser: {nodeSelector: a}"], "singleuser.nodeSelector must be a mapping, not 'a'"),
        (["singleuser: {extraTolerations: [a]}"], "extraTolerations must be a list of mappings"),
        (
            ["scheduling: {userPods: {nodeAffinity: {matchNodePurpose: must}}}"],
            "matchNodePurpose must be ignore, prefer or require, not 'must'",
        ),
    ],
)
def test_values_that_cannot_be_used_are_refused_with_the_file(write, contents, said):
    files = write(*contents)
    with pytest.raises(InputError) as refused:
        read_installation(CATALOGUE, files)
    assert said in str(refused.value)
    assert str(files[0].parent) in str(refused.value)


_KEYS = st.sampled_from(
    ["config", "services", "db", "type", "storage", "extraVolumes", "nodeSelector", "GPUSpawner"]
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda each: st.lists(each, max_size=2) | st.dictionaries(_KEYS, each, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.sampled_from(sorted(KEYS)), _VALUES, max_size=4), max_size=3))
def test_whatever_has_no_flaw_can_be_made_traits_of(files):
    if not any(list(flaws(each)) for each in files):
        assert all(isinstance(each, dict) for each in traits_of(on_chart(merged(files))).values())


def test_the_charts_keys_and_defaults_are_those_we_know():
    release = releases()["jupyterhub"]
    chart = yaml.safe_load(release.chart_file("values.yaml").read_text())
    schema = json.loads(release.chart_file("values.schema.json").read_text())
    assert schema["properties"].keys() == KEYS
    for keys, value in leaves(DEFAULTS):
        found: Any = chart
        for key in keys:
            found = found[key]
        assert found == value, keys
