"""What all of the catalogue file is made of: its mappings, and values that several of them hold.

Each type of value says in a sentence of its own what it takes.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from gpucommons_contract import cpus_as_written, memory_as_written
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

CATALOGUE_ERROR = "catalogue_error"
"""Type of an error that says in its context, below which keys it is."""


class CatalogueModel(BaseModel):
    """A mapping of the catalogue: read-only, and closed to keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    former_keys: ClassVar[Mapping[str, str]] = {}
    """Keys that were renamed, and what each is now: an old file is told the new one."""

    @model_validator(mode="before")
    @classmethod
    def _no_unknown_key(cls, data: Any) -> Any:  # noqa: ANN401 -- whatever the file holds
        """Name a mistyped key and the key that was probably meant."""
        if isinstance(data, dict):
            for key in data:
                if key not in cls.model_fields:
                    raise catalogue_error(_advice(key, cls), key)
        return data


def catalogue_error(advice: str, *keys: object) -> PydanticCustomError:
    """Make an error about what is below these keys of the part that raises it."""
    return PydanticCustomError(CATALOGUE_ERROR, "{advice}", {"advice": advice, "keys": keys})


def _advice(key: object, part: type[CatalogueModel]) -> str:
    if (now := part.former_keys.get(str(key))) is not None:
        return f"this key was renamed; write {now}"
    known = list(part.model_fields)
    meant = difflib.get_close_matches(str(key), known, n=1)
    hint = f"did you mean {meant[0]}?" if meant else f"known keys are {', '.join(known)}"
    return f"unknown key; {hint}"


@dataclass(frozen=True, slots=True)
class Takes:
    """What a key takes, for ``Annotated[str, Takes(…)]``.

    pattern is what the whole text matches; says continues the key's name: ``must be …``.
    """

    pattern: str
    says: str
    longest: int = 253
    """Characters."""

    def __get_pydantic_core_schema__(
        self,
        _source: object,
        _handler: GetCoreSchemaHandler,
    ) -> CoreSchema:
        shape = core_schema.str_schema(pattern=f"^{self.pattern}$", max_length=self.longest)
        return core_schema.no_info_before_validator_function(self._checked, shape)

    def _checked(self, value: object) -> str:
        if isinstance(value, str) and len(value) > self.longest:
            raise ValueError(f"has {len(value)} characters; at most {self.longest} are allowed")
        if not isinstance(value, str) or not re.fullmatch(self.pattern, value):
            raise ValueError(self.says)
        return value


def _no_truth(value: object) -> object:
    if isinstance(value, bool):  # Python would count true as 1
        raise ValueError("must be a whole number")  # noqa: TRY004 -- pydantic's
    return value


Whole = Annotated[int, BeforeValidator(_no_truth)]
"""A whole number."""


_DURATION = re.compile(r"([1-9]\d{0,5})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_MOST_CPUS, _MOST_MEMORY = 1024, "128Ti"
"""More than any machine has."""
_NO_REASONS = {
    "",
    "true",
    "false",
    "yes",
    "no",
    "on",
    "off",
    "y",
    "n",
    "null",
    "none",
    "~",
    "0",
    "1",
}
_AMOUNT_SCHEMA: Mapping[str, Any] = {"type": ["string", "number"], "examples": ["500m", "8Gi", 2]}


def _cpus(value: object) -> str:
    return cpus_as_written(value, _MOST_CPUS)


def _memory(value: object) -> str:
    return memory_as_written(value, _MOST_MEMORY)


def _reason(value: object) -> object:
    """Read why something is off: a text for people, and no other word for on and off."""
    if value is None or value is False:
        return None
    if value is True or (isinstance(value, str) and value.strip().lower() in _NO_REASONS):
        raise ValueError(
            'takes the reason that people read, such as "Back on Monday."; leave it out, or write '
            "false, if this is not off"
        )
    return value


def _label_value(name: str) -> str:
    if name.startswith("-") or name.endswith(("-", ".")):
        raise ValueError("must begin and end with a letter or digit")
    return name


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError("must be a day such as 2027-01-31") from None


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise ValueError("must be a duration such as 90s, 30m, 12h or 7d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


Name = Annotated[
    str,
    Takes(
        r"[a-z0-9][A-Za-z0-9.-]*",
        "may contain only letters, digits, dots and hyphens, and begins with a lowercase letter or "
        "digit",
        longest=63,
    ),
    AfterValidator(_label_value),
]
"""A key people type in links and that becomes a label: letters, digits, dots, hyphens."""

ObjectName = Annotated[
    str,
    Takes(
        r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?",
        "must be a Kubernetes name: a to z, digits, dots and hyphens, such as high-priority",
    ),
]
"""A name of a Kubernetes object: lowercase letters, digits, dots, hyphens."""

ShortName = Annotated[
    str,
    Takes(
        r"[a-z0-9]([a-z0-9-]*[a-z0-9])?",
        "may contain only a to z, digits and hyphens, and begins and ends with a letter or digit",
        longest=40,
    ),
]
"""A name that becomes a part of names of Kubernetes objects: lowercase letters, digits, hyphens."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
Reason = Annotated[
    Text | None, BeforeValidator(_reason), WithJsonSchema({"type": ["string", "boolean", "null"]})
]
CPUs = Annotated[str, BeforeValidator(_cpus), WithJsonSchema(dict(_AMOUNT_SCHEMA))]
Memory = Annotated[str, BeforeValidator(_memory), WithJsonSchema(dict(_AMOUNT_SCHEMA))]
Groups = Annotated[tuple[str, ...], Field(min_length=1)]
LabelKey = Annotated[
    str,
    Takes(
        r"([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?",
        "must be the key of a label or taint, such as pool or example.org/pool",
        longest=317,
    ),
]
LabelValue = Annotated[
    str,
    Takes(
        r"([A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)?",
        "must be the value of a label or taint: text of letters, digits, dots, hyphens and "
        "underscores, no spaces; numbers, true and false in quotes",
        longest=63,
    ),
]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    WithJsonSchema({"type": "string", "pattern": f"^{_DURATION.pattern}$"}),
]
"""A time span, written with one unit: seconds, minutes, hours or days."""


def plainly(number: Decimal) -> str:
    """Write a decimal without exponent and trailing zeros: 1, 0.25, 10."""
    return f"{number.normalize():f}"
