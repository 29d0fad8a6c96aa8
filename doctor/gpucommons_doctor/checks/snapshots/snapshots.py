"""Whether what sessions change is in a snapshot soon."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from gpucommons_contract.formats.wording import counted
from gpucommons_people.clients.cluster import Cluster

from gpucommons_doctor.check import Check
from gpucommons_doctor.checks.snapshots.claims import (
    CONTROLLER,
    Claim,
    named,
    program,
    snapshot_claims,
)
from gpucommons_doctor.finding import Finding, fault, good, warning

_MUCH_TOO_LATE = timedelta(days=1)
"""After which a try has failed many times: the pauses between tries are 6 hours at most."""
_SAID = "`gpucommons workspace list --json` has all of it."


class SnapshotsTaken(Check):
    """Looks at the annotations of claims. That the store answers, the last good ones show."""

    name: ClassVar[str] = "snapshots"
    question: ClassVar[str] = "Is what people change in their files in a snapshot soon?"

    async def run(self, cluster: Cluster) -> list[Finding]:
        """Look at workspaces and folders of teams."""
        is_there = await program(cluster, CONTROLLER) is not None
        return judge_snapshots(await snapshot_claims(cluster), datetime.now(UTC), is_there)


def judge_snapshots(claims: Sequence[Claim], now: datetime, is_there: bool) -> list[Finding]:
    """Judge how old the last good ones are of claims that may have changed since.

    is_there: whether the controller is; it may also be no pod, and is known by its work then.
    """
    if not is_there and not any(each.snapshot.repository for each in claims):
        return [
            warning(
                "Nothing takes snapshots of people's files: what somebody deletes is lost.",
                "Set them up: docs/how-to/back-up-workspaces.md. Where your storage keeps "
                "snapshots of its own, --skip snapshots.",
            )
        ]
    late = [each for each in claims if each.snapshot.is_late(now, each.made)]
    worst = [each for each in late if each.snapshot.is_late(now, each.made, _MUCH_TOO_LATE)]
    failing = [each for each in claims if each.snapshot.error and each not in late]
    lacking = [each for each in claims if each.snapshot.unread]
    findings: list[Finding] = []
    if late:
        make = fault if worst else warning
        findings.append(make(_late(worst or late), _advice(worst or late)))
    if failing:
        findings.append(
            warning(f"The last try of a snapshot has failed: {named(failing)}.", _advice(failing))
        )
    if lacking:
        findings.append(
            warning(
                f"Files could not be read, and are not in the last snapshot: {named(lacking)}.",
                "Another user owns them, or they changed their mode: the notes on the snapshot "
                "name them (docs/how-to/back-up-workspaces.md).",
            )
        )
    taken = sum(each.snapshot.last_good is not None for each in claims)
    return findings or [
        good(f"{counted(taken, 'workspace')} in snapshots, none with changes of hours ago.")
    ]


def _late(late: Sequence[Claim]) -> str:
    return f"Changes of hours ago are in no snapshot: {named(late)}."


def _advice(claims: Sequence[Claim]) -> str:
    """Tell the first reason that is known."""
    reasons = (each.snapshot.error for each in sorted(claims, key=lambda each: each.name))
    if reason := next(filter(None, reasons), ""):
        return f"It is said why: {reason} {_SAID}"
    return f"Look at the controller: kubectl -n gpucommons logs deployment/{CONTROLLER}. {_SAID}"
