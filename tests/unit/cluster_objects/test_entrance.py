"""Both entrances lead to hub and Dex alike, and the guide makes either an installation's own."""

import re
import tomllib
from textwrap import dedent

import pytest
import yaml
from gpucommons_config.pages.https import HEADER, MAX_AGE_S
from reference_pages.project import ROOT

from .custom_kinds import mistakes
from .kustomize import CLUSTER, made, named, of_kind, part

GUIDE = ROOT / "docs" / "how-to" / "entrance-and-mesh.md"
_GATEWAY_API, _ISTIO = "entrance-gateway-api", "entrance-istio"
_EXAMPLES = ("hub.example.org", "dex.example.org")
# The Services of z2jh's chart and of Dex's, for releases of these names.
_BEHIND = {"hub": ("proxy-public", "gpucommons", 80), "dex": ("dex", "dex", 5556)}


def _route(name):
    return named(part(_GATEWAY_API), "HTTPRoute", name)


def _service(name):
    return named(part(_ISTIO), "VirtualService", name)


@pytest.mark.parametrize("name", _BEHIND)
def test_both_lead_to_the_same_service_by_the_same_name(name):
    service, namespace, port = _BEHIND[name]
    route, virtual = _route(name), _service(name)
    (rule,), (http,) = route["spec"]["rules"], virtual["spec"]["http"]
    (backend,), (istio,) = rule["backendRefs"], http["route"]
    assert (backend["name"], backend["port"]) == (service, port)
    assert istio["destination"] == {
        "host": f"{service}.{namespace}.svc.cluster.local",
        "port": {"number": port},
    }
    assert route["metadata"]["namespace"] == virtual["metadata"]["namespace"] == namespace
    assert route["spec"]["hostnames"] == virtual["spec"]["hosts"]
    assert rule["matches"] == [{"path": {"type": "PathPrefix", "value": "/"}}]
    assert "match" not in http


def test_the_certificate_is_for_what_is_routed_and_lies_beside_the_gateway():
    certificate = named(part("entrance"), "Certificate", "entrance")
    names = [name for each in _BEHIND for name in _route(each)["spec"]["hostnames"]]
    assert certificate["spec"]["dnsNames"] == names == [*_EXAMPLES]
    secret = certificate["spec"]["secretName"]
    (gateway,) = of_kind(part(_GATEWAY_API), "Gateway")
    (istio,) = of_kind(part(_ISTIO), "Gateway")
    assert gateway["spec"]["listeners"][1]["tls"]["certificateRefs"][0]["name"] == secret
    assert istio["spec"]["servers"][1]["tls"]["credentialName"] == secret
    places = {each["metadata"]["namespace"] for each in (certificate, gateway, istio)}
    assert len(places) == 1


def test_http_leads_to_https_and_to_nothing_else():
    (rule,) = _route("to-https")["spec"]["rules"]
    assert "backendRefs" not in rule
    for name in _BEHIND:
        (parent,) = _route(name)["spec"]["parentRefs"]
        assert parent["sectionName"] == "https"
    (istio,) = of_kind(part(_ISTIO), "Gateway")
    assert istio["spec"]["servers"][0]["tls"] == {"httpsRedirect": True}


def test_routes_of_other_namespaces_are_not_let_in():
    (gateway,) = of_kind(part(_GATEWAY_API), "Gateway")
    http, https = (each["allowedRoutes"]["namespaces"] for each in gateway["spec"]["listeners"])
    assert http == {"from": "Same"}
    assert https["from"] == "Selector"
    (chosen,) = https["selector"]["matchExpressions"]
    assert chosen["values"] == ["gpucommons", "dex"]
    (istio,) = of_kind(part(_ISTIO), "Gateway")
    for server in istio["spec"]["servers"]:
        assert server["hosts"] == ["gpucommons/*", "dex/*"]


@pytest.mark.parametrize("name", _BEHIND)
def test_browsers_are_told_of_https_for_as_long_as_the_hub_itself_says(name):
    said = f"max-age={MAX_AGE_S}"
    (rule,) = _route(name)["spec"]["rules"]
    response = rule["filters"][-1]["responseHeaderModifier"]["set"]
    assert response == [{"name": HEADER, "value": said}]
    (http,) = _service(name)["spec"]["http"]
    assert http["headers"]["response"]["set"] == {HEADER: said}


def _patterns():
    (limit,) = of_kind(part(_ISTIO), "EnvoyFilter")
    (patch,) = limit["spec"]["configPatches"]
    said = patch["patch"]["value"]["typed_config"]
    found = {}
    for each in said["rate_limits"]:
        matched = each["actions"][0]["header_value_match"]
        (path,) = (header for header in matched["headers"] if header["name"] == ":path")
        found[matched["descriptor_value"]] = path["string_match"]["safe_regex"]["regex"]
    return found


@pytest.mark.parametrize(
    ("path", "limited"),
    [
        ("/hub/login", {"page"}),
        ("/hub/login?next=%2Fhub%2Fhome", {"page"}),
        ("/hub/oauth_login?next=x", {"page"}),
        ("/hub/oauth_callback?code=1", {"page"}),
        ("/auth?client_id=gpucommons-hub", {"page"}),
        ("/auth/local/login?state=a", {"page", "password"}),
        ("/dex/auth/ldap/login", {"page", "password"}),
        # The hub asks these, for everybody from one address.
        ("/token", set()),
        ("/keys", set()),
        ("/.well-known/openid-configuration", set()),
        ("/hub/home", set()),
        ("/hub/api/oauth2/authorize?client_id=a", set()),
        ("/hub/loginx", set()),
        ("/user/ada/lab", set()),
        ("/user/ada/files/auth/local/login", set()),
        ("/authors", set()),
    ],
)
def test_the_limit_is_about_signing_in_alone(path, limited):
    assert {name for name, each in _patterns().items() if re.fullmatch(each, path)} == limited


def _block(first_line):
    indented = re.findall(r"^ *```yaml\n(.*?)^ *```", GUIDE.read_text(), re.DOTALL | re.MULTILINE)
    blocks = map(dedent, indented)
    (found,) = (each for each in blocks if each.startswith(f"{first_line}\n"))
    return yaml.safe_load(found)


@pytest.mark.parametrize("entrance", [_GATEWAY_API, _ISTIO])
def test_the_guide_makes_an_entrance_an_installation_s_own(tmp_path, entrance):
    title = {"entrance-gateway-api": "the Gateway API", "entrance-istio": "Istio"}[entrance]
    said = _block(f"# objects/kustomization.yaml: {title}")
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    address = f"github.com/gpucommons/gpucommons//cluster/{entrance}?ref=v{version}"
    assert address in said["resources"]
    (tmp_path / "cluster").symlink_to(CLUSTER)
    folder = tmp_path / "objects"
    folder.mkdir()
    said["resources"] = [f"../cluster/{entrance}"]
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(said))
    found = made(folder)
    assert len(found) == len(part(entrance))
    assert not [name for name in _EXAMPLES if name in yaml.safe_dump(found)]
    for each in of_kind(found, "VirtualService") + of_kind(found, "HTTPRoute"):
        assert mistakes(each) == []
