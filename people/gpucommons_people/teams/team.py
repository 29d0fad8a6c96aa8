"""A team and what it may have at once, and the file that lists teams."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from gpucommons_contract import amount, cpus_as_written, memory_as_written
from gpucommons_contract.formats.yaml_files import Document
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails

from gpucommons_people.errors import InputError
from gpucommons_people.files.yaml_files import read_documents
from gpucommons_people.names import team_name, user_name

_TYPED = "typed"
"""Context of validation for what a person wrote. What the cluster says is taken as it is."""
_MOST_CPUS, _MOST_BYTES = 1_000_000, "1Ei"
"""More than any team can have."""


def _name(name: str) -> str:
    try:
        return team_name(name)
    except InputError as error:
        raise ValueError(str(error)) from error


def _cpus(value: object, info: ValidationInfo) -> object:
    if info.context != _TYPED or _is_none_at_all(value):
        return str(value)
    return cpus_as_written(value, _MOST_CPUS)


def _bytes(value: object, info: ValidationInfo) -> object:
    if info.context != _TYPED or _is_none_at_all(value):
        return str(value)
    if str(value).endswith("K"):
        raise ValueError(f"{value} has the unit K, which Kubernetes does not know; write k or Ki")
    return memory_as_written(value, _MOST_BYTES)


def _size(value: object, info: ValidationInfo) -> object:
    if _is_none_at_all(value):
        raise ValueError("a workspace must have some room; write a size such as 100Gi")
    return _bytes(value, info)


def _person(name: str) -> str:
    try:
        return user_name(name)
    except InputError as error:
        raise ValueError(str(error)) from error


def _fits(sizes: Iterable[str], storage: str | None) -> None:
    """Raise ValueError for a workspace that is larger than all together may be."""
    for size in sizes:
        if storage is not None and amount(size) > amount(storage):
            raise ValueError(f"{size} is more than storage, {storage}, of all workspaces together")


def _is_none_at_all(value: object) -> bool:
    return str(value).strip() == "0"


CPUs = Annotated[str, BeforeValidator(_cpus)]
"""CPUs as Kubernetes writes them: ``8`` or ``500m``."""
Bytes = Annotated[str, BeforeValidator(_bytes)]
"""Memory or storage as Kubernetes writes it: ``200Gi``."""
Size = Annotated[str, BeforeValidator(_size)]
"""The size of one volume."""
StorageClass = Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]{1,253}$")]


def _resource(name: str) -> str:
    if own := _FIELDS_OF.get(name):
        raise ValueError(f"{name} belongs in {own}; write it there")
    if not _RESOURCE.fullmatch(name):
        raise ValueError(f"{name!r} is not a resource of a node; write one such as {_EXAMPLE}")
    return name


def _device_class(name: str) -> str:
    if not _CLASS.fullmatch(name):
        raise ValueError(f"{name!r} is not a DeviceClass; write one such as gpu.nvidia.com")
    return name


_FIELDS_OF = {"nvidia.com/gpu": "gpus", "nvidia.com/gpu.shared": "gpu_shares"}
_EXAMPLE = "nvidia.com/mig-1g.10gb"
_CLASS = re.compile(r"[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?")
_RESOURCE = re.compile(rf"{_CLASS.pattern}/[A-Za-z0-9]([A-Za-z0-9_.-]{{0,61}}[A-Za-z0-9])?")
Count = Annotated[int, Field(ge=0, le=1_000_000, strict=True)]


class Team(BaseModel):
    """A team. What is left out has no limit of the team's own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, AfterValidator(_name)]
    display_name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)] = ""
    """The name for people to read; the name itself where it is empty."""
    gpus: Count | None = None
    """Whole GPUs."""
    gpu_shares: Count | None = None
    """Shares of GPUs that several sessions use at once."""
    resources: dict[Annotated[str, AfterValidator(_resource)], Count] = {}
    """Other devices, by the name that nodes offer them with: ``nvidia.com/mig-1g.10gb``, or
    HAMi's ``nvidia.com/gpumem`` in MiB."""
    device_classes: dict[Annotated[str, AfterValidator(_device_class)], Count] = {}
    """Devices that are claimed by DRA, by their DeviceClass: ``gpu.nvidia.com``."""
    sessions: Count | None = None
    cpu: CPUs | None = None
    """CPUs that all sessions together can use at most."""
    memory: Bytes | None = None
    storage: Bytes | None = None
    """All workspaces of the team, and its folder, together."""
    storage_class: StorageClass | None = None
    """Storage class of new workspaces; without it the cluster's default."""
    workspace: Size | None = None
    """Size of each new workspace; without it the installation's."""
    workspaces: dict[Annotated[str, AfterValidator(_person)], Size] = {}
    """Size of the new workspaces of some people, by user name, in place of the team's."""

    team_folder: Size | None = None
    """Size of a folder that all sessions of the team share; without it they have none."""
    team_folder_class: StorageClass | None = None
    """Storage class of the team folder; without it the installation's."""

    @field_validator("workspace", "team_folder")
    @classmethod
    def _workspace_fits(cls, size: str | None, info: ValidationInfo) -> str | None:
        _fits([size] if size else [], info.data.get("storage"))
        return size

    @field_validator("workspaces")
    @classmethod
    def _workspaces_fit(cls, sizes: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        _fits(sizes.values(), info.data.get("storage"))
        return sizes

    @property
    def title(self) -> str:
        """The name for people to read."""
        return self.display_name or self.name

    def limits(self) -> dict[str, int | str]:
        """Return what is limited, by the names of the fields, the named devices aside."""
        fields = ("gpus", "gpu_shares", "sessions", "cpu", "memory", "storage")
        return {name: value for name in fields if (value := getattr(self, name)) is not None}


def read_teams(file: Path) -> tuple[Team, ...]:
    """Read a YAML file of one team, of a list of teams, or of several documents of either.

    Raises InputError with every mistake: its place in the file, the key, what is allowed.
    """
    teams: dict[str, str] = {}
    found, problems = [], []
    for entry in _entries(read_documents(file)):
        try:
            team = _team(entry.value)
        except TeamError as error:
            problems += [
                f"{entry.document.at((*entry.keys, *keys))}: {entry.called}: {problem}"
                for keys, problem in error.mistakes
            ]
            continue
        place = entry.document.at((*entry.keys, "name"))
        if first := teams.get(team.name):
            problems.append(f"{place}: {team.name} is in it twice, first in {first}.")
        teams.setdefault(team.name, place)
        found.append(team)
    if problems:
        raise InputError(f"{file} has mistakes; nothing was changed.", tuple(problems))
    if not found:
        raise InputError(f"{file} has no teams. Write a list such as `- name: vision`.")
    return tuple(found)


def checked_team(**fields: object) -> Team:
    """Make a team of fields as a person typed them; raises InputError with every mistake."""
    try:
        return _team(fields)
    except TeamError as error:
        problems = tuple(problem for _, problem in error.mistakes)
        raise InputError("This team cannot be created.", problems) from error


class TeamError(Exception):
    """What is wrong with one team: the keys that lead to each mistake, and a sentence."""

    def __init__(self, mistakes: Sequence[tuple[tuple[object, ...], str]]) -> None:
        super().__init__("; ".join(sentence for _, sentence in mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True)
class _Entry:
    """What may be a team, and its place in the file. called is for messages."""

    called: str
    value: object
    document: Document
    keys: tuple[object, ...]


def _entries(documents: Iterable[Document]) -> Iterator[_Entry]:
    number = 0
    for document in documents:
        value = document.value
        listed = value if isinstance(value, list) else None
        for at, entry in enumerate([value] if listed is None else listed):
            number += 1
            name = entry.get("name") if isinstance(entry, dict) else None
            called = f"team {number} ({name})" if isinstance(name, str) else f"team {number}"
            yield _Entry(called, entry, document, () if listed is None else (at,))


def _team(entry: object) -> Team:
    if not isinstance(entry, dict):
        allowed = ", ".join(Team.model_fields)
        raise TeamError([((), f"is {entry!r}; write keys and values: {allowed}.")])
    try:
        return Team.model_validate(entry, context=_TYPED)
    except ValidationError as error:
        raise TeamError([(each["loc"], _problem(each)) for each in error.errors()]) from error


def _problem(error: ErrorDetails) -> str:
    key = ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        return f"{key} is not a key; allowed are {', '.join(Team.model_fields)}."
    if error["type"] == "missing":
        return f"{key} is missing."
    message = _WORDING.get(error["type"], error["msg"]).removeprefix("Value error, ").rstrip(".?")
    end = "?" if error["msg"].endswith("?") else "."
    shown = "" if error["type"] == "value_error" else f" is {error['input']!r}"
    return f"{key}{shown}: {message}{end}"


_WORDING = {
    "int_type": "it must be a whole number",
    "string_type": "it must be text; put it in quotes",
    "string_pattern_mismatch": "it must be the name of a storage class, such as fast-ssd",
}
