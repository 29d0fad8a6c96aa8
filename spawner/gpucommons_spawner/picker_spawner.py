"""What people see before a session: the page, what is free, what they hold."""

import asyncio
from collections.abc import Hashable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

from gpucommons_contract import GRANTS_NAMESPACE, Endpoint, Label
from jupyterhub.handlers.pages import SpawnHandler
from jupyterhub.utils import url_path_join
from traitlets import Bool, Unicode, default

from gpucommons_spawner.availability import Availability, PersonState
from gpucommons_spawner.catalogue import Catalogue
from gpucommons_spawner.cluster import Cluster, follow
from gpucommons_spawner.day import today
from gpucommons_spawner.grants import Grants
from gpucommons_spawner.history_spawner import HistorySpawner
from gpucommons_spawner.link import choice_of_link, preselect
from gpucommons_spawner.live_catalogue import LiveCatalogue, catalogue_in_force
from gpucommons_spawner.picker import options_of_form, render
from gpucommons_spawner.pulse import Pulse
from gpucommons_spawner.quota import Ledger
from gpucommons_spawner.refusal import Refusal
from gpucommons_spawner.refused_form import DRAW_AGAIN, Fields
from gpucommons_spawner.resume import FIELD, Resume, resume
from gpucommons_spawner.selection import Person
from gpucommons_spawner.told import Told

_OF_JUPYTERHUB = {"next", "display_name"}
"""Parameters of the page's address that JupyterHub reads itself."""


