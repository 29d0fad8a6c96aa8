"""How large new workspaces in a team are: the team's size, and some people's own.

The account commands write both as annotations of the team's namespace, which the hub follows
anyway.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from gpucommons_contract.formats.quantities import amount
from gpucommons_contract.labels import Annotation


@dataclass(frozen=True, slots=True)
class WorkspaceSizes:
    """Sizes as Kubernetes writes them, such as ``100Gi``; people's by their user names.

    team is empty where the team has none of its own.
    """

    team: str = ""
    people: Mapping[str, str] = field(default_factory=dict, hash=False)

    def of(self, user: str) -> str:
        """Return the size of somebody's new workspace; empty for the installation's."""
        return self.people.get(user, self.team)


def own_sizes_written(people: Mapping[str, str]) -> str | None:
    """Write people's own sizes as the annotation's value; None if there are none."""
    return json.dumps(dict(people), sort_keys=True) if people else None


def read_workspace_sizes(annotations: Mapping[str, str]) -> WorkspaceSizes:
    """Read a namespace's annotations. Raises ValueError that says which is wrong, and how."""
    team = annotations.get(Annotation.WORKSPACE_SIZE, "")
    if team:
        _check(Annotation.WORKSPACE_SIZE, team)
    people = _people(annotations.get(Annotation.WORKSPACE_SIZES) or "{}")
    for size in people.values():
        _check(Annotation.WORKSPACE_SIZES, size)
    return WorkspaceSizes(team, people)


def _people(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{Annotation.WORKSPACE_SIZES} is not JSON: {error}") from error
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise ValueError(f"{Annotation.WORKSPACE_SIZES} does not have a size for each user name")
    return found


def _check(annotation: str, size: str) -> None:
    try:
        enough = amount(size) > 0
    except ValueError as error:
        raise ValueError(f"{annotation}: {error}") from error
    if not enough:
        raise ValueError(f"{annotation}: a workspace cannot have {size}")
