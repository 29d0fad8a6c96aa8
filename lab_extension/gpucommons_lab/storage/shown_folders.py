"""Where JupyterLab's file browser opens a folder of the home folder."""

from pathlib import Path
from typing import Any


class ShownFolders:
    """Knows what the file browser shows: what is below the server's root, and is not hidden."""

    def __init__(
        self,
        home: Path,
        server: Any,  # noqa: ANN401 -- ServerApp: its root and its manager of files
    ) -> None:
        """``server`` is asked each time: its settings may be changed while it runs."""
        self._home, self._server = home, server

    def path(self, name: str) -> str | None:
        """Return a folder's path for JupyterLab, empty for the root; None if it is not shown."""
        folder, root = self._home / name, Path(self._server.root_dir)
        if not folder.is_relative_to(root):
            return None
        path = folder.relative_to(root)
        is_hidden = any(part.startswith(".") for part in path.parts)
        if is_hidden and not self._server.contents_manager.allow_hidden:
            return None
        return "" if path == Path() else path.as_posix()
