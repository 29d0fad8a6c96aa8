"""What z2jh's and Dex's charts make of our values, as far as it matters here, as objects.

The charts themselves cannot be had from the package registries. Source: their templates, z2jh
4.4.0 and dex 0.24.0.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.unit.cluster_objects.chart_policies import HUB_LABELS, PROXY_LABELS, chart_policies

Object = dict[str, Any]
Images = Mapping[str, str]

NAMESPACE, DEX_NAMESPACE = "gpucommons", "dex"
HUB_PORT, DEX_PORT = 30080, 30556
"""At which the node lets people in, as an Ingress would."""
_ETC = "/usr/local/etc/jupyterhub"
_TOKEN_KEY = "hub.config.ConfigurableHTTPProxy.auth_token"
_TOKEN = {"secretKeyRef": {"name": "hub", "key": _TOKEN_KEY}}
_OF_CHART = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
_HUB_OF_CHART = {**_OF_CHART, "runAsUser": 1000, "runAsGroup": 1000}
_PROXY_OF_CHART = {**_OF_CHART, "runAsUser": 65534, "runAsGroup": 65534}
"""What z2jh has for them, to which our values add."""


def hub_objects(images: Images, values: Object, proxy_token: str) -> list[Object]:
    """Hub and proxy, with the chart's policies around them."""
    config = Path(__file__).with_name("jupyterhub_config.py").read_text()
    secret = {"values.yaml": yaml.safe_dump(values), _TOKEN_KEY: proxy_token}
    given = values["hub"]
    volumes = [
        {"name": "config", "configMap": {"name": "hub"}},
        {"name": "secret", "secret": {"secretName": "hub"}},
        {"name": "existing-secret", "secret": {"secretName": given["existingSecret"]}},
        *given["extraVolumes"],
    ]
    return [
        _object("ConfigMap", "hub", data={"jupyterhub_config.py": config}),
        _object("Secret", "hub", stringData=secret),
        _deployment(
            "hub",
            HUB_LABELS,
            _hub(images["hub"], given),
            volumes=volumes,
            serviceAccountName="hub",
            fsGroup=1000,
        ),
        _deployment("proxy", PROXY_LABELS, _proxy(images["proxy"], values["proxy"]["chp"])),
        _service("hub", HUB_LABELS, {"port": 8081, "targetPort": "http"}),
        _service("proxy-api", PROXY_LABELS, {"port": 8001, "targetPort": "api"}),
        _service(
            "proxy-public",
            PROXY_LABELS,
            {"port": 80, "targetPort": "http", "nodePort": HUB_PORT},
        ),
        *chart_policies("staging"),
    ]


def _hub(image: str, given: Object) -> Object:
    """The hub's container; given is ``hub`` of the values."""
    return {
        "name": "hub",
        "image": image,
        "args": [
            *("jupyterhub", "--config", f"{_ETC}/jupyterhub_config.py"),
            *(["--upgrade-db"] if given["db"]["upgrade"] else []),
        ],
        "env": [
            {"name": "PYTHONUNBUFFERED", "value": "1"},
            {"name": "HELM_RELEASE_NAME", "value": "jupyterhub"},
            {
                "name": "POD_NAMESPACE",
                "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}},
            },
            {"name": "CONFIGPROXY_AUTH_TOKEN", "valueFrom": _TOKEN},
            *_extra_env(given["extraEnv"]),
        ],
        "ports": [{"name": "http", "containerPort": 8081}],
        "readinessProbe": _probe("/hub/health"),
        "securityContext": {**_HUB_OF_CHART, **given["containerSecurityContext"]},
        "volumeMounts": [
            {
                "name": "config",
                "mountPath": f"{_ETC}/jupyterhub_config.py",
                "subPath": "jupyterhub_config.py",
            },
            {"name": "config", "mountPath": f"{_ETC}/config/"},
            {"name": "secret", "mountPath": f"{_ETC}/secret/"},
            {"name": "existing-secret", "mountPath": f"{_ETC}/existing-secret/"},
            *given["extraVolumeMounts"],
        ],
    }


def _extra_env(given: Object) -> list[Object]:
    """As z2jh has it: a text is a value, and a mapping says where that comes from."""
    return [
        {"name": name, **(each if isinstance(each, dict) else {"value": each})}
        for name, each in given.items()
    ]


def _proxy(image: str, given: Object) -> Object:
    """The proxy's container; given is ``proxy.chp`` of the values."""
    return {
        "name": "chp",
        "image": image,
        "command": [
            *("configurable-http-proxy", "--ip=", "--api-ip=", "--port=8000", "--api-port=8001"),
            *("--default-target=http://hub:8081", f"--error-target={given['errorTarget']}"),
        ],
        "env": [{"name": "CONFIGPROXY_AUTH_TOKEN", "valueFrom": _TOKEN}],
        "ports": [{"name": "http", "containerPort": 8000}, {"name": "api", "containerPort": 8001}],
        "readinessProbe": _probe("/_chp_healthz"),
        "securityContext": {**_PROXY_OF_CHART, **given["containerSecurityContext"]},
    }


