"""Copies in the second store: when they are due, what their pods need, and what came of them."""

from collections.abc import Container
from datetime import datetime, timedelta
from urllib.parse import quote

from gpucommons_contract import Annotation, written_moment

from gpucommons_backup.controller.elsewhere import CopySettings, is_s3
from gpucommons_backup.controller.repositories.record import Record, RecordsError
from gpucommons_backup.controller.results.outcome import Failed, Outcome
from gpucommons_backup.controller.settings import Settings
from gpucommons_backup.controller.watching.claims import LONGEST_SENTENCE, Key, Notes, Workspace
from gpucommons_backup.controller.watching.due import WEEK, Cluster, Due, spread
from gpucommons_backup.controller.watching.pods import COPY, COPY_TIDY

_AFTER_FAILED = timedelta(hours=1)
WANTED: Notes = {Annotation.SNAPSHOT_COPY_WANTED: "true"}
"""Says of a workspace with a last snapshot that it is to be in the second store, too."""


def due_copies(
    cluster: Cluster, settings: CopySettings | None, now: datetime, others: Container[Key]
) -> list[Due]:
    """Return what is due in the second store, the oldest first. Pure.

    ``others``: claims of which something else is due, which comes first.
    """
    if settings is None:
        return []
    taken = {pod.claim for pod in cluster.pods}
    found = [
        due
        for key, workspace in cluster.workspaces.items()
        if key not in taken and key not in others and not workspace.deleting
        if (due := _of_workspace(workspace, settings, now))
    ]
    return sorted(found, key=lambda each: (each.occasion != COPY, each.since))


def _of_workspace(workspace: Workspace, settings: CopySettings, now: datetime) -> Due | None:
    last, copied, failed_at = workspace.last_good, workspace.copied, workspace.copy_failed_at
    if last is None or not workspace.has_snapshot:
        return None
    is_last = workspace.final is not None and workspace.final >= last
    is_new = is_last and failed_at and workspace.final and failed_at <= workspace.final
    if failed_at and failed_at <= now < failed_at + _AFTER_FAILED and not is_new:
        return None
    every = timedelta(hours=settings.every_hours)
    if lacks_copy(workspace) and (is_last or copied is None or not copied <= now < copied + every):
        return Due(workspace, COPY, copied or last)
    if settings.tidy_credentials and copied and (workspace.copy_tidied or copied) <= copied:
        before = workspace.copy_tidied or workspace.created + spread(workspace.uid)
        return Due(workspace, COPY_TIDY, before) if now - before >= WEEK else None
    return None


def notes_on_no_store(workspace: Workspace) -> Notes:
    """Take away what is said of a second store that there is no more; empty if nothing is."""
    if not (workspace.copied or workspace.copy_failed_at or workspace.copy_wanted):
        return {}
    return {
        Annotation.SNAPSHOT_COPIED: None,
        Annotation.SNAPSHOT_COPY_ERROR: None,
        Annotation.SNAPSHOT_COPY_FAILED_AT: None,
        Annotation.SNAPSHOT_COPY_TIDIED: None,
        Annotation.SNAPSHOT_COPY_WANTED: None,
    }


def notes_on_store(workspace: Workspace) -> Notes:
    """Say that a last snapshot is to be in the second store; empty if there is none, or it is said.

    Whoever deletes the workspace waits for it then, although nothing of it was ever copied.
    """
    if workspace.final is None or workspace.copy_wanted:
        return {}
    return WANTED


def lacks_copy(workspace: Workspace) -> bool:
    """Whether its last good snapshot is in the first store alone."""
    if workspace.last_good is None or not workspace.has_snapshot:
        return False
    return workspace.copied is None or workspace.copied < workspace.last_good


def variables(record: Record, settings: Settings, occasion: str) -> dict[str, str]:
    """Return restic's variables for a pod. Raises RecordsError and SettingsError."""
    copies = settings.copies
    if copies is None or not record.copy_password:
        raise RecordsError(f"There is no password for the copy of {record.name} yet.")
    tidies = occasion == COPY_TIDY
    target = {
        **copies.login(tidies=tidies),
        "RESTIC_REPOSITORY": copies.address(record.name, tidies=tidies),
        "RESTIC_PASSWORD": record.copy_password,
    }
    if tidies:
        return target
    login, address = settings.login(), settings.address(record.name)
    return {
        **(login if is_s3(settings.store) and not is_s3(copies.store) else {}),
        **target,
        "RESTIC_FROM_REPOSITORY": _with_login(address, login),
        "RESTIC_FROM_PASSWORD": record.password,
    }


def _with_login(address: str, login: dict[str, str]) -> str:
    """Put the login of a rest-server into its address: restic's variables are for the other one."""
    kind, scheme, place = address.partition("://")
    user = login.get("RESTIC_REST_USERNAME")
    if not user or not kind.startswith("rest:"):
        return address
    secret = quote(login.get("RESTIC_REST_PASSWORD", ""), safe="")
    return f"{kind}{scheme}{quote(user, safe='')}:{secret}@{place}"


def notes_on_copy(
    came: Outcome, occasion: str, created: datetime, now: datetime
) -> dict[str, str | None]:
    """Say what came of a pod that was created at that moment."""
    if isinstance(came, Failed):
        return {
            Annotation.SNAPSHOT_COPY_ERROR: came.reason[:LONGEST_SENTENCE],
            Annotation.SNAPSHOT_COPY_FAILED_AT: written_moment(now),
        }
    what = Annotation.SNAPSHOT_COPIED if occasion == COPY else Annotation.SNAPSHOT_COPY_TIDIED
    return {
        what: written_moment(min(created, now)),
        Annotation.SNAPSHOT_COPY_ERROR: None,
        Annotation.SNAPSHOT_COPY_FAILED_AT: None,
    }
