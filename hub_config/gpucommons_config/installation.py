"""What one installation sets, read from a YAML file."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from gpucommons_contract.formats.yaml_files import YAMLFileError, read_document
from traitlets.config import Config

VARIABLE = "GPUCOMMONS_VALUES"
_SHAPE = "must hold traits by class name, such as `JupyterHub: {port: 8000}`"


def installation(environment: Mapping[str, str] = os.environ) -> Config:
    """Read traits by class name from the file that GPUCOMMONS_VALUES names; none without it.

    A file that cannot be read stops the hub with lines that say why, and where.
    """
    name = environment.get(VARIABLE)
    if not name:
        return Config()
    try:
        document = read_document(Path(name))
    except OSError as error:
        _stop(f"{VARIABLE} names {name}, which cannot be read: {error.strerror}")
    except YAMLFileError as error:
        _stop(f"{name} is not valid YAML:\n{error}")
    values = {} if document.value is None else document.value
    if not isinstance(values, dict):
        _stop(f"{name} {_SHAPE}")
    for key, traits in values.items():
        if not isinstance(key, str) or not isinstance(traits, dict):
            _stop(f"{document.at([key])}: {key} {_SHAPE}")
    return Config(values)


def _stop(message: str) -> NoReturn:
    sys.exit(f"gpucommons: {message}")
