"""The admission policies for teams' namespaces as Gatekeeper's templates and constraints. Pure.

The expressions are those of the policies: Gatekeeper's engine K8sNativeValidation runs them in its
webhook, in its audit and in gator. It has no ``authorizer``, so whom a policy lets through by a
right is named in the constraint's parameters instead. An audit has no request: neither who made an
object nor what it was before.

Source: https://open-policy-agent.github.io/gatekeeper/website/docs/validating-admission-policy
(pkg/drivers/k8scel in v3.23.1)
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

Manifest = dict[str, Any]
Enforcement = Literal["deny", "warn", "dryrun"]
"""What a constraint does: refuse, warn, or look in the audit alone."""

_KINDS = {
    "pods": "Pod",
    "services": "Service",
    "persistentvolumeclaims": "PersistentVolumeClaim",
    "ingresses": "Ingress",
    "resourceclaims": "ResourceClaim",
    "resourceclaimtemplates": "ResourceClaimTemplate",
}
"""Kinds by resource. Gatekeeper's webhook is asked of these when they are made and changed: of
CONNECT, DELETE and tokens it is not, unless its chart says so for the whole cluster.
"""
_AUDITED = {
    "gpucommons-pods-isolated",
    "gpucommons-pods-of-catalogue",
    "gpucommons-team-services",
}
"""What judges objects as they are. The others judge a change, or who makes it."""
_ACRONYMS = {"gpucommons": "GPUCommons"}
_DESCRIPTION = "kubernetes.io/description"
_TARGET = "admission.k8s.gatekeeper.sh"
_ENGINE = "K8sNativeValidation"

_ACCOUNT = "request.userInfo.?username.orValue('')"
_RIGHTS: Mapping[str, str] = {
    "authorizer.group('gpucommons.io').resource('teams').namespace(request.namespace)"
    ".check('bypass-guard').allowed()": (
        f"({_ACCOUNT} in variables.params.letThrough.users"
        " || request.userInfo.?groups.orValue([])"
        ".exists(group, group in variables.params.letThrough.groups))"
    ),
    "authorizer.group('gpucommons.io').resource('teams').namespace(request.namespace)"
    ".check('use-gpus').allowed()": (
        # An audit cannot know. That the GPU is that of a size, it judges all the same.
        f"(request.operation == '' || {_ACCOUNT} in variables.params.useGPUs)"
    ),
    "authorizer.group('').resource('persistentvolumes').check('update').allowed()": (
        f"({_ACCOUNT} in variables.params.bindVolumes)"
    ),
}
"""What stands for each right that a policy asks for."""
_PARAMETERS: Manifest = {
    "letThrough": {
        "users": [
            "system:serviceaccount:gpucommons:hub",
            "system:serviceaccount:gpucommons:people",
            "system:serviceaccount:gpucommons:backup",
        ],
        "groups": ["system:masters"],
    },
    "useGPUs": [],
    "bindVolumes": [
        "system:serviceaccount:kube-system:persistent-volume-binder",
        "system:kube-controller-manager",
    ],
}
_NAMES = {"type": "array", "items": {"type": "string"}}
_SCHEMA: Manifest = {
    "letThrough": {
        "type": "object",
        "description": "Accounts and groups that are not judged, in place of `bypass-guard`.",
        "properties": {"users": _NAMES, "groups": _NAMES},
    },
    "useGPUs": {
        **_NAMES,
        "description": "Accounts whose pods may have the GPU of a size, in place of `use-gpus`.",
    },
    "bindVolumes": {
        **_NAMES,
        "description": "Accounts of the controller that gives claims their volumes.",
    },
}
_BY_THE_HUB = {
    "name": "not-a-session-in-an-audit",
    "expression": (
        "request.operation != '' || !(object.metadata.?labels[?'component'].orValue('')"
        " in ['singleuser-server', 'snapshot'])"
    ),
}
"""Whoever is not let through is refused these labels when a pod is made."""


class NotForGatekeeperError(ValueError):
    """A policy asks what Gatekeeper does not know."""


def is_for_gatekeeper(policy: Manifest) -> bool:
    """Say whether Gatekeeper's webhook, as its chart sets it up, is asked of all it looks at."""
    rules = policy["spec"]["matchConstraints"]["resourceRules"]
    return all(
        set(rule["resources"]) <= _KINDS.keys() and set(rule["operations"]) <= {"CREATE", "UPDATE"}
        for rule in rules
    )


def is_audited(policy: Manifest) -> bool:
    """Say whether an audit finds what is there and breaks the policy's rules."""
    return policy["metadata"]["name"] in _AUDITED


