"""YAML files of one or several documents, as an administrator writes them."""

from pathlib import Path

import yaml

from gpucommons_people.errors import InputError


def read_documents(file: Path) -> list[object]:
    """Read all documents of a file but empty ones; InputError that names the file."""
    try:
        documents = list(yaml.safe_load_all(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{file} is not valid YAML: {error}") from error
    return [each for each in documents if each is not None]
