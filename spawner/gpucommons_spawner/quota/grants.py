"""Exceptions from the quota that administrators granted, as a watch of them finds them."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

from gpucommons_contract import Grant, read_grant

from gpucommons_spawner.catalogue.allowance import Allowance
from gpucommons_spawner.kubernetes.config_maps import ConfigMaps

_Number = TypeVar("_Number", int, Decimal)


class Grants(ConfigMaps[Grant]):
    """All exceptions as last heard of."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        super().__init__("the exception from the quota", read_grant)
        self._now = now

    @property
    def version(self) -> tuple[int, int]:
        """Another one after each change of what holds now, the end of an exception included."""
        return self.changes, len(self._that_hold(self.items.values()))

    def for_user(self, name: str) -> list[Grant]:
        """Return what a person was granted and may have now."""
        return self._that_hold(each for each in self.items.values() if each.user == name)

    def for_team(self, name: str) -> list[Grant]:
        """Return what a team was granted and may have now."""
        return self._that_hold(each for each in self.items.values() if each.team == name)

    def _that_hold(self, grants: Iterable[Grant]) -> list[Grant]:
        now = self._now()
        return [each for each in grants if each.in_force(now)]


def widened(usual: Allowance, grants: Iterable[Grant]) -> Allowance:
    """Return the larger of the usual allowance and what was granted, limit by limit."""
    for grant in grants:
        usual = Allowance(
            sessions=_larger(usual.sessions, grant.sessions),
            gpus=_larger(usual.gpus, grant.gpus),
            sizes={
                name: _larger(most, grant.sizes.get(name)) for name, most in usual.sizes.items()
            },
        )
    return usual


def _larger(usual: _Number | None, more: _Number | None) -> _Number | None:
    """Return the larger limit; None as the usual one means no limit."""
    return usual if usual is None or more is None else max(usual, more)
