"""The guides to private access and to sessions' own names make what they say of our objects."""

import re
from textwrap import dedent

import pytest
import yaml
from gpucommons_contract.private_access import ACCESS_NAME, ACCESS_NAMESPACE, read_access
from reference_pages.project import ROOT

from .custom_kinds import mistakes
from .kustomize import CLUSTER, Object, made, named, of_kind, part

_HOW_TO = ROOT / "docs" / "how-to"
_IMAGE = "gpucommons/private-access:2026.11"
_REMOTE = re.compile(r"github\.com/gpucommons/gpucommons//(.+)\?ref=.+")


def _made(page: str, title: str, folder, *resources: str) -> list[Object]:
    """What Kustomize makes of a block of a page, with our objects from here."""
    text = (_HOW_TO / page).read_text()
    blocks = map(dedent, re.findall(r"^ *```yaml\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE))
    first = f"# objects/kustomization.yaml: {title}\n"
    (block,) = (each for each in blocks if each.startswith(first))
    said = yaml.safe_load(block)
    found = [*said.get("resources", ()), *resources]
    said["resources"] = [_REMOTE.sub(r"../\1", each) for each in found]
    (folder / "cluster").symlink_to(CLUSTER)
    (folder / "objects").mkdir()
    (folder / "objects" / "kustomization.yaml").write_text(yaml.safe_dump(said))
    (folder / "objects" / "private-key").write_text("secret")
    return made(folder / "objects")


def test_the_pod_finds_the_settings_and_the_key_that_the_guide_makes(tmp_path):
    found = _made("private-access.md", "private access", tmp_path)
    settings = named(found, "ConfigMap", ACCESS_NAME)
    assert settings["metadata"]["namespace"] == ACCESS_NAMESPACE
    assert read_access(settings["data"]).own_address
    pod = named(found, "Deployment", "private-access")["spec"]["template"]["spec"]
    volumes = {each["name"]: each for each in pod["volumes"]}
    assert volumes["settings"]["configMap"]["name"] == ACCESS_NAME
    (secret,) = of_kind(found, "Secret")
    assert secret["metadata"]["name"] == volumes["key"]["secret"]["secretName"]
    (container,) = pod["containers"]
    assert container["image"] == f"registry.example.org/{_IMAGE}"
    page = (_HOW_TO / "private-access.md").read_text()
    assert f"-t {container['image']} ." in page
    assert (ROOT / re.search(r"build -f (images/\S+)", page)[1]).is_file()
    places = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
    (key,) = secret["data"]
    assert container["args"] == [places["settings"], f"{places['key']}/{key}"]


def test_the_guide_s_addresses_are_let_in(tmp_path):
    found = _made("private-access.md", "only from these addresses", tmp_path)
    policy = named(found, "AuthorizationPolicy", "allow-list")
    (rule,) = policy["spec"]["rules"]
    assert rule["from"][0]["source"]["remoteIpBlocks"] == ["10.20.0.0/16", "192.0.2.0/24"]
    assert mistakes(policy) == []


@pytest.mark.parametrize("entrance", ["entrance-istio", "entrance-gateway-api"])
def test_an_allow_list_is_about_the_gateway_of_its_entrance(entrance):
    (policy,) = part(f"{entrance}/allow-list")
    gateway = named(part(entrance), "Gateway", "entrance")
    assert policy["metadata"]["namespace"] == gateway["metadata"]["namespace"]
    if entrance == "entrance-istio":
        assert policy["spec"]["selector"]["matchLabels"] == gateway["spec"]["selector"]
    else:
        (target,) = policy["spec"]["targetRefs"]
        assert (target["kind"], target["name"]) == ("Gateway", gateway["metadata"]["name"])


@pytest.mark.parametrize(
    ("entrance", "kind", "field"),
    [
        ("entrance-istio", "VirtualService", "hosts"),
        ("entrance-gateway-api", "HTTPRoute", "hostnames"),
    ],
)
def test_sessions_own_names_come_in_with_a_certificate(tmp_path, entrance, kind, field):
    found = _made("configure-the-hub.md", "subdomains", tmp_path, f"../cluster/{entrance}")
    route = named(found, kind, "hub")
    assert route["spec"][field] == ["hub.example.org", "*.hub.example.org"]
    names = named(found, "Certificate", "entrance")["spec"]["dnsNames"]
    assert set(route["spec"][field]) < set(names)
    assert "dex.example.org" in names
