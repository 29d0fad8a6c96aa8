"""Names of container images, and patterns that say which ones people may bring."""

from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import SchemaError

_LONGEST = 500
_DIGEST = r"@sha256:[0-9a-f]{64}$"


@lru_cache(maxsize=256)
def _matcher(pattern: str) -> TypeAdapter[str]:
    """Compile for pydantic's engine: it is linear in time, whatever pattern and name are.

    A name that somebody sends can so never keep the hub busy. Raises SchemaError.
    """
    return TypeAdapter(Annotated[str, StringConstraints(pattern=pattern, strict=True)])


def _matches(pattern: str, name: str) -> bool:
    try:
        _matcher(pattern).validate_python(name)
    except ValidationError:
        return False
    return True


def _pattern(text: str) -> str:
    try:
        _matcher(text)  # alone too: in a group, `a)|(b` would be valid and match what begins so
        _matcher(_whole(text))
    except SchemaError as error:
        why = str(error).rpartition("error: ")[2].strip()
        raise ValueError(f"is not a regular expression that can be used: {why}") from None
    return text


def _whole(pattern: str) -> str:
    return rf"\A(?:{pattern})\z"


def _image(name: str) -> str:
    if not is_image(name):
        raise ValueError("must be the name of an image, such as registry.example.org/scipy:1")
    return name


Image = Annotated[str, AfterValidator(_image)]
ImagePattern = Annotated[str, StringConstraints(min_length=1), AfterValidator(_pattern)]


def is_image(name: str) -> bool:
    """Return whether this can be the name of an image: no white space, nothing odd."""
    return len(name) <= _LONGEST and _matches(r"\A[A-Za-z0-9][A-Za-z0-9._:/@-]*\z", name)


def has_digest(image: str) -> bool:
    """Return whether an image is pinned: the digest names its content, a tag can be moved."""
    return _matches(_DIGEST, image)


def allows(pattern: str, image: str) -> bool:
    """Return whether the whole name of an image matches a pattern."""
    return is_image(image) and _matches(_whole(pattern), image)
