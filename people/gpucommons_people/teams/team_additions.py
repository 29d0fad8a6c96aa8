"""NetworkPolicies that an installation gives each team in addition to the base, from a file.

Such as a way to the site's NFS server, license server or proxy, which the base denies.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from gpucommons_contract import Label
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from gpucommons_people.clients.kinds import Manifest
from gpucommons_people.errors import InputError
from gpucommons_people.files.yaml_files import read_documents
from gpucommons_people.teams.team_objects import team_base

_Name = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$"),
    Field(max_length=253),
]


class _Metadata(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: _Name
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class _Spec(BaseModel):
    """What a mistyped key would silently change; the API server judges what lies deeper."""

    model_config = ConfigDict(extra="forbid")

    podSelector: dict[str, Any]  # noqa: N815 -- these are Kubernetes' keys
    policyTypes: list[Literal["Ingress", "Egress"]] = []  # noqa: N815
    ingress: list[dict[str, Any]] = []
    egress: list[dict[str, Any]] = []


class _Addition(BaseModel):
    model_config = ConfigDict(extra="forbid")

    apiVersion: Literal["networking.k8s.io/v1"]  # noqa: N815
    kind: Literal["NetworkPolicy"]
    metadata: _Metadata
    spec: _Spec


def read_additions(file: Path | None) -> tuple[Manifest, ...]:
    """Read the objects of a file, none where there is no file; the namespace is yet to be set.

    Raises InputError with every mistake: the object's place in the file, the key, what is wrong.
    """
    if file is None:
        return ()
    taken = {each["metadata"]["name"] for each in team_base() if each["kind"] == "NetworkPolicy"}
    additions: list[Manifest] = []
    problems: list[str] = []
    for number, document in enumerate(read_documents(file), start=1):
        entry = document.value
        try:
            name = _Addition.model_validate(entry).metadata.name
        except ValidationError as error:
            problems += [
                f"{document.at(each['loc'])}: object {number}: {_problem(dict(each))}"
                for each in error.errors()
            ]
            continue
        if name in taken:
            place = document.at(("metadata", "name"))
            another = f"there is another policy {name}; rename this one."
            problems.append(f"{place}: object {number}: {another}")
        taken.add(name)
        additions.append(_labelled(entry))
    if problems:
        raise InputError(f"{file} has mistakes; nothing was changed.", tuple(problems))
    return tuple(additions)


def superfluous(found: Sequence[Manifest], additions: Sequence[Manifest]) -> list[str]:
    """Return the names of what came from the file at one time and is no longer in it."""
    wanted = {each["metadata"]["name"] for each in additions}
    return sorted({each["metadata"]["name"] for each in found} - wanted)


def _labelled(entry: Any) -> Manifest:  # noqa: ANN401 -- checked before
    metadata = entry["metadata"]
    labels = {**(metadata.get("labels") or {}), str(Label.TEAM_ADDITION): "true"}
    return {**entry, "metadata": {**metadata, "labels": labels}}


def _problem(error: dict[str, object]) -> str:
    location = error["loc"]
    key = ".".join(map(str, location)) if isinstance(location, tuple) else ""
    if not key:
        return f"is {error['input']!r}; write a NetworkPolicy."
    if key == "metadata.namespace":
        return f"{key} must be left out: each team's own is set."
    if error["type"] == "extra_forbidden":
        return f"{key} is not a key of a NetworkPolicy."
    if error["type"] == "missing":
        return f"{key} is missing."
    return f"{key} is {error['input']!r}: {error['msg']}."
