"""All that is known of one person, wherever they come from."""

from dataclasses import dataclass

from gpucommons_contract.private_access import Peer

from gpucommons_people.clients.dex_accounts import Account, other_connectors
from gpucommons_people.clients.hub import HubUser
from gpucommons_people.clients.workspaces import Session, Workspace
from gpucommons_people.errors import NotThereError
from gpucommons_people.installation import Installation
from gpucommons_people.names import user_name
from gpucommons_people.private_access.ways import devices_of, peer_json


@dataclass(frozen=True, slots=True)
class PersonState:
    """A person. account is None for people of other connectors; those are in connectors.

    hub_user is None for somebody whom the hub does not know. Where no hub is configured, hub_asked
    is False, and it is None for everybody.
    """

    user: str
    account: Account | None
    connectors: tuple[str, ...]
    """Those other than Dex's own through which the person is signed in."""
    hub_asked: bool
    hub_user: HubUser | None
    sessions: tuple[Session, ...]
    workspaces: tuple[Workspace, ...]
    devices: tuple[Peer, ...] = ()
    """Those that are let in through WireGuard."""

    def as_json(self) -> dict[str, object]:
        """Turn into what ``--json`` prints; never with the password's hash."""
        return {
            "user": self.user,
            "account": account_json(self.account) if self.account else None,
            "connectors": list(self.connectors),
            "known_to_hub": self.hub_user is not None if self.hub_asked else None,
            "hub_groups": list(self.hub_user.groups) if self.hub_user else None,
            "sessions": [{"team": each.team, "server": each.server} for each in self.sessions],
            "workspaces": [each.as_json() for each in self.workspaces],
            "devices": [peer_json(each) for each in self.devices],
        }


def account_json(account: Account) -> dict[str, object]:
    """Turn an account into what ``--json`` prints."""
    return {"email": account.email, "name": account.name, "groups": list(account.groups)}


async def show_user(installation: Installation, email: str) -> PersonState:
    """Look at somebody; NotThereError if there is nothing of them."""
    user = user_name(email)
    account = await installation.dex.get(user)
    logins = await installation.dex.logins(user, account.user_id if account else None)
    sessions = await installation.workspaces.sessions()
    state = PersonState(
        user,
        account,
        other_connectors(logins),
        installation.hub is not None,
        await installation.hub.user(user) if installation.hub else None,
        tuple(each for each in sessions if each.owner == user),
        tuple(await installation.workspaces.of(user)),
        await devices_of(installation, user),
    )
    found = (account, logins, state.hub_user, state.sessions, state.workspaces, state.devices)
    if not any(found):
        raise NotThereError(
            f"There is no {user}. `gpucommons user list` shows the accounts in Dex; somebody who "
            "comes from LDAP, OIDC or GitHub is seen here after the first sign-in."
        )
    return state
