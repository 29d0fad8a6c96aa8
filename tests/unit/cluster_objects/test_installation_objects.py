"""The installation of the guide, and each way to change it that the guide names."""

import re
import shutil
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from reference_pages.project import ROOT

from tests.unit.helm_values.charts import values

from .custom_kinds import mistakes
from .doctor_command import given
from .kustomize import CLUSTER, Object, identity, made, named, of_kind, overlay, part, pod_template
from .pod_security import lacks_for_restricted

GUIDE = ROOT / "docs" / "how-to" / "apply-our-objects.md"
TUTORIAL = ROOT / "docs" / "tutorial" / "install-on-your-cluster.md"
REGISTRY = "registry.example.org"


def _block(first_line: str) -> str:
    """Return the block of the guide that begins with this line."""
    blocks = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    (found,) = (each for each in blocks if each.startswith(f"{first_line}\n"))
    return found


def _here(address: str) -> str:
    """Turn a remote address of the guide into the folder of the same name beside the example."""
    return re.sub(r"github\.com/gpucommons/gpucommons//([\w/-]+)\?ref=.*", r"../\1", address)


@pytest.fixture
def example(tmp_path):
    """The installation of the guide, with this checkout in the place of a release."""
    return _example(tmp_path)


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory):
    """The objects of that installation."""
    return made(_example(tmp_path_factory.mktemp("example")))


def _example(beside: Path) -> Path:
    shutil.copytree(CLUSTER, beside / "cluster")
    folder = beside / "objects"
    folder.mkdir()
    shutil.copy(ROOT / "hub_config" / "gpucommons_config" / "catalogue.yaml", folder)
    shutil.copy(ROOT / "helm-values" / "example-installation" / "idle-culler.yaml", folder)
    (folder / "queue.yaml").write_text(_block("# objects/queue.yaml"))
    said = yaml.safe_load(_block("# objects/kustomization.yaml"))
    said["resources"] = [_here(each) for each in said["resources"]]
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(said))
    return folder


def _change(folder: Path, change: str):
    """Add to the lists of an installation's kustomization what a block of the guide says."""
    file = folder / "kustomization.yaml"
    said = yaml.safe_load(file.read_text())
    for key, added in yaml.safe_load(_block(f"# objects/kustomization.yaml: {change}")).items():
        items = [_here(each) if isinstance(each, str) else each for each in added]
        said[key] = [*said.get(key, []), *(each for each in items if each not in said[key])]
    file.write_text(yaml.safe_dump(said))


def test_an_installation_has_the_objects_of_its_overlay_and_its_files(unchanged):
    found = {identity(each) for each in unchanged}
    files = {("ConfigMap", "gpucommons", name) for name in ("gpucommons-catalogue", "idle-culler")}
    assert found == {identity(each) for each in overlay("prod")} | files


def test_an_installation_that_sets_one_namespace_for_all_is_refused(example):
    file = example / "kustomization.yaml"
    said = yaml.safe_load(file.read_text())
    assert "namespace" not in said
    file.write_text(yaml.safe_dump({**said, "namespace": "gpucommons"}))
    with pytest.raises(AssertionError, match="namespace"):
        made(example)


def test_the_installation_says_how_many_gpus_the_queue_has(unchanged, catalogue):
    (queue,) = of_kind(unchanged, "ClusterQueue")
    (group,) = queue["spec"]["resourceGroups"]
    quotas = {e["name"]: e["nominalQuota"] for e in group["flavors"][0]["resources"]}
    assert quotas == {"nvidia.com/gpu": "4", "nvidia.com/gpu.shared": "16"}
    assert [*quotas] == group["coveredResources"]
    unpatched = named(part("queue"), "ClusterQueue", "gpucommons")["spec"]
    assert {**queue["spec"], "resourceGroups": 0} == {**unpatched, "resourceGroups": 0}
    asked = {
        name
        for size in catalogue.sizes.values()
        if size.gpu is not None
        for name in size.gpu.fields().limits
    }
    assert asked <= set(quotas)


def test_the_queue_of_the_example_is_as_its_kind_says(unchanged):
    (queue,) = of_kind(unchanged, "ClusterQueue")
    assert mistakes(queue) == []


def _images(folder: Path) -> set[str]:
    return {
        container["image"]
        for each in made(folder)
        if each["kind"] in {"Deployment", "DaemonSet", "CronJob"}
        for container in pod_template(each)["spec"]["containers"]
    }


def test_all_images_come_from_where_the_installation_says_in_one_place(example):
    _change(example, "the agent of GPU nodes")
    images = _images(example)
    assert len(images) == 2
    assert all(each.startswith(f"{REGISTRY}/gpucommons/") for each in images)


def test_the_port_of_the_api_server_is_let_through_by_each_policy_that_expects_it(example):
    _accounting(example)
    _change(example, "the agent of GPU nodes")
    _change(example, "the port of the API server")
    out = _ports_anywhere(example)
    assert len([name for name, ports in out.items() if 6443 in ports]) == 6
    assert all((16443 in ports) is (6443 in ports) for ports in out.values())


def test_the_port_of_a_database_of_one_s_own_is_let_through_by_each_policy_that_expects_it(example):
    _accounting(example)
    _change(example, "a database of your own")
    _change(example, "the port of the database")
    out = _ports_anywhere(example)
    assert {name for name, ports in out.items() if 5432 in ports} == {"idle-culler", "accounting"}
    assert all((6432 in ports) is (5432 in ports) for ports in out.values())


def _accounting(folder: Path) -> None:
    """Add accounting, which overlays do not have."""
    file = folder / "kustomization.yaml"
    said = yaml.safe_load(file.read_text())
    said["resources"].append("../cluster/accounting")
    file.write_text(yaml.safe_dump(said))


