"""Dashboards as Grafana reads them: whole, by the types of its SDK, and as the code makes them."""

import json
import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest
from gpucommons_config.command import main
from gpucommons_config.dashboards import command
from gpucommons_config.dashboards.every import DASHBOARDS
from gpucommons_config.dashboards.folder import KUSTOMIZATION, files
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard
from reference_pages.project import ROOT

from tests.unit.cluster_objects.kustomize import part

_FOLDER = ROOT / "cluster" / "monitoring" / "dashboards"
_PAGE = ROOT / "docs" / "how-to" / "watch-the-platform.md"
_COLUMNS = 24
_OF_GRAFANA = {"__rate_interval", "__range"}
_VARIABLE = re.compile(r"\$\{?([a-zA-Z_]\w*)")
_UNITS = {value for name, value in vars(units).items() if name[0].isupper()}
_BOARDS = {
    name: json.loads(text) for name, text in files(DASHBOARDS).items() if name != KUSTOMIZATION
}

register_default_plugins()


@pytest.fixture(params=sorted(_BOARDS))
def board(request) -> dict[str, Any]:
    found: dict[str, Any] = _BOARDS[request.param]
    return found


def _panels(board: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from (each for each in board["panels"] if each["type"] != "row")


def _again(board: dict[str, Any]) -> Any:
    """Read it by the SDK's types, which leave out what they do not know, and write it again."""
    return json.loads(json.dumps(Dashboard.from_json(board), cls=JSONEncoder))


def test_what_is_in_cluster_is_what_the_code_makes():
    made = files(DASHBOARDS)
    assert {file.name: file.read_text() for file in _FOLDER.iterdir()} == made


def test_it_has_nothing_that_the_types_of_grafana_do_not_know(board):
    assert _again(board) == board


@pytest.mark.parametrize("place", ["board", "panel", "target", "options"])
def test_a_field_that_grafana_does_not_know_is_found(place):
    board = json.loads(json.dumps(_BOARDS["queue.json"]))
    panel = next(_panels(board))
    places = {"board": board, "panel": panel, "target": panel["targets"][0]}
    (places | {"options": panel["options"]})[place]["titel"] = "Waits"
    assert _again(board) != board


def test_each_dashboard_has_a_name_of_its_own():
    for key in ("uid", "title"):
        found = {each[key] for each in _BOARDS.values()}
        assert len(found) == len(DASHBOARDS) == len(_BOARDS)
    assert all(each["uid"].startswith("gpucommons-") for each in _BOARDS.values())
    assert all(len(each["uid"]) <= 40 for each in _BOARDS.values()), "as long as Grafana allows"


def test_panels_have_ids_of_their_own(board):
    ids = [each["id"] for each in board["panels"]]
    assert len(ids) == len(set(ids))


def test_each_panel_says_what_it_shows_in_which_unit(board):
    assert list(_panels(board))
    for panel in _panels(board):
        assert panel["title"][0].isupper(), panel["title"]
        assert len(panel["description"]) > 10, panel["title"]
        unit = panel["fieldConfig"]["defaults"]["unit"]
        assert unit in _UNITS or unit.startswith("suffix: "), unit


def test_several_queries_of_a_panel_have_legends_and_letters_of_their_own(board):
    for panel in _panels(board):
        letters = [each["refId"] for each in panel["targets"]]
        assert letters
        assert len(letters) == len(set(letters))
        if len(letters) > 1:
            legends = [each["legendFormat"] for each in panel["targets"]]
            assert len(legends) == len(set(legends))


def test_variables_that_are_used_are_there_and_no_others(board):
    there = {each["name"] for each in board["templating"]["list"]}
    used = set(_VARIABLE.findall(json.dumps(board))) - _OF_GRAFANA
    assert used == there


def test_where_metrics_come_from_can_be_chosen(board):
    sources = [each for each in board["templating"]["list"] if each["type"] == "datasource"]
    assert [each["query"] for each in sources] == ["prometheus"]
    chosen = {"type": "prometheus", "uid": f"${{{sources[0]['name']}}}"}
    for panel in _panels(board):
        assert panel["datasource"] == chosen
        assert all(each["datasource"] == chosen for each in panel["targets"])


def test_panels_fit_beside_one_another(board):
    places = [each["gridPos"] for each in board["panels"]]
    assert all(each["x"] + each["w"] <= _COLUMNS for each in places)
    for one, other in combinations(places, 2):
        assert (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )


def test_grafanas_sidecar_finds_each_by_its_label():
    objects = part("monitoring/dashboards")
    assert [each["kind"] for each in objects] == ["ConfigMap"] * len(DASHBOARDS)
    assert all(each["metadata"]["labels"]["grafana_dashboard"] == "1" for each in objects)
    found = {name: json.loads(text) for each in objects for name, text in each["data"].items()}
    assert found == _BOARDS


def test_the_page_lists_all_of_them():
    _, _, section = _PAGE.read_text().partition("\n## Dashboards\n")
    listed = re.findall(r"^\| \*\*(.+?)\*\* \|", section.partition("\n## ")[0], re.MULTILINE)
    assert listed == [each.title for each in DASHBOARDS]


def test_the_command_writes_them_in_place_of_older_ones(tmp_path, capsys):
    folder = tmp_path / "grafana" / "dashboards"
    assert main(["dashboards", "write", str(folder)]) == 0
    said = capsys.readouterr().out.splitlines()
    (folder / "queue.json").write_text("{}")
    assert main(["dashboards", "write", str(folder)]) == 0
    assert {file.name: file.read_text() for file in folder.iterdir()} == files(DASHBOARDS)
    assert sorted(said) == sorted(map(str, folder.iterdir()))


def test_a_folder_that_cannot_be_written_is_told(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["dashboards", "write", str(tmp_path / "file")]) == 1
    assert capsys.readouterr().err == f"{tmp_path}/file: File exists\n"


def test_without_the_sdk_the_command_says_what_to_do(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(command, "find_spec", {}.get)
    assert main(["dashboards", "write", str(tmp_path / "new")]) == 1
    assert "install gpucommons[dashboards]" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_the_hubs_image_goes_without_the_sdk():
    assert "grafana" not in (ROOT / "images" / "hub" / "requirements.txt").read_text()
