"""What the chart's network policies let through, our own let through as well."""

from urllib.parse import urlsplit

from gpucommons_contract import Label
from gpucommons_culler.web.away import PROXY_ERRORS
from kubespawner import KubeSpawner

from .charts import values
from .objects import CLUSTER, TEAM_BASE, Object, objects, one

_COMPONENT = KubeSpawner.class_traits()["component_label"].default_value
"""What KubeSpawner calls sessions."""


def _policies() -> dict[str, Object]:
    """A team's policies."""
    found = objects(TEAM_BASE / "network-policies.yaml")
    return {each["metadata"]["name"]: each["spec"] for each in found}


def test_sessions_may_reach_the_hub_and_the_hub_sessions_from_both_sides(environment):
    given = values("jupyterhub", environment)
    to_hub = _policies()["sessions-to-hub"]
    from_hub = _policies()["sessions-from-hub-and-proxy"]
    (asking,) = given["hub"]["networkPolicy"]["ingress"]
    assert asking["ports"] == to_hub["egress"][0]["ports"]
    ways = [
        *given["hub"]["networkPolicy"]["egress"],
        given["proxy"]["chp"]["networkPolicy"]["egress"][0],
    ]
    for way in ways:
        assert way["ports"] == from_hub["ingress"][0]["ports"]
    for peer in (asking["from"][0], *(way["to"][0] for way in ways)):
        assert peer["podSelector"] == to_hub["podSelector"] == from_hub["podSelector"]
        assert peer["podSelector"]["matchLabels"]["component"] == _COMPONENT
        (namespaces,) = peer["namespaceSelector"]["matchExpressions"]
        assert namespaces == {"key": str(Label.TEAM), "operator": "Exists"}
        assert (
            namespaces["key"]
            in one(TEAM_BASE / "namespace.yaml", "Namespace")["metadata"]["labels"]
        )


def test_the_proxy_may_reach_the_culler_and_the_culler_the_hub(environment, culler):
    labels = culler["metadata"]["labels"]
    way = values("jupyterhub", environment)["proxy"]["chp"]["networkPolicy"]["egress"][1]
    assert way["to"][0]["podSelector"]["matchLabels"].items() <= labels.items()
    assert [each["port"] for each in way["ports"]] == [
        each["containerPort"] for each in culler["spec"]["containers"][0]["ports"]
    ]
    assert labels["hub.jupyter.org/network-access-hub"] == "true"


def test_the_proxys_page_of_errors_is_the_cullers(environment, culler):
    target = urlsplit(values("jupyterhub", environment)["proxy"]["chp"]["errorTarget"])
    service = one(CLUSTER / "idle-culler" / "service.yaml", "Service")
    assert target.hostname == service["metadata"]["name"]
    assert target.port == service["spec"]["ports"][0]["port"]
    assert target.path == PROXY_ERRORS


def test_the_proxy_reaches_the_culler_also_while_it_misses_the_hub_and_so_is_not_ready():
    service = one(CLUSTER / "idle-culler" / "service.yaml", "Service")
    assert service["spec"].get("publishNotReadyAddresses")


def test_the_culler_lets_in_the_pods_that_ask_it():
    policy = one(CLUSTER / "idle-culler" / "network-policy.yaml", "NetworkPolicy")["spec"]
    (asking,) = policy["ingress"][0]["from"][0]["podSelector"]["matchExpressions"]
    assert set(asking["values"]) == {"hub", "proxy"}
