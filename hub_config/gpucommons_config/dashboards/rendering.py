"""Dashboards as Grafana's JSON, by grafana-foundation-sdk, which has its types. Pure.

Source: https://grafana.github.io/grafana-foundation-sdk/
"""

import json
import string
from collections.abc import Iterator
from itertools import count

from grafana_foundation_sdk.builders import stat, table, timeseries
from grafana_foundation_sdk.builders.common import (
    ReduceDataOptions,
    StackingConfig,
    VizLegendOptions,
    VizTooltipOptions,
)
from grafana_foundation_sdk.builders.dashboard import (
    Dashboard as DashboardBuilder,
)
from grafana_foundation_sdk.builders.dashboard import (
    DashboardLink,
    DatasourceVariable,
    FieldColor,
    QueryVariable,
    ThresholdsConfig,
)
from grafana_foundation_sdk.builders.dashboard import Row as RowBuilder
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    FieldTextAlignment,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    DataSourceRef,
    DataTransformerConfig,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
    VariableRefresh,
    VariableSort,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from gpucommons_config.dashboards.board import (
    UID_PREFIX,
    Choice,
    Dashboard,
    Kind,
    Panel,
    Query,
    Unit,
)

_TAG = "gpu-commons"
"""Of all of ours; each has links to the others by it."""
_PROMETHEUS = "prometheus"
_SOURCE = DataSourceRef(type_val=_PROMETHEUS, uid="${datasource}")
_FIGURE_HEIGHT, _HEIGHT = 4, 8
_OPACITY_OF_STACKS = 30
_Graph = timeseries.Panel
_Drawn = stat.Panel | table.Panel | timeseries.Panel


def dashboard_json(dashboard: Dashboard) -> str:
    """Return a dashboard as JSON, the same each time."""
    built = _dashboard(dashboard).build()
    return json.dumps(built, cls=JSONEncoder, indent=1, sort_keys=True) + "\n"


def _dashboard(dashboard: Dashboard) -> DashboardBuilder:
    made = (
        DashboardBuilder(f"GPU Commons / {dashboard.title}")
        .uid(f"{UID_PREFIX}{dashboard.name}")
        .description(dashboard.about)
        .tags([_TAG])
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .time("now-24h", "now")
        .refresh("1m")
        .link(_others())
        .with_variable(_source())
    )
    for choice in dashboard.choices:
        made.with_variable(_variable(choice))
    ids = count(1)
    for row in dashboard.rows:
        made.with_row(RowBuilder(row.title).id(next(ids)))
        for panel in row.panels:
            made.with_panel(_panel(panel).id(next(ids)))
    return made


def _others() -> DashboardLink:
    link = DashboardLink("GPU Commons").type(DashboardLinkType.DASHBOARDS).tags([_TAG])
    return link.as_dropdown(as_dropdown=True).keep_time(keep_time=True)


def _source() -> DatasourceVariable:
    about = "Where the metrics are."
    return DatasourceVariable("datasource").label("Prometheus").description(about).type(_PROMETHEUS)


def _variable(choice: Choice) -> QueryVariable:
    values: dict[str, object] = {
        "query": f"label_values({choice.metric}, {choice.label})",
        "refId": choice.name,
    }
    return (
        QueryVariable(choice.name)
        .label(choice.title)
        .description(choice.about)
        .datasource(_SOURCE)
        .query(values)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
    )


def _panel(panel: Panel) -> _Drawn:
    if panel.kind is Kind.FIGURE:
        drawn: _Drawn = _figure(panel)
    elif panel.kind is Kind.TABLE:
        drawn = _table(panel)
    else:
        drawn = _graph(panel)
    drawn.title(panel.title).description(panel.about).datasource(_SOURCE).unit(panel.unit)
    drawn.span(panel.width)
    drawn.height(_FIGURE_HEIGHT if panel.kind is Kind.FIGURE else _HEIGHT)
    for query in _queries(panel):
        drawn.with_target(query)
    return drawn


def _queries(panel: Panel) -> Iterator[Dataquery]:
    for letter, query in zip(string.ascii_uppercase, panel.queries, strict=False):
        yield _query(panel.kind, letter, query)


def _query(kind: Kind, letter: str, query: Query) -> Dataquery:
    made = Dataquery().ref_id(letter).datasource(_SOURCE).expr(query.expr)
    if query.legend:
        made.legend_format(query.legend)
    if kind is Kind.TABLE:
        return made.instant().format(PromQueryFormat.TABLE)
    return made.instant() if kind is Kind.FIGURE else made.range()


def _figure(panel: Panel) -> stat.Panel:
    made = stat.Panel().reduce_options(ReduceDataOptions().calcs(["lastNotNull"]).values(False))
    if panel.bad_from is None:
        return made.color_mode(BigValueColorMode.NONE)
    steps = [Threshold(value=None, color="green"), Threshold(value=panel.bad_from, color="red")]
    return (
        made.color_mode(BigValueColorMode.VALUE)
        .color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .thresholds(ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps))
    )


def _table(panel: Panel) -> table.Panel:
    options = {
        "excludeByName": {"Time": True},
        "indexByName": {},
        "renameByName": {"Value": panel.column},
    }
    shown = DataTransformerConfig(id_val="organize", options=options)
    return table.Panel().align(FieldTextAlignment.AUTO).with_transformation(shown)


def _graph(panel: Panel) -> _Graph:
    legend = (
        VizLegendOptions()
        .show_legend(show_legend=True)
        .display_mode(LegendDisplayMode.LIST)
        .placement(LegendPlacement.BOTTOM)
        .calcs([])
    )
    tooltip = VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING)
    made = _Graph().legend(legend).tooltip(tooltip)
    if panel.unit is Unit.SHARE:
        made.axis_soft_max(1)
    if panel.kind is Kind.STACK:
        made.stacking(StackingConfig().mode(StackingMode.NORMAL)).fill_opacity(_OPACITY_OF_STACKS)
    return made.axis_soft_min(0)
