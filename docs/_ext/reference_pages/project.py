"""What pyproject.toml says of the project: its packages, and the programs that it installs."""

import importlib
import pkgutil
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[3]

_RUN_BY_OTHERS = ("__main__", "migrations")
"""Modules that cannot be imported by themselves: alembic runs its scripts."""

Main = Callable[[], int]


class MissingTextError(Exception):
    """Something that people look up has no text that says what it is for."""


def modules() -> Iterator[ModuleType]:
    """Import and return every module of the packages that the wheel holds."""
    for folder in _project()["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        package = importlib.import_module(Path(folder).name)
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not any(part in _RUN_BY_OTHERS for part in found.name.split(".")):
                yield importlib.import_module(found.name)


def programs() -> dict[str, Main]:
    """Return the function that each installed program runs, by the program's name."""
    programs: dict[str, Main] = {}
    for name, target in _project()["project"]["scripts"].items():
        module, _, function = target.partition(":")
        programs[name] = getattr(importlib.import_module(module), function)
    return programs


def _project() -> dict[str, dict[str, Any]]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())
