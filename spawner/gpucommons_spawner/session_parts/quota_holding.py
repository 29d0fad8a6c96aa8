"""What a session holds of the quota, from the press of Start until nothing of it is left.

The ledger knows people by name, and an administrator may rename one: what is held goes along.
"""

from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Protocol

from gpucommons_contract.formats.wording import read_moment

from gpucommons_spawner.catalogue.size import Size
from gpucommons_spawner.errors import SpawnRefusedError
from gpucommons_spawner.kubernetes.manifest import Manifest
from gpucommons_spawner.lifecycle.part import SessionPart
from gpucommons_spawner.pod_state.session_pod import SessionPod
from gpucommons_spawner.quota.ledger import (
    BudgetExceededError,
    Ledger,
    Limits,
    QuotaExceededError,
)
from gpucommons_spawner.quota.ledger_entry import Holding
from gpucommons_spawner.quota.shortage import QuotaRequest
from gpucommons_spawner.selection.selection import Selection

Holders = MutableMapping[tuple[str, str], "QuotaHolding"]
"""Whose each entry of the ledger is, by the person and server under which it is entered."""


class _Spawner(Protocol):
    user: Any
    name: str
    orm_spawner: Any


class QuotaHolding(SessionPart):
    """Enters in the ledger what its session holds, and takes it out again."""

    def __init__(self, spawner: _Spawner, ledger: Ledger, holders: Holders) -> None:
        self._spawner, self._ledger, self._holders = spawner, ledger, holders
        self.holder = ""
        """The person under whose name this server's entry is; empty if it has none."""

    @property
    def held(self) -> Holding | None:
        """What this server holds now."""
        return self._ledger.of(self.holder).get(self.holder, self._spawner.name)

    def reserve(self, selection: Selection, limits: Limits, sizes: Mapping[str, Size]) -> None:
        """Enter what a start will hold. Raises SpawnRefusedError if there is not that much.

        sizes: all that this person may choose in the team.
        """
        person = self._person
        wanted = {**sizes, selection.size: selection.allocation}
        requests = {
            name: QuotaRequest.of_size(
                person,
                self._spawner.name,
                selection.team.name,
                name,
                size,
                profile=selection.profile,
            )
            for name, size in wanted.items()
        }
        for each in list(getattr(self._spawner.user, "spawners", {}).values()):
            each.quota.follow_name()
        self._free_name()
        try:
            self._ledger.reserve(requests[selection.size], limits, requests.values())
        except QuotaExceededError as error:
            kind = "budget" if isinstance(error, BudgetExceededError) else "quota"
            raise SpawnRefusedError(str(error), kind=kind, status=HTTPStatus.CONFLICT) from error
        self._hold_as(person)

    def take_over(self, pod: SessionPod) -> None:
        """Hold what a session holds that runs already."""
        self.follow_name()
        holding = Holding(
            server=self._spawner.name,
            units=pod.units,
            profile=pod.size or "a session",
            team=pod.team,
            size=pod.size,
            running=True,
            begun=datetime.now(UTC),
        )
        self._ledger.restore(self._person, holding)
        self._hold_as(self._person)

    def started(self, pod: Manifest | None) -> None:  # noqa: ARG002 -- the protocol's
        """Note that the session runs."""
        self._ledger.confirm(self._person, self._spawner.name)

    def seen_running(self, pod: Manifest | None) -> None:  # noqa: ARG002 -- the protocol's
        """Have what it holds be under its person's name again."""
        self.follow_name()

    def state(self) -> Mapping[str, object]:
        """Keep what the session holds."""
        if not (holding := self.held):
            return {}
        longest, begun = holding.longest, holding.begun
        return {
            "holding": {
                "units": str(holding.units),
                "profile": holding.profile,
                "team": holding.team,
                "size": holding.size,
                "product": holding.product,
                **({"longest": longest.total_seconds()} if longest else {}),
                **({"begun": begun.isoformat()} if begun else {}),
            }
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up after a hub restart: a server that has an address holds what it held."""
        if self._spawner.orm_spawner is not None and self._spawner.orm_spawner.server is not None:
            self._ledger.restore(self._person, self._restored(state))
            self._hold_as(self._person)

    def _restored(self, state: Mapping[str, Any]) -> Holding:
        """Read what a session holds. Earlier releases noted neither team and size, nor what
        budgets need.
        """
        held = state.get("holding") or {"units": "0", "profile": "a session"}  # nothing made yet
        chosen = state.get("selection", {})
        return Holding(
            server=self._spawner.name,
            units=Decimal(held["units"]),
            profile=held["profile"],
            team=held.get("team") or chosen.get("team", ""),
            size=held.get("size") or chosen.get("size", ""),
            running=True,
            product=held.get("product", ""),
            longest=timedelta(seconds=held["longest"]) if "longest" in held else None,
            begun=read_moment(held["begun"]) if "begun" in held else datetime.now(UTC),
        )

    def cleared(self) -> None:
        """Give the quota back."""
        if self.holder:
            self._ledger.release(self.holder, self._spawner.name)
            self._holders.pop((self.holder, self._spawner.name), None)
            self.holder = ""

    # Under which name

    @property
    def _person(self) -> str:
        name: str = self._spawner.user.name
        return name

    def follow_name(self) -> None:
        """Take what is held along if the person was renamed."""
        name = self._person
        if not self.holder or self.holder == name:
            return
        if holding := self.held:
            self._ledger.release(self.holder, self._spawner.name, goes_on=True)
            self._free_name()
            self._ledger.restore(name, holding)
        self._hold_as(name)

    def _free_name(self) -> None:
        """Have somebody who had this person's name take theirs along: two would be one."""
        other = self._holders.get((self._person, self._spawner.name))
        if other is not None and other._person != self._person:
            other.follow_name()

    def _hold_as(self, name: str) -> None:
        self._holders.pop((self.holder, self._spawner.name), None)
        self.holder = name
        self._holders[name, self._spawner.name] = self