def constraint_kind(policy: Manifest) -> str:
    """Return the kind of the constraint that a policy becomes."""
    words = policy["metadata"]["name"].split("-")
    return "".join(_ACRONYMS.get(word, word.capitalize()) for word in words)


def gatekeeper(policy: Manifest, enforcement: Enforcement = "deny") -> list[Manifest]:
    """Return the template and the constraint of a ValidatingAdmissionPolicy of ours.

    Raises NotForGatekeeperError for one that is not `is_for_gatekeeper`, or that asks for a right
    that no parameter stands for.
    """
    if not is_for_gatekeeper(policy):
        raise NotForGatekeeperError(f"{policy['metadata']['name']}: Gatekeeper is not asked of it")
    return [_template(policy), _constraint(policy, enforcement)]


def _template(policy: Manifest) -> Manifest:
    kind = constraint_kind(policy)
    source = _source(policy)
    return {
        "apiVersion": "templates.gatekeeper.sh/v1",
        "kind": "ConstraintTemplate",
        "metadata": {
            "name": kind.lower(),
            "annotations": {"description": policy["metadata"]["annotations"][_DESCRIPTION]},
        },
        "spec": {
            "crd": {
                "spec": {
                    "names": {"kind": kind},
                    "validation": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "properties": {name: _SCHEMA[name] for name in _parameters(source)},
                        }
                    },
                }
            },
            "targets": [{"target": _TARGET, "code": [{"engine": _ENGINE, "source": source}]}],
        },
    }


def _constraint(policy: Manifest, enforcement: Enforcement) -> Manifest:
    constraints = policy["spec"]["matchConstraints"]
    return {
        "apiVersion": "constraints.gatekeeper.sh/v1beta1",
        "kind": constraint_kind(policy),
        "metadata": {"name": policy["metadata"]["name"]},
        "spec": {
            # Not as a policy that Gatekeeper would make of it: there is one, with rights.
            "enforcementAction": "scoped",
            "scopedEnforcementActions": [
                {
                    "action": enforcement,
                    "enforcementPoints": [{"name": point} for point in _points(policy)],
                }
            ],
            "match": {
                "kinds": [
                    {
                        "apiGroups": rule["apiGroups"],
                        "kinds": [_KINDS[resource] for resource in rule["resources"]],
                    }
                    for rule in constraints["resourceRules"]
                ],
                "namespaceSelector": constraints["namespaceSelector"],
                "excludedNamespaces": [],
            },
            "parameters": {name: _PARAMETERS[name] for name in _parameters(_source(policy))},
        },
    }


def _points(policy: Manifest) -> list[str]:
    points = ["validation", "audit", "gator"] if is_audited(policy) else ["validation", "gator"]
    return [f"{point}.gatekeeper.sh" for point in points]


def _source(policy: Manifest) -> Manifest:
    spec = policy["spec"]
    return {
        "failurePolicy": spec["failurePolicy"],
        "generateVAP": False,
        "matchCondition": [*_conditions(policy), *map(_without_rights, spec["matchConditions"])],
        "variables": [_without_rights(each) for each in spec.get("variables", ())],
        "validations": [_without_rights(each) for each in spec["validations"]],
    }


def _conditions(policy: Manifest) -> Iterator[dict[str, str]]:
    """Yield what a policy says by its rules, and a constraint's match cannot."""
    rules = policy["spec"]["matchConstraints"]["resourceRules"]
    operations = list(dict.fromkeys(each for rule in rules for each in rule["operations"]))
    audited = is_audited(policy)
    named = ", ".join(f"'{each}'" for each in (*operations, *([""] if audited else [])))
    yield {
        "name": "operation",
        "expression": f"request.operation in [{named}] && request.?subResource.orValue('') == ''",
    }
    if audited:
        yield _BY_THE_HUB


def _without_rights(part: dict[str, str]) -> dict[str, str]:
    """Put parameters in the place of rights in an expression."""
    # Words of an expression may be on lines of their own, and a call on the next.
    expression = re.sub(r"\s+\.(?=check\()", ".", part["expression"])
    for right, instead in _RIGHTS.items():
        expression = expression.replace(right, instead)
    if "authorizer" in expression:
        raise NotForGatekeeperError(f"No parameter stands for the right in: {expression}")
    return {**part, "expression": expression}


def _parameters(source: Manifest) -> list[str]:
    """List the parameters that are asked for."""
    return [name for name in _PARAMETERS if f"variables.params.{name}" in str(source)]
