"""``status``: the address, the accounts, and how each part is."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, TypedDict

from gpucommons_local.builds import missing_later
from gpucommons_local.hub.demo import demo_accounts
from gpucommons_local.hub.people import first_password
from gpucommons_local.machine.certificates import certificate_files
from gpucommons_local.machine.instance import Instance
from gpucommons_local.machine.supervision import Program, Supervisor
from gpucommons_local.machine.volumes import why_not_enforced
from gpucommons_local.platform import LATER_BUILDS


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


class LaterBuildsStatus(TypedDict):
    """What a first session does without and is built after the start."""

    state: Literal["built", "being built", "failed", "not being built"]
    missing: list[str]
    log: str


class PlatformStatus(TypedDict):
    """What ``gpucommons status --json`` prints."""

    name: str
    running: bool
    url: str
    issuer: str
    authority: str | None
    """File of what a browser has to trust; none at HTTP."""
    observability: dict[str, str]
    """Addresses of Prometheus and Alertmanager, where they run."""
    kubeconfig: str
    state: str
    simulated_gpus: bool
    sizes_not_enforced: str | None
    """Why volumes can hold more than their size; none where they cannot."""
    parts: dict[str, PartStatus]
    later_builds: LaterBuildsStatus
    accounts: list[AccountStatus]


def status(instance: Instance, programs: Sequence[Program]) -> PlatformStatus:
    """Look at every part; takes as long as the slowest probe."""
    supervisor = Supervisor(instance)
    states = supervisor.states()
    programs = [each for each in programs if each.name != LATER_BUILDS]
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
        observability=observability(instance),
        kubeconfig=str(instance.kubeconfig),
        state=str(instance.state),
        simulated_gpus=True,
        sizes_not_enforced=why_not_enforced(instance) or None,
        parts=parts,
        later_builds=_later_builds(
            instance, supervisor, states.get(LATER_BUILDS, ("STOPPED", 0))[0]
        ),
        accounts=accounts(instance),
    )


def observability(instance: Instance) -> dict[str, str]:
    """Return where a browser finds Prometheus and Alertmanager; empty where they are off."""
    if not instance.observability:
        return {}
    ports = {"Prometheus": instance.prometheus_port, "Alerts": instance.alertmanager_port}
    return {title: f"http://127.0.0.1:{port}" for title, port in ports.items()}


def _later_builds(instance: Instance, supervisor: Supervisor, process: str) -> LaterBuildsStatus:
    missing = missing_later(instance.environments)
    state: Literal["built", "being built", "failed", "not being built"]
    if process in {"STARTING", "RUNNING"}:
        state = "being built"
    elif supervisor.exit_status(LATER_BUILDS):
        state = "failed"
    else:
        state = "not being built" if missing else "built"
    return LaterBuildsStatus(state=state, missing=missing, log=str(supervisor.log(LATER_BUILDS)))


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
