"""Wishes of people for a snapshot now: asked of the service of earlier files, and answered.

What is to be done is noted on the workspace's claim, so that it outlives this program.
"""

import asyncio
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus

import aiohttp
from gpucommons_contract import Annotation

from gpucommons_backup.controller.results.outcome import Failed, Good, Outcome
from gpucommons_backup.controller.settings import LiveSettings, WishSettings
from gpucommons_backup.controller.watching.claims import Notes, Workspace
from gpucommons_backup.controller.watching.due import Cluster
from gpucommons_backup.errors import BackupError
from gpucommons_backup.settings_file import SettingsError
from gpucommons_backup.wish import Wish, WishAnswer, WishError, WishReason, WishState, wish_from

_EVERY_SECONDS = 3.0
_PATIENCE_SECONDS = 2.0
_LARGEST = 4 * 2**20  # bytes


class Wishes:
    """What the service has, and what it is to be told. It does nothing by itself."""

    def __init__(self) -> None:
        self.open: tuple[Wish, ...] = ()
        self.answers: tuple[WishAnswer, ...] = ()

    def take_up(self, cluster: Cluster) -> Iterator[tuple[Workspace, Notes]]:
        """Return what to note on claims of wishes that are new."""
        sessions = cluster.by_claim()
        for wish in self.open:
            workspace = _workspace_of(wish, cluster)
            if workspace is None or (workspace.wish and workspace.wish.id == wish.id):
                continue
            answer = WishAnswer(wish.id, WishState.WAITING)
            if workspace.for_one_pod and workspace.key in sessions:
                answer = replace(answer, state=WishState.FAILED, reason=WishReason.AFTER_SESSION)
            yield workspace, {Annotation.SNAPSHOT_WISH: answer.to_json()}

    def find_answers(self, cluster: Cluster) -> None:
        """Find out what can be answered."""
        found = []
        for wish in self.open:
            workspace = _workspace_of(wish, cluster)
            if workspace is None:
                reason = WishReason.NO_WORKSPACE
                found.append(WishAnswer(wish.id, WishState.FAILED, reason=reason))
            elif workspace.wish and workspace.wish.id == wish.id and workspace.wish.is_final:
                found.append(workspace.wish)
        self.answers = tuple(found)


def notes_on_wish(workspace: Workspace, identifier: str, came: Outcome) -> dict[str, str | None]:
    """Say what came of a wish, whose snapshot a pod took or should have taken."""
    wish = workspace.wish
    if not identifier or wish is None or wish.id != identifier:
        return {}
    if isinstance(came, Good):
        wish = replace(wish, state=WishState.DONE, snapshot=came.snapshot)
    elif isinstance(came, Failed):
        wish = replace(wish, state=WishState.FAILED, reason=WishReason.NO_SNAPSHOT)
    return {Annotation.SNAPSHOT_WISH: wish.to_json()}


def _workspace_of(wish: Wish, cluster: Cluster) -> Workspace | None:
    """Return whose wish it is. Of several claims of one person, that which was used last."""
    found = [
        each
        for each in cluster.workspaces.values()
        if (each.team, each.owner) == (wish.team, wish.owner) and not each.deleting
    ]
    return max(found, key=lambda each: (each.mounted_at or each.created, each.key), default=None)


class ServiceAwayError(BackupError):
    """The service of earlier files does not say what people wish."""


class Asking:
    """Asks the service again and again, with a short patience: snapshots do not wait for it."""

    def __init__(
        self,
        settings: LiveSettings,
        wishes: Wishes,
        changed: asyncio.Event,
        log: logging.Logger,
    ) -> None:
        """``changed`` is set when there is something new."""
        self._settings, self._wishes, self._changed, self._log = settings, wishes, changed, log
        self._trouble = ""

    async def run(self) -> None:
        """Go on until it is cancelled."""
        while True:
            await self.ask()
            await asyncio.sleep(_EVERY_SECONDS)

    async def ask(self) -> None:
        """Ask once, and answer. Trouble is logged when it begins and when it ends."""
        settings = self._settings.current.wishes
        if settings is None:
            self._wishes.open = ()
            return
        try:
            await self._ask(settings)
        except (ServiceAwayError, SettingsError, WishError) as error:
            if f"{error}" != self._trouble:
                self._log.warning("nobody's wish is heard: %s", error)
            self._trouble = f"{error}"
        else:
            if self._trouble:
                self._log.info("people's wishes are heard again")
            self._trouble = ""

    async def _ask(self, settings: WishSettings) -> None:
        headers = {"Authorization": f"token {settings.token()}"}
        timeout = aiohttp.ClientTimeout(total=_PATIENCE_SECONDS)
        async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
            said = await _said(session, "GET", f"{settings.url}api/wishes/open")
            listed = said.get("wishes")
            if not isinstance(listed, list):
                raise ServiceAwayError("its answer has no list of wishes")
            wishes = tuple(map(wish_from, listed))
            if wishes != self._wishes.open:
                self._wishes.open = wishes
                self._changed.set()
            known = {each.id for each in wishes}
            if answers := [each for each in self._wishes.answers if each.id in known]:
                body = {"answers": [json.loads(each.to_json()) for each in answers]}
                await _said(session, "POST", f"{settings.url}api/wishes/answers", body)


async def _said(
    session: aiohttp.ClientSession, method: str, url: str, body: object = None
) -> dict[str, object]:
    try:
        async with session.request(method, url, json=body, allow_redirects=False) as answer:
            if answer.status != HTTPStatus.OK:
                raise ServiceAwayError(f"{url} answers with status {answer.status}")
            said = json.loads(await answer.content.read(_LARGEST))
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError, RecursionError) as error:
        raise ServiceAwayError(f"{url}: {type(error).__name__}") from error
    if not isinstance(said, dict):
        raise ServiceAwayError(f"{url}: its answer is no object")
    return said
