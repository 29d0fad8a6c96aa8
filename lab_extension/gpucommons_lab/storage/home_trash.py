"""Has JupyterLab move what it deletes in the home folder to the trash, instead of for good.

JupyterHub turns Jupyter Server's trash off for all sessions, as it may be on another volume than
the files. That of a home folder is on its own.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class HomeTrash:
    """Deletes for good what is on another volume: nobody would find its trash there."""

    def __init__(self, contents: Any, home: Path) -> None:  # noqa: ANN401 -- any manager of files
        self._contents, self._home = contents, home
        self._delete = contents.delete_file
        self._turn = asyncio.Lock()

    async def delete_file(self, path: str) -> None:
        """Delete a file or a folder, as the contents manager's method does."""
        async with self._turn:
            usual = self._contents.delete_to_trash  # off while a home folder is full
            self._contents.delete_to_trash = usual and self._is_at_home(path)
            try:
                await self._delete(path)
            finally:
                self._contents.delete_to_trash = usual

    def _is_at_home(self, path: str) -> bool:
        file = Path(self._contents.root_dir, path.strip("/"))
        try:
            return file.lstat().st_dev == self._home.stat().st_dev
        except OSError:
            return True  # what is not there is refused anyway


def use_home_trash(contents: Any, home: Path, environment: Mapping[str, str]) -> bool:  # noqa: ANN401
    """Use it in a session of a hub; elsewhere, Jupyter Server's own setting holds.

    Returns whether it is used. Other contents managers keep their own ways.
    """
    is_of_files = all(hasattr(contents, each) for each in ("delete_to_trash", "root_dir"))
    if "JUPYTERHUB_API_TOKEN" not in environment or not is_of_files:
        return False
    contents.delete_to_trash = True
    contents.delete_file = HomeTrash(contents, home).delete_file
    return True
