"""Workspaces as their claims describe them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from gpucommons_contract import (
    NAMESPACE_PREFIX,
    TEAM_FOLDER_COMPONENT,
    TEAM_FOLDER_OWNER,
    Annotation,
    RestoreRequest,
    read_moment,
    read_note,
    read_restore_request,
)
from gpucommons_contract.workspaces.checks import CheckRequest, read_check_request
from gpucommons_upkeep.watch import Manifest

from gpucommons_backup.wish import WishAnswer, WishError, read_answer

CLAIM_SELECTOR = f"component in (singleuser-storage, {TEAM_FOLDER_COMPONENT})"
"""KubeSpawner's label on claims of workspaces, and that on folders of teams."""
_OWNER = "hub.jupyter.org/username"
_ONE_POD = "ReadWriteOncePod"
_MANY_NODES = {"ReadWriteMany", "ReadOnlyMany"}
_FIRST_PAUSE = timedelta(minutes=5)
_LONGEST_PAUSE = timedelta(hours=6)
_CLOCKS_DIFFER = timedelta(minutes=1)
"""At most: the controller's from the API server's and the hub's."""
_COUNT = re.compile("[0-9]{1,9}")
_MOMENTS = (
    Annotation.MOUNTED_AT,
    Annotation.SNAPSHOT_LAST_GOOD,
    Annotation.SNAPSHOT_FAILED_AT,
    Annotation.SNAPSHOT_TIDIED,
    Annotation.SNAPSHOT_TIDY_FAILED_AT,
    Annotation.SNAPSHOT_FINAL,
    Annotation.SNAPSHOT_COPIED,
    Annotation.SNAPSHOT_COPY_FAILED_AT,
    Annotation.SNAPSHOT_COPY_TIDIED,
)

LONGEST_SENTENCE = 1000
"""Characters of a sentence that is noted on a claim."""
Key = tuple[str, str]
"""Namespace and name of a claim."""
Notes = Mapping[str, str | None]
"""Annotations to set; None takes one away."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """One claim with what is known of its snapshots. Moments are UTC."""

    key: Key
    uid: str
    team: str
    owner: str
    created: datetime
    modes: frozenset[str] = frozenset()
    deleting: bool = False
    mounted_at: datetime | None = None
    last_good: datetime | None = None
    failures: int = 0
    failed_at: datetime | None = None
    tidied: datetime | None = None
    tidy_failed_at: datetime | None = None
    final: datetime | None = None
    """When a last snapshot was begun, after which the workspace is to be deleted."""
    copied: datetime | None = None
    """All snapshots that were begun before are in the second store."""
    sealed: str = ""
    """The repository whose password is noted to be sealed in each store."""
    copy_failed_at: datetime | None = None
    copy_wanted: bool = False
    """Whether it is noted that the last snapshot is to be in the second store."""
    copy_tidied: datetime | None = None
    repository: str = ""
    has_snapshot: bool = False
    """Whether there was one in that repository."""
    asked: str = ""
    """The request to put a snapshot back, as it is on the claim."""
    answered: str = ""
    """The answer to the last one, as it is there."""
    check_asked: str = ""
    """The request to verify snapshots, or to take a last one, as it is on the claim."""
    check_state: str = ""
    """How far that is, as it is there."""
    snapshot: str = ""
    """Id of the last good snapshot."""
    wish: WishAnswer | None = None
    """How far somebody's wish for a snapshot now is."""
    unreadable: tuple[str, ...] = ()
    """Annotations that somebody has changed so that they count as not there."""

    @property
    def restore(self) -> RestoreRequest | None:
        """What is to be put back; None if nothing, or if the request cannot be read."""
        return read_note(read_restore_request, self.asked)

    @property
    def check(self) -> CheckRequest | None:
        """What is to be verified; None if nothing, or if the request cannot be read."""
        return read_note(read_check_request, self.check_asked)

    @property
    def is_asked(self) -> bool:
        """Whether somebody waits for something."""
        return bool(self.restore or self.check or self.is_wished)

    @property
    def is_wished(self) -> bool:
        """Whether somebody waits for a snapshot."""
        return self.wish is not None and not self.wish.is_final

    @property
    def on_one_node(self) -> bool:
        """Whether pods on one node alone can have it at a time."""
        return _MANY_NODES.isdisjoint(self.modes)

    @property
    def for_one_pod(self) -> bool:
        """Whether one pod alone can have it at a time."""
        return _ONE_POD in self.modes

    @property
    def may_have_changed(self) -> bool:
        """Whether a session had it since the last good snapshot was begun."""
        if self.mounted_at is None:
            return False
        return self.last_good is None or self.mounted_at >= self.last_good

    def moment_of_use(self, now: datetime) -> datetime:
        """Return the moment to note for one who has it now: never one before the last snapshot."""
        return max(now, self.last_good or now)

    def pauses(self, now: datetime) -> bool:
        """Whether the next try is to wait, longer after each failure."""
        if not self.failures or self.failed_at is None:
            return False
        growth = min(self.failures - 1, 10)
        pause = min(_FIRST_PAUSE * int(2**growth), _LONGEST_PAUSE)
        # One to come is of a clock that was wrong.
        return self.failed_at <= now < self.failed_at + pause


