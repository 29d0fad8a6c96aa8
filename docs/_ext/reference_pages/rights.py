"""The list of all rights of all accounts, from the objects that give them."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import yaml

from reference_pages.markdown import code
from reference_pages.project import ROOT

_FOLDERS = ("cluster", "people/gpucommons_people/team_base")
_OF_TEAM = "a team's namespace"
_OF_KUBERNETES = {"system:discovery": "which kinds the cluster has, and its version"}
"""Roles that each cluster has."""

Object = dict[str, Any]


def page() -> str:
    """Return the page: a table for each account. Those that may do nothing are named at the end."""
    given = rights()
    tables = "\n\n".join(_table(account, given[account]) for account in sorted(given))
    without = sorted(accounts() - given.keys())
    return f"{tables}\n\n{', '.join(map(code, without))} have no right at all."


def accounts() -> set[str]:
    """Return the names of our accounts, which are all different."""
    return {each["metadata"]["name"] for each in _objects() if each["kind"] == "ServiceAccount"}


def rights() -> Mapping[str, list[tuple[str, str, str]]]:
    """Return of each account where it may do what: place, resource, verbs."""
    every = _objects()
    roles = {
        (
            each["kind"],
            _place(each) if each["kind"] == "Role" else "",
            each["metadata"]["name"],
        ): each
        for each in every
        if each["kind"] in {"Role", "ClusterRole"}
    }
    found: dict[str, list[tuple[str, str, str]]] = {}
    for binding in every:
        if binding["kind"] not in {"RoleBinding", "ClusterRoleBinding"}:
            continue
        place, role = _place(binding), binding["roleRef"]
        key = (role["kind"], place if role["kind"] == "Role" else "", role["name"])
        rows = (
            [(place, _OF_KUBERNETES[role["name"]], "get")]
            if role["name"] in _OF_KUBERNETES
            else [(place, *each) for each in _rows(roles[key])]
        )
        for subject in binding["subjects"]:
            found.setdefault(subject["name"], []).extend(rows)
    return found


@cache
def _objects() -> tuple[Object, ...]:
    return tuple(_read())


def _read() -> Iterator[Object]:
    for folder in _FOLDERS:
        for file in sorted((ROOT / folder).rglob("*.yaml")):
            default = _namespace_of(file.with_name("kustomization.yaml").read_text())
            for each in yaml.load_all(file.read_text(), yaml.CSafeLoader):
                if isinstance(each, dict) and "metadata" in each:
                    each["metadata"].setdefault("namespace", default)
                    yield each


def _namespace_of(kustomization: str) -> str:
    return str(yaml.safe_load(kustomization).get("namespace", ""))


def _place(each: Object) -> str:
    if each["kind"] == "ClusterRoleBinding":
        return "everywhere"
    namespace = each["metadata"]["namespace"]
    return _OF_TEAM if namespace == "team" else code(namespace)


def _rows(role: Object) -> Iterator[tuple[str, str]]:
    for rule in role["rules"]:
        groups = [f".{each}" if each else "" for each in rule["apiGroups"]]
        names = rule.get("resourceNames", ())
        called = f" ({', '.join(map(code, names))})" if names else ""
        kinds = ", ".join(code(f"{each}{group}") for group in groups for each in rule["resources"])
        yield f"{kinds}{called}", ", ".join(rule["verbs"])


def _table(account: str, rows: list[tuple[str, str, str]]) -> str:
    lines = [f"| {place} | {what} | {verbs} |" for place, what, verbs in rows]
    return "\n".join([f"### {account}", "", "| Where | On | May |", "|---|---|---|", *lines])
