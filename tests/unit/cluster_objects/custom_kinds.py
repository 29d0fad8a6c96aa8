"""Custom resources checked by the schemas of their kinds, where these are at hand.

They are at hand as CustomResourceDefinitions in build/crds, or in the folder that the variable CRDS
names, in whatever subfolders: cluster/README.md says where to get them.
"""

import os
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator
from reference_pages.project import ROOT

_FOLDER = Path(os.environ.get("CRDS") or ROOT / "build" / "crds")


@cache
def _schema(api_version: str, kind: str) -> dict[str, Any]:
    group, _, version = api_version.partition("/")
    for file in sorted(_FOLDER.rglob("*.yaml")):
        if group not in file.read_text():
            continue
        for each in yaml.load_all(file.read_text(), _Loader):
            if not each or each["kind"] != "CustomResourceDefinition":
                continue
            spec = each["spec"]
            if (spec["group"], spec["names"]["kind"]) == (group, kind):
                (served,) = (each for each in spec["versions"] if each["name"] == version)
                return _strict(deepcopy(served["schema"]["openAPIV3Schema"]))
    pytest.skip(f"{kind} of {group} is not in {_FOLDER}: cluster/README.md says where to get it")


def _strict(schema: dict[str, Any]) -> dict[str, Any]:
    """Make a schema refuse what Kubernetes refuses, or would leave out without a word."""
    # The API server has these beside what a kind itself describes.
    schema["properties"] |= {"apiVersion": {}, "kind": {}, "metadata": {}}
    for each in _within(schema):
        if "properties" in each and not each.get("x-kubernetes-preserve-unknown-fields"):
            each.setdefault("additionalProperties", False)
    return schema


def _within(schema: object) -> Iterator[dict[str, Any]]:
    """Walk through a schema and those within it."""
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            yield schema
        for each in schema.values():
            yield from _within(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from _within(each)


class _Loader(yaml.CSafeLoader):
    """Reads a bare = as text, as Kubernetes does: AlertmanagerConfig's schema has one."""


_Loader.add_constructor("tag:yaml.org,2002:value", _Loader.construct_yaml_str)


def mistakes(resource: dict[str, Any]) -> list[str]:
    """Say what the schema of its kind refuses; skips the test if there is none at hand."""
    validator = Draft7Validator(_schema(resource["apiVersion"], resource["kind"]))
    return [f"{each.json_path}: {each.message}" for each in validator.iter_errors(resource)]
