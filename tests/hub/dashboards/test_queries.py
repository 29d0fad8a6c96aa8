"""Each panel of each dashboard shows something, as soon as there is what it is about."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from gpucommons_config.dashboards.board import Choice, Dashboard, Panel, Query
from gpucommons_config.dashboards.every import DASHBOARDS

from tests.unit.accounting.sessions import at

from ..prometheus import Prometheus
from .others import BUSY_GPU, other_series
from .ours import our_series
from .series import past

_NOON = at("2026-11-30T12:00")
_CHOSEN = {"$team": "vision", "$gpu": BUSY_GPU}
_OF_GRAFANA = {"$__rate_interval": "5m", "$__range": "1h"}
_H100, _A100 = "NVIDIA H100 80GB HBM3", "NVIDIA A100-SXM4-40GB"
_ZERO = " or vector(0)"
"""What a query gives where there is nothing: it would hide that there is nothing."""
_LABEL = re.compile(r"{{(\w+)}}")
_SOMETIMES = {"Hostname", "hostname", "GPU_I_PROFILE", "GPU_I_ID", "fault"}
"""Labels that GPUs have by version of the exporter, and as MIG slices; and starts that failed."""
_ASKED = [
    pytest.param(query, id=f"{board.name}: {panel.title} {number}")
    for board in DASHBOARDS
    for row in board.rows
    for panel in row.panels
    for number, query in enumerate(panel.queries)
]


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory) -> Iterator[Prometheus]:
    folder: Path = tmp_path_factory.mktemp("prometheus")
    series = [*our_series(folder, _NOON), *other_series()]
    prometheus = Prometheus(folder, past=past(series, _NOON))
    prometheus.start()
    yield prometheus
    prometheus.stop()


def _filled(expr: str) -> str:
    for variable, value in (_CHOSEN | _OF_GRAFANA).items():
        expr = expr.replace(variable, value)
    return expr


def _asked(prometheus: Prometheus, query: Query) -> list[tuple[Mapping[str, str], float]]:
    found = prometheus.ask(_filled(query.expr).removesuffix(_ZERO), _NOON)
    return [(each["metric"], float(each["value"][1])) for each in found]


@pytest.mark.parametrize("query", _ASKED)
def test_a_query_gives_series_that_its_legend_tells_apart(prometheus, query):
    found = _asked(prometheus, query)
    assert found, query.expr
    assert all(value == value for _, value in found), "not a number"  # noqa: PLR0124
    if not query.legend:
        return
    named = set(_LABEL.findall(query.legend)) - _SOMETIMES
    assert all(named <= set(labels) for labels, _ in found)
    legends = [_legend(query.legend, labels) for labels, _ in found]
    assert len(legends) == len(set(legends))


def _legend(text: str, labels: Mapping[str, str]) -> str:
    return _LABEL.sub(lambda label: labels.get(label[1], ""), text)


def _boards(name: str) -> Dashboard:
    (found,) = (each for each in DASHBOARDS if each.name == name)
    return found


def _panel(board: str, title: str) -> Panel:
    (found,) = (
        panel for row in _boards(board).rows for panel in row.panels if panel.title == title
    )
    return found


def _values(prometheus: Prometheus, board: str, title: str) -> list[float]:
    return [
        value for query in _panel(board, title).queries for _, value in _asked(prometheus, query)
    ]


def test_replicas_of_accounting_count_once(prometheus):
    models, teams, sizes = 2, 2, 2
    assert _values(prometheus, "capacity", "Up") == [3 * models]
    (hours,) = _values(prometheus, "budgets", "Charged")
    assert hours == pytest.approx(60 * models * teams * sizes / 3600)
    by_reason = _values(prometheus, "sessions", "Ends in a minute, by reason")
    assert by_reason == pytest.approx([1] * len(by_reason))


def _by_model(prometheus: Prometheus, title: str) -> Mapping[str, float]:
    (query,) = _panel("capacity", title).queries
    return {labels["modelName"]: value for labels, value in _asked(prometheus, query)}


def test_memory_of_a_divided_gpu_is_that_of_its_slices_and_its_power_counts_once(prometheus):
    assert _by_model(prometheus, "Power, by model")[_A100] == 400
    idle = _by_model(prometheus, "Memory held by GPUs that do nothing")
    assert idle == {_H100: 3_072 * 2**20, _A100: 2 * 3_072 * 2**20}


def test_a_gpu_that_sessions_share_counts_once_and_has_them_all(prometheus):
    assert _by_model(prometheus, "Power, by model") == {_H100: 400 + 400, _A100: 400}
    assert _values(prometheus, "gpu-health", "GPUs that are measured") == [3]
    sessions = _asked(prometheus, _panel("gpu", "Sessions on it").queries[0])
    assert {(each["team_namespace"], each["session"]) for each, _ in sessions} == {
        ("team-vision", "jupyter-first"),
        ("team-vision", "jupyter-second"),
    }


def test_a_teams_sessions_are_found_with_and_without_honor_labels(prometheus):
    title = "Its sessions' GPUs, by dcgm-exporter"
    found = _asked(prometheus, _panel("team", title).queries[0])
    assert {each["session"] for each, _ in found} == {
        "jupyter-first",
        "jupyter-second",
        "jupyter-alone",
    }


def test_a_replica_of_the_idle_culler_that_no_longer_looks_does_not_count(prometheus):
    assert set(_values(prometheus, "idle", "Sessions, by verdict")) == {3}


def test_a_part_of_which_there_is_no_pod_any_more_does_not_answer(prometheus):
    """Snapshots' controller does not answer, and Dex has gone."""
    assert _values(prometheus, "hub", "Parts that do not answer") == [2]
    (query,) = _panel("hub", "Parts that answer").queries
    answers = {labels["job"]: value for labels, value in _asked(prometheus, query)}
    away = ("gpucommons-backup", "gpucommons-dex")
    assert {job for job, value in answers.items() if not value} == set(away)
    assert answers["gpucommons-hub"] == 1


@pytest.mark.parametrize(
    "choice", [pytest.param(each, id=each.name) for one in DASHBOARDS for each in one.choices]
)
def test_what_a_variable_offers_is_there(prometheus, choice: Choice):
    (value,) = (value for name, value in _CHOSEN.items() if name == f"${choice.name}")
    found = prometheus.ask(f"count by ({choice.label}) ({choice.metric})", _NOON)
    assert value in {each["metric"].get(choice.label) for each in found}


def test_a_metric_that_nobody_has_gives_nothing(prometheus):
    expr = _panel("capacity", "Up").queries[0].expr
    assert not _asked(prometheus, Query(expr.replace("gpucommons_gpus", "gpucommons_gpu_count")))
    assert not _asked(prometheus, Query(expr.replace('"up"', '"on"')))
