"""How the session is used, put together from the probes of each part."""

import time

from gpucommons_contract import SessionActivity

from gpucommons_lab.activity.activity_times import ActivitySource, ActivityTimes
from gpucommons_lab.activity.gpus import GPUActivityProbe
from gpucommons_lab.activity.kernels import KernelActivityProbe
from gpucommons_lab.activity.terminals import TerminalActivityProbe
from gpucommons_lab.documents.editing import Editing


class SessionActivityProbe:
    """Looks at everything that a session knows of its own use."""

    def __init__(
        self,
        kernels: KernelActivityProbe,
        terminals: TerminalActivityProbe,
        gpus: GPUActivityProbe,
        editing: Editing,
        activity: ActivityTimes,
    ) -> None:
        """Take the probe of each part; the session begins now."""
        self._kernels = kernels
        self._terminals = terminals
        self._gpus = gpus
        self._editing = editing
        self._activity = activity
        self._started = time.monotonic()

    async def look(self) -> SessionActivity:
        """Look at everything now."""
        gpu, problem = self._gpus.look()
        typed = self._activity.age(ActivitySource.VSCODE)
        edits = [age for age in (self._editing.age, typed) if age is not None]
        return SessionActivity(
            started=time.monotonic() - self._started,
            kernels=await self._kernels.look(),
            terminals=await self._terminals.look(),
            editing=min(edits, default=None),
            gpu=gpu,
            gpu_problem=problem,
        )
