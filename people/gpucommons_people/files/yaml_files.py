"""YAML files of one or several documents, as an administrator writes them."""

from pathlib import Path

from gpucommons_contract.formats.yaml_files import Document, YAMLFileError
from gpucommons_contract.formats.yaml_files import read_documents as read_yaml

from gpucommons_people.errors import InputError


def read_documents(file: Path) -> tuple[Document, ...]:
    """Read all documents of a file but empty ones; InputError with every flaw and its place."""
    try:
        return read_yaml(file)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from error
    except YAMLFileError as error:
        raise InputError(f"{file} is not valid YAML; nothing was changed.", flaws(error)) from error


def flaws(error: YAMLFileError) -> tuple[str, ...]:
    """Write each flaw of a file as a sentence with its place."""
    return tuple(f"{flaw.at(error.file)}: {flaw.message}." for flaw in error.flaws)
