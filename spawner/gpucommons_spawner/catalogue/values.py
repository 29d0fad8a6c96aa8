"""Values that several parts of the catalogue hold: names, amounts, days, durations."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from gpucommons_spawner.quantity import amount

_DURATION = re.compile(r"([1-9]\d{0,5})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_AMOUNT_SCHEMA: Mapping[str, Any] = {"type": ["string", "number"], "examples": ["500m", "8Gi", 2]}


def _quantity(value: object) -> str:
    """Keep an amount as it was written, once it is known to be one."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("must be an amount such as 2, 500m or 8Gi")  # noqa: TRY004 -- pydantic's
    if amount(value) <= 0:
        raise ValueError("must be more than 0")
    return str(value)


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
    StringConstraints(pattern=r"^[a-z0-9][A-Za-z0-9.-]*$", max_length=63, strict=True),
    AfterValidator(_label_value),
]
"""A key people type in links and that becomes a label: letters, digits, dots, hyphens."""

ObjectName = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", max_length=253, strict=True),
]
"""A name of a Kubernetes object: lowercase letters, digits, dots, hyphens."""

ShortName = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length=40, strict=True)
]
"""A name that becomes a part of names of Kubernetes objects: lowercase letters, digits, hyphens."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
Quantity = Annotated[str, BeforeValidator(_quantity), WithJsonSchema(dict(_AMOUNT_SCHEMA))]
Groups = Annotated[tuple[str, ...], Field(min_length=1)]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    WithJsonSchema({"type": "string", "pattern": f"^{_DURATION.pattern}$"}),
]
"""A time span, written with one unit: seconds, minutes, hours or days."""
