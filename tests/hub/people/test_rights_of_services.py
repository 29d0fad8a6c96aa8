"""What the accounts of services may do: what the page of the rights lists, and nothing else.

As an API server answers ``kubectl auth can-i --list``; hub and account commands have their own
tests. A list says "of one kind", so that rights on what is in no namespace are asked for by
themselves.
"""

from collections.abc import Iterator

import pytest
import yaml
from gpucommons_local.machine.cache import checkout
from reference_pages.rights import rights

from tests.unit.kubectl import kustomized

from .test_rights import own_rights

_OPTIONAL = ("accounting", "backup", "doctor", "gpu-processes")
_RIGHTS = {"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"}
_OF_OTHERS = {"people", "hub"}
"""Accounts that other tests of this folder ask about: their rights stay."""
_NAMESPACES = ("gpucommons", "dex", "kube-node-lease", "default")
_TWO_WORDS = "which kinds the cluster has"


def _objects() -> list[dict]:
    every = [
        each
        for name in _OPTIONAL
        for each in yaml.safe_load_all(kustomized(checkout() / "cluster" / name))
        if each["kind"] in _RIGHTS
    ]
    for each in every:
        if "subjects" in each:
            each["subjects"] = [e for e in each["subjects"] if e["name"] not in _OF_OTHERS]
    return [each for each in every if each.get("subjects") != []]


@pytest.fixture(scope="module", autouse=True)
def _rights_of_services(api) -> Iterator[None]:
    text = yaml.safe_dump_all(_objects())
    api.kubectl("apply", "--server-side", "-f", "-", given=text)
    yield
    api.kubectl("delete", "-f", "-", given=text)


def _expected(account: str, namespace: str) -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for place, what, verbs in rights().get(account, ()):
        if place not in {"everywhere", f"`{namespace}`"} or what.startswith(_TWO_WORDS):
            continue
        # bypass-guard is given by cluster/policies, which is not here.
        if "bypass-guard" in verbs:
            continue
        kinds, _, names = what.replace("`", "").partition(" (")
        for kind in kinds.split(", "):
            resource, _, group = kind.partition(".")
            resource, _, part = resource.partition("/")
            whole = f"{resource}{f'.{group}' if group else ''}{f'/{part}' if part else ''}"
            for name in names.rstrip(")").split(", "):
                found.setdefault(f"{whole}/{name}".rstrip("/"), set()).update(verbs.split(", "))
    return {what: " ".join(sorted(verbs)) for what, verbs in found.items()}


_ACCOUNTS = {
    **dict.fromkeys(("idle", "accounting", "backup", "doctor"), "gpucommons"),
    "backup-drill": "gpucommons",
    "earlier-files": "gpucommons",
    "backup-store": "gpucommons",
    "gpu-processes": "gpucommons-node",
}


@pytest.mark.parametrize("namespace", _NAMESPACES)
@pytest.mark.parametrize("account", _ACCOUNTS)
def test_an_account_may_do_what_is_listed_and_nothing_else(api, account, namespace):
    user = f"system:serviceaccount:{_ACCOUNTS[account]}:{account}"
    expected = _expected(account, namespace)
    anybody = ("selfsubjectreviews.authentication.k8s.io",)
    assert own_rights(api, user, namespace) == {
        what: verbs for what, verbs in expected.items() if what not in anybody
    }


@pytest.mark.parametrize(
    ("account", "verb", "resource"),
    [
        ("gpucommons:hub", "get", "workloadpriorityclasses.kueue.x-k8s.io"),
        ("gpucommons:hub", "list", "nodes"),
        ("gpucommons:idle", "get", "nodes --subresource=stats"),
        ("gpucommons:people", "get", "storageclasses.storage.k8s.io"),
        ("gpucommons:doctor", "list", "clusterqueues.kueue.x-k8s.io"),
    ],
)
def test_rights_on_what_is_in_no_namespace_count(api, account, verb, resource):
    user = f"system:serviceaccount:{account}"
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": user, "resourceAttributes": _attributes(verb, resource)},
    }
    given = yaml.safe_dump(review)
    answer = api.kubectl("create", "-f", "-", "-o", "yaml", given=given)
    assert yaml.safe_load(answer)["status"]["allowed"]


def _attributes(verb: str, resource: str) -> dict[str, str]:
    name, _, part = resource.partition(" --subresource=")
    kind, _, group = name.partition(".")
    return {"verb": verb, "resource": kind, "group": group, "subresource": part}
