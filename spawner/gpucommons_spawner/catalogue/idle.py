"""Idle rules: when a session that nobody uses is warned, what happens to it then, and at which
hours of the week.

The catalogue only says so; the idle culler acts.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from gpucommons_spawner.catalogue.base import CatalogueModel, Duration, Name, Text

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_MIDNIGHT = time()


class Day(StrEnum):
    """Days of the week, in the order of ``datetime.weekday``."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


def _clock(value: object) -> time:
    if isinstance(value, time):
        return value
    found = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise ValueError('must be a time of day such as "08:00"')
    return time(int(found[1]), int(found[2]))


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be a time zone such as Europe/Berlin or UTC") from None
    return name


Clock = Annotated[
    time,
    BeforeValidator(_clock),
    WithJsonSchema({"type": "string", "pattern": f"^{_CLOCK.pattern}$"}),
]
"""A time of day, written in hours and minutes."""
Zone = Annotated[str, AfterValidator(_zone)]


class Hours(CatalogueModel):
    """From one time of day to another, on some days of the week, where the clock shows it."""

    days: tuple[Day, ...] = Field(
        default=tuple(Day), min_length=1, description="on which they begin; every day if left out"
    )
    begin: Clock = Field(default=_MIDNIGHT, description='such as "20:00"')
    end: Clock = Field(
        default=_MIDNIGHT, description='such as "08:00"; if not after begin, on the next day'
    )
    time_zone: Zone = Field(default="UTC", description="whose clock, such as Europe/Berlin")

    def hold(self, now: datetime) -> bool:
        """Whether a moment lies in these hours. The end is outside."""
        local = now.astimezone(ZoneInfo(self.time_zone))
        today, yesterday = local.weekday(), (local - timedelta(days=1)).weekday()
        clock = local.time()
        if self.begin < self.end:
            return self._on(today) and self.begin <= clock < self.end
        return (self._on(today) and clock >= self.begin) or (
            self._on(yesterday) and clock < self.end
        )

    def _on(self, weekday: int) -> bool:
        return list(Day)[weekday] in self.days


class IdleRule(CatalogueModel):
    """What happens to an idle session. What is left out is the culler's own; null is never."""

    former_keys: ClassVar[Mapping[str, str]] = {"ending": "action"}

    warn_after: Duration | None = Field(
        default=None, description="how long a session is idle before it is warned, such as 30m"
    )
    stop_after: Duration | None = Field(
        default=None, description="how long a session is idle before it ends, such as 1h"
    )
    keep_at_most: Duration | None = Field(
        default=None, description="for how long people may keep an idle session; null is not at all"
    )
    keep_times: int = Field(
        default=3, ge=0, le=100, strict=True, description="how often people may keep it"
    )
    warm_up: Duration | None = Field(
        default=None, description="for how long after its start a session is left alone"
    )
    action: Literal["stop", "release"] = Field(
        default="stop", description="stop it, or restart it in another size with the same files"
    )
    release_to: Name | None = Field(
        default=None, description="with action: release, the size to restart in, one without a GPU"
    )
    under_pressure: bool = Field(
        default=False,
        strict=True,
        description="whether it ends only while others wait for its size",
    )

    def over(self, usual: "IdleRule") -> "IdleRule":
        """Return this rule, with what it leaves out taken from another."""
        return IdleRule.model_validate({**usual.said(), **self.said()})

    def said(self) -> dict[str, Any]:
        """Return what the rule says, null included, and nothing that it leaves out."""
        return {name: getattr(self, name) for name in sorted(self.model_fields_set)}

    def contradiction(self) -> tuple[str, str] | None:
        """Find what cannot hold together: the key, and advice. None if all can."""
        warned = self.said().get("warn_after", timedelta())
        if self.stop_after is not None and warned is None:
            return "warn_after", "nothing ends without a warning; give a time, or stop_after: null"
        if self.stop_after is not None and warned and warned >= self.stop_after:
            return "warn_after", "stop_after comes before warn_after; give it more time"
        if self.action == "release" and self.release_to is None:
            return "action", "release_to is missing; name the size to restart in"
        return None


