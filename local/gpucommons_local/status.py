"""``status``: the address, the accounts, and how each part is."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypedDict

from gpucommons_local.hub.demo import demo_accounts
from gpucommons_local.hub.people import first_password
from gpucommons_local.machine.certificates import certificate_files
from gpucommons_local.machine.instance import Instance
from gpucommons_local.machine.supervision import Program, Supervisor


class PartStatus(TypedDict):
    """One supervised program. healthy: it answers its probe now."""

    state: str
    pid: int
    healthy: bool
    log: str


class AccountStatus(TypedDict):
    """A demo account, with the password that the commands gave it last."""

    username: str
    password: str
    groups: list[str]
    admin: bool


class PlatformStatus(TypedDict):
    """What ``gpucommons status --json`` prints."""

    name: str
    running: bool
    url: str
    issuer: str
    authority: str | None
    """File of what a browser has to trust; none at HTTP."""
    kubeconfig: str
    state: str
    simulated_gpus: bool
    parts: dict[str, PartStatus]
    accounts: list[AccountStatus]


def status(instance: Instance, programs: Sequence[Program]) -> PlatformStatus:
    """Look at every part; takes as long as the slowest probe."""
    supervisor = Supervisor(instance)
    states = supervisor.states()
    with ThreadPoolExecutor(8) as pool:
        probes = list(pool.map(supervisor.probe, programs)) if states else []
    healthy = dict(zip([each.name for each in programs], probes, strict=False))
    parts = {
        each.name: PartStatus(
            state=states.get(each.name, ("STOPPED", 0))[0],
            pid=states.get(each.name, ("STOPPED", 0))[1],
            healthy=healthy.get(each.name, False),
            log=str(supervisor.log(each.name)),
        )
        for each in programs
    }
    return PlatformStatus(
        name=instance.name,
        running=bool(parts) and all(each["healthy"] for each in parts.values()),
        url=instance.url,
        issuer=instance.issuer,
        authority=str(certificate_files(instance).authority) if instance.https else None,
        kubeconfig=str(instance.kubeconfig),
        state=str(instance.state),
        simulated_gpus=True,
        parts=parts,
        accounts=accounts(instance),
    )


def accounts(instance: Instance) -> list[AccountStatus]:
    """Give the demo accounts with their passwords; without those whose handout is gone."""
    return [
        AccountStatus(
            username=each.username,
            password=password,
            groups=list(each.groups),
            admin=each.admin,
        )
        for each in demo_accounts()
        if (password := first_password(instance, each.username))
    ]
