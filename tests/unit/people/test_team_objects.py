"""A team as objects: golden, read back, and the same as Kustomize makes of the same files."""

import os
from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from gpucommons_people.clients.kinds import KINDS
from gpucommons_people.teams.team import Team
from gpucommons_people.teams.team_objects import QUOTA_KEYS, team_from_objects, team_objects
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kubectl import kustomized

GOLDEN = Path(__file__).with_name("vision.golden.yaml")
VISION = Team(
    name="vision",
    display_name="Computer Vision",
    gpus=8,
    gpu_shares=16,
    sessions=40,
    cpu="64",
    memory="512Gi",
    storage="2Ti",
    storage_class="fast",
    workspace="100Gi",
)


def test_a_team_s_objects_are_as_they_were_looked_at():
    """After a change on purpose: write `yaml.safe_dump_all(team_objects(VISION))` to the file."""
    assert team_objects(VISION) == list(yaml.safe_load_all(GOLDEN.read_text()))


def _by_name(objects):
    return {(each["kind"], each["metadata"]["name"]): each for each in objects}


def test_kustomize_makes_the_same_of_the_same_files(tmp_path):
    base = Path(str(files("gpucommons_people") / "team_base"))
    patches = [
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {
                "name": "team",
                "labels": {"gpucommons.io/team": "vision"},
                "annotations": {
                    "gpucommons.io/display-name": "Computer Vision",
                    "gpucommons.io/storage-class": "fast",
                    "gpucommons.io/workspace-size": "100Gi",
                },
            },
        },
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "team", "namespace": "team"},
            "spec": {"hard": {QUOTA_KEYS[k]: str(v) for k, v in VISION.limits().items()}},
        },
    ]
    overlay = {
        "namespace": "team-vision",
        "resources": [os.path.relpath(base, tmp_path)],
        "patches": [{"patch": yaml.safe_dump(each)} for each in patches],
    }
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(overlay))
    made = kustomized(tmp_path)
    assert _by_name(yaml.safe_load_all(made)) == _by_name(team_objects(VISION))


def test_the_namespace_comes_first_and_the_rights_next():
    kinds = [each["kind"] for each in team_objects(VISION)]
    assert kinds[:3] == ["Namespace", "RoleBinding", "RoleBinding"]
    assert "RoleBinding" not in kinds[3:]


def test_every_object_is_of_a_kind_that_can_be_applied():
    assert {each["kind"] for each in team_objects(VISION)} <= set(KINDS)
    for each in team_objects(VISION):
        assert KINDS[each["kind"]].api == each["apiVersion"]


_names = st.from_regex(r"[a-z]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
_counts = st.none() | st.integers(0, 10_000)
_amounts = st.none() | st.sampled_from(["1", "500m", "2Ti", "1.5Gi"])


@given(
    st.builds(
        Team,
        name=_names,
        display_name=st.text(max_size=50),
        gpus=_counts,
        gpu_shares=_counts,
        sessions=_counts,
        cpu=_amounts,
        memory=_amounts,
        storage=st.none() | st.just("2Ti"),
        storage_class=st.none() | st.just("fast"),
        workspace=st.none() | st.sampled_from(["100Gi", "1.5Gi"]),
        resources=st.dictionaries(
            st.sampled_from(["nvidia.com/mig-1g.10gb", "nvidia.com/gpumem"]), st.integers(0, 90_000)
        ),
        device_classes=st.dictionaries(
            st.sampled_from(["gpu.nvidia.com", "mig.nvidia.com"]), st.integers(0, 99)
        ),
    )
)
def test_a_team_is_read_back_from_its_objects(team):
    objects = _by_name(team_objects(team))
    namespace = objects["Namespace", f"team-{team.name}"]
    assert team_from_objects(namespace, objects["ResourceQuota", "team"]) == team


def test_sizes_that_cannot_be_read_keep_no_team_from_being_shown():
    annotations = {"gpucommons.io/workspace-sizes": "{"}
    namespace = {"metadata": {"labels": {"gpucommons.io/team": "a"}, "annotations": annotations}}
    assert team_from_objects(namespace, None) == Team(name="a")


@pytest.mark.parametrize(("written", "count"), [("20", 20), ("2k", 2000), ("1M", 1_000_000)])
def test_counts_are_read_as_kubernetes_shortens_them(written, count):
    namespace = {"metadata": {"labels": {"gpucommons.io/team": "a"}}}
    quota = {"spec": {"hard": {"pods": written}}}
    assert team_from_objects(namespace, quota).sessions == count


def test_a_team_without_a_quota_has_no_limits():
    namespace = {"metadata": {"labels": {"gpucommons.io/team": "a"}}}
    assert team_from_objects(namespace, None) == Team(name="a")


def _policy(name):
    return _by_name(team_objects(VISION))["NetworkPolicy", name]["spec"]


def test_no_private_address_is_the_internet():
    import ipaddress

    (rule,) = _policy("to-internet")["egress"]
    blocks = [each["ipBlock"] for each in rule["to"]]
    excepted = [ipaddress.ip_network(net) for block in blocks for net in block["except"]]
    for address in ("10.1.2.3", "172.31.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
                    "127.0.0.1", "fd00::1", "fe80::1"):  # fmt: skip
        found = ipaddress.ip_address(address)
        assert any(found in net for net in excepted if net.version == found.version), address


def test_everything_is_denied_that_no_policy_lets():
    deny = _policy("default-deny")
    assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_devices_of_every_gpu_mode_are_limited_as_kubernetes_names_them():
    team = Team(
        name="a",
        resources={"nvidia.com/mig-1g.10gb": 4, "nvidia.com/gpumem": 40_000},
        device_classes={"gpu.nvidia.com": 2},
    )
    assert _by_name(team_objects(team))["ResourceQuota", "team"]["spec"]["hard"] == {
        "requests.nvidia.com/mig-1g.10gb": "4",
        "requests.nvidia.com/gpumem": "40000",
        "gpu.nvidia.com.deviceclass.resource.k8s.io/devices": "2",
    }
