"""Ingredients that are built on this machine before the image: wheel, VS Code extension, pause."""

import hashlib
import json
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path

from gpucommons_local.images.image import Files
from gpucommons_local.machine.cache import cache_folder, checkout
from gpucommons_local.machine.toolchain import run_logged

_EXTENSION = Path("lab_extension")
_VSCODE_EXTENSION = Path("vscode_extension")
_SHARED = (
    *("package.json", "package-lock.json", "tsconfig.base.json"),
    *("session_client/package.json", "session_client/tsconfig.json", "session_client/src"),
)
"""What panel and VS Code extension are both made from, besides their own folders."""


@dataclass(frozen=True, slots=True)
class Wheel:
    """The wheel of GPU Commons in ``dist/``, as `packages` need it.

    A wheel always holds every package. An image runs only some of them, and only a change of
    those makes a new image: a session need not be rebuilt for a change in the spawner.
    """

    packages: tuple[str, ...]  # folders of the checkout, such as "contract"

    def identity(self) -> str:
        """Hash of the sources of `packages`, and of what pyproject.toml says of the wheel."""
        parts = self._sources().identity() + _wheel_settings()
        return hashlib.sha256(parts.encode()).hexdigest()

    def place(self, context: Path, log: Path) -> None:
        """Build the panel and the wheel, or take the wheel that was built before."""
        kept = cache_folder() / "images" / "wheels" / self.identity()[:12]
        if not list(kept.glob("*.whl")):
            _build_panel(log)
            shutil.rmtree(kept, ignore_errors=True)
            command = ["hatchling", "build", "--target", "wheel", "--directory", str(kept)]
            run_logged(command, folder=checkout(), log=log)
        shutil.copytree(kept, context / "dist")

    def _sources(self) -> Files:
        root = checkout()
        folders = [root / each for each in self.packages]
        python = (file for folder in folders for file in folder.glob("gpucommons_*/**/*"))
        names = [str(file.relative_to(root)) for file in python if _is_written_by_hand(file)]
        if str(_EXTENSION) in self.packages:
            parts = ("package.json", "tsconfig.json", "jupyter-config", "src", "style", "schema")
            names += [*_SHARED, *(str(_EXTENSION / each) for each in parts)]
        present = [each for each in sorted(names) if (root / each).exists()]
        return Files(root, tuple(present))


def _wheel_settings() -> str:
    """Return the tables of pyproject.toml that a wheel is made by: the linters' are not."""
    tables = tomllib.loads((checkout() / "pyproject.toml").read_text())
    made_by = {"build": tables["build-system"], "project": tables["project"]}
    return json.dumps(made_by | {"hatch": tables["tool"]["hatch"]}, sort_keys=True)


def _is_written_by_hand(file: Path) -> bool:
    return file.is_file() and not {"__pycache__", "labextension"} & set(file.parts)


@dataclass(frozen=True, slots=True)
class VSCodeExtension:
    """The VS Code extension: manifest, translations, and its sources bundled in ``out/``."""

    def identity(self) -> str:
        """Hash of the sources."""
        own = (
            str(_VSCODE_EXTENSION / each) for each in ("package.json", "rolldown.config.mjs", "src")
        )
        return Files(checkout(), (*_SHARED, *own, *self._translations())).identity()

    def place(self, context: Path, log: Path) -> None:
        """Bundle it, with the tools that the workspace installs."""
        _install_tools(log)
        target = context / _VSCODE_EXTENSION
        target.mkdir(parents=True)
        (target / "l10n").mkdir()
        for name in (str(_VSCODE_EXTENSION / "package.json"), *self._translations()):
            shutil.copy2(checkout() / name, context / name)
        command = ["npm", "run", "build", "--", "--dir", str(target / "out")]
        run_logged(command, folder=checkout() / _VSCODE_EXTENSION, log=log)

    def _translations(self) -> list[str]:
        folder = checkout() / _VSCODE_EXTENSION
        found = (*folder.glob("package.nls*.json"), *folder.glob("l10n/*.json"))
        return sorted(str(each.relative_to(checkout())) for each in found)


def _build_panel(log: Path) -> None:
    _install_tools(log)
    run_logged(["npm", "run", "build:prod"], folder=checkout() / _EXTENSION, log=log)


def _install_tools(log: Path) -> None:
    folder = checkout()
    installed = folder / "node_modules" / ".package-lock.json"
    wanted = folder / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < wanted.stat().st_mtime:
        run_logged(["npm", "ci"], folder=folder, log=log)


@dataclass(frozen=True, slots=True)
class StaticProgram:
    """One C file, compiled into a program that needs no library."""

    source: Path

    def identity(self) -> str:
        """Hash of the source."""
        return Files(self.source.parent, (self.source.name,)).identity()

    def place(self, context: Path, log: Path) -> None:
        """Compile it under the name of its source."""
        target = context / self.source.stem
        command = ["cc", "-Os", "-static", "-s", "-Wall", "-Werror"]
        run_logged([*command, "-o", str(target), str(self.source)], folder=context, log=log)
