"""What the controller has seen of workspaces, and need not outlive it."""

import logging
from datetime import datetime, timedelta

from gpucommons_backup.controller.watching.claims import Key
from gpucommons_backup.controller.watching.due import Cluster


class Seen:
    """Remembers since when workspaces have no session, and what was said of them."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._unreadable: set[tuple[str, str]] = set()
        """Uids of claims, and their annotations that cannot be read."""
        self._left: dict[Key, datetime] = {}
        """Since when workspaces have no session that may have changed."""

    def just_left(self, cluster: Cluster, now: datetime, quiet_seconds: int) -> set[Key]:
        """Return the claims whose last session has ended, as seen from here, a moment ago."""
        in_use = cluster.by_claim()
        changed = {key for key, each in cluster.workspaces.items() if each.may_have_changed}
        self._left = {key: self._left.get(key, now) for key in changed if key not in in_use}
        quiet = timedelta(seconds=quiet_seconds)
        return {key for key, since in self._left.items() if now - since < quiet}

    def tell_unreadable(self, cluster: Cluster) -> None:
        """Log which annotations cannot be read, each once."""
        before, self._unreadable = self._unreadable, set()
        for workspace in cluster.workspaces.values():
            for note in workspace.unreadable:
                self._unreadable.add((workspace.uid, note))
                if (workspace.uid, note) not in before:
                    what = "/".join(workspace.key)
                    self._log.warning("%s: %s cannot be read: as if it were not there", what, note)
