"""Whether snapshots reach the second store, where there is one, and old ones are forgotten.

Without that, every store is full one day.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import ClassVar

from gpucommons_people.clients.cluster import Cluster

from gpucommons_doctor.check import Check
from gpucommons_doctor.checks.snapshots.claims import (
    CONTROLLER,
    Claim,
    named,
    not_set_up,
    program,
    snapshot_claims,
)
from gpucommons_doctor.finding import Finding, fault, good, warning

_LOOK = "Look at the controller: kubectl -n gpucommons logs deployment/backup."


class SnapshotsCopied(Check):
    """Looks at the annotations of claims."""

    name: ClassVar[str] = "snapshot-copies"
    question: ClassVar[str] = "Are snapshots in a second store, so that one may be lost?"

    async def run(self, cluster: Cluster) -> list[Finding]:
        """Look at workspaces and folders of teams."""
        if await program(cluster, CONTROLLER) is None:
            return [not_set_up()]
        return judge_copies(await snapshot_claims(cluster), datetime.now(UTC))


class SnapshotsTidied(Check):
    """Looks at the annotations of claims."""

    name: ClassVar[str] = "snapshot-tidying"
    question: ClassVar[str] = "Are old snapshots forgotten, so that the store does not only grow?"

    async def run(self, cluster: Cluster) -> list[Finding]:
        """Look at workspaces and folders of teams."""
        if await program(cluster, CONTROLLER) is None:
            return [not_set_up()]
        return judge_tidying(await snapshot_claims(cluster), datetime.now(UTC))


def judge_copies(claims: Sequence[Claim], now: datetime) -> list[Finding]:
    """Judge how old copies are, and what the last tries said."""
    if not any(each.snapshot.copied or each.snapshot.copy_error for each in claims):
        return [good("No snapshot was copied yet.")]  # of no second store the settings tell
    late = [each for each in claims if each.snapshot.is_uncopied(now)]
    findings = []
    if late:
        found = f"Newer snapshots were not copied for two days: {named(late)}."
        findings.append(fault(found, _reason(late, _copy_error) or _LOOK))
    if failing := _failing(claims, late, _copy_error):
        found = f"Snapshots could not be copied at the last try: {named(failing)}."
        advice = f"{_reason(failing, _copy_error)} It is tried again each hour."
        findings.append(warning(found, advice))
    return findings or [good("Snapshots are copied into the second store in time.")]


def judge_tidying(claims: Sequence[Claim], now: datetime) -> list[Finding]:
    """Judge when old ones were last forgotten of those that have new ones."""
    untidy = [each for each in claims if each.snapshot.is_untidy(now, each.made)]
    findings = []
    if untidy:
        found = f"Old snapshots have not been forgotten for four weeks: {named(untidy)}."
        advice = (
            "Set tidy_credentials in the settings of the snapshots, and look at the controller: "
            "kubectl -n gpucommons logs deployment/backup."
        )
        findings.append(warning(found, _reason(untidy, _tidy_error) or advice))
    if failing := _failing(claims, untidy, _tidy_error):
        found = f"Old snapshots could not be forgotten at the last try: {named(failing)}."
        advice = f"{_reason(failing, _tidy_error)} It is tried again each day."
        findings.append(warning(found, advice))
    return findings or [good("Old snapshots are forgotten in time.")]


def _copy_error(claim: Claim) -> str:
    return claim.snapshot.copy_error


def _tidy_error(claim: Claim) -> str:
    return claim.snapshot.tidy_error


def _failing(
    claims: Sequence[Claim], late: Sequence[Claim], error: Callable[[Claim], str]
) -> list[Claim]:
    """Return those of which the last try has failed, but that are not late yet."""
    return [each for each in claims if error(each) and each not in late]


def _reason(claims: Sequence[Claim], error: Callable[[Claim], str]) -> str:
    """Tell the first reason that is known; empty if none is."""
    reason = next(filter(None, map(error, claims)), "")
    return f"It is said why: {reason}" if reason else ""
