"""Requests in a team's namespace: what is asked, by whom, and what is said of it."""

from dataclasses import dataclass
from typing import Any

from ..people.cluster import HUB, PEOPLE
from .objects import TEAM, Body, claim, ingress, pod, session

__all__ = ["HUB", "PEOPLE"]

EDITOR = "bea@example.org"
"""Somebody with Kubernetes' role `edit` there."""
BATCH = "system:serviceaccount:batch:runner"
"""A program of the site's own, which may start pods with GPUs."""
KUEUE = "system:serviceaccount:kueue-system:kueue-controller-manager"
CONTROLLER = "system:serviceaccount:kube-system"

CORE = f"/api/v1/namespaces/{TEAM}"
PODS, CLAIMS, SERVICES = f"{CORE}/pods", f"{CORE}/persistentvolumeclaims", f"{CORE}/services"
INGRESSES = f"/apis/networking.k8s.io/v1/namespaces/{TEAM}/ingresses"
NETWORK_POLICIES = f"/apis/networking.k8s.io/v1/namespaces/{TEAM}/networkpolicies"
DEVICES = f"/apis/resource.k8s.io/v1/namespaces/{TEAM}"
SESSION = f"{PODS}/jupyter-carol"
"""A session of somebody else, which runs there."""

ISOLATED, OF_CATALOGUE = "gpucommons-pods-isolated", "gpucommons-pods-of-catalogue"
AS_MADE, CLOSED = "gpucommons-pods-as-made", "gpucommons-pods-closed"


def there() -> dict[str, Body]:
    """What is there before, and is changed, by path."""
    running = session("cpu")
    running["metadata"] |= {"name": "jupyter-carol", "namespace": TEAM}
    running["spec"]["schedulingGates"] = [{"name": "kueue.x-k8s.io/admission"}]
    bound = {"storageClassName": "growing", "volumeName": "of-carol"}
    return {
        SESSION: running,
        f"{CLAIMS}/workspace-carol": claim(
            "workspace-carol", annotations={"gpucommons.io/user": "carol"}, **bound
        ),
        f"{CLAIMS}/unbound": claim("unbound", storageClassName="growing"),
        f"{INGRESSES}/of-administrators": ingress("/team", "of-administrators"),
    }


@dataclass(frozen=True)
class Request:
    """What somebody asks of the API server."""

    name: str
    body: Body
    path: str = PODS
    method: str = "POST"
    user: str = EDITOR
    query: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Attack(Request):
    """A way around, and what is said of it. policy is the one that refuses it."""

    policy: str
    message: str


def isolated(name: str, message: str, /, user: str = EDITOR, **made: Any) -> Attack:
    return Attack(name, pod(**made), policy=ISOLATED, message=message, user=user)


def of_catalogue(name: str, message: str, /, user: str = EDITOR, **made: Any) -> Attack:
    return Attack(name, pod(**made), policy=OF_CATALOGUE, message=message, user=user)


def beside(name: str, policy: str, message: str, path: str, body: Body, **more: Any) -> Attack:
    """One that is not a new pod."""
    return Attack(name, body, path, policy=policy, message=message, **more)


def of_a_session(
    name: str, message: str, body: Body, policy: str = AS_MADE, part: str = ""
) -> Attack:
    """A change of the session that runs."""
    return Attack(name, body, f"{SESSION}{part}", "PATCH", policy=policy, message=message)
