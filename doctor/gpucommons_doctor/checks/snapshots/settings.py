"""Whether the file of settings of the snapshots is good, and says all that it should."""

import asyncio
from pathlib import Path
from typing import ClassVar

from gpucommons_backup.controller.settings import Settings, read_stores
from gpucommons_backup.settings_file import SettingsError
from gpucommons_people.clients.cluster import Cluster

from gpucommons_doctor.check import Check
from gpucommons_doctor.checks.snapshots.claims import CONTROLLER, not_set_up, program
from gpucommons_doctor.finding import Finding, fault, good, warning

_PAGE = "docs/how-to/back-up-workspaces.md"


class SnapshotSettings(Check):
    """Reads the file that is given: the account of the checks reads no ConfigMap."""

    name: ClassVar[str] = "snapshot-settings"
    question: ClassVar[str] = "Are the settings of the snapshots good, and nothing left out?"

    def __init__(self, file: Path | None) -> None:
        """file: backup.yaml, None if none was given."""
        self._file = file

    async def run(self, cluster: Cluster) -> list[Finding]:
        """Judge the file, where there is a controller or a file."""
        if self._file is None:
            if await program(cluster, CONTROLLER) is None:
                return [not_set_up()]
            advice = "Name their file with --backup: installation/backup/backup.yaml."
            return [warning("The settings of the snapshots were not checked.", advice)]
        try:
            settings = await asyncio.to_thread(read_stores, self._file)
        except SettingsError as error:
            return [
                fault(
                    f"The settings of the snapshots have mistakes, and are not in force: {error}",
                    f"{_PAGE} has all settings. The controller goes on with the last good ones, "
                    "and does not start anew without.",
                )
            ]
        return judge_settings(settings)


def judge_settings(settings: Settings) -> list[Finding]:
    """Judge what good settings leave out."""
    findings = []
    if settings.tidy_credentials is None:
        findings.append(
            warning(
                "There is no login that may delete, so no old snapshot is ever forgotten.",
                f"Set tidy_credentials: {_PAGE}.",
            )
        )
    if settings.recovery is None:
        findings.append(
            warning(
                "There is no recovery key: whoever loses the cluster with its passwords loses all "
                "snapshots.",
                f"gpucommons backup recovery-key makes one; set recovery.recipient: {_PAGE}.",
            )
        )
    if settings.copies is None:
        findings.append(
            warning(
                "There is no second store: what destroys the first one destroys all snapshots.",
                f"Set copy.store, elsewhere: {_PAGE}. Where the store itself is copied, --skip "
                "snapshot-settings.",
            )
        )
    return findings or [good(f"The settings of the snapshots are good: {settings.store}")]
