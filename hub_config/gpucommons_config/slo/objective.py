"""What people may rely on: a file of objectives, each with how it is measured."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from gpucommons_contract.formats.yaml_files import YAMLFileError, read_document
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

DEFAULT_FILE = Path(__file__).with_name("slos.yaml")


class ObjectivesError(Exception):
    """A file of objectives that cannot be used; it says where and why."""


class Part(StrEnum):
    """Whose metrics an objective is measured by: all but the hub are optional."""

    HUB = "hub"
    ACCOUNTING = "accounting"
    PROBE = "probe"


class Objective(BaseModel):
    """One objective: of events, by ``bad`` and ``valid``, or of time, by ``bad_while``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z][a-z-]*$")]
    part: Part
    target: Annotated[float, Field(gt=0, lt=100)]
    """Percent of what is valid that is to be good, in 30 days."""
    alert: Annotated[str, Field(pattern=r"^[A-Z]\w*$")]
    summary: str
    description: str
    bad: str | None = None
    valid: str | None = None
    bad_while: str | None = None
    rare: bool = False
    """Whether five minutes may well have no event, as where there are six in an hour."""

    @model_validator(mode="after")
    def _is_measured_in_one_way(self) -> Self:
        of_events = self.bad is not None and self.valid is not None
        of_neither = self.bad is None and self.valid is None
        if (self.bad_while is None and of_events) or (self.bad_while is not None and of_neither):
            return self
        raise ValueError("give bad and valid, or bad_while alone")

    @property
    def budget(self) -> float:
        """The share of what is valid that may be bad."""
        return round(1 - self.target / 100, 6)


def read_objectives(file: Path = DEFAULT_FILE) -> Sequence[Objective]:
    """Read a file of objectives. Raises ObjectivesError."""
    try:
        found = TypeAdapter(list[Objective]).validate_python(read_document(file).value)
    except OSError as error:
        raise ObjectivesError(f"{file}: {error.strerror}") from error
    except YAMLFileError as error:
        raise ObjectivesError(str(error)) from error
    except ValidationError as error:
        flaws = (f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise ObjectivesError(f"{file}: {'; '.join(flaws)}") from error
    for key in ("name", "alert"):
        given = [getattr(each, key) for each in found]
        if twice := sorted({each for each in given if given.count(each) > 1}):
            raise ObjectivesError(f"{file}: the {key} {twice[0]} is there twice")
    return found
