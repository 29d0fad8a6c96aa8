"""Somebody who should get an account, checked against the teams there are. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from gpucommons_people.errors import InputError
from gpucommons_people.names import account_name, team_name
from gpucommons_people.private_access.keys import Keys


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who should have an account and be in teams."""

    user: str
    teams: tuple[str, ...]
    name: str = ""
    admin: bool = False
    password: str | None = field(default=None, repr=False)
    """None: one is made."""
    keys: Keys | None = None
    """Of the person's device, for private access; None: they are made."""

    def groups(self, admin_group: str) -> tuple[str, ...]:
        """Return the groups that Dex should report of them."""
        return (*self.teams, admin_group) if self.admin else self.teams


def newcomer(
    email: str,
    teams: Iterable[str],
    known: Collection[str],
    *,
    name: str = "",
    admin: bool = False,
    password: str | None = None,
    keys: Keys | None = None,
) -> Newcomer:
    """Check what was typed against the teams there are; raises InputError."""
    user, wanted = account_name(email), tuple(dict.fromkeys(teams))
    for team in wanted:
        check_team(team, known)
    return Newcomer(user, wanted, " ".join(name.split()), admin, password, keys)


def check_team(team: str, known: Collection[str]) -> None:
    """Raise InputError unless there is such a team."""
    if team_name(team) not in known:
        listed = ", ".join(sorted(known)) or "none yet"
        raise InputError(f"There is no team {team}. Teams: {listed}.")