class IdleSchedule(CatalogueModel):
    """A rule for some hours of the week, such as nights or a course. It goes over the others."""

    name: Text = Field(description="what people read, such as course hours")
    hours: Hours = Field(description="when it applies")
    sizes: tuple[str, ...] | None = Field(
        default=None, min_length=1, description="names of the sizes it is for; all if left out"
    )
    teams: tuple[str, ...] | None = Field(
        default=None, min_length=1, description="names of the teams it is for; all if left out"
    )
    rule: IdleRule = Field(description="what applies then; whatever it leaves out is as usual")

    def concerns(self, team: str, size: str) -> bool:
        """Whether it is for a team's sessions of a size."""
        return (self.teams is None or team in self.teams) and (
            self.sizes is None or size in self.sizes
        )


class IdleRules(CatalogueModel):
    """The default, and what goes over it: sizes, then teams, then schedules in their order."""

    default: IdleRule = Field(default=IdleRule(), description="for every session")
    sizes: dict[str, IdleRule] = Field(
        default_factory=dict, description="for sessions of a size, by the size's name"
    )
    teams: dict[str, IdleRule] = Field(
        default_factory=dict, description="for sessions of a team, whatever their size"
    )
    schedules: tuple[IdleSchedule, ...] = Field(
        default=(),
        description="for certain hours of the week; an active one overrides all of these",
    )

    def of(self, team: str, size: str) -> IdleRule:
        """Return the usual rule of a session, whatever the hour."""
        usual = self.sizes.get(size, IdleRule()).over(self.default)
        return self.teams.get(team, IdleRule()).over(usual)

    def at(self, team: str, size: str, now: datetime) -> tuple[str, IdleRule]:
        """Return the rule of a session at a moment, and where it comes from, for people."""
        names = [f"size {size}"] if size in self.sizes else []
        names += [f"team {team}"] if team in self.teams else []
        rule = self.of(team, size)
        for schedule in self.schedules:
            if schedule.concerns(team, size) and schedule.hours.hold(now):
                rule, names = schedule.rule.over(rule), [*names, schedule.name]
        return " with ".join(reversed(names)) or "the default", rule

    def contradictions(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """List keys of rules that, with what they take over, cannot hold, and advice."""
        sizes, teams = ("", *self.sizes), ("", *self.teams)
        rules: list[tuple[tuple[str | int, ...], list[IdleRule]]] = [
            (("default",), [self.default]),
            *((("sizes", size), [self.of("", size)]) for size in self.sizes),
            *((("teams", team), [self.of(team, size) for size in sizes]) for team in self.teams),
        ]
        for number, each in enumerate(self.schedules):
            usual = [self.of(t, s) for t in teams for s in sizes if each.concerns(t, s)]
            usual = usual or [self.default]
            rules.append((("schedules", number, "rule"), [each.rule.over(one) for one in usual]))
        for keys, found in rules:
            wrong = next(filter(None, (rule.contradiction() for rule in found)), None)
            if wrong:
                yield (*keys, wrong[0]), wrong[1]

    def sizes_named(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """List the names of sizes in it, each after its keys."""
        rules: list[tuple[tuple[str | int, ...], IdleRule]] = [
            (("default",), self.default),
            *((("sizes", name), rule) for name, rule in self.sizes.items()),
            *((("teams", name), rule) for name, rule in self.teams.items()),
            *((("schedules", n, "rule"), one.rule) for n, one in enumerate(self.schedules)),
        ]
        yield from ((("sizes", name), name) for name in self.sizes)
        for number, schedule in enumerate(self.schedules):
            for at, name in enumerate(schedule.sizes or ()):
                yield ("schedules", number, "sizes", at), name
        for keys, rule in rules:
            if rule.release_to is not None:
                yield (*keys, "release_to"), rule.release_to
