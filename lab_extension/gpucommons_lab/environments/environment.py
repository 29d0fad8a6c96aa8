"""One environment, made by venv, uv or conda, and the kernels that are installed in it."""

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jupyter_client.kernelspec import KernelSpec

KERNELS = Path("share/jupyter/kernels")
"""Where ipykernel, and other kernels, say in an environment how they are started."""
_VENV, _CONDA = "pyvenv.cfg", "conda-meta"
_UNNAMED = (".venv", "venv")
"""Folders of environments that are called after the project they are in."""
_PYTHON = re.compile(r"python(\d*|\d+\.\d+)")
_OTHERS = re.compile(r"[^a-z0-9]+")


class BrokenEnvironmentError(Exception):
    """Nothing can be started in an environment; the text says why."""


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment. name is for people to read; id is the same in every session."""

    folder: Path
    name: str
    id: str


def look_at(folder: Path, home: Path) -> Environment | None:
    """Return the environment in a folder; None if there is none, or none with a kernel."""
    if not (folder / KERNELS).is_dir():
        return None
    if not ((folder / _VENV).is_file() or (folder / _CONDA).is_dir()):
        return None
    project = folder.parent if folder.name in _UNNAMED and folder.parent != home else folder
    # By its place at home, so that a notebook finds it again, also where two have one name.
    place = os.path.relpath(folder, home)
    digest = hashlib.sha256(place.encode(errors="surrogateescape")).hexdigest()[:6]
    slug = _OTHERS.sub("-", project.name.lower()).strip("-") or "environment"
    return Environment(folder, project.name, f"{slug}-{digest}")


def kernels_of(environment: Environment) -> Iterator[tuple[str, KernelSpec]]:
    """Yield the names and descriptions of the kernels in an environment.

    Raises BrokenEnvironmentError and OSError.
    """
    for file in sorted((environment.folder / KERNELS).glob("*/kernel.json")):
        try:
            spec = KernelSpec.from_resource_dir(str(file.parent))
        except (ValueError, TypeError) as error:
            raise BrokenEnvironmentError(f"{file} does not describe a kernel: {error}") from error
        yield f"{environment.id}-{file.parent.name.lower()}", _started_there(spec, environment)


def _started_there(spec: KernelSpec, environment: Environment) -> KernelSpec:
    """Have a kernel run in its environment, and say so in its name."""
    folder = environment.folder
    title = spec.display_name
    if spec.argv and _PYTHON.fullmatch(Path(spec.argv[0]).name):
        title = f"Python {_python_version(folder)}".rstrip()
        spec.argv = [str(folder / "bin/python"), *spec.argv[1:]]
    spec.display_name = f"{title} ({environment.name})"
    kind = "CONDA_PREFIX" if (folder / _CONDA).is_dir() else "VIRTUAL_ENV"
    place = str(folder).replace("$", "$$")  # what starts the kernel fills in ${PATH}
    spec.env = {**spec.env, "PATH": f"{place}/bin{os.pathsep}${{PATH}}", kind: place}
    return spec


def _python_version(folder: Path) -> str:
    """Return the version of an environment's Python, such as ``3.11``; empty if not known.

    Raises BrokenEnvironmentError where it is gone, or is another one than its packages are for, as
    after a change of the image.
    """
    try:
        program = (folder / "bin/python").resolve(strict=True)
    except OSError as error:
        raise BrokenEnvironmentError(f"its Python cannot be found: {error}") from error
    found = _PYTHON.fullmatch(program.name)
    version = found[1] if found and "." in found[1] else ""
    if version and not (folder / f"lib/python{version}").is_dir():
        raise BrokenEnvironmentError(f"its packages are not for Python {version}, which it starts")
    return version
