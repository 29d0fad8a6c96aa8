"""The kinds of Kubernetes objects that the commands look at and write, and where each is kept.

Objects are plain dicts, as in YAML, so that kinds of Dex and Kueue need no classes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """Where the API server keeps the objects of a kind."""

    api: str
    plural: str
    namespaced: bool = True

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """Return the URL path of one object, or of all in a namespace or in the cluster."""
        root = f"/api/{self.api}" if "/" not in self.api else f"/apis/{self.api}"
        inside = f"/namespaces/{quote(namespace)}" if namespace else ""
        return f"{root}{inside}/{self.plural}" + (f"/{quote(name)}" if name else "")


NAMESPACES = Kind("v1", "namespaces", namespaced=False)
PODS = Kind("v1", "pods")
CLAIMS = Kind("v1", "persistentvolumeclaims")
CONFIG_MAPS = Kind("v1", "configmaps")
QUOTAS = Kind("v1", "resourcequotas")
STORAGE_CLASSES = Kind("storage.k8s.io/v1", "storageclasses", namespaced=False)
POLICIES = Kind("networking.k8s.io/v1", "networkpolicies")
PASSWORDS = Kind("dex.coreos.com/v1", "passwords")
REFRESH_TOKENS = Kind("dex.coreos.com/v1", "refreshtokens")
OFFLINE_SESSIONS = Kind("dex.coreos.com/v1", "offlinesessionses")

KINDS: Mapping[str, Kind] = {
    "Namespace": NAMESPACES,
    "ConfigMap": CONFIG_MAPS,
    "PersistentVolumeClaim": CLAIMS,
    "ResourceQuota": QUOTAS,
    "LimitRange": Kind("v1", "limitranges"),
    "NetworkPolicy": POLICIES,
    "RoleBinding": Kind("rbac.authorization.k8s.io/v1", "rolebindings"),
    "LocalQueue": Kind("kueue.x-k8s.io/v1beta2", "localqueues"),
    "Password": PASSWORDS,
    "SelfSubjectReview": Kind("authentication.k8s.io/v1", "selfsubjectreviews", False),
    "SelfSubjectAccessReview": Kind("authorization.k8s.io/v1", "selfsubjectaccessreviews", False),
    "SubjectAccessReview": Kind("authorization.k8s.io/v1", "subjectaccessreviews", False),
}
"""The kinds that are applied or made, by the name in their manifests.

A review is a question to the API server: what is made has the answer, and is kept nowhere.
"""
