"""What an account may do by the rules of RBAC. Pure: objects in, yes or no out.

Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/
"""

from dataclasses import dataclass, replace

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_DISCOVERY = {
    "kind": "ClusterRole",
    "metadata": {"name": "system:discovery"},
    "rules": [
        {
            "nonResourceURLs": [
                "/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi",
                "/openapi/*", "/readyz", "/version", "/version/",
            ],
            "verbs": ["get"],
        }
    ],
}  # fmt: skip
"""Kubernetes' own. Source: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go of
https://github.com/kubernetes/kubernetes
"""


@dataclass(frozen=True)
class Right:
    """One verb on one kind, or on paths that are no objects, which begin with a slash.

    namespace is empty for the whole cluster.
    """

    verb: str
    group: str
    resource: str
    namespace: str = ""


def rights_of(objects, account):
    """Return all rights that bindings among the objects give to an account of ours."""
    roles = {_place(each): each for each in (*objects, _DISCOVERY)}
    return {
        right
        for each in objects
        if each["kind"] in {"ClusterRoleBinding", "RoleBinding"}
        and account in [subject["name"] for subject in each["subjects"]]
        for right in _granted(each, roles)
    }


def allows(rights, method, path):
    """Whether rights allow a request."""
    asked = _asked(method, path)
    if asked in rights or replace(asked, namespace="") in rights:
        return True
    return any(
        each.verb == asked.verb
        and each.resource.endswith("/*")
        and asked.resource.startswith(each.resource.removesuffix("*"))
        for each in rights
    )


def _place(role):
    return role["kind"], role["metadata"].get("namespace", ""), role["metadata"]["name"]


def _granted(binding, roles):
    namespace, named = binding["metadata"].get("namespace", ""), binding["roleRef"]
    role = roles[named["kind"], namespace if named["kind"] == "Role" else "", named["name"]]
    for rule in role["rules"]:
        assert "resourceNames" not in rule  # which are not followed here
        for verb in rule["verbs"]:
            for path in rule.get("nonResourceURLs", ()):
                yield Right(verb, "", path)
            for group in rule.get("apiGroups", ()):
                for resource in rule["resources"]:
                    yield Right(verb, group, resource, namespace)


def _asked(method, path):
    """Turn a request into the right that it takes."""
    _, root, *parts = path.split("/")
    group = parts.pop(0) if root == "apis" and parts else ""
    if root not in {"api", "apis"} or len(parts) < 2:
        return Right(_VERBS.get(method, "get"), "", path)
    inside = parts[1] == "namespaces" and len(parts) > 3
    namespace = parts[2] if inside else ""
    resource, *name = parts[3:] if inside else parts[1:]
    subresource = "/".join(name[1:])
    verb = _VERBS.get(method) or ("get" if name else "list")
    return Right(verb, group, f"{resource}/{subresource}".rstrip("/"), namespace)
