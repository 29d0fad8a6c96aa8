"""What the namespaces of teams say about them."""

import asyncio
import logging
from datetime import datetime
from typing import Any

from gpucommons_contract import Annotation, Label, read_leads, team_namespace
from gpucommons_upkeep.watch import Manifest

from gpucommons_accounting.database.people.identities import SeenTeam

log = logging.getLogger(__name__)


class TeamNamespaces:
    """The teams' namespaces: a sink for a watch."""

    def __init__(self, changed: asyncio.Event) -> None:
        self._changed = changed
        self._known: dict[str, Manifest] = {}
        self.listed = False
        """Whether all are known that are there."""

    def replace(self, objects: list[Manifest]) -> None:
        """Take a complete list."""
        self._known = {each["metadata"]["uid"]: each for each in objects}
        self.listed = True
        self._changed.set()

    def update(self, kind: str, changed: Manifest) -> None:
        """Take one change."""
        uid = changed["metadata"]["uid"]
        if kind == "DELETED":
            self._known.pop(uid, None)
        else:
            self._known[uid] = changed
        self._changed.set()

    def teams(self) -> list[SeenTeam]:
        """Return the teams that there are."""
        return [team for each in self._known.values() if (team := seen_team(each))]


def seen_team(namespace: Manifest) -> SeenTeam | None:
    """Read a team from its namespace; None if that is not a team's own, or is being deleted."""
    metadata = namespace["metadata"]
    name = (metadata.get("labels") or {}).get(Label.TEAM, "")
    if team_namespace(name) != metadata["name"] or "deletionTimestamp" in metadata:
        return None
    annotations: dict[str, Any] = metadata.get("annotations") or {}
    try:
        leads = read_leads(annotations)
    except ValueError as error:
        log.warning("Nobody leads team %s until this is put right: %s", name, error)
        leads = {}
    return SeenTeam(
        uid=metadata["uid"],
        name=name,
        display_name=annotations.get(Annotation.DISPLAY_NAME) or name,
        since=datetime.fromisoformat(metadata["creationTimestamp"]),
        leads=leads,
    )
