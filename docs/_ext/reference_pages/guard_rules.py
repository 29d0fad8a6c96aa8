"""The page of the rules for teams' namespaces, from the admission policies that have them."""

from collections.abc import Iterator
from typing import Any

import yaml
from gpucommons_spawner.catalogue.gatekeeper import constraint_kind, is_audited, is_for_gatekeeper

from reference_pages.markdown import cell, code
from reference_pages.project import ROOT, MissingTextError

_FILES = (
    "cluster/policies/pods-isolated.yaml",
    "spawner/gpucommons_spawner/catalogue/pods_of_catalogue.yaml",
    "cluster/policies/pods-as-made.yaml",
    "cluster/policies/team-objects.yaml",
)
_DESCRIPTION = "kubernetes.io/description"

Policy = dict[str, Any]


def page() -> str:
    """Return the page: a section for each policy. Raises MissingTextError."""
    return "\n\n".join(map(section, policies()))


def policies() -> Iterator[Policy]:
    """Read the policies."""
    for name in _FILES:
        for each in yaml.safe_load_all((ROOT / name).read_text()):
            if each["kind"] == "ValidatingAdmissionPolicy":
                yield each


def section(policy: Policy) -> str:
    """Return what a policy looks at, and what it says where it refuses something."""
    metadata, spec = policy["metadata"], policy["spec"]
    description = metadata.get("annotations", {}).get(_DESCRIPTION)
    if not description:
        raise MissingTextError(f"{metadata['name']} has no annotation {_DESCRIPTION}")
    looked_at = [
        f"{', '.join(map(code, rule['resources']))} ({', '.join(rule['operations']).lower()})"
        for rule in spec["matchConstraints"]["resourceRules"]
    ]
    rows = [
        f"| {cell(rule['message'])} | {'yes' if 'messageExpression' in rule else ''} |"
        for rule in spec["validations"]
    ]
    return "\n".join(
        [
            f"## {metadata['name']}",
            "",
            f"{description} It looks at {', '.join(looked_at)}. {_for_gatekeeper(policy)}",
            "",
            "| What is said | With what was found |",
            "|---|---|",
            *rows,
        ]
    )


def _for_gatekeeper(policy: Policy) -> str:
    if not is_for_gatekeeper(policy):
        return "Gatekeeper does not have it."
    where = "in webhook and audit" if is_audited(policy) else "in its webhook"
    return f"Gatekeeper has it {where}, as {code(constraint_kind(policy))}."
