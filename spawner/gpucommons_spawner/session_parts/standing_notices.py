"""Notices that sessions are told when they start, as a watch of them finds them."""

from collections.abc import Callable
from datetime import UTC, datetime

from gpucommons_contract import Notice, StandingNotice, read_standing_notice

from gpucommons_spawner.kubernetes.config_maps import ConfigMaps


class StandingNotices(ConfigMaps[StandingNotice]):
    """All notices in force as last heard of."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        super().__init__("the notice", lambda _name, data: read_standing_notice(data))
        self._now = now

    def for_user(self, name: str) -> dict[str, Notice]:
        """Return what this person's sessions are told now, by ID, the oldest first."""
        now = self._now()
        found = [each for each in self.items.values() if each.in_force(now) and each.concerns(name)]
        return {each.notice.id: each.notice for each in sorted(found, key=lambda each: each.at)}
