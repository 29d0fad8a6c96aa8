"""Sessions run in the namespace of a team, with the workspace that the person has there."""

import asyncio
from http import HTTPStatus
from typing import Any, ClassVar

from gpucommons_contract import Annotation, Label
from kubernetes_asyncio.client import V1PersistentVolumeClaim

from gpucommons_spawner.refusal import Refusal
from gpucommons_spawner.session_defaults import SessionDefaults
from gpucommons_spawner.teams import Team, Teams
from gpucommons_spawner.watch import Watch

_PATIENCE_SECONDS = 10.0
"""How long a person waits for the list of teams after the hub's start; it takes milliseconds."""


class TeamSpawner(SessionDefaults):
    """Knows the teams, and works in the namespace of one."""

    teams: ClassVar[Teams] = Teams()
    """All teams; one list for the hub."""
    storage_class: str | None  # KubeSpawner's trait
    _watching: ClassVar["asyncio.Task[None] | None"] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 -- passed on
        self._team: Team | None = None
        super().__init__(*args, **kwargs)
        self._usual_storage_class = self.storage_class

    @property
    def place(self) -> str:
        """Where this session runs, in words."""
        return f"team {self._team.display_name}" if self._team else super().place

    async def teams_known(self) -> None:
        """Wait for the list of teams, if the hub has just been started.

        Raises Refusal if it cannot be had.
        """
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self.teams.until_read()
        except TimeoutError as error:
            raise Refusal(
                "The hub cannot read the list of teams now. Try again in a minute; "
                "if that does not help, tell an administrator.",
                kind="teams",
                status=HTTPStatus.SERVICE_UNAVAILABLE,
                log_message="the list of namespaces labelled as teams could not be read",
            ) from error

    def work_in(self, team: Team) -> None:
        """Let everything that is made, looked for or deleted from now on be the team's."""
        self._team = team
        self.namespace = team.namespace
        self.dns_name = self.dns_name_template.format(namespace=self.namespace, name=self.pod_name)
        self.storage_class = team.storage_class or self._usual_storage_class
        self._pvc_exists = False  # what KubeSpawner knows may be of another team

    def get_pvc_manifest(self) -> V1PersistentVolumeClaim:
        """Put the team and the person on the workspace."""
        claim = super().get_pvc_manifest()
        if self._team:
            claim.metadata.labels[str(Label.TEAM)] = self._team.name
        claim.metadata.annotations[str(Annotation.USER)] = self.user.name
        return claim

    async def _make_create_pvc_request(
        self, pvc: V1PersistentVolumeClaim, request_timeout: int
    ) -> bool:
        """Make the workspace, or take the one that is there unless its owner has left.

        Somebody new may have got an old name: an administrator has to say whose files they are.
        """
        if not await super()._make_create_pvc_request(pvc, request_timeout):
            return False
        claim = await self.api.read_namespaced_persistent_volume_claim(
            pvc.metadata.name, self.namespace
        )
        if until := (claim.metadata.annotations or {}).get(str(Annotation.RETAIN_UNTIL)):
            raise Refusal(
                f"The files of {self.user.name} in {self.place} are those of somebody who left; "
                f"they are kept until {until}. If they are yours, ask an administrator to give "
                "them back to you.",
                kind="workspace",
                status=HTTPStatus.CONFLICT,
                log_message=(
                    f"the workspace {pvc.metadata.name} in {self.namespace} is archived; "
                    f"give it back with: gpucommons workspace restore {self.user.name}"
                ),
            )
        return True

    async def delete_forever(self) -> None:
        """Delete the workspaces in all teams of a person who is deleted, if so configured."""
        if not self.delete_pvc:
            return
        await self.teams_known()
        for team in self.teams.all():
            self.work_in(team)
            await super().delete_forever()

    def load_state(self, state: dict[str, Any]) -> None:
        """Begin to follow the teams, once for the hub."""
        super().load_state(state)
        cls = TeamSpawner
        if cls._watching is None or cls._watching.done():
            watch = Watch(self.api.list_namespace, cls.teams, self.log, label_selector=Label.TEAM)
            cls._watching = asyncio.create_task(watch.run())
