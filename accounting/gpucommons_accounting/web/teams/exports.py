"""What a team used in a month, as JSON and CSV."""

from collections.abc import Iterable

from gpucommons_accounting.reckoning.use.report import Line
from gpucommons_accounting.web.capacity.demand import waits_json
from gpucommons_accounting.web.exports import csv_lines, hours_json, line_json
from gpucommons_accounting.web.site import Site
from gpucommons_accounting.web.teams.leading import TeamMonth

_COLUMNS = (
    *("BillingCurrency", "BilledCost", "ChargeCategory", "ChargePeriodStart", "ChargePeriodEnd"),
    *("ConsumedQuantity", "ConsumedUnit", "SubAccountId", "SubAccountName", "x_Person"),
    *("x_PersonSince", "x_AllocatedGpuHours", "x_NotPricedGpuHours", "x_Starts", "x_AsOf"),
)


def team_json(month: TeamMonth, site: Site) -> dict[str, object]:
    """Return a line for each member, and one for each size."""
    team = month.team
    return {
        "team": {"name": team.name, "title": team.display_name, "id": team.uid},
        "as_of": month.people.as_of.isoformat(),
        "currency": site.currency,
        "people": [line_json(line, site) for line in month.people.lines],
        "months": [
            {"month": f"{first:%Y-%m}", "charged_gpu_hours": hours_json(charged)}
            for first, charged in month.months
        ],
        "waits": [waits_json(size, each) for size, each in month.waits.items()],
        "sizes": [line_json(line, site) for line in month.sizes.lines],
    }


def team_csv(month: TeamMonth, site: Site) -> str:
    """Return a CSV, its heading first: one line for each member."""
    lines = (_row(line, month, site) for line in month.people.lines)
    return csv_lines([_COLUMNS, *lines])


def _row(line: Line, month: TeamMonth, site: Site) -> Iterable[object]:
    said, team = month.people, month.team
    return (
        site.currency,
        site.rounded(line.cost),
        "Usage",
        said.period.begin.isoformat(),
        said.period.end.isoformat(),
        hours_json(line.usage.charged),
        "GPU-Hours",
        team.uid,
        team.display_name,
        line.about.title,
        line.about.id,
        hours_json(line.usage.allocated),
        hours_json(line.not_priced),
        line.usage.started,
        said.as_of.isoformat(),
    )
