"""Tells a person who was deleted from a directory that is down, or answers only now and then.

Dex 2.45 gives the same answer for all of these (see UnclearAnswerError). A directory that
vouches for others just before and just after each of several looks, and never for this one, is
there: this one is not. Only renewals count. A sign-in goes another way: a provider that lets
people in and cannot be asked about them afterwards would seem to delete everybody.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

LOOKS = 3
"""How many looks in a row must say the same."""


@dataclass(slots=True)
class _Run:
    """Unclear looks at one person, with no other answer in between. Times by the clock."""

    connector: str
    waiting: list[float] = field(default_factory=list)
    """Looks before which the connector vouched for others, and after which it has not yet."""
    counted: list[float] = field(default_factory=list)


class OutageDetector:
    """For whom Dex vouched when, by connector, and about whom its answer is unclear.

    within is what "just" means, in seconds: others are looked at once in auth_refresh_age.
    """

    def __init__(self, within: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._within = within
        self._clock = clock
        self._renewed: dict[str, dict[str, float]] = {}
        self._runs: dict[str, _Run] = {}

    def renewed(self, name: str, connector: str | None) -> None:
        """Note that Dex vouched for somebody who did not sign in just now."""
        self.signed_in(name)
        if connector is None:
            return
        now = self._clock()
        self._renewed.setdefault(connector, {})[name] = now
        for run in self._runs.values():
            if run.connector == connector and run.waiting:
                run.counted += [at for at in run.waiting if now - at <= self._within][-1:]
                run.counted, run.waiting = run.counted[-LOOKS:], []

    def signed_in(self, name: str) -> None:
        """Note that somebody is there, without a word on how well the directory is asked.

        If it was unclear about them, that meant nothing: nor may it about others.
        """
        if run := self._runs.pop(name, None):
            others = self._runs.items()
            self._runs = {each: it for each, it in others if it.connector != run.connector}

    def unclear(self, name: str, connector: str | None) -> None:
        """Note an unclear answer about somebody. Without their connector it says nothing."""
        if connector is None:
            return
        now = self._clock()
        others = self._renewed.get(connector, {}).items()
        if any(each != name and now - at <= self._within for each, at in others):
            self._runs.setdefault(name, _Run(connector)).waiting.append(now)
        elif run := self._runs.get(name):
            run.waiting.clear()

    def is_deleted(self, name: str, since: float = float("-inf")) -> bool:
        """Say whether enough looks, since a moment of the clock, found everybody but this one."""
        run = self._runs.get(name)
        return run is not None and sum(at >= since for at in run.counted) >= LOOKS
