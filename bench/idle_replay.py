"""Which sessions would be ended while they work, and which GPUs be given back: ours and peers'."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from bench.figure import RESULTS, Figure
from bench.replay.day import Day
from bench.replay.generated import SEED, days
from bench.replay.ours import Ours
from bench.replay.replay import Outcome, replay
from bench.replay.rules import HubActivity, KernelsAndTerminals, PeakUtilization, Rule
from bench.replay.traps import TRAPS

DAYS = 10_000
_WITHOUT_EXPORTER = 1_000
"""Days on which ours is tried without DCGM's exporter, too."""
_TICK, _TRAP_TICK = 2, 1
"""Minutes between two looks."""
_PAGE = Path(__file__).parent.parent / "docs" / "explanation" / "idle-replay.md"

OURS, HUB = "GPU Commons", "jupyterhub-idle-culler 2.0.0"
KUBEFLOW, KUBEFLOW_HOUR = "Kubeflow, 1440 min as published", "Kubeflow, set to 60 min"
PRUNER = "gpu-pruner 0.3.0"
NO_EXPORTER = "GPU Commons without DCGM"

RULES: dict[str, Callable[[], Rule]] = {
    OURS: Ours,
    HUB: HubActivity,
    KUBEFLOW: lambda: KernelsAndTerminals(KernelsAndTerminals.PUBLISHED),
    KUBEFLOW_HOUR: lambda: KernelsAndTerminals(HubActivity.TIMEOUT),
    PRUNER: PeakUtilization,
}


def measure() -> list[Figure]:
    """Replay the days made by hand and those by chance, and write the page about it."""
    found = outcomes(days(DAYS), RULES)
    rules: dict[str, Callable[[], Rule]] = {NO_EXPORTER: lambda: Ours(exporter=False)}
    found |= outcomes(days(_WITHOUT_EXPORTER), rules)
    traps = {day.name: replay(day, _new(RULES | rules), _TRAP_TICK) for day in TRAPS}
    _PAGE.write_text(_page(found, traps))
    _keep(found, traps)
    ours, hub = found[OURS], found[HUB]
    return [
        Figure(
            "idle-replay-wrong",
            f"Sessions ended while they worked, {DAYS:,} made-up days",
            ours.wrong,
            "days",
            target=0,
            peer=HUB,
            peer_value=hub.wrong,
            samples=DAYS,
        ),
        Figure(
            "idle-replay-missed",
            "GPU-hours that an oracle gives back, and ours does not",
            100 * (1 - ours.share),
            "%",
            target=5,
            peer=HUB,
            peer_value=100 * (1 - hub.share),
            samples=DAYS,
        ),
    ]


def outcomes(several: Iterable[Day], rules: dict[str, Callable[[], Rule]]) -> dict[str, Outcome]:
    """Replay days, and answer what each rule made of them all."""
    found = {name: Outcome() for name in rules}
    for day in several:
        for name, outcome in replay(day, _new(rules), _TICK).items():
            found[name].add(outcome)
    return found


def _new(rules: dict[str, Callable[[], Rule]]) -> dict[str, Rule]:
    return {name: make() for name, make in rules.items()}


def _keep(found: dict[str, Outcome], traps: dict[str, dict[str, Outcome]]) -> None:
    record = {
        "seed": SEED,
        "generated": {name: _record(each) for name, each in found.items()},
        "by hand": {
            day: {name: _record(each) for name, each in rules.items()}
            for day, rules in traps.items()
        },
    }
    (RESULTS / "idle-replay.json").write_text(json.dumps(record, indent=1) + "\n")


def _record(outcome: Outcome) -> dict[str, float]:
    return {
        "days": outcome.days,
        "ended while working": outcome.wrong,
        "GPU-hours given back": round(outcome.reclaimed / 60, 1),
        "GPU-hours that the oracle gives back": round(outcome.reclaimable / 60, 1),
        "GPU-hours held idle": round(outcome.held_idle / 60, 1),
        "warnings": outcome.warnings,
        "warnings of sessions that worked": outcome.false_alarms,
    }


def _page(found: dict[str, Outcome], traps: dict[str, dict[str, Outcome]]) -> str:
    return _TEXT.format(
        days=f"{DAYS:,}",
        without=f"{_WITHOUT_EXPORTER:,}",
        tick=_TICK,
        seed=SEED,
        generated="\n".join(_row(name, each) for name, each in found.items()),
        names=" | ".join(next(iter(traps.values()))),
        rule="|---" * (len(RULES) + 2) + "|",
        traps="\n".join(_trap_row(day, each) for day, each in traps.items()),
    )


def _row(name: str, outcome: Outcome) -> str:
    alarms = (
        f"{outcome.warnings:,}, {outcome.false_alarms:,}" if outcome.warnings else "warns nobody"
    )
    return (
        f"| {name} | {outcome.days:,} | {outcome.wrong:,} | {100 * outcome.share:.1f} % "
        f"| {outcome.held_idle / 60:,.0f} | {alarms} |"
    )


def _trap_row(day: str, outcomes: dict[str, Outcome]) -> str:
    cells = (
        "**ended while it worked**" if each.wrong else f"{100 * each.share:.0f} %"
        for each in outcomes.values()
    )
    return f"| {day} | {' | '.join(cells)} |"


_TEXT = """\
# Idle sessions, replayed

Made by `make bench BENCH=idle_replay`; only the prose is written by hand. The benchmark replays
days of sessions minute by minute. For each minute it knows whether the session was really
working, and what each source of signals would read. [Our rules](../reference/idle-rules.md) are
compared with those of other projects, written again from what those projects publish. **The days
are made up.** They show what a rule does in a situation, not how often that situation occurs in a
lab.

## {days} days by chance

| Rule | Days | Ended while it worked | Given back | GPU-hours held idle | Warnings, unneeded |
|---|---|---|---|---|---|
{generated}

- *Ended while it worked* counts days. Such a day counts as neither given back nor held from then
  on.
- *Given back* is a share of what an oracle that knows the truth would give back. The oracle ends
  each session exactly one hour after its work ended, which is our default, or half an hour after
  a person's *Keep* ran out, if that is later. A rule that waits less than an hour may exceed 100
  %; Kubeflow's 1440 minutes are longer than any of these days is idle. If a person works again, a
  new session starts, for every rule.
- *Work* is computation, and also a person who is present, even if only thinking. A warning to
  somebody who thinks for longer than half an hour is *unneeded*; one *Keep* settles it. So is a
  warning to a model that receives requests more than half an hour apart; its next request cancels
  the warning.
- Every rule checks every {tick} minutes, or as rarely as its own defaults say. Seed {seed}.
  Without DCGM, ours was tried on the first {without} days.
- [generated.py](../../bench/replay/generated.py) defines which days there are, how often each
  occurs and what goes wrong on them; [rules.py](../../bench/replay/rules.py) has the peers' rules
  with their sources.
- Two kinds of session account for what ours does not give back. A session whose server hangs is
  never ended, because nothing is known about it. A cell that waits forever, or a server left
  running in a terminal, ends after the twelve hours for which a session's own word counts.

## Days made by hand

What was given back, as a share of the oracle's, on one day for each way in which a rule is known
to err.

| Day | {names} |
{rule}
{traps}

Ours leaves the last two alone: a session that cannot be measured is not known to be idle, and the
load of a shared GPU is that of everybody who shares it.
"""
