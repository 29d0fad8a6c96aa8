"""Wishes of people for a snapshot now: kept until the controller of the snapshots has answered."""

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus

from gpucommons_backup.service.records import Owner
from gpucommons_backup.service.refusals import RefusedError
from gpucommons_backup.wish import Wish, WishAnswer, WishState

APART_S = 60
"""Seconds between two wishes for one workspace."""
_ASKED_S = 60.0
"""After which a controller that has asked for no wishes is away."""
_LONGEST_S = 3 * 3600.0
"""After which a wish without an answer is no longer open."""
_MOST = 10_000
"""Wishes that are remembered, one for each workspace."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The last wish for a workspace, and the answer to it."""

    wish: Wish
    made: float  # of the clock
    moment: datetime
    answer: WishAnswer

    def as_json(self) -> dict[str, str]:
        """Write it as the API does."""
        return {
            "id": self.wish.id,
            "wished": f"{self.moment:%Y-%m-%dT%H:%M:%SZ}",
            "state": self.answer.state,
            "snapshot": self.answer.snapshot,
            "reason": self.answer.reason,
        }


class Wishes:
    """In memory alone: where the service is begun anew, people wish again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """clock: gives seconds."""
        self._clock = clock
        self._asked = float("-inf")
        self._kept: OrderedDict[Owner, Kept] = OrderedDict()

    @property
    def are_heard(self) -> bool:
        """Whether the controller has asked for wishes a moment ago."""
        return self._clock() < self._asked + _ASKED_S

    def make(self, owner: Owner) -> Kept:
        """Make a wish. Raises RefusedError."""
        now, last = self._clock(), self._kept.get(owner)
        if not self.are_heard:
            raise RefusedError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "Nobody takes snapshots on request at the moment. Try again later.",
            )
        if last and self._is_open(last):
            raise RefusedError(
                HTTPStatus.CONFLICT, "A snapshot is on its way already: it has not been taken yet."
            )
        if last and now < last.made + APART_S:
            raise RefusedError(
                HTTPStatus.TOO_MANY_REQUESTS,
                "There was a request less than a minute ago. Try again in a minute.",
            )
        team, person = owner
        wish = Wish(secrets.token_hex(8), team, person)
        kept = Kept(wish, now, datetime.now(UTC), WishAnswer(wish.id, WishState.WAITING))
        self._kept.pop(owner, None)
        self._kept[owner] = kept
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        return kept

    def of(self, owner: Owner) -> Kept | None:
        """Return the last wish for a workspace, answered or not."""
        return self._kept.get(owner)

    def asked_for(self) -> list[Wish]:
        """Return what is open: for the controller, which is known to be there by that."""
        self._asked = self._clock()
        return [each.wish for each in self._kept.values() if self._is_open(each)]

    def answer(self, answer: WishAnswer) -> None:
        """Keep the answer to a wish. One that is not known any more is passed over."""
        for owner, kept in self._kept.items():
            if kept.wish.id == answer.id:
                self._kept[owner] = replace(kept, answer=answer)
                return

    def _is_open(self, kept: Kept) -> bool:
        return not kept.answer.is_final and self._clock() < kept.made + _LONGEST_S
