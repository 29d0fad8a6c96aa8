"""How the session is used, put together from what looks at each part."""

import time

from gpucommons_contract import SessionActivity

from gpucommons_lab.activity import Activity, ActivitySource
from gpucommons_lab.editing import Editing
from gpucommons_lab.gpu_activity import GPUs
from gpucommons_lab.kernel_activity import Kernels
from gpucommons_lab.terminal_activity import Terminals


class SessionUse:
    """What a session knows of its own use."""

    def __init__(
        self,
        kernels: Kernels,
        terminals: Terminals,
        gpus: GPUs,
        editing: Editing,
        activity: Activity,
    ) -> None:
        """Take what looks at each part; the session begins now."""
        self._kernels = kernels
        self._terminals = terminals
        self._gpus = gpus
        self._editing = editing
        self._activity = activity
        self._started = time.monotonic()

    async def tell(self) -> SessionActivity:
        """Look at all of it now."""
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
