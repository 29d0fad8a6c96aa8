"""What people see before a session: the page, what is free, what they hold."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

from gpucommons_contract import Endpoint
from jupyterhub.utils import url_path_join
from traitlets import Bool, Unicode, default

from gpucommons_spawner.availability import Availability, PersonState
from gpucommons_spawner.catalogue import Catalogue
from gpucommons_spawner.cluster import Cluster, follow
from gpucommons_spawner.day import today
from gpucommons_spawner.live_catalogue import LiveCatalogue, catalogue_in_force
from gpucommons_spawner.picker import render
from gpucommons_spawner.quota import Ledger
from gpucommons_spawner.selection import Person
from gpucommons_spawner.team_spawner import TeamSpawner


class PickerSpawner(TeamSpawner):
    """Draws the page on which a session is chosen, from memory."""

    catalogue_file = Unicode(
        config=True,
        help="""
        Path of the catalogue of environments, sizes and quotas (YAML). A change is taken up
        within seconds, unless the file has a mistake: then the one before stays in force.
        There is no default. Example: ``/etc/gpucommons/catalogue.yaml``.
        """,
    )
    watch_cluster = Bool(
        True,
        config=True,
        help="""
        Whether to follow the nodes and pods of the whole cluster, to show what is free.
        The hub needs the right to list and watch both. Without it, set this to False:
        every size is then offered, and a start says if there is no room.
        """,
    )

    ledger: ClassVar[Ledger] = Ledger()
    """Who holds what; one for the hub."""
    _cluster: ClassVar[Cluster] = Cluster()
    _following: ClassVar["asyncio.Task[None] | None"] = None
    _availability: ClassVar[Availability | None] = None

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue in force. Raises CatalogueError if the hub started with a broken one."""
        return self._live.current

    @property
    def _live(self) -> LiveCatalogue:
        return catalogue_in_force(Path(self.catalogue_file))

    @property
    def person(self) -> Person:
        """Whose server this is."""
        groups = frozenset(group.name for group in self.user.groups)
        return Person(self.user.name, groups, self.teams.of(groups))

    def availability(self, server: str) -> PersonState:
        """Tell what this person can start as ``server`` now. Answers from memory."""
        cls = type(self)
        if cls._availability is None or cls._availability.catalogue is not self.catalogue:
            cls._availability = Availability(self.catalogue, cls._cluster, queued=bool(self.queue))
        return cls._availability.for_person(self.person, self.ledger, server)

    @default("options_form")  # type: ignore[untyped-decorator]
    def _options_form_default(self) -> Any:  # noqa: ANN401 -- a trait of several types
        return lambda _spawner: self._draw_form()  # awaited by JupyterHub

    async def _draw_form(self) -> str:
        await self.teams_known()
        query = urlencode({"user": self.user.name, "server": self.name})
        url = url_path_join(self.hub.base_url, Endpoint.HUB_AVAILABILITY)
        page = url_path_join(self.hub.base_url, "gpucommons/catalogue")
        return render(
            self.catalogue,
            self.person,
            self.availability(self.name),
            self._last_choice(),
            availability_url=f"{url}?{query}",
            today=today(),
            ended=self.ended,
            problem_url=page if self.user.admin and self._live.problems else "",
        )

    def _last_choice(self) -> Mapping[str, object]:
        """Find what this server, or else the person's latest other one, was started with."""
        if self.user_options:
            return dict(self.user_options)
        others = [one for one in self.user.orm_spawners.values() if one.user_options]
        latest = max(others, key=lambda one: one.last_activity or datetime.min, default=None)
        return dict(latest.user_options) if latest else {}

    def follow(self) -> None:
        """Begin to follow the catalogue's file and the cluster, once for the hub."""
        self._live.begin(self.log)
        cls = PickerSpawner
        if self.watch_cluster and (cls._following is None or cls._following.done()):
            cls._following = asyncio.create_task(follow(cls._cluster, self.api, self.log))
