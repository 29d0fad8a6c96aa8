"""Writes notes onto claims, and knows at once what they say then."""

from gpucommons_upkeep.clock import Clock

from gpucommons_backup.controller.watching.claims import Notes, Workspace, workspace_of
from gpucommons_backup.controller.watching.cluster import API
from gpucommons_backup.controller.watching.due import Cluster
from gpucommons_backup.controller.watching.known import Objects


class Noting:
    """What is known in one step."""

    def __init__(self, api: API, claims: Objects, clock: Clock) -> None:
        self.cluster = Cluster({})
        """What was known at the beginning of the step, with what was noted since."""
        self._api, self._claims, self._clock = api, claims, clock

    async def annotate(self, workspace: Workspace, notes: Notes) -> None:
        """Set annotations of a workspace's claim. Raises ClusterError."""
        claim = await self._api.annotate(workspace.key, notes)
        if claim:
            self._claims.put(claim)
            self.cluster.replace(workspace_of(claim, self._clock()))
