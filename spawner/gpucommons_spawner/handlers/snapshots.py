"""The page with the age of everybody's last snapshot, for administrators."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import aiohttp
from gpucommons_contract import (
    LATE_AFTER,
    TEAM_FOLDER_COMPONENT,
    Annotation,
    SnapshotState,
    read_moment,
    snapshot_state,
)
from gpucommons_contract.formats.wording import rough_span
from gpucommons_contract.words import phrase
from gpucommons_upkeep.watch import Watch
from jupyterhub.handlers import BaseHandler
from jupyterhub.scopes import needs_scope
from kubernetes_asyncio.client import ApiException
from tornado.web import HTTPError, authenticated

from gpucommons_spawner.kubernetes.manifest import Manifest
from gpucommons_spawner.selection.person import Team

_OWNER = "hub.jupyter.org/username"
"""KubeSpawner's annotation on claims."""
_WORKSPACES = f"component in (singleuser-storage,{TEAM_FOLDER_COMPONENT})"
_AT_ONCE = 10
"""Lists of teams that are asked for at the same time."""
_MOST = 500
"""Workspaces on the page; the late come first."""
_MOST_HOURS = 9999
_NOT_LISTED = (ApiException, aiohttp.ClientError, OSError, TimeoutError, ValueError)
_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Workspace:
    """One person's files in a team, or the folder of a team, whose owner is empty."""

    owner: str
    team: str
    snapshot: SnapshotState
    is_late: bool
    is_untidy: bool
    now: datetime

    @property
    def age(self) -> str:
        """Say how old the last good snapshot is; empty if there is none."""
        last = self.snapshot.last_good
        return rough_span((self.now - last).total_seconds()) if last else ""

    @property
    def troubles(self) -> Sequence[str]:
        """Say what is wrong; nothing if all is well."""
        found = {
            phrase("Late"): self.is_late,
            phrase("Failing"): bool(self.snapshot.error),
            phrase("Incomplete"): bool(self.snapshot.unread),
            phrase("Not tidied"): self.is_untidy or bool(self.snapshot.tidy_error),
        }
        return [words for words, is_so in found.items() if is_so]

    @property
    def reason(self) -> str:
        """Return why there is no newer one, as the controller of the snapshots says it."""
        return self.snapshot.error or self.snapshot.tidy_error


@dataclass(frozen=True, slots=True)
class TeamAges:
    """The workspaces of one team; age is that of the oldest last snapshot of those in use."""

    name: str
    title: str
    workspaces: int
    late: int
    age: str


class SnapshotsPageHandler(BaseHandler):  # type: ignore[misc]  # JupyterHub publishes no types
    """Lists all workspaces by what their claims say, the late first."""

    @authenticated
    @needs_scope("admin-ui")  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """Draw the page."""
        hours = self._hours()
        spawner = self.current_user.spawner
        await spawner.hub_state.teams_known()
        teams = spawner.hub_state.teams.all()
        wanted = self.get_argument("team", "")
        chosen = [each for each in teams if wanted in ("", each.name)]
        claims, unknown = await self._claims(spawner.api, chosen)
        now = datetime.now(UTC)
        found = judge(claims, now, timedelta(hours=hours))
        page = await self.render_template(
            "snapshots.html",
            teams=teams,
            wanted=wanted,
            hours=hours,
            most_hours=_MOST_HOURS,
            ages=sums(chosen, found, now),
            unknown=unknown,
            late=sum(each.is_late for each in found),
            workspaces=found[:_MOST],
            more=max(0, len(found) - _MOST),
        )
        self.set_header("Cache-Control", "no-store")
        self.finish(page)

    def _hours(self) -> int:
        text = self.get_argument("hours", f"{LATE_AFTER // timedelta(hours=1)}")
        if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= _MOST_HOURS:
            return int(text)
        raise HTTPError(
            HTTPStatus.BAD_REQUEST, f"hours must be a whole number from 1 to {_MOST_HOURS}."
        )

    async def _claims(
        self,
        api: Any,  # noqa: ANN401 -- the client's CoreV1Api
        teams: Iterable[Team],
    ) -> tuple[Mapping[str, Sequence[Manifest]], Sequence[str]]:
        """Return the claims of each team, and the teams of which they cannot be had."""
        turns = asyncio.Semaphore(_AT_ONCE)
        found: dict[str, Sequence[Manifest]] = {}
        unknown: list[str] = []

        async def look(team: Team) -> None:
            listed = _Listed()
            call = api.list_namespaced_persistent_volume_claim
            where = {"namespace": team.namespace, "label_selector": _WORKSPACES}
            async with turns:
                try:
                    await Watch(call, listed, self.log, **where).load()
                except _NOT_LISTED as error:
                    self.log.warning("The workspaces of team %s: %s", team.name, error)
                    unknown.append(team.name)
                else:
                    found[team.name] = listed.objects

        await asyncio.gather(*(look(each) for each in teams))
        return found, sorted(unknown)


class _Listed:
    """Takes one list."""

    def __init__(self) -> None:
        self.objects: list[Manifest] = []

    def replace(self, objects: list[Manifest]) -> None:
        self.objects = objects

    def update(self, kind: str, changed: Manifest) -> None:
        """Nothing is followed."""


def judge(
    claims: Mapping[str, Sequence[Manifest]], now: datetime, late_after: timedelta
) -> list[Workspace]:
    """Judge the claims of teams: the late first, of each kind those with the oldest snapshot."""
    found = [
        _workspace(claim, team, now, late_after) for team, mine in claims.items() for claim in mine
    ]
    return sorted(found, key=_urgency)


def sums(teams: Iterable[Team], workspaces: Sequence[Workspace], now: datetime) -> list[TeamAges]:
    """Sum up the workspaces of each team."""
    return [_sum(each, [one for one in workspaces if one.team == each.name], now) for each in teams]


def _sum(team: Team, mine: Sequence[Workspace], now: datetime) -> TeamAges:
    used = [one.snapshot.last_good for one in mine if one.snapshot.may_lack]
    oldest = min((last for last in used if last), default=None)
    age = rough_span((now - oldest).total_seconds()) if oldest else ""
    late = sum(one.is_late for one in mine)
    return TeamAges(team.name, team.display_name, len(mine), late, age)


def _workspace(claim: Manifest, team: str, now: datetime, late_after: timedelta) -> Workspace:
    metadata = claim["metadata"]
    notes = metadata.get("annotations") or {}
    is_folder = (metadata.get("labels") or {}).get("component") == TEAM_FOLDER_COMPONENT
    owner = "" if is_folder else notes.get(Annotation.USER) or notes.get(_OWNER, "")
    snapshot = snapshot_state(notes)
    created = read_moment(metadata["creationTimestamp"])
    return Workspace(
        owner=owner,
        team=team,
        snapshot=snapshot,
        is_late=snapshot.is_late(now, created, late_after),
        is_untidy=snapshot.is_untidy(now, created),
        now=now,
    )


def _urgency(each: Workspace) -> tuple[bool, bool, datetime, str, str]:
    last = each.snapshot.last_good or _BEGINNING
    return not each.is_late, not each.troubles, last, each.team, each.owner