def workspace_of(claim: Manifest, now: datetime) -> Workspace | None:
    """Read a claim; None for one outside the namespaces of teams.

    A last good snapshot that is yet to come counts as none: a clock was wrong, and until then
    nothing that changes would be seen.
    """
    metadata = claim["metadata"]
    namespace = metadata["namespace"]
    if not namespace.startswith(NAMESPACE_PREFIX):
        return None
    notes = metadata.get("annotations") or {}
    moments = {each: read_note(read_moment, notes.get(each)) for each in _MOMENTS}
    last_good = moments[Annotation.SNAPSHOT_LAST_GOOD]
    failures = notes.get(Annotation.SNAPSHOT_FAILURES, "0")
    unreadable = [str(each) for each in _MOMENTS if notes.get(each) and moments[each] is None]
    if not _COUNT.fullmatch(failures):
        unreadable.append(str(Annotation.SNAPSHOT_FAILURES))
        failures = "0"
    return Workspace(
        key=(namespace, metadata["name"]),
        uid=metadata["uid"],
        team=namespace.removeprefix(NAMESPACE_PREFIX),
        owner=_owner(metadata),
        created=read_moment(metadata["creationTimestamp"]),
        modes=frozenset(claim["spec"].get("accessModes") or ()),
        deleting="deletionTimestamp" in metadata,
        mounted_at=moments[Annotation.MOUNTED_AT],
        last_good=None if last_good and is_ahead(last_good, now) else last_good,
        failures=int(failures),
        failed_at=moments[Annotation.SNAPSHOT_FAILED_AT],
        tidied=moments[Annotation.SNAPSHOT_TIDIED],
        tidy_failed_at=moments[Annotation.SNAPSHOT_TIDY_FAILED_AT],
        final=moments[Annotation.SNAPSHOT_FINAL],
        copied=moments[Annotation.SNAPSHOT_COPIED],
        sealed=notes.get(Annotation.SNAPSHOT_SEALED, ""),
        copy_failed_at=moments[Annotation.SNAPSHOT_COPY_FAILED_AT],
        copy_wanted=bool(notes.get(Annotation.SNAPSHOT_COPY_WANTED)),
        copy_tidied=moments[Annotation.SNAPSHOT_COPY_TIDIED],
        repository=notes.get(Annotation.BACKUP_REPOSITORY, ""),
        has_snapshot=bool(notes.get(Annotation.SNAPSHOT_ID)),
        asked=notes.get(Annotation.RESTORE_REQUEST, ""),
        answered=notes.get(Annotation.RESTORE_RESULT, ""),
        check_asked=notes.get(Annotation.SNAPSHOT_CHECK_REQUEST, ""),
        check_state=notes.get(Annotation.SNAPSHOT_CHECK_STATE, ""),
        snapshot=notes.get(Annotation.SNAPSHOT_ID, ""),
        wish=_wish(notes.get(Annotation.SNAPSHOT_WISH)),
        unreadable=tuple(unreadable),
    )


def _owner(metadata: Manifest) -> str:
    notes, labels = metadata.get("annotations") or {}, metadata.get("labels") or {}
    if labels.get("component") == TEAM_FOLDER_COMPONENT:
        return TEAM_FOLDER_OWNER
    owner: str = notes.get(Annotation.USER) or notes.get(_OWNER, "")
    return owner


def is_ahead(moment: datetime, now: datetime) -> bool:
    """Whether a moment is to come, by more than clocks of one cluster may differ."""
    return moment - now > _CLOCKS_DIFFER


def _wish(text: str | None) -> WishAnswer | None:
    """Read how far a wish is; None for what somebody has changed so that it is none."""
    try:
        return read_answer(text) if text else None
    except WishError:
        return None
