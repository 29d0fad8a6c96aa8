"""The rules of other cullers as they are published, and an oracle.

Each is written anew from what its project says of it; sources stand beside it.
"""

from collections import deque
from typing import Protocol

from bench.replay.readings import Reading


class Rule(Protocol):
    """Looks at one session, from its start."""

    warnings: int
    false_alarms: int
    """Warnings to a session that worked."""

    def begin(self, minute: int) -> None:
        """Watch a session that starts now."""

    def ends(self, reading: Reading) -> bool:
        """Whether it ends the session now."""


class _Silent:
    """A rule that warns nobody."""

    warnings = false_alarms = 0

    def __init__(self) -> None:
        self.started = 0

    def begin(self, minute: int) -> None:
        self.started = minute


class HubActivity(_Silent):
    """jupyterhub-idle-culler 2.0.0: time since the hub's last_activity.

    That is the later of what went through the proxy and what the server reports: requests,
    messages of kernels, terminals that a page shows.
    https://github.com/jupyterhub/jupyterhub-idle-culler/blob/main/README.md
    """

    TIMEOUT = 60
    """Minutes; zero-to-jupyterhub's default, and that of the culler's own example."""
    EVERY = 10
    """Minutes between two looks, as in zero-to-jupyterhub."""

    def ends(self, reading: Reading) -> bool:
        last = max(self.started, reading.request_at, reading.cell_at, reading.shown_at)
        return reading.minute % self.EVERY == 0 and reading.minute - last >= self.TIMEOUT


class KernelsAndTerminals(_Silent):
    """Kubeflow's culler of notebooks: a busy kernel is activity, else the last one's age counts.

    Without kernels and terminals, or without an answer, the last moment that is known stays.
    https://github.com/kubeflow/kubeflow/blob/master/components/notebook-controller/controllers/culling_controller.go
    and, for terminals, the same file at https://github.com/opendatahub-io/kubeflow
    """

    PUBLISHED = 1440
    """Minutes; CULL_IDLE_TIME where culling is switched on."""

    def __init__(self, timeout: int) -> None:
        super().__init__()
        self._timeout = timeout
        self._last = 0

    def begin(self, minute: int) -> None:
        super().begin(minute)
        self._last = minute

    def ends(self, reading: Reading) -> bool:
        if reading.answers:
            seen = reading.minute if reading.cell else reading.cell_at
            self._last = max(self._last, seen, reading.shown_at)
        return reading.minute - self._last >= self._timeout


class PeakUtilization(_Silent):
    """gpu-pruner 0.3.0: the highest GPU utilization in 30 minutes is 0.

    A pod is left alone until it is older than that and a grace of 5 minutes; of a pod of which
    the exporter said nothing in all the time, nothing is known.
    https://github.com/wseaton/gpu-pruner/blob/main/README.md
    """

    WINDOW, GRACE, EVERY = 30, 5, 3
    """Minutes."""

    def __init__(self) -> None:
        super().__init__()
        self._samples: deque[tuple[int, int]] = deque()

    def begin(self, minute: int) -> None:
        super().begin(minute)
        self._samples.clear()

    def ends(self, reading: Reading) -> bool:
        now, samples = reading.minute, self._samples
        if reading.exporter is not None:
            samples.append((now, reading.exporter))
        while samples and samples[0][0] <= now - self.WINDOW:
            samples.popleft()
        if now % self.EVERY or now - self.started < self.WINDOW + self.GRACE:
            return False
        return bool(samples) and max(value for _, value in samples) == 0
