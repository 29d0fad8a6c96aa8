"""The values in helm-values/, merged as Helm does, and the charts that they are for, where at hand.

A chart is at hand as build/charts/NAME-VERSION, or in the folder that the variable CHARTS names,
with at least its values.yaml: see helm-values/README.md.
"""

import copy
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from gpucommons_contract.formats.yaml_files import Document, read_documents
from reference_pages.project import ROOT

FOLDER = ROOT / "helm-values"
EXAMPLE = FOLDER / "example-installation"
LOGS = FOLDER / "logs"
"""What ships logs, which is optional, and has a helmfile of its own."""
ENVIRONMENTS = ("dev", "staging", "prod")
_CHARTS = Path(os.environ.get("CHARTS") or ROOT / "build" / "charts")

Values = dict[str, Any]
Keys = tuple[str, ...]


@dataclass(frozen=True)
class Release:
    """What the helmfile says of one chart."""

    name: str
    namespace: str
    chart: str
    version: str
    files: tuple[str, ...]
    optional: bool = False
    """Whether it is installed only if somebody says so."""

    @property
    def chart_name(self) -> str:
        """The chart's own name, by which its files are packed."""
        return self.chart.partition("{{ else }}")[2].removesuffix("{{ end }}").rpartition("/")[2]

    def chart_file(self, name: str) -> Path:
        """Return a file of the chart itself; skips the test if the chart is not at hand."""
        chart_name = self.chart_name
        folder = _CHARTS / f"{chart_name}-{self.version}"
        found = [each for each in (folder / name, folder / chart_name / name) if each.is_file()]
        if not found:
            chart = f"chart {chart_name} {self.version}"
            pytest.skip(f"{chart} is not in {folder}: helm-values/README.md says how to fetch it")
        return found[0]

    def has_chart_file(self, name: str) -> bool:
        """Whether a file of the chart is there. Skips as `chart_file` if the chart is not."""
        return (self.chart_file("values.yaml").parent / name).is_file()


def releases(folder: Path = FOLDER) -> Mapping[str, Release]:
    """Return the releases of a folder that every installation of it has, by name."""
    return {name: each for name, each in all_releases(folder).items() if not each.optional}


@cache
def all_releases(folder: Path = FOLDER) -> Mapping[str, Release]:
    """Read the helmfile of a folder: releases by name, which are the names of its folders."""
    file = folder / "helmfile.yaml.gotmpl"
    listed: Any = read_documents(file)[1].value
    return {
        each["name"]: Release(
            each["name"],
            each["namespace"],
            each["chart"],
            each["version"],
            tuple(each["values"]),
            "condition" in each,
        )
        for each in listed["releases"]
    }


def read(file: Path) -> Values:
    """Read a file of values; empty if it holds nothing but comments."""
    return copy.deepcopy(_read_once(file))


def _read_once(file: Path) -> Values:
    value = next((each.value for each in documents(file)), None)
    assert value is None or isinstance(value, dict), file
    return value or {}


_READ: dict[str, tuple[Document, ...]] = {}


def documents(file: Path) -> tuple[Document, ...]:
    """Read all documents of a file, for looking only: files of the same text are read once."""
    if (text := file.read_text()) not in _READ:
        _READ[text] = read_documents(file)
    return _READ[text]


def values(chart: str, environment: str, installation: Path = EXAMPLE) -> Values:
    """Merge what Helm is given for an environment, with an installation's own files."""
    layers = [FOLDER / chart / "base.yaml", FOLDER / chart / f"{environment}.yaml"]
    if (own := installation / f"{chart}.yaml").exists():
        layers.append(own)
    merged: Values = {}
    for each in layers:
        merged = merge(merged, read(each))
    return merged


def merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> Values:
    """Lay values over others as Helm does: maps are merged, all else is replaced."""
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        both = isinstance(value, Mapping) and isinstance(below, Mapping)
        merged[key] = merge(below, value) if both else value
    return merged


def on_chart(release: Release, given: Values) -> Values:
    """Lay values over the chart's own; what is set to null takes the chart's away."""
    return _without_nulls(merge(of_chart(release, "values.yaml"), given), given)


@cache
def of_chart(release: Release, name: str) -> Values:
    """Read a file of the chart itself, which nobody may change; skips as `Release.chart_file`."""
    found: Values = yaml.load(release.chart_file(name).read_text(), yaml.CSafeLoader)
    return found


def _without_nulls(merged: Values, given: Mapping[str, Any]) -> Values:
    kept = {key: value for key, value in merged.items() if given.get(key, "") is not None}
    for key, value in given.items():
        if isinstance(value, Mapping) and isinstance(kept.get(key), dict):
            kept[key] = _without_nulls(kept[key], value)
    return kept


def leaves(value: object, keys: Keys = ()) -> Iterator[tuple[Keys, object]]:
    """Walk through maps: what is no map, and the keys that lead there."""
    if isinstance(value, Mapping) and value:
        for key, each in value.items():
            yield from leaves(each, (*keys, str(key)))
    else:
        yield keys, value


_SECRET = re.compile(r"(password|pw|secret|token|keys?|credentials?)$", re.IGNORECASE)
_REFERENCES = {
    "existingSecret",
    "secretKeyRef",
    "secretEnv",
    "secretName",
    "passwordSecret",
    "secretKey",
}


def written_out(value: object, within: Keys = ()) -> Iterator[Keys]:
    """Find texts under a key that sounds secret, unless they refer to a Secret or a variable."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from written_out(each, (*within, key))
    elif isinstance(value, list):
        for each in value:
            yield from written_out(each, within)
    elif isinstance(value, str) and _SECRET.search(within[-1] if within else ""):
        is_selector = within[-1] == "key"  # of labels, tolerations and Secrets
        is_elsewhere = value.startswith(("$", "{{", "/"))  # a variable, or the path of a file
        if not (_REFERENCES & set(within) or is_elsewhere or is_selector):
            yield within


def named_secrets(value: object) -> set[str]:
    """Find the Secrets that values refer to."""
    found: set[str] = set()
    if isinstance(value, dict):
        for key, each in value.items():
            if key == "secretKeyRef":
                found.add(each["name"])
            elif key in {"existingSecret", "secretName"}:
                found.add(each)
            else:
                found |= named_secrets(each)
    elif isinstance(value, list):
        for each in value:
            found |= named_secrets(each)
    return found


def helm_commands(page: str) -> dict[str, tuple[str, str, list[str]]]:
    """Find what a page installs: version, namespace and files of values, by release."""
    known = {}
    for command in re.findall(r"helm upgrade --install (?:.*\\\n)*.*", page):
        words = command.replace("\\\n", " ").replace('"', "").split()
        given = {word: words[place + 1] for place, word in enumerate(words) if word[0] == "-"}
        files = [words[place + 1] for place, word in enumerate(words) if word == "-f"]
        known[words[3]] = (given["--version"], given["--namespace"], files)
    return known
