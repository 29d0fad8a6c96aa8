"""The list of kernels, with those of a person's own environments."""

import asyncio
import os
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from traitlets import List, Unicode

from gpucommons_lab.environments.environment import BrokenEnvironmentError, kernels_of
from gpucommons_lab.environments.places import DEFAULT_FOLDERS, find_environments

_PATIENCE = 5.0
"""Seconds for which a list waits for a slow disk; then it has what was found before."""


class EnvironmentKernels(KernelSpecManager):
    """Offers the kernels of environments in the home folder beside those of the image."""

    folders = List(
        Unicode(),
        list(DEFAULT_FOLDERS),
        help="""
        Folders in which environments are looked for, below the home folder or absolute. In each,
        what is directly in it counts, and ``.venv`` and ``venv`` of projects in it; nothing
        deeper, because large homes on file servers are slow to search. The defaults are the
        places where venv, uv and conda put them. Example:
        ``c.EnvironmentKernels.folders = [".", ".venvs", "projects", "/data/environments"]``
        """,
    ).tag(config=True)

    def __init__(self, **arguments: Any) -> None:  # noqa: ANN401 -- those of the parent
        super().__init__(**arguments)
        self._found: dict[str, KernelSpec] | None = None
        self._looking: asyncio.Task[dict[str, Any]] | None = None
        self._reported: set[str] = set()

    # Jupyter Server awaits it if it can be awaited, as it does for remote kernels.
    async def get_all_specs(self) -> dict[str, Any]:  # type: ignore[override]
        """Look for environments on a thread; return all kernels."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(asyncio.to_thread(self._look_and_list))
        await asyncio.wait({self._looking}, timeout=_PATIENCE)
        if self._looking.done():
            return self._looking.result()
        self.log.warning("Environments were not found in %g s; is the disk slow?", _PATIENCE)
        self._found = self._found or {}
        return super().get_all_specs()

    def find_kernel_specs(self) -> dict[str, str]:
        """Return names and folders of all kernels that are known now."""
        kernels = super().find_kernel_specs()
        own = {name: spec.resource_dir for name, spec in (self._found or {}).items()}
        if self.allowed_kernelspecs:
            own = {name: own[name] for name in own if name in self.allowed_kernelspecs}
        return own | kernels

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return one kernel; raises NoSuchKernel. Looks on the disk only before the first list."""
        try:
            return super().get_kernel_spec(kernel_name)
        except NoSuchKernel:
            if self._found is None:
                self._look()
            if kernel_name not in self.find_kernel_specs():
                raise
            return (self._found or {})[kernel_name]

    def _look_and_list(self) -> dict[str, Any]:
        self._look()
        return super().get_all_specs()

    def _look(self) -> None:
        found = {}
        for each in find_environments(self.folders, _home()):
            try:
                found.update(dict(kernels_of(each)))
            except (BrokenEnvironmentError, OSError) as error:
                self._report(f"The environment {each.folder} is not offered: {error}")
        self._found = found

    def _report(self, text: str) -> None:
        """Log it once: pages ask for the list every minute."""
        if text not in self._reported:
            self._reported.add(text)
            self.log.warning("%s", text)


def _home() -> Path:
    return Path(os.path.realpath(Path.home()))
