"""All that the operations work on: cluster, Dex, hub, workspaces, handouts, audit log."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from gpucommons_contract import Label, team_namespace

from gpucommons_people.clients.cluster import Cluster
from gpucommons_people.clients.dex_accounts import Account, DexAccounts
from gpucommons_people.clients.files import Files
from gpucommons_people.clients.hub import Hub
from gpucommons_people.clients.kinds import NAMESPACES, Manifest
from gpucommons_people.clients.patience import Patience
from gpucommons_people.clients.workspaces import Workspaces
from gpucommons_people.errors import InputError, NotThereError
from gpucommons_people.files.audit import AuditLog
from gpucommons_people.files.configuration import Configuration
from gpucommons_people.files.handout import Handouts


@dataclass(frozen=True, slots=True)
class Installation:
    """One GPU Commons, with open connections. hub and files are None where no hub is configured."""

    configuration: Configuration
    cluster: Cluster
    dex: DexAccounts
    workspaces: Workspaces
    handouts: Handouts
    audit: AuditLog
    hub: Hub | None = None
    files: Files | None = None

    def hub_needed(self) -> Hub:
        """Return the hub; InputError that says what to configure if there is none."""
        if self.hub is None:
            raise InputError(
                "This needs the hub, and the configuration has none: set hub.api_url and "
                "hub.token_file."
            )
        return self.hub

    def files_needed(self) -> Files:
        """Return the service of earlier files; InputError as of `hub_needed`."""
        self.hub_needed()
        assert self.files
        return self.files

    async def teams_found(self) -> list[tuple[str, Manifest]]:
        """Return the name and the namespace of each team."""
        found = await self.cluster.list(NAMESPACES, label=Label.TEAM)
        return [
            (team, each)
            for each in found
            if (team := each["metadata"]["labels"][Label.TEAM])
            and each["metadata"]["name"] == team_namespace(team)
        ]

    async def team_names(self) -> frozenset[str]:
        """Return the names of all teams."""
        return frozenset(team for team, _ in await self.teams_found())

    async def account(self, user: str) -> Account:
        """Return an account in Dex; NotThereError says where else it may be."""
        account = await self.dex.get(user)
        if account is None:
            raise NotThereError(
                f"Dex has no account {user} of its own. Accounts that come from LDAP, OIDC or "
                "GitHub are changed there, their groups too. `gpucommons user list` shows Dex's."
            )
        return account


@asynccontextmanager
async def opened(
    configuration: Configuration, who: str | None, patience: Patience
) -> AsyncIterator[Installation]:
    """Open all connections; who is the actor for the audit log; None: whoever gives the command."""
    async with AsyncExitStack() as stack:
        cluster = await stack.enter_async_context(Cluster.open(configuration.kubeconfig, patience))
        hub, files = None, None
        if configuration.hub:
            settings = configuration.hub
            opening = Hub.open(settings.api_url, settings.token, patience, settings.trusted())
            hub = await stack.enter_async_context(opening)
            behind = Files.open(configuration.address, settings.token, patience, settings.trusted())
            files = await stack.enter_async_context(behind)
        yield Installation(
            configuration,
            cluster,
            DexAccounts(cluster, configuration.dex_namespace),
            Workspaces(cluster),
            Handouts(configuration.handouts),
            AuditLog(configuration.audit_log, who),
            hub,
            files,
        )
