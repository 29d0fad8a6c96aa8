"""The base of everything that is read from the catalogue file."""

import difflib
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

MISTAKE = "mistake"
"""Type of an error that says in its context, below which keys it is."""


class Part(BaseModel):
    """A mapping of the catalogue: read-only, and closed to keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _no_unknown_key(cls, data: Any) -> Any:  # noqa: ANN401 -- whatever the file holds
        """Name a mistyped key and the key that was probably meant."""
        if isinstance(data, dict):
            for key in data:
                if key not in cls.model_fields:
                    raise mistake(_advice(key, cls), key)
        return data


def mistake(advice: str, *keys: object) -> PydanticCustomError:
    """Make an error about what is below these keys of the part that raises it."""
    return PydanticCustomError(MISTAKE, "{advice}", {"advice": advice, "keys": keys})


def _advice(key: object, part: type[Part]) -> str:
    known = list(part.model_fields)
    meant = difflib.get_close_matches(str(key), known, n=1)
    hint = f"did you mean {meant[0]}?" if meant else f"known keys are {', '.join(known)}"
    return f"unknown key; {hint}"
