"""The demo teams and people of a local platform, made with the account commands' own operations."""

import asyncio

from gpucommons_people.configuration import Configuration, read_configuration
from gpucommons_people.people import People
from gpucommons_people.team import read_teams

from gpucommons_local.demo import demo_accounts, teams_file
from gpucommons_local.instance import Instance
from gpucommons_local.people_file import people_file
from gpucommons_local.secrets import Secrets


def make_demo(instance: Instance, secrets: Secrets) -> None:
    """Bring the demo teams and people to what their files say; safe to repeat."""
    configuration = read_configuration(people_file(instance))
    # The hub starts meanwhile, and knows none of the people yet.
    asyncio.run(_make(configuration.model_copy(update={"hub": None}), secrets))


async def _make(configuration: Configuration, secrets: Secrets) -> None:
    async with People.open(configuration, who="gpucommons up") as people:
        await people.apply_teams(read_teams(teams_file()))
        for each in demo_accounts():
            await people.add_user(
                each.username,
                each.teams,
                name=each.name,
                admin=each.admin,
                password=secrets.passwords[each.username],
            )
