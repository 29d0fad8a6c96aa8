"""Files of settings: a YAML mapping that is checked by a model, and the login to a store.

A mistake is said with file, line and key, and never with a value: it may be a secret.
"""

import re
from pathlib import Path
from typing import Any, TypeVar

from gpucommons_contract.formats.yaml_files import Document, YAMLFileError, read_document
from pydantic import BaseModel, ValidationError

from gpucommons_backup.errors import BackupError

LOGIN_VARIABLES = (
    "RESTIC_REST_USERNAME",
    "RESTIC_REST_PASSWORD",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_DEFAULT_REGION",
)
"""What a file with a login may have: restic's own names."""
_TOKEN = re.compile(rb"[A-Za-z0-9_-]{16,}")

_Model = TypeVar("_Model", bound=BaseModel)


class SettingsError(BackupError):
    """A file of settings cannot be used. One mistake a line, each with file and key."""


def read_model(file: Path, model: type[_Model], paths: tuple[str, ...]) -> _Model:
    """Read and check a file. ``paths`` are fields that may be relative to its folder.

    Raises SettingsError.
    """
    document = _document(file)
    try:
        checked = model.model_validate(document.value)
    except ValidationError as error:
        mistakes = (_mistake(document, each) for each in error.errors())
        raise SettingsError("\n".join(mistakes)) from None
    folder = file.resolve().parent
    named = {name: getattr(checked, name) for name in paths}
    return checked.model_copy(
        update={name: folder / value for name, value in named.items() if value}
    )


def read_login(file: Path) -> dict[str, str]:
    """Read a login to the store: a mapping of `LOGIN_VARIABLES`. Raises SettingsError."""
    document = _document(file)
    found: dict[str, str] = {}
    for key, value in document.value.items():  # type: ignore[attr-defined]
        if key not in LOGIN_VARIABLES or not isinstance(value, str):
            raise SettingsError(
                f"{document.at([key])}: {key}: allowed are, each with a text in quotation marks: "
                f"{', '.join(LOGIN_VARIABLES)}."
            )
        found[key] = value
    return found


def read_token(file: Path) -> str:
    """Read a file with one token. Raises SettingsError."""
    try:
        found = file.read_bytes().strip()
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}.") from error
    if not _TOKEN.fullmatch(found):
        raise SettingsError(f"{file} must have a token: 16 letters, digits, - and _, or more.")
    return found.decode()


def _document(file: Path) -> Document:
    try:
        document = read_document(file)
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}.") from error
    except YAMLFileError as error:
        raise SettingsError(f"{error}") from error
    if not isinstance(document.value, dict):
        raise SettingsError(f"{file} must have keys and values.")
    return document


def _mistake(document: Document, error: Any) -> str:  # noqa: ANN401 -- pydantic's ErrorDetails
    keys = error["loc"]
    named = f"{'.'.join(map(str, keys))}: " if keys else ""
    return f"{document.at(keys)}: {named}{error['msg']}"
