"""Runs rules over a day, and judges them by what really happened."""

from collections.abc import Mapping
from dataclasses import dataclass

from bench.replay.day import MINUTES, Day, Span
from bench.replay.readings import Reading, readings
from bench.replay.rules import Rule

STOP_AFTER = 60
"""Minutes of idleness after which the oracle gives a GPU back: the default of our rule."""
NOTICE = 30
"""Minutes that the oracle gives a person whose session was kept, and is not kept any more."""


@dataclass(slots=True)
class Outcome:
    """What a rule made of one or more days; times are in minutes of a GPU."""

    days: int = 0
    wrong: int = 0
    """Days on which it ended a session that worked. The day's rest is not counted further."""
    early: int = 0
    """Days on which it ended one sooner than the oracle, by more than a tick."""
    reclaimed: int = 0
    reclaimable: int = 0
    """What the oracle reclaims."""
    held_idle: int = 0
    warnings: int = 0
    false_alarms: int = 0

    def add(self, other: "Outcome") -> None:
        """Count further days in."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def share(self) -> float:
        """Of what the oracle reclaims, how much was: 0 to 1, or more for a hasty rule."""
        return self.reclaimed / self.reclaimable if self.reclaimable else 1.0


def replay(day: Day, rules: Mapping[str, Rule], tick: int) -> dict[str, Outcome]:
    """Let rules that are new look at the same day, each as if it were alone.

    After an end while nothing worked, the person starts a session again when work goes on.
    """
    idle = [(span, _due(day, span)) for span in day.idle()]
    runs = {name: _Run(rule, idle, tick) for name, rule in rules.items()}
    for reading in readings(day, tick):
        for run in runs.values():
            run.look(reading)
    return {name: run.outcome() for name, run in runs.items()}


class _Run:
    def __init__(self, rule: Rule, idle: list[tuple[Span, int]], tick: int) -> None:
        """``idle`` has the times without work, each with the minute at which it is due."""
        self._rule, self._idle, self._tick = rule, idle, tick
        self._stopped: int | None = None
        self._outcome = Outcome(days=1)
        rule.begin(0)

    def look(self, reading: Reading) -> None:
        if self._outcome.wrong:
            return
        if self._stopped is not None:
            if reading.works:
                self._outcome.reclaimed += reading.minute - self._stopped
                self._stopped = None
                self._rule.begin(reading.minute)
        elif self._rule.ends(reading):
            self._outcome.wrong += reading.works
            self._outcome.early = int(self._outcome.early or self._is_early(reading.minute))
            self._stopped = reading.minute

    def outcome(self) -> Outcome:
        end, judged = MINUTES, self._outcome
        if self._stopped is not None and judged.wrong:
            end = self._stopped
        elif self._stopped is not None:
            judged.reclaimed += MINUTES - self._stopped
        idle = sum(max(0, min(span.end, end) - span.begin) for span, _ in self._idle)
        judged.held_idle = max(0, idle - judged.reclaimed)
        judged.reclaimable = sum(max(0, span.end - due) for span, due in self._idle)
        judged.warnings, judged.false_alarms = self._rule.warnings, self._rule.false_alarms
        return judged

    def _is_early(self, minute: int) -> bool:
        return not any(
            due - self._tick <= minute < span.end + self._tick for span, due in self._idle
        )


def _due(day: Day, span: Span) -> int:
    """Answer when the oracle ends an idle session; `Day.kept_until` puts that off."""
    kept = day.kept_until(span)
    after_work = span.begin + STOP_AFTER
    return max(after_work, kept + NOTICE) if kept > span.begin else after_work
