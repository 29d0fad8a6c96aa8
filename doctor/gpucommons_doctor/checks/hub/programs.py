"""Whether what makes up an installation is there, all of it and once, and runs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from gpucommons_contract.formats.wording import counted, joined
from gpucommons_people.clients.cluster import Cluster
from gpucommons_people.clients.kinds import Manifest

from gpucommons_doctor.check import Check
from gpucommons_doctor.finding import Finding, fault, good, warning
from gpucommons_doctor.kubernetes import DEPLOYMENTS, condition_of, is_true, name_of, spec_of

_A_START = timedelta(minutes=5)
"""A hub that fetches its image and changes its tables takes a minute or two."""
_OF_HUB, _OF_DEX = "gpucommons", "dex"
_ACCOUNTING = "docs/how-to/account-for-usage.md"
_BACKUPS = "docs/how-to/back-up-workspaces.md"
_INSTALL = "docs/tutorial/install-on-your-cluster.md"


@dataclass(frozen=True, slots=True)
class Program:
    """A Deployment of an installation, known by the labels of its pods.

    installed_by says what makes it. An installation may have Dex elsewhere: not required then.
    """

    who: str
    namespace: str
    labels: Mapping[str, str]
    installed_by: str
    required: bool = True


PROGRAMS = (
    Program(
        "the hub",
        _OF_HUB,
        {"app": "jupyterhub", "component": "hub"},
        f"`helm upgrade --install jupyterhub` of {_INSTALL}",
    ),
    Program(
        "the proxy",
        _OF_HUB,
        {"app": "jupyterhub", "component": "proxy"},
        f"`helm upgrade --install jupyterhub` of {_INSTALL}",
    ),
    Program(
        "the idle culler",
        _OF_HUB,
        {"app.kubernetes.io/name": "idle-culler"},
        "`kubectl apply --server-side -k installation`",
    ),
    Program(
        "Dex",
        _OF_DEX,
        {"app.kubernetes.io/name": "dex"},
        f"`helm upgrade --install dex` of {_INSTALL}",
        required=False,
    ),
    Program(
        "accounting",
        _OF_HUB,
        {"app.kubernetes.io/name": "accounting"},
        f"`kubectl apply --server-side -k cluster/accounting` of {_ACCOUNTING}",
        required=False,
    ),
    Program(
        "the controller of snapshots",
        _OF_HUB,
        {"app.kubernetes.io/name": "backup"},
        f"`kubectl apply --server-side -k cluster/backup` of {_BACKUPS}",
        required=False,
    ),
    Program(
        "the store of snapshots",
        _OF_HUB,
        {"app.kubernetes.io/name": "backup-store"},
        f"`kubectl apply --server-side -k cluster/backup-store` of {_BACKUPS}",
        required=False,
    ),
    Program(
        "the service of earlier files",
        _OF_HUB,
        {"app.kubernetes.io/name": "earlier-files"},
        f"`kubectl apply --server-side -k cluster/earlier-files` of {_BACKUPS}",
        required=False,
    ),
)


class Programs(Check):
    """Looks at the Deployments of our namespaces; it reads no pods."""

    name: ClassVar[str] = "programs"
    question: ClassVar[str] = "Are hub, proxy, idle culler and Dex all there, once, and running?"

    async def run(self, cluster: Cluster) -> list[Finding]:
        """Look at the Deployments of the namespaces of hub and Dex."""
        there = [
            each
            for namespace in (_OF_HUB, _OF_DEX)
            for each in await cluster.list(DEPLOYMENTS, namespace)
        ]
        return judge_programs(there, datetime.now(UTC))


def judge_programs(deployments: Iterable[Manifest], now: datetime) -> list[Finding]:
    """Judge what is installed. Nothing is wrong where nothing of it is there yet."""
    deployments = list(deployments)
    looked = [(each, [d for d in deployments if _is(d, each)]) for each in PROGRAMS]
    if not any(found for each, found in looked if each.required):
        return [good(f"Nothing of GPU Commons runs in {_OF_HUB} yet.")]
    findings = [one for each, found in looked for one in _judge(each, found, now)]
    running = [each.who for each, found in looked if found]
    return findings or [good(f"There and running: {joined(running)}.")]


def _is(deployment: Manifest, program: Program) -> bool:
    labels = spec_of(deployment)["template"]["metadata"].get("labels") or {}
    return bool(
        deployment["metadata"]["namespace"] == program.namespace
        and program.labels.items() <= labels.items()
    )


def _judge(program: Program, found: Sequence[Manifest], now: datetime) -> list[Finding]:
    if not found:
        return [_missing(program)] if program.required else []
    if len(found) > 1:
        names = joined([name_of(each) for each in found])
        return [
            fault(
                f"There is more than one installation in {program.namespace}: {names} are each "
                f"{program.who}.",
                "Look at `helm list --all-namespaces`, and uninstall the one that nobody means: "
                "two hubs end each other's sessions.",
            )
        ]
    (deployment,) = found
    return _judge_running(program, deployment, now)


def _missing(program: Program) -> Finding:
    return fault(
        f"GPU Commons is installed in part: {program.who} is not there.",
        f"It is made by {program.installed_by}.",
    )


def _judge_running(program: Program, deployment: Manifest, now: datetime) -> list[Finding]:
    wanted = spec_of(deployment).get("replicas", 1)
    available = (deployment.get("status") or {}).get("availableReplicas") or 0
    named = f"-n {program.namespace}", f"deployment/{name_of(deployment)}"
    if wanted == 0:
        return [
            fault(
                f"{_begin(program)} was scaled to no pod.",
                f"If no upgrade or restoration goes on: kubectl {named[0]} scale {named[1]} "
                "--replicas 1.",
            )
        ]
    if available >= wanted:
        return []
    failure = condition_of(deployment, "ReplicaFailure")
    if failure is not None and is_true(failure):
        return [
            fault(
                f"No pod of {program.who} can be made: {failure['message']}",
                "Mend what it says: an account, a quota or a standard that is missing comes with "
                "cluster/base.",
            )
        ]
    look = (
        f"kubectl {named[0]} describe pods says what they wait for, such as a Secret or an image, "
        f"and kubectl {named[0]} logs {named[1]} why they end, such as a database that does not "
        "answer or has other tables."
    )
    if available:
        return [
            warning(f"{_begin(program)} runs in {available} of {counted(wanted, 'pod')}.", look)
        ]
    if now - _since(deployment) < _A_START:
        return [warning(f"{_begin(program)} is starting: no pod of it is ready.", look)]
    return [fault(f"{_begin(program)} does not run: no pod of it is ready.", look)]


def _begin(program: Program) -> str:
    return program.who[0].upper() + program.who[1:]


def _since(deployment: Manifest) -> datetime:
    """Return since when there has been no pod that is ready."""
    condition = condition_of(deployment, "Available") or {}
    return datetime.fromisoformat(
        condition.get("lastTransitionTime") or deployment["metadata"]["creationTimestamp"]
    )
