"""Metrics for Prometheus: how much is not in any snapshot, and for how long."""

from collections import defaultdict
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from gpucommons_backup.controller.results.copies import lacks_copy
from gpucommons_backup.controller.watching.claims import Workspace
from gpucommons_backup.controller.watching.due import Cluster, Due

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_PREFIX = "gpucommons_backup_"


class Metrics:
    """Metrics of one controller, in a registry of its own. No series is for a person."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._age = self._gauge(
            "last_good_age_seconds",
            "Age of the oldest last snapshot among the team's workspaces that may have changed "
            "since; without one, since a session had it. 0 if none may have changed.",
            "team",
        )
        self._workspaces = self._gauge(
            "workspaces", "Workspaces by what is the matter with their snapshots.", "state"
        )
        self._tidy_age = self._gauge(
            "last_tidy_age_seconds",
            "Longest time for which the snapshots of a workspace, of which there are new ones, "
            "have not been tidied.",
        )
        self._copy_age = self._gauge(
            "last_copy_age_seconds",
            "Age of the oldest last copy in the second store among the team's workspaces that have "
            "a newer snapshot; without one, since their last snapshot. 0 if all are copied. Only "
            "where there is a second store.",
            "team",
        )
        self._broken = self._gauge(
            "settings_broken", "1 while the file of settings has mistakes and is not in force."
        )
        self.ended = Counter(
            f"{_PREFIX}pods",
            "Pods by how they ended: good, incomplete, failed, tidied, untidied, copied, uncopied, "
            "restored, unrestored, verified, unverified, damaged, cancelled, or yielded to a "
            "session.",
            ("outcome",),
            registry=self.registry,
        )

    def show(self, cluster: Cluster, due: list[Due], now: datetime, *, is_broken: bool) -> None:
        """Set what is known now."""
        ages: dict[str, float] = defaultdict(float)
        for each in cluster.workspaces.values():
            ages[each.team] = max(ages[each.team], _age(each, now))
        self._age.clear()
        for team, age in ages.items():
            self._age.labels(team).set(age)
        workspaces = cluster.workspaces.values()
        self._workspaces.labels("all").set(len(workspaces))
        self._workspaces.labels("due").set(len(due))
        self._workspaces.labels("failed").set(sum(each.failures > 0 for each in workspaces))
        self._workspaces.labels("running").set(sum(not each.over for each in cluster.pods))
        untidy = [
            (now - (each.tidied or each.created)).total_seconds()
            for each in workspaces
            if each.last_good and (each.tidied is None or each.last_good > each.tidied)
        ]
        self._tidy_age.set(max(untidy, default=0))
        self._broken.set(is_broken)

    def show_copies(self, cluster: Cluster, now: datetime, *, is_on: bool) -> None:
        """Set how old copies are, if there is a second store."""
        ages: dict[str, float] = defaultdict(float)
        for each in cluster.workspaces.values() if is_on else ():
            age = 0.0
            if lacks_copy(each) and each.last_good:
                age = max(0.0, (now - (each.copied or each.last_good)).total_seconds())
            ages[each.team] = max(ages[each.team], age)
        self._copy_age.clear()
        for team, age in ages.items():
            self._copy_age.labels(team).set(age)

    def exposition(self) -> bytes:
        """Return all of them as Prometheus reads them."""
        return generate_latest(self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"{_PREFIX}{name}", text, labels, registry=self.registry)


def _age(workspace: Workspace, now: datetime) -> float:
    if not workspace.may_have_changed:
        return 0.0
    since = workspace.last_good or workspace.mounted_at or now
    return max(0.0, (now - since).total_seconds())
