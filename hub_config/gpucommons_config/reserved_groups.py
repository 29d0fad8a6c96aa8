"""Groups that grant rights: whoever can name a group in a directory must not choose one."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from gpucommons_spawner import Catalogue, GPUSpawner, catalogue_in_force
from traitlets.config import Config

from gpucommons_config.composition import contents, is_set


def reserve_groups(c: Config) -> None:
    """Have the authenticator take such groups from exact rules alone, unless they are set."""
    if not is_set(c.DexOAuthenticator, "reserved_groups"):
        roles = contents(c.JupyterHub, "load_roles", [])
        in_roles = frozenset(name for role in roles for name in role.get("groups", ()))
        file = Path(c.GPUSpawner.catalogue_file)
        c.DexOAuthenticator.reserved_groups = partial(_reserved_now, file, in_roles)


def groups_with_rights(catalogue: Catalogue) -> frozenset[str]:
    """Return the groups whose members may have more than others by the catalogue."""
    offers = (*catalogue.environments.values(), *catalogue.sizes.values())
    opened = (name for offer in offers for name in offer.access or ())
    return frozenset((*opened, *catalogue.quotas.groups))


def reserved_groups(names: Iterable[str], teams: Iterable[str]) -> frozenset[str]:
    """Return those of the groups that are not teams.

    A team's rights are its members', and group rules decide who is in a team.
    """
    return frozenset(names) - frozenset(teams)


def _reserved_now(file: Path, in_roles: frozenset[str]) -> frozenset[str]:
    teams = GPUSpawner.hub_state.teams
    if not teams.known:
        return frozenset()  # or members would lose teams until the cluster's teams are known
    names = groups_with_rights(catalogue_in_force(file).current) | in_roles
    return reserved_groups(names, (each.name for each in teams.all()))
