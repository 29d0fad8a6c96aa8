"""What the chart z2jh 4.4.0 makes beside our objects: two NetworkPolicies, and the pods' labels.

Made of the values, so that it needs no Helm. Where Helm and the whole chart are at hand,
test_chart_policies.py compares it with what they make. Source: the chart's templates
hub/netpol.yaml, proxy/netpol.yaml and _helpers-netpol.tpl.
"""

from collections.abc import Mapping
from typing import Any

from tests.unit.helm_values.charts import merge, values

Object = dict[str, Any]

_OF_RELEASE = {"app": "jupyterhub", "release": "jupyterhub"}
_ACCESS = "hub.jupyter.org/network-access-"
_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
_METADATA = "169.254.169.254/32"
_DEFAULTS = {
    "enabled": True,
    "ingress": [],
    "egress": [],
    "egressAllowRules": {
        "cloudMetadataServer": True,
        "dnsPortsCloudMetadataServer": True,
        "dnsPortsKubeSystemNamespace": True,
        "dnsPortsPrivateIPs": True,
        "nonPrivateIPs": True,
        "privateIPs": True,
    },
    "interNamespaceAccessLabels": "ignore",
}
DEFAULTS = {
    "hub": {**_DEFAULTS, "allowedIngressPorts": []},
    "proxy": {**_DEFAULTS, "allowedIngressPorts": ["http", "https"]},
}
"""The chart's own values of hub.networkPolicy and proxy.chp.networkPolicy."""

HUB_LABELS = {
    **_OF_RELEASE,
    "component": "hub",
    f"{_ACCESS}proxy-api": "true",
    f"{_ACCESS}proxy-http": "true",
    f"{_ACCESS}singleuser": "true",
}
PROXY_LABELS = {
    **_OF_RELEASE,
    "component": "proxy",
    f"{_ACCESS}hub": "true",
    f"{_ACCESS}singleuser": "true",
}
PULLER_LABELS = {**_OF_RELEASE, "component": "continuous-image-puller"}


def chart_policies(environment: str) -> list[Object]:
    """Return the policies of hub and proxy with the values of an environment."""
    given = values("jupyterhub", environment)
    hub = merge(DEFAULTS["hub"], given["hub"]["networkPolicy"])
    proxy = merge(DEFAULTS["proxy"], given["proxy"]["chp"]["networkPolicy"])
    for each in (hub, proxy):
        assert each["enabled"]
        assert each["interNamespaceAccessLabels"] == "ignore"
    return [
        _policy("hub", hub, {"hub": ["http"]}, {"proxy": 8001, "singleuser-server": 8888}),
        _policy(
            "proxy",
            proxy,
            {"proxy-http": ["http"], "proxy-api": ["api"]},
            {"hub": 8081, "singleuser-server": 8888},
        ),
    ]


def _policy(
    component: str,
    settings: Mapping[str, Any],
    doors: Mapping[str, list[str]],
    asked: Mapping[str, int],
) -> Object:
    """Put one policy together: its doors by the label that opens them, and whom it asks."""
    everybody = [{"port": each} for each in settings["allowedIngressPorts"]]
    ingress = [{"ports": everybody}] if everybody else []
    for label, ports in doors.items():
        access = {"podSelector": {"matchLabels": {f"{_ACCESS}{label}": "true"}}}
        ingress.append({"ports": [{"port": each} for each in ports], "from": [access]})
    egress = [
        {"to": [{"podSelector": {"matchLabels": {**_OF_RELEASE, "component": name}}}],
         "ports": [{"port": port}]}
        for name, port in asked.items()
    ]  # fmt: skip
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": component, "namespace": "gpucommons"},
        "spec": {
            "podSelector": {"matchLabels": {**_OF_RELEASE, "component": component}},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [*ingress, *settings["ingress"]],
            "egress": [*egress, *_addresses(settings["egressAllowRules"]), *settings["egress"]],
        },
    }


def _addresses(rules: Mapping[str, bool]) -> list[Object]:
    private = [_block(each) for each in _PRIVATE]
    names = [_block(_METADATA)] if rules["dnsPortsCloudMetadataServer"] else []
    if rules["dnsPortsKubeSystemNamespace"]:
        system = {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}
        names.append({"namespaceSelector": system})
    names += private if rules["dnsPortsPrivateIPs"] else []
    found: list[Object] = []
    if names:
        dns = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]
        found.append({"ports": dns, "to": names})
    if rules["nonPrivateIPs"]:
        found.append({"to": [_block("0.0.0.0/0", [*_PRIVATE, _METADATA])]})
    if rules["privateIPs"]:
        found.append({"to": private})
    if rules["cloudMetadataServer"]:
        found.append({"to": [_block(_METADATA)]})
    return found


def _block(cidr: str, besides: list[str] | None = None) -> Object:
    return {"ipBlock": {"cidr": cidr} | ({"except": besides} if besides else {})}