def dex_objects(images: Images, values: Object) -> list[Object]:
    """Dex, and the rights that its chart gives it."""
    labels = {"app.kubernetes.io/name": "dex", "app.kubernetes.io/instance": "dex"}
    dex = {
        "name": "dex",
        "image": images["dex"],
        "args": ["dex", "serve", "--web-http-addr", "0.0.0.0:5556", "/etc/dex/config.yaml"],
        "env": values["envVars"],
        "ports": [{"name": "http", "containerPort": 5556}],
        "readinessProbe": {**_probe("/dex/healthz")},
        "securityContext": values["securityContext"],
        "volumeMounts": [
            {"name": "config", "mountPath": "/etc/dex", "readOnly": True},
            *values["volumeMounts"],
        ],
    }
    state = [{"apiGroups": ["dex.coreos.com"], "resources": ["*"], "verbs": ["*"]}]
    kinds = [
        {
            "apiGroups": ["apiextensions.k8s.io"],
            "resources": ["customresourcedefinitions"],
            "verbs": ["list", "create"],
        }
    ]
    return [
        _object(
            "Secret", "dex", DEX_NAMESPACE, stringData={"config.yaml": json.dumps(values["config"])}
        ),
        _object("ServiceAccount", "dex", DEX_NAMESPACE),
        *_rights("Role", state),
        *_rights("ClusterRole", kinds),
        _deployment(
            "dex",
            labels,
            dex,
            namespace=DEX_NAMESPACE,
            serviceAccountName="dex",
            volumes=[{"name": "config", "secret": {"secretName": "dex"}}, *values["volumes"]],
            security=values["podSecurityContext"],
        ),
        _service(
            "dex",
            labels,
            {"port": 5556, "targetPort": "http", "nodePort": DEX_PORT},
            namespace=DEX_NAMESPACE,
        ),
    ]


def database_objects(address: str) -> list[Object]:
    """The name under which hub and idle culler find a PostgreSQL that runs on the node."""
    name, port = "gpucommons-database-rw", {"port": 5432}
    return [
        _object("Service", name, spec={"ports": [port]}),
        {
            **_object("EndpointSlice", name),
            "apiVersion": "discovery.k8s.io/v1",
            "metadata": {
                "name": name,
                "namespace": NAMESPACE,
                "labels": {"kubernetes.io/service-name": name},
            },
            "addressType": "IPv4",
            "endpoints": [{"addresses": [address]}],
            "ports": [port],
        },
    ]


def _probe(path: str) -> Object:
    return {"httpGet": {"path": path, "port": "http"}, "periodSeconds": 2}


def _object(kind: str, name: str, namespace: str = NAMESPACE, **content: object) -> Object:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **content}


def _deployment(
    name: str,
    labels: Mapping[str, str],
    container: Object,
    *,
    namespace: str = NAMESPACE,
    fsGroup: int | None = None,  # noqa: N803 -- as Kubernetes spells it
    security: Object | None = None,
    **of_pod: object,
) -> Object:
    usual = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    pod = {
        "securityContext": (security or usual) | ({"fsGroup": fsGroup} if fsGroup else {}),
        "containers": [container],
        **of_pod,
    }
    spec = {
        "selector": {"matchLabels": dict(labels)},
        "strategy": {"type": "Recreate"},
        "template": {"metadata": {"labels": dict(labels)}, "spec": pod},
    }
    return {**_object("Deployment", name, namespace, spec=spec), "apiVersion": "apps/v1"}


def _service(
    name: str, labels: Mapping[str, str], port: Object, namespace: str = NAMESPACE
) -> Object:
    kind = {"type": "NodePort"} if "nodePort" in port else {}
    spec = {"selector": dict(labels), "ports": [port], **kind}
    return _object("Service", name, namespace, spec=spec)


def _rights(kind: str, rules: list[Object]) -> list[Object]:
    group = "rbac.authorization.k8s.io"
    namespace = {"namespace": DEX_NAMESPACE} if kind == "Role" else {}
    account = {"kind": "ServiceAccount", "name": "dex", "namespace": DEX_NAMESPACE}
    metadata = {"name": "dex", **namespace}
    return [
        {"apiVersion": f"{group}/v1", "kind": kind, "metadata": metadata, "rules": rules},
        {
            "apiVersion": f"{group}/v1",
            "kind": f"{kind}Binding",
            "metadata": metadata,
            "roleRef": {"apiGroup": group, "kind": kind, "name": "dex"},
            "subjects": [account],
        },
    ]
