"""Pages that run cells and never report which document they show.

JupyterLab's notebooks report it. Consoles do not, nor do programs that talk to kernels themselves.
"""

from jupyter_server.services.contents.manager import ContentsManager
from jupyter_server.services.sessions.sessionmanager import SessionManager

from gpucommons_lab.outputs.executions import Execution
from gpucommons_lab.outputs.notebook_file import NotebookFile
from gpucommons_lab.outputs.open_pages import Page


class SilentPages:
    """Finds the notebook that has the cell which such a page ran, if exactly one has it."""

    def __init__(self, sessions: SessionManager, contents: ContentsManager) -> None:
        self._sessions = sessions
        self._contents = contents

    async def note(self, kernel_id: str, execution: Execution) -> None:
        """Note which notebooks use the kernel as the cell is asked for."""
        execution.maybe = tuple(
            session["path"].strip("/")
            for session in await self._sessions.list_sessions()
            if session["kernel"]["id"] == kernel_id and session["type"] == "notebook"
        )

    async def guess(self, execution: Execution) -> Page | None:
        """Return what the page showed; None, for good, where that is not certain."""
        maybe, execution.maybe = execution.maybe, ()
        found = [
            path
            for path in dict.fromkeys(maybe)
            if await NotebookFile(self._contents, path).mentions(execution.cell_id)
        ]
        return Page(found[0], (), "") if len(found) == 1 else None
