"""Records as JSON and CSV, in words that other programs know.

Names of costs are those of FOCUS 1.2 (https://focus.finops.org); what it has no name for begins
with ``x_``, as it asks for.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from gpucommons_web.access import wrong

from gpucommons_accounting.reckoning.budgets.adjustments import Adjustment
from gpucommons_accounting.reckoning.periods.calendar import Period, in_hours
from gpucommons_accounting.reckoning.use.efficiencies import Efficiencies
from gpucommons_accounting.reckoning.use.prices import Charge, PriceList
from gpucommons_accounting.reckoning.use.report import Line, Report
from gpucommons_accounting.reckoning.use.usage import Usage
from gpucommons_accounting.records.imported import FORMULA, MOMENTS
from gpucommons_accounting.records.session import Session, State
from gpucommons_accounting.web.capacity.busy import Busy, busy_columns, busy_json
from gpucommons_accounting.web.capacity.fullness import Occupancy
from gpucommons_accounting.web.site import Site

_PLACES = Decimal("0.000001")
_COST_PLACES = Decimal("0.000000001")
"""So many that the sum of a million lines is that of the page, to the cent."""


def as_csv(form: str | None) -> bool:
    """Whether CSV is asked for, and not JSON. Raises RefusedError for anything else."""
    if form not in (None, "json", "csv"):
        raise wrong("format must be json or csv.")
    return form == "csv"


def report_json(said: Report, site: Site, busy: Efficiencies) -> dict[str, object]:
    """Return a report. Hours have six places; the cost of a line is rounded once."""
    return {
        "begin": said.period.begin.isoformat(),
        "end": said.period.end.isoformat(),
        "as_of": said.as_of.isoformat(),
        "time_zone": str(site.calendar.zone),
        "currency": site.currency,
        "lines": [line_json(line, site) | busy_json(busy.of(line.about)) for line in said.lines],
        "total": line_json(said.total, site) | busy_json(busy.total),
    }


def line_json(line: Line, site: Site) -> dict[str, object]:
    """Return what a line of a report is about, and what was used."""
    return {
        "name": line.about.name,
        "title": line.about.title,
        "id": line.about.id,
        **_usage_json(line.usage),
        "cost": str(site.rounded(line.cost)),
        "not_priced_gpu_hours": hours_json(line.not_priced),
        "uncertain_ends": line.uncertain_ends,
    }


def _usage_json(usage: Usage) -> dict[str, object]:
    states = {f"{state}_gpu_hours": hours_json(usage.by_state[state]) for state in State}
    return {
        "allocated_gpu_hours": hours_json(usage.allocated),
        **states,
        "uncertain_gpu_hours": hours_json(usage.uncertain),
        "started": usage.started,
        "active": usage.active,
    }


def occupancy_json(said: Occupancy) -> dict[str, object]:
    """Return what there was of a product. ``allocation_rate`` is of what could be used."""
    there = said.capacity
    return {
        "product": said.product,
        "reported_gpu_hours": hours_json(there.reported),
        "cordoned_gpu_hours": hours_json(there.cordoned),
        "down_gpu_hours": hours_json(there.down),
        "allocated_gpu_hours": hours_json(said.allocated),
        "allocation_rate": None if said.rate is None else str(said.rate.quantize(_PLACES)),
    }


def session_json(
    session: Session, period: Period, as_of: datetime, prices: PriceList
) -> dict[str, object]:
    """Return a session, with what it used in the period."""
    charges = list(prices.charges(session, period, as_of))
    usage = Usage()
    usage.add(session, period, as_of)
    choice, reason = session.choice, session.reason
    return {
        "id": session.uid,
        "person": choice.person,
        "person_since": choice.person_since,
        "server": choice.server,
        "team": choice.team,
        "team_uid": choice.team_uid,
        "environment": choice.environment,
        "version": choice.version,
        "size": choice.size,
        "gpus": str(choice.units),
        "product": session.product,
        "node": session.node,
        **{name: _iso(getattr(session, name)) for name in _MOMENTS},
        "reason": reason and str(reason.code),
        "sentence": reason.sentence if reason else "",
        "ended_by": reason.by if reason else "",
        "end_source": session.end_source and str(session.end_source),
        "flags": sorted(session.flags),
        **_usage_json(usage),
        "cost": _cost(charges, prices),
    }


_MOMENTS = ("requested", "bound", "ready", "stopping", "gone", "gone_by")


def csv_heading() -> str:
    """Return the first line of a CSV."""
    return csv_lines([_COLUMNS])


def charges_csv(known: Busy, prices: PriceList, currency: str) -> str:
    """Return the lines of a CSV for sessions: one for each charge, or one of nothing."""
    period, as_of = known.period, known.as_of
    charges = (
        {
            **_charge_row(charge, as_of, currency),
            **busy_columns(known.of_session(session, charge.period)),
        }
        for session in known.sessions
        for charge in (list(prices.charges(session, period, as_of)) or [_nothing(session, period)])
    )
    return csv_lines([row.get(column, "") for column in _COLUMNS] for row in charges)


def _nothing(session: Session, period: Period) -> Charge:
    """Return the line of a session that is charged nothing in a period."""
    begin = min(max(session.requested, period.begin), period.end)
    return Charge(session, Period(begin, begin), Decimal(0), Decimal(0))


def refunds_csv(refunds: Iterable[Adjustment]) -> str:
    """Return the lines of a CSV for refunds."""
    rows = map(_refund_row, refunds)
    return csv_lines([row.get(column, "") for column in _COLUMNS] for row in rows)


def _charge_row(charge: Charge, as_of: datetime, currency: str) -> Mapping[str, object]:
    session, choice = charge.session, charge.session.choice
    hours, rate = hours_json(charge.amount), charge.rate
    cost = "" if charge.cost is None else charge.cost.quantize(_COST_PLACES)
    return {
        "BillingCurrency": currency,
        "BilledCost": cost,
        "ChargeCategory": "Usage",
        "ChargeClass": "",
        "ChargePeriodStart": charge.period.begin.isoformat(),
        "ChargePeriodEnd": charge.period.end.isoformat(),
        "ConsumedQuantity": hours,
        "ConsumedUnit": "GPU-Hours",
        "ContractedUnitPrice": "" if rate is None else rate,
        "ResourceId": session.uid,
        "ResourceName": _name(choice.person, choice.server),
        "ResourceType": choice.size,
        "SkuId": session.product,
        "SubAccountId": choice.team_uid or choice.team,
        "SubAccountName": choice.team,
        "x_Person": choice.person,
        "x_PersonSince": choice.person_since,
        "x_Environment": choice.environment,
        "x_Version": choice.version,
        "x_Gpus": choice.units,
        "x_Node": session.node,
        "x_EndReason": session.reason.code if session.reason else "",
        "x_Flags": " ".join(sorted(session.flags)),
        "x_AsOf": as_of.isoformat() if session.runs else "",
        **{column: _iso(getattr(session, name)) or "" for column, name in MOMENTS.items()},
    }


def _refund_row(refund: Adjustment) -> Mapping[str, object]:
    """Return a line that takes back what others charge; one that takes that back adjusts."""
    gives = refund.gpu_time > 0 or refund.money > 0
    return {
        "BillingCurrency": refund.currency,
        "BilledCost": -refund.money,
        "ChargeCategory": "Credit" if gives else "Adjustment",
        "ChargeDescription": refund.reason,
        "ChargePeriodStart": refund.effective_at.isoformat(),
        "ChargePeriodEnd": refund.effective_at.isoformat(),
        "ConsumedQuantity": Decimal(hours_json(-refund.gpu_time)),  # no text: it begins with -
        "ConsumedUnit": "GPU-Hours",
        "ResourceId": refund.session,
        "SubAccountId": refund.team_uid or refund.team,
        "SubAccountName": refund.team,
        "x_Person": refund.person,
        "x_PersonSince": refund.person_since,
        "x_By": refund.by,
        "x_MadeAt": refund.made_at.isoformat(),
    }


_COLUMNS = (
    *("BillingCurrency", "BilledCost", "ChargeCategory", "ChargeClass"),
    *("ChargePeriodStart", "ChargePeriodEnd", "ConsumedQuantity", "ConsumedUnit"),
    *("ContractedUnitPrice", "ResourceId", "ResourceName", "ResourceType", "SkuId"),
    *("SubAccountId", "SubAccountName", "x_Person", "x_PersonSince", "x_Environment"),
    *("x_Version", "x_Gpus", "x_Node", "x_EndReason", "x_Flags", "x_AsOf"),
    *("ChargeDescription", "x_By", "x_MadeAt"),
    *("x_UsedGpuHours", "x_SpareGpuHours", "x_IdleGpuHours", "x_UnknownGpuHours"),
    *MOMENTS,
)


def csv_lines(rows: Iterable[Iterable[object]]) -> str:
    """Write lines of a CSV that no spreadsheet takes for more than they say."""
    text = io.StringIO()
    csv.writer(text).writerows([_harmless(value) for value in row] for row in rows)
    return text.getvalue()


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _name(person: str, server: str) -> str:
    return f"{person}/{server}" if server else person


def _cost(charges: list[Charge], prices: PriceList) -> str | None:
    """Return what a session cost; None where a part of it has no price."""
    costs = [charge.cost for charge in charges]
    known = [cost for cost in costs if cost is not None]
    return str(prices.rounded(sum(known, Decimal(0)))) if len(known) == len(costs) else None


def hours_json(amount: Decimal) -> str:
    """Write GPU-microseconds as GPU-hours with six places, for programs."""
    return str(in_hours(amount).quantize(_PLACES))


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