class PickerSpawner(HistorySpawner):
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

    watch_grants = Bool(
        True,
        config=True,
        help=f"""
        Whether to follow the exceptions from the quota that ``gpucommons quota grant`` makes.
        The hub needs the right to list and watch ConfigMaps in the namespace
        ``{GRANTS_NAMESPACE}``. Set this to False where it has not: nobody has exceptions then.
        """,
    )

    ledger: ClassVar[Ledger] = Ledger()
    """Who holds what; one for the hub."""
    grants: ClassVar[Grants] = Grants()
    """Exceptions from the quota; one list for the hub."""
    pulse: ClassVar[Pulse] = Pulse()
    """Rings when what is free may have changed; one for the hub."""
    _cluster: ClassVar[Cluster] = Cluster()
    _following: ClassVar["asyncio.Task[None] | None"] = None
    _grants_following: ClassVar["asyncio.Task[None] | None"] = None
    _availability: ClassVar[Availability | None] = None
    _texts: ClassVar[Told] = Told()
    _link: Mapping[str, object] = {}
    """What the link that led to the page asks for."""

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

    @classmethod
    def all_waiting(cls) -> dict[str, int]:
        """Count the starts that wait for room in Kueue's queue, by size."""
        return cls._cluster.all_waiting()

    def availability(self, server: str) -> PersonState:
        """Tell what this person can start as ``server`` now. Answers from memory."""
        cls = type(self)
        if cls._availability is None or cls._availability.catalogue is not self.catalogue:
            cls._availability = Availability(
                self.catalogue,
                cls._cluster,
                cls.starts,
                queued=bool(self.queue),
                grants=cls.grants,
            )
        return cls._availability.for_person(self.person, self.ledger, server)

    def availability_text(self, server: str) -> str:
        """Tell it as JSON; counted anew after a change only."""
        return self._texts.text(
            self._stamp(), self.person, server, lambda: self.availability(server)
        )

    def changes_followed(self) -> AbstractContextManager[None]:
        """Let ``pulse`` ring for changes of what is told as long as this is entered."""
        return self.pulse.listening(self._stamp)

    def _stamp(self) -> Hashable:
        """Answer what differs after every change of what is told, whomever it is told to."""
        cls = type(self)
        sources = (cls._cluster, cls.ledger, cls.starts, cls.grants)
        return *(each.version for each in sources), self._live.since

    @default("options_form")  # type: ignore[untyped-decorator]
    def _options_form_default(self) -> Any:  # noqa: ANN401 -- a trait of several types
        return lambda _spawner: (DRAW_AGAIN.get() or self._draw_form)()  # awaited by JupyterHub

    async def draw_again(self, fields: Fields) -> str:
        """Draw the form after a refusal, with what had been chosen as far as it can be had."""
        try:
            wanted = self.asked(fields)
        except Refusal:  # a button of the last session, which is not to be had
            wanted = self._last_choice()
        return await self._draw_form(wanted)

    async def _draw_form(self, wanted: Mapping[str, object] | None = None) -> str:
        await self.teams_known()
        last = self._last_choice() if wanted is None else wanted
        chosen = preselect(self._link, last, self.person, self.catalogue, today())
        self._link = {}
        query = urlencode({"user": self.user.name, "server": self.name})
        url = url_path_join(self.hub.base_url, Endpoint.HUB_AVAILABILITY)
        page = url_path_join(self.hub.base_url, "gpucommons/catalogue")
        return render(
            self.catalogue,
            self.person,
            self.availability(self.name),
            chosen.wanted,
            availability_url=f"{url}?{query}",
            today=today(),
            offer=self.resumable(),
            link_problems=chosen.problems,
            ended=self.ended,
            problem_url=page if self.user.admin and self._live.problems else "",
        )

    def resumable(self) -> Resume | None:
        """Offer the last session of this server again, or else the person's latest other one."""
        runs = self.past_runs()
        run = self.past_run or (runs[0] if runs else None)
        return resume(run, self.person, self.catalogue, today()) if run else None

    def asked(self, fields: Fields) -> Mapping[str, object]:
        """Answer what a form asks for, by its choices or by a button of the last session.

        Raises Refusal when the last session is not to be had any more.
        """
        if fields.keys() == {FIELD}:
            return self.resumed(fields[FIELD][0])
        return options_of_form(fields)

    def resumed(self, button: object) -> Mapping[str, str]:
        """Answer what to start when a button of the last session was pressed.

        Raises Refusal when that is not to be had any more.
        """
        offer = self.resumable()
        options = offer.options(button) if offer and isinstance(button, str) else None
        if options is None:
            reason = (offer and offer.reason) or "There is nothing to start again as it was."
            raise Refusal(
                f"{reason} Choose on this page.", kind="options", status=HTTPStatus.CONFLICT
            )
        return options

    async def run_auth_state_hook(self, auth_state: object) -> None:
        """Run it. JupyterHub calls this last before it reads what a link asks for.

        A link is to preselect. JupyterHub would start at once, whoever has made somebody
        follow it; so what it asks for is taken out of the request, and kept for the page.
        """
        await super().run_auth_state_hook(auth_state)
        if isinstance(self.handler, SpawnHandler) and self.handler.request.method == "GET":
            asked = self.handler.request.query_arguments
            self._link = choice_of_link(asked)
            for key in asked.keys() - _OF_JUPYTERHUB:
                del asked[key]

    def _last_choice(self) -> Mapping[str, object]:
        """Find what this server, or else the person's latest other one, was started with."""
        if self.user_options:
            return dict(self.user_options)
        others = [one for one in self.user.orm_spawners.values() if one.user_options]
        latest = max(others, key=lambda one: one.last_activity or datetime.min, default=None)
        return dict(latest.user_options) if latest else {}

    def follow(self) -> None:
        """Begin to follow catalogue, cluster and exceptions from the quota, once for the hub."""
        self._live.begin(self.log)
        cls = PickerSpawner
        if self.watch_cluster and (cls._following is None or cls._following.done()):
            cls._following = asyncio.create_task(follow(cls._cluster, self.api, self.log))
        if self.watch_grants and (cls._grants_following is None or cls._grants_following.done()):
            cls._grants_following = cls.grants.begin(
                self.api, self.log, GRANTS_NAMESPACE, Label.QUOTA_GRANT
            )
