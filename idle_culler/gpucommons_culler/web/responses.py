"""Responses of the API: sessions, events and exemptions as JSON objects, the audit as CSV.

Moments are in ISO 8601.
"""

import csv
import io
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from gpucommons_culler.core.case import Case
from gpucommons_culler.core.records import AuditLine, StoredExemption
from gpucommons_culler.core.rule import IdleRule
from gpucommons_culler.core.signals import Signal

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)


def session_json(case: Case) -> dict[str, Any]:
    """One session: what it is, what it is found to be, why, and what would change it."""
    session, facts, decision = case.session, case.facts, case.decision
    countdown, lease, exemption = facts.countdown, facts.lease, facts.exemption
    return {
        "user": session.key.user,
        "server": session.key.server,
        "started": iso(session.key.started),
        "url": session.url,
        "team": session.team,
        "environment": session.environment,
        "version": session.version,
        "size": session.size,
        "gpus": str(session.gpus),
        "verdict": decision.verdict,
        "state": decision.verdict,  # as it was called; scripts may read it
        "reason": decision.reason,
        "change": decision.change,
        "idle_since": iso(decision.idle_since),
        "next_at": iso(decision.next_at),
        "warned_at": iso(countdown.warned_at if countdown else None),
        "ends_at": iso(case.ends_at),
        "lease": lease and {"until": iso(lease.until), "by": lease.by},
        "exemption": exemption
        and {"until": iso(exemption.until), "by": exemption.by, "reason": exemption.reason},
        "keep_left_hours": round(case.keep_left / _HOUR, 3),
        "silence": case.silence,
        "troubles": list(facts.troubles),
        "gpu_memory": facts.gpu_memory,
        "waiting": facts.waiting,
        "rule": _rule(case.rule),
        "required": sorted(facts.required),
        "signals": [_signal(each) for each in facts.signals],
    }


def event_json(line: AuditLine) -> dict[str, Any]:
    """One line of the audit."""
    event = line.event
    return {
        "number": line.number,
        "at": iso(event.at),
        "kind": event.kind,
        "user": event.session.user,
        "server": event.session.server,
        "started": iso(event.session.started),
        "team": event.team,
        "size": event.size,
        "gpus": str(event.gpus),
        "by": event.by,
        "verdict": event.verdict,
        "rule": event.rule,
        "reason": event.reason,
        "idle_since": iso(event.idle_since),
        "until": iso(event.until),
        "signals": list(event.signals),
    }


def exemption_json(kept: StoredExemption) -> dict[str, Any]:
    """One exemption."""
    return {
        "number": kept.number,
        "scope": kept.scope,
        "name": kept.name,
        "at": iso(kept.at),
        "until": iso(kept.until),
        "by": kept.by,
        "reason": kept.reason,
    }


def iso(moment: datetime | None) -> str | None:
    """Write a moment."""
    return moment.isoformat() if moment else None


def _rule(rule: IdleRule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "warn_after_minutes": rule.warn_after / _MINUTE,
        "stop_after_minutes": rule.stop_after / _MINUTE if rule.stop_after is not None else None,
        "keep_at_most_minutes": rule.keep_at_most / _MINUTE,
        "keep_times": rule.keep_times,
        "warm_up_minutes": rule.warm_up / _MINUTE,
        "action": rule.action,
        "release_to": rule.release_to,
        "under_pressure": rule.under_pressure,
    }


def _signal(signal: Signal) -> dict[str, Any]:
    return {
        "name": signal.name,
        "source": signal.source,
        "trusted": signal.trusted,
        "measured_at": iso(signal.measured_at),
        "watched_since": iso(signal.watched_since),
        "active_at": iso(signal.active_at),
        "value": signal.value,
    }


COLUMNS = (
    "number",
    "at",
    "kind",
    "user",
    "server",
    "started",
    "team",
    "size",
    "gpus",
    "by",
    "verdict",
    "rule",
    "reason",
    "idle_since",
    "until",
    "signals",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001
"""A spreadsheet may compute a cell that begins so; the wide ones are taken for the others."""


def heading() -> str:
    """The first line."""
    return _line(COLUMNS)


def csv_line(event: dict[str, Any]) -> str:
    """One line, of an event as the API shows it."""
    return _line(_cell(event[column]) for column in COLUMNS)


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = json.dumps(value, default=str) if isinstance(value, list) else str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
