"""The accounts that programs use in the cluster: their rights, and a kubeconfig for each.

What hub and commands may do is in ``cluster/base``, and what accounting may do in
``cluster/accounting``, the same as on a real cluster.
"""

import base64
import json
from collections.abc import Mapping

import yaml

from gpucommons_local.cluster.kubernetes import Manifest, kubectl, kustomized
from gpucommons_local.cluster.namespaces import DEX_NAMESPACE, NAMESPACE
from gpucommons_local.machine.cache import checkout
from gpucommons_local.machine.instance import Instance

ACCOUNTS = {
    **dict.fromkeys(("hub", "people", "idle", "accounting"), NAMESPACE),
    "dex": DEX_NAMESPACE,
}
"""Service accounts by name, with their namespaces."""
_RIGHTS = {"ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"}


def rights_objects(_instance: Instance, _images: Mapping[str, str]) -> list[Manifest]:
    """The project's own objects, what Dex's chart would bring, and tokens to run without pods."""
    base = kustomized(checkout() / "cluster" / "base")
    accounting = [
        each
        for each in kustomized(checkout() / "cluster" / "accounting")
        if each["kind"] in _RIGHTS
    ]
    return [
        *base,
        *accounting,
        *_dex_objects(),
        *(token_object(*each) for each in ACCOUNTS.items()),
    ]


def tokens_missing(instance: Instance) -> str | None:
    """Write each account's kubeconfig once it has a token; says what is missing until then."""
    missing = (token_missing(instance, *each) for each in ACCOUNTS.items())
    return next((each for each in missing if each), None)


def token_missing(instance: Instance, name: str, namespace: str) -> str | None:
    """Write an account's kubeconfig once it has a token; says what is missing until then."""
    answer = kubectl(instance, "get", "secret", f"{name}-token", "-n", namespace, "-o", "json")
    token = json.loads(answer).get("data", {}).get("token")
    if not token:
        return f"the service account {name} has no token yet"
    _write_kubeconfig(instance, name, namespace, base64.b64decode(token).decode())
    return None


def token_object(name: str, namespace: str) -> Manifest:
    """Return the Secret that Kubernetes puts an account's token into."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/service-account-token",
        "metadata": {
            "name": f"{name}-token",
            "namespace": namespace,
            "annotations": {"kubernetes.io/service-account.name": name},
        },
    }


def _dex_objects() -> list[Manifest]:
    """Dex keeps its state as objects of its own kinds, which it makes itself."""
    rbac = "rbac.authorization.k8s.io"
    metadata = {"name": "dex", "namespace": DEX_NAMESPACE}
    account = {"kind": "ServiceAccount", **metadata}
    kinds = {
        "apiGroups": ["apiextensions.k8s.io"],
        "resources": ["customresourcedefinitions"],
        "verbs": ["create", "get", "list"],
    }
    state = {"apiGroups": ["dex.coreos.com"], "resources": ["*"], "verbs": ["*"]}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
        *(
            {
                "apiVersion": f"{rbac}/v1",
                "kind": f"{scope}Role",
                "metadata": metadata if not scope else {"name": "dex"},
                "rules": [rule],
            }
            for scope, rule in (("", state), ("Cluster", kinds))
        ),
        *(
            {
                "apiVersion": f"{rbac}/v1",
                "kind": f"{scope}RoleBinding",
                "metadata": metadata if not scope else {"name": "dex"},
                "roleRef": {"apiGroup": rbac, "kind": f"{scope}Role", "name": "dex"},
                "subjects": [account],
            }
            for scope in ("", "Cluster")
        ),
    ]


def _write_kubeconfig(instance: Instance, name: str, namespace: str, token: str) -> None:
    cluster = yaml.safe_load(instance.kubeconfig.read_text())["clusters"][0]["cluster"]
    context = {"cluster": "local", "user": name, "namespace": namespace}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": "local", "cluster": cluster}],
        "users": [{"name": name, "user": {"token": token}}],
        "contexts": [{"name": name, "context": context}],
    }
    file = instance.kubeconfigs / f"{name}.conf"
    file.touch(mode=0o600)
    file.write_text(yaml.safe_dump(config))
