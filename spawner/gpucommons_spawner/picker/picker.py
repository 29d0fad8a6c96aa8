"""The page of one server: drawn from memory, and read when its form comes back."""

import functools
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from datetime import datetime
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import urlencode

from gpucommons_contract import Endpoint
from gpucommons_contract.words import phrase, sentences
from jupyterhub.utils import url_path_join

from gpucommons_spawner.availability.state import PersonState
from gpucommons_spawner.catalogue.environment import utc_today
from gpucommons_spawner.catalogue.live import LiveCatalogue
from gpucommons_spawner.errors import SpawnRefusedError
from gpucommons_spawner.picker.disk_words import disk_words
from gpucommons_spawner.picker.last_session import resume
from gpucommons_spawner.picker.links import preselect
from gpucommons_spawner.picker.offer import FIELD, Resume, with_room
from gpucommons_spawner.picker.page import options_of_form, render
from gpucommons_spawner.selection.person import Person
from gpucommons_spawner.selection.selection import Selection
from gpucommons_spawner.session_parts.past_runs import PastRuns
from gpucommons_spawner.session_parts.workspace_use import WorkspaceUse

Fields = Mapping[str, list[object]]
"""Form fields as JupyterHub hands them over."""
_DRAW_AGAIN: ContextVar[Callable[[], Awaitable[str]] | None] = ContextVar(
    "draw again", default=None
)
"""How to draw the page again for the form that was sent with the request being answered.

After a refused start JupyterHub shows the page once more. It asks the person's default server
for the form then, whichever server was to be started, and says nothing of what was sent. Set by
the server that a form was sent for, in the very task in which Tornado answers the request: one
that is begun there has a copy.
"""


class _Spawner(Protocol):
    live_catalogue: LiveCatalogue
    person: Person
    user: Any
    hub: Any
    name: str
    user_options: Mapping[str, object]
    link: Mapping[str, object]
    ended: str
    ended_page: str
    usual_program: str
    culled: bool
    past_runs: PastRuns
    workspace_use: WorkspaceUse

    async def teams_known(self) -> None: ...
    def select(self, options: Mapping[str, object]) -> Selection: ...
    def availability(self, server: str) -> PersonState: ...


class Picker:
    """Draws the page on which a session is chosen, and knows what its form asks for."""

    def __init__(self, spawner: _Spawner) -> None:
        self._spawner = spawner

    def form(self) -> Awaitable[str]:
        """Draw the form, or the one that was sent with this request once more."""
        return (_DRAW_AGAIN.get() or self._draw)()

    def read(self, fields: Fields) -> Awaitable[dict[str, str]]:
        """Read a form. The page that a refusal shows has what was chosen there."""
        _DRAW_AGAIN.set(functools.partial(self._draw_again, fields))
        return self._read(fields)

    async def _read(self, fields: Fields) -> dict[str, str]:
        """Refuse a bad form at once, before JupyterHub has stored or made anything."""
        await self._spawner.teams_known()
        return self._spawner.select(self._options(fields)).options()

    def _options(self, fields: Fields) -> Mapping[str, object]:
        """Return what a form asks for, by its choices or by a button of the last session.

        Raises SpawnRefusedError when the last session is no longer available.
        """
        if fields.keys() == {FIELD}:
            return self._last_session(fields[FIELD][0])
        return options_of_form(fields)

    async def _draw_again(self, fields: Fields) -> str:
        """Draw the form after a refusal, with what had been chosen as far as it can be had."""
        try:
            wanted = self._options(fields)
        except SpawnRefusedError:  # a button of the last session, which cannot be had
            wanted = self._last_choice()
        return await self._draw(wanted)

    async def _draw(self, wanted: Mapping[str, object] | None = None) -> str:
        spawner = self._spawner
        await spawner.teams_known()
        live, person = spawner.live_catalogue, spawner.person
        last = self._last_choice() if wanted is None else wanted
        chosen = preselect(spawner.link, last, person, live.current, utc_today())
        query = urlencode({"user": spawner.user.name, "server": spawner.name})
        base_url = spawner.hub.base_url
        page = url_path_join(base_url, "gpucommons/catalogue")
        seen = spawner.workspace_use.by_team()
        return render(
            live.current,
            person,
            spawner.availability(spawner.name),
            chosen.wanted,
            availability_url=f"{url_path_join(base_url, Endpoint.HUB_AVAILABILITY)}?{query}",
            today=utc_today(),
            offer=self._resumable(),
            link_problems=chosen.problems,
            ended=spawner.ended,
            why_url=base_url.removesuffix("hub/") + spawner.ended_page
            if spawner.ended_page
            else "",
            problem_url=page if spawner.user.admin and live.problems else "",
            catalogue_url=page if spawner.user.admin else "",
            usual_program=spawner.usual_program,
            culled=spawner.culled,
            files={team: disk_words(each) for team, each in seen.items()},
        )

    def _resumable(self) -> Resume | None:
        """Offer the last session of this server again, or else the person's latest other one."""
        runs = self._spawner.past_runs
        run = runs.last or next(iter(runs.all()), None)
        if run is None:
            return None
        return resume(run, self._spawner.person, self._spawner.live_catalogue.current, utc_today())

    def _last_session(self, button: object) -> Mapping[str, str]:
        """Return what to start when a button of the last session was pressed."""
        offer = self._resumable()
        if offer:
            offer = with_room(offer, self._spawner.availability(self._spawner.name))
        options = offer.options(button) if offer and isinstance(button, str) else None
        if options is None or (offer and offer.full):
            told = (offer.reason or offer.full or offer.changed) if offer else ""
            reason = told or phrase("There is no last session to start again.")
            raise SpawnRefusedError(
                sentences(reason, phrase("Choose on this page.")),
                kind="options",
                status=HTTPStatus.CONFLICT,
            )
        return options

    def _last_choice(self) -> Mapping[str, object]:
        """Find what this server, or else the person's latest other one, was started with."""
        if self._spawner.user_options:
            return dict(self._spawner.user_options)
        servers = self._spawner.user.orm_spawners.values()
        others = [one for one in servers if one.user_options]
        latest = max(others, key=lambda one: one.last_activity or datetime.min, default=None)
        return dict(latest.user_options) if latest else {}
