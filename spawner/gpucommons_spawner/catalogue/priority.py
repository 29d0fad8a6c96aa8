"""Priorities of teams: who goes first, and whose session may be ended for whom."""

from pydantic import Field

from gpucommons_spawner.catalogue.values import ObjectName
from gpucommons_spawner.part import Part


class Priorities(Part):
    """What sessions have whose size has no priority of its own."""

    teams: dict[str, ObjectName] = Field(
        default_factory=dict,
        description=(
            "for sessions of a team: the name of a PriorityClass of the cluster or, with the "
            "queue, of a WorkloadPriorityClass of Kueue"
        ),
    )

    def of(self, team: str, of_size: str | None) -> str | None:
        """Answer the priority of a session. That of its size counts before its team's.

        A size has one to say what it is for, such as a cheap one that gives way to all.
        """
        return of_size or self.teams.get(team)
