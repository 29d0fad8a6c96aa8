"""The teams and people that a local platform has from the start.

They are what a lab would bring: a file of teams and one of people, ``local/demo``.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gpucommons_local.machine.cache import checkout

ADMIN_GROUP = "admins"


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """One demo account; its e-mail address is its user name."""

    username: str
    name: str
    teams: tuple[str, ...]
    admin: bool

    @property
    def groups(self) -> tuple[str, ...]:
        """What Dex reports of it."""
        return (*self.teams, ADMIN_GROUP) if self.admin else self.teams


def teams_file() -> Path:
    """The demo teams, as `gpucommons team apply` reads them."""
    return checkout() / "local" / "demo" / "teams.yaml"


def people_csv() -> Path:
    """The demo people, as `gpucommons user import` reads them."""
    return checkout() / "local" / "demo" / "people.csv"


@cache
def demo_accounts() -> tuple[DemoAccount, ...]:
    """One for each thing to try: a team, another, administration, and being in no team."""
    with people_csv().open(newline="", encoding="utf-8") as lines:
        return tuple(
            DemoAccount(
                username=line["email"],
                name=line["name"],
                teams=tuple(line["teams"].split()),
                admin=line["admin"] == "yes",
            )
            for line in csv.DictReader(lines)
        )
