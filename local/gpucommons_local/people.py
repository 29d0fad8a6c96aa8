"""The demo teams and people of a local platform, made with the account commands' own operations."""

import asyncio
from pathlib import Path

import yaml
from gpucommons_people.configuration import Configuration, read_configuration
from gpucommons_people.people import People
from gpucommons_people.team import read_teams

from gpucommons_local.demo import demo_accounts, teams_file
from gpucommons_local.instance import Instance
from gpucommons_local.rights import DEX_NAMESPACE
from gpucommons_local.secrets import Secrets


def people_file(instance: Instance) -> Path:
    """What the account commands read to work on this platform."""
    return instance.state / "people.yaml"


def write_people_file(instance: Instance, secrets: Secrets) -> None:
    """Write that file, and the token that it names."""
    token = instance.state / "people-token"
    token.touch(mode=0o600)
    token.write_text(secrets.people_token)
    settings = {
        "address": instance.url,
        "hub": {"api_url": f"{instance.url}/hub/api", "token_file": token.name},
        "kubeconfig": str(instance.kubeconfigs / "people.conf"),
        "dex_namespace": DEX_NAMESPACE,
        "audit_log": str(instance.logs / "people.jsonl"),
        "handouts": "handouts",
    }
    people_file(instance).write_text(yaml.safe_dump(settings))


def make_demo(instance: Instance, secrets: Secrets) -> None:
    """Bring the demo teams and people to what their files say; safe to repeat."""
    configuration = read_configuration(people_file(instance))
    # The hub starts meanwhile, and knows none of the people yet.
    asyncio.run(_make(configuration.model_copy(update={"hub": None}), secrets))


async def _make(configuration: Configuration, secrets: Secrets) -> None:
    async with People(configuration, who="gpucommons up") as people:
        await people.apply_teams(read_teams(teams_file()))
        for each in demo_accounts():
            await people.add_user(
                each.username,
                each.teams,
                name=each.name,
                admin=each.admin,
                password=secrets.passwords[each.username],
            )
