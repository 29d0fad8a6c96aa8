"""What a person and their teams hold of what they may have, in sentences. Pure."""

from gpucommons_spawner.catalogue import Allowance, Catalogue
from gpucommons_spawner.holdings import Holding, Holdings
from gpucommons_spawner.quota import Ledger
from gpucommons_spawner.selection import Person
from gpucommons_spawner.shortage import gpus, sessions, shown


def standing(catalogue: Catalogue, person: Person, ledger: Ledger, server: str) -> tuple[str, ...]:
    """Say it of the person, then of each team that has a limit.

    What ``server`` holds does not count: it is to be replaced.
    """
    quotas = catalogue.quotas
    held = ledger.of(person.name)
    earlier = held.get(person.name, server)
    mine = _parts(catalogue, held, quotas.of(person.groups, person.name), earlier)
    sentences = [f"You hold {_joined(mine)}."] if mine else []
    for team in person.teams:
        before = earlier if earlier and earlier.team == team.name else None
        parts = _parts(catalogue, ledger.of_team(team.name), quotas.of_team(team.name), before)
        if parts:
            sentences.append(f"The team {team.display_name} holds {_joined(parts)}.")
    return tuple(sentences)


def _parts(
    catalogue: Catalogue, held: Holdings, allowance: Allowance, earlier: Holding | None
) -> list[str]:
    parts = []
    if allowance.sessions is not None:
        parts.append(f"{len(held) - (earlier is not None)} of {sessions(allowance.sessions)}")
    if allowance.gpus is not None:
        units = held.units - (earlier.units if earlier else 0)
        parts.append(f"{shown(units)} of {gpus(allowance.gpus)}")
    for name, most in allowance.sizes.items():
        if most is not None:
            count = held.of_size(name) - (earlier is not None and earlier.size == name)
            title = catalogue.sizes[name].display_name
            parts.append(f"{count} of {sessions(most)} of the size {title}")
    return parts


def _joined(parts: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
