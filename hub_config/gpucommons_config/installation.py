"""What one installation sets, read from a YAML file."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import yaml
from traitlets.config import Config

VARIABLE = "GPUCOMMONS_VALUES"


def installation(environment: Mapping[str, str] = os.environ) -> Config:
    """Read traits by class name from the file that GPUCOMMONS_VALUES names; none without it.

    A file that cannot be read stops the hub with one line that says why.
    """
    name = environment.get(VARIABLE)
    if not name:
        return Config()
    try:
        values = yaml.safe_load(Path(name).read_text()) or {}
    except OSError as error:
        _stop(f"{VARIABLE} names {name}, which cannot be read: {error.strerror}")
    except yaml.YAMLError as error:
        _stop(f"{name} is not valid YAML: {error}")
    if not _is_traits_by_class(values):
        _stop(f"{name} must hold traits by class name, such as `JupyterHub: {{port: 8000}}`")
    return Config(values)


def _is_traits_by_class(values: object) -> bool:
    return isinstance(values, dict) and all(
        isinstance(name, str) and isinstance(traits, dict) for name, traits in values.items()
    )


def _stop(message: str) -> NoReturn:
    sys.exit(f"gpucommons: {message}")
