"""A team and what it may have at once, and the file that lists teams."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from gpucommons_people.documents import read_documents
from gpucommons_people.errors import InputError, PeopleError
from gpucommons_people.names import team_name

_QUANTITY = re.compile(r"(\d+(\.\d+)?|\.\d+)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?")


def _name(name: str) -> str:
    try:
        return team_name(name)
    except InputError as error:
        raise ValueError(str(error)) from error


def _quantity(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, str) and not _QUANTITY.fullmatch(value):
        raise ValueError(f"{value!r} is no amount; write one such as 8, 500m or 200Gi")
    return value


Quantity = Annotated[str, BeforeValidator(_quantity)]
"""An amount as Kubernetes writes it: ``8`` or ``500m`` CPUs, ``200Gi`` of memory."""
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
    sessions: Count | None = None
    cpu: Quantity | None = None
    """CPUs that all sessions together can use at most."""
    memory: Quantity | None = None
    storage: Quantity | None = None
    """All workspaces of the team together."""
    storage_class: Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]{1,253}$")] | None = None
    """Storage class of new workspaces; without it the cluster's default."""

    @property
    def title(self) -> str:
        """The name for people to read."""
        return self.display_name or self.name

    def limits(self) -> dict[str, int | str]:
        """Return what is limited, by the names of the fields."""
        fields = ("gpus", "gpu_shares", "sessions", "cpu", "memory", "storage")
        return {name: value for name in fields if (value := getattr(self, name)) is not None}


def read_teams(file: Path) -> tuple[Team, ...]:
    """Read a YAML file of one team, of a list of teams, or of several documents of either.

    Raises InputError with every mistake: the team's place in the file, the key, what is allowed.
    """
    teams, problems = [], []
    for where, entry in _entries(read_documents(file)):
        try:
            teams.append(_team(entry))
        except PeopleError as error:
            problems += [f"{where}: {problem}" for problem in error.problems]
    names = [team.name for team in teams]
    problems += [
        f"{name} is in it twice." for name in sorted({n for n in names if names.count(n) > 1})
    ]
    if problems:
        raise InputError(f"{file} has mistakes; nothing was changed.", tuple(problems))
    if not teams:
        raise InputError(f"{file} holds no team. Write a list such as `- name: vision`.")
    return tuple(teams)


def checked_team(**fields: object) -> Team:
    """Make a team of fields as a person typed them; raises InputError with every mistake."""
    try:
        return _team(fields)
    except PeopleError as error:
        raise InputError("This team cannot be made.", error.problems) from error


def _entries(documents: list[object]) -> Iterator[tuple[str, object]]:
    number = 0
    for document in documents:
        for entry in document if isinstance(document, list) else [document]:
            number += 1
            name = entry.get("name") if isinstance(entry, dict) else None
            yield f"team {number} ({name})" if isinstance(name, str) else f"team {number}", entry


def _team(entry: object) -> Team:
    if not isinstance(entry, dict):
        allowed = ", ".join(Team.model_fields)
        raise InputError("", (f"is {entry!r}; write keys and values: {allowed}.",))
    try:
        return Team.model_validate(entry)
    except ValidationError as error:
        raise InputError("", tuple(_problem(dict(each)) for each in error.errors())) from error


def _problem(error: dict[str, object]) -> str:
    location = error["loc"]
    key = ".".join(str(part) for part in location) if isinstance(location, tuple) else ""
    if error["type"] == "extra_forbidden":
        return f"{key} is not a key; allowed are {', '.join(Team.model_fields)}."
    if error["type"] == "missing":
        return f"{key} is missing."
    message = str(error["msg"]).removeprefix("Value error, ").rstrip(".")
    shown = "" if error["type"] == "value_error" else f" is {error['input']!r}"
    return f"{key}{shown}: {message}."
