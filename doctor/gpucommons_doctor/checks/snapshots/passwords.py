"""Whether the passwords of all snapshots are there, and somewhere else as well.

They are in one Secret, which no check may read: what of it is lost, the controller notes on claims.
Where there is a recovery key, the controller keeps them in the store too, sealed; else an
administrator copies the Secret, and notes when.
"""

from collections.abc import Sequence
from typing import ClassVar

from gpucommons_contract import Annotation, read_moment, read_note
from gpucommons_contract.formats.wording import counted
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
from gpucommons_doctor.kubernetes import annotations_of

_SECRET = "workspace-repositories"  # noqa: S105 -- a name
_COPY = (
    "Make a recovery key, to which they are sealed: gpucommons backup recovery-key. Or copy the "
    f"Secret {_SECRET} to a place outside the cluster, then note that: kubectl -n gpucommons "
    f"annotate --overwrite deployment {CONTROLLER} {Annotation.PASSWORDS_COPIED_AT}="
    '"$(date -u +%FT%TZ)" (docs/how-to/back-up-workspaces.md).'
)


class SnapshotPasswords(Check):
    """Looks at the claims, and at what was noted on the controller's Deployment."""

    name: ClassVar[str] = "snapshot-passwords"
    question: ClassVar[str] = "Are the passwords of all snapshots there, and in a second place?"

    async def run(self, cluster: Cluster) -> list[Finding]:
        """Look at workspaces, folders of teams, and the Deployment."""
        controller = await program(cluster, CONTROLLER)
        if controller is None:
            return [not_set_up()]
        noted = annotations_of(controller).get(Annotation.PASSWORDS_COPIED_AT, "")
        return judge_passwords(await snapshot_claims(cluster), noted)


def judge_passwords(claims: Sequence[Claim], noted: str) -> list[Finding]:
    """Judge what claims say, and when the passwords were copied as somebody noted, or nobody.

    Those that are sealed to a recovery key in the stores need no copy.
    """
    if lost := [each for each in claims if _SECRET in each.snapshot.error]:
        return [
            fault(
                f"Passwords of snapshots are lost: {named(lost)}.",
                f"It is said what to do: {lost[0].snapshot.error}",
            )
        ]
    kept = [each for each in claims if each.snapshot.repository and not each.snapshot.sealed]
    copied = read_note(read_moment, noted)
    if kept and copied is None:
        return [
            warning(
                f"The passwords of the snapshots of {counted(len(kept), 'workspace')} are in the "
                "cluster alone, as far as is noted: without it nobody can read any.",
                _COPY,
            )
        ]
    if copied and (newer := [each for each in kept if each.made > copied]):
        return [
            warning(f"Passwords are newer than their copy: {named(newer)}.", _COPY),
        ]
    all_sealed = not kept and any(each.snapshot.sealed for each in claims)
    how = "are sealed in the stores" if all_sealed else "were copied"
    return [good(f"The passwords of all snapshots are there, and {how}.")]
