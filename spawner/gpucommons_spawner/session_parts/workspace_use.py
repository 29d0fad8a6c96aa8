"""Remembers how full a person's workspaces were when their sessions said so last."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from gpucommons_contract import DiskUse, read_disk_use
from gpucommons_contract.formats.wording import read_moment

from gpucommons_spawner.lifecycle.part import SessionPart

_STATE = "workspace_use"


class _Spawner(Protocol):
    user: Any
    name: str
    user_options: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class SeenUse:
    """How full a workspace was at a moment, in UTC."""

    disk: DiskUse
    at: datetime
    runs: bool = False
    """Whether a session that has it open runs."""


class WorkspaceUse(SessionPart):
    """A workspace is one person's in one team, whichever of their servers has it open."""

    def __init__(
        self, spawner: _Spawner, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._spawner, self._now = spawner, now
        self._seen: dict[str, SeenUse] = {}
        """By team, as sessions of this server said it."""

    def note(self, disk: DiskUse) -> None:
        """Note what the session says that runs."""
        self._seen[str(self._spawner.user_options.get("team", ""))] = SeenUse(disk, self._now())

    def state(self) -> Mapping[str, object]:
        """Keep it, also when the session has ended."""
        if not self._seen:
            return {}
        kept = {
            team: {**asdict(seen.disk), "at": seen.at.isoformat(timespec="seconds")}
            for team, seen in self._seen.items()
        }
        return {_STATE: kept}

    def restore(self, state: Mapping[str, object]) -> None:
        """Take it up again."""
        self._seen = _read(state)

    def by_team(self) -> dict[str, SeenUse]:
        """Return what was said last of each workspace, by any server of this person."""
        found = dict(self._seen)
        for name, server in self._spawner.user.orm_spawners.items():
            if name == self._spawner.name:
                continue
            for team, seen in _read(server.state).items():
                if team not in found or found[team].at < seen.at:
                    found[team] = seen
        running = self._teams_with_sessions()
        return {team: SeenUse(seen.disk, seen.at, team in running) for team, seen in found.items()}

    def _teams_with_sessions(self) -> set[str]:
        servers = self._spawner.user.spawners.values()
        return {str((one.user_options or {}).get("team", "")) for one in servers if one.ready}


def _read(state: Mapping[str, object] | None) -> dict[str, SeenUse]:
    """Read what is kept with a server; what is of another release is left out."""
    kept = (state or {}).get(_STATE)
    found = {}
    for team, said in kept.items() if isinstance(kept, Mapping) else ():
        try:
            disk = {name: value for name, value in said.items() if name != "at"}
            found[str(team)] = SeenUse(read_disk_use(disk), read_moment(said["at"]))
        except (AttributeError, KeyError, TypeError, ValueError):
            continue
    return found