def _ports_anywhere(folder: Path) -> dict[str, set[int]]:
    """Return the ports at which each policy lets out to anybody."""
    return {
        each["metadata"]["name"]: {
            port["port"]
            for rule in each["spec"].get("egress") or ()
            if "to" not in rule
            for port in rule["ports"]
        }
        for each in of_kind(made(folder), "NetworkPolicy")
    }


def test_a_part_that_is_not_in_the_overlay_can_be_added(example, unchanged):
    _change(example, "the agent of GPU nodes")
    assert len(made(example)) == len(unchanged) + len(part("gpu-processes"))


def _checks_of(objects: list[Object]):
    """The doctor's pod, and what the command takes its arguments for."""
    pod = pod_template(named(objects, "CronJob", "doctor"))["spec"]
    return pod, given(pod["containers"][0])


def test_the_checks_can_be_made_to_push_where_they_may(example, unchanged):
    assert _checks_of(unchanged)[1].push is None
    _change(example, "push what the checks find")
    found = made(example)
    address = urlsplit(_checks_of(found)[1].push)
    (rule,) = [
        each
        for each in named(found, "NetworkPolicy", "doctor")["spec"]["egress"]
        if {"protocol": "TCP", "port": address.port} in each["ports"]
    ]
    (peer,) = rule["to"]
    namespace = peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
    assert address.hostname == f"pushgateway.{namespace}"


def test_the_checks_can_be_told_of_an_authority_that_is_mounted(example):
    _change(example, "push what the checks find")
    _change(example, "an authority for the checks")
    pod, arguments = _checks_of(made(example))
    assert arguments.push is not None
    (volume,) = [each for each in pod["volumes"] if each["name"] == "authority"]
    (mount,) = [
        each for each in pod["containers"][0]["volumeMounts"] if each["name"] == volume["name"]
    ]
    (item,) = volume["secret"]["items"]
    assert arguments.ca == Path(mount["mountPath"], item["path"])
    assert lacks_for_restricted(pod) == []
    dev = values("jupyterhub", "dev")["hub"]
    assert volume in dev["extraVolumes"]
    assert mount in dev["extraVolumeMounts"]
    assert str(arguments.ca) in str(dev["config"]["DexOAuthenticator"])


def test_the_database_can_be_taken_out(example, unchanged):
    database = {identity(each) for each in part("database")}
    assert database <= {identity(each) for each in unchanged}
    _change(example, "a database of your own")
    left = {identity(each) for each in made(example)}
    assert not database & left
    assert len(left) == len(overlay("prod")) + 2 - len(database)


def test_what_must_not_be_lost_can_be_kept_from_pruning(example):
    _change(example, "never prune these")
    found = made(example)
    kept = {
        each["kind"]
        for each in found
        if each["metadata"].get("annotations", {}).get("kustomize.toolkit.fluxcd.io/prune")
        == "disabled"
    }
    assert kept == {"Namespace", "Cluster"}
    namespaces = of_kind(found, "Namespace")
    assert all(
        "argocd.argoproj.io/sync-options" in e["metadata"]["annotations"] for e in namespaces
    )


def test_more_priorities_are_patched_in_like_any_object(example):
    text = _block("# objects/course.yaml")
    assert mistakes(yaml.safe_load(text)) == []


def test_a_team_by_kustomize_is_a_team(tmp_path):
    said = yaml.safe_load(_block("# teams/vision/kustomization.yaml"))
    base = "github.com/gpucommons/gpucommons//people/gpucommons_people/team_base?ref="
    assert said["resources"][0].startswith(base)
    (tmp_path / "team_base").mkdir()
    for each in (ROOT / "people" / "gpucommons_people" / "team_base").glob("*.yaml"):
        (tmp_path / "team_base" / each.name).write_text(each.read_text())
    team = tmp_path / "vision"
    team.mkdir()
    said["resources"] = ["../team_base"]
    (team / "kustomization.yaml").write_text(yaml.safe_dump(said))
    found = made(team)
    (namespace,) = of_kind(found, "Namespace")
    assert namespace["metadata"]["name"] == "team-vision"
    assert namespace["metadata"]["labels"]["gpucommons.io/team"] == "vision"
    (quota,) = of_kind(found, "ResourceQuota")
    assert quota["spec"]["hard"]["requests.nvidia.com/gpu"] == "4"
    assert {e["metadata"].get("namespace", "team-vision") for e in found} == {"team-vision"}


def test_remote_addresses_of_the_guide_are_folders_of_this_repository():
    pattern = r"github\.com/gpucommons/gpucommons//([\w/-]+)\?ref=(\S+?)[\s\]]"
    found = re.findall(pattern, GUIDE.read_text())
    assert {folder for folder, _ in found} >= {"cluster/overlays/prod"}
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    for folder, reference in found:
        assert (ROOT / folder / "kustomization.yaml").is_file(), folder
        assert reference == f"v{version}"


def test_every_folder_is_in_the_guide():
    text = GUIDE.read_text()
    folders = {each.parent for each in CLUSTER.glob("*/kustomization.yaml")}
    assert not [each for each in folders if f"`{each.relative_to(ROOT).as_posix()}`" not in text]


@pytest.mark.parametrize("page", [GUIDE, TUTORIAL], ids=lambda each: each.stem)
def test_folders_that_a_page_applies_are_there(page):
    found = set(re.findall(r"kubectl \w[^`\n]* -k (cluster/[\w/-]+)", page.read_text()))
    assert found
    for folder in found:
        assert (ROOT / folder / "kustomization.yaml").is_file(), folder
