"""The pods that z2jh's and Dex's charts make of our values, as far as their security goes.

Made of the values, so that it needs no Helm. Source: z2jh 4.4.0, values.yaml and the templates
hub/deployment.yaml, proxy/deployment.yaml and image-puller/_helpers-daemonset.tpl; dex 0.24.0,
templates/deployment.yaml.
"""

from typing import Any

from tests.unit.helm_values.charts import merge, releases, values

Object = dict[str, Any]

_CONTAINER = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
}
_NOBODY = {
    **_CONTAINER,
    "runAsNonRoot": True,
    "runAsUser": 65534,
    "seccompProfile": {"type": "RuntimeDefault"},
}
Z2JH = {
    "hub": {
        "podSecurityContext": {
            "runAsNonRoot": True,
            "fsGroup": 1000,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containerSecurityContext": {**_CONTAINER, "runAsUser": 1000},
    },
    "proxy": {"chp": {"containerSecurityContext": _NOBODY}},
    "prePuller": {
        "containerSecurityContext": _NOBODY,
        "pause": {"containerSecurityContext": _NOBODY},
    },
}
"""The chart's own values of these keys."""


def chart_pods(environment: str) -> dict[str, tuple[str, Object]]:
    """Return namespace and specification of each pod, by what it is called."""
    hub = merge(Z2JH, values("jupyterhub", environment))
    at = releases()["jupyterhub"].namespace
    return {
        "hub": (at, _hub(hub["hub"])),
        "proxy": (at, _proxy(hub["proxy"]["chp"])),
        "image puller": (at, _puller(hub["prePuller"])),
        "Dex": (releases()["dex"].namespace, _dex(values("dex", environment))),
    }


def _container(security: Object, given: Object, mounts: str = "volumeMounts") -> Object:
    return {
        "name": "main",
        "securityContext": security,
        "resources": given["resources"],
        "volumeMounts": given.get(mounts, []),
    }


def _hub(given: Object) -> Object:
    return {
        "serviceAccountName": given["serviceAccount"]["name"],
        "securityContext": given["podSecurityContext"],
        "volumes": given["extraVolumes"],
        "containers": [_container(given["containerSecurityContext"], given, "extraVolumeMounts")],
    }


def _proxy(given: Object) -> Object:
    return {
        "automountServiceAccountToken": False,
        "containers": [_container(given["containerSecurityContext"], given)],
    }


def _puller(given: Object) -> Object:
    pause = {**given["pause"], "resources": given["resources"]}
    return {
        "automountServiceAccountToken": False,
        "initContainers": [_container(given["containerSecurityContext"], given)],
        "containers": [_container(pause["containerSecurityContext"], pause)],
    }


def _dex(given: Object) -> Object:
    return {
        "serviceAccountName": "dex",
        "securityContext": given["podSecurityContext"],
        "volumes": given["volumes"],
        "containers": [_container(given["securityContext"], given)],
    }
