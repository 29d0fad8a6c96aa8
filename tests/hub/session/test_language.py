"""JupyterLab in the language of the page that the session was started from."""

import os
import tomllib
from pathlib import Path

import pytest
from gpucommons_contract import SessionVariable
from playwright.sync_api import expect

from tests.hub.jupyter_lab import NO_WARNINGS, REPOSITORY, Lab
from tests.waiting import PAGE_PATIENCE_MS

TRANSLATION = "@jupyterlab/translation-extension:plugin"


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A language pack of JupyterLab, and what the wheel says of our translations."""
    folder = tmp_path / "packages"
    pack = folder / "jupyterlab_language_pack_de_DE"
    pack.mkdir(parents=True)
    (pack / "__init__.py").touch()
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    points = {
        "jupyterlab.languagepack": {"de_DE": pack.name},
        "jupyterlab.locale": project["entry-points"]["jupyterlab.locale"],
    }
    info = folder / "played-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: played\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "".join(
            f"[{group}]\n" + "".join(f"{name} = {where}\n" for name, where in members.items())
            for group, members in points.items()
        )
    )
    return folder


@pytest.fixture
def lab(tmp_path: Path, packages: Path, monkeypatch: pytest.MonkeyPatch):
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(packages), prepend=os.pathsep)
    lab = Lab(home, {SessionVariable.LANGUAGE: "de"}, NO_WARNINGS)
    yield lab
    lab.stop()


def test_jupyterlab_is_in_the_language_of_the_start_until_a_person_chooses_another(lab: Lab):
    lab.start()
    said = lab.api("GET", "lab/api/translations/default").json()["data"]["gpucommons"]
    assert said[""]["language"] == "de-DE"
    assert said["Another size"] == ["Andere Größe"]
    names = lab.api("GET", "lab/api/translations/").json()["data"]
    assert names["en"]["displayName"] == "Englisch"
    lab.set(TRANSLATION, {"locale": "en"})
    names = lab.api("GET", "lab/api/translations/").json()["data"]
    assert names["en"]["displayName"] == "English"


def test_the_panel_and_its_settings_are_read_in_that_language(lab: Lab, built_panel, chromium):
    lab.start()
    page = chromium.new_context(locale="en-GB").new_page()
    page.set_default_timeout(PAGE_PATIENCE_MS)
    page.goto(lab.address())
    expect(page.locator("html")).to_have_attribute("lang", "de-DE")
    page.locator('.jp-SideBar [data-id="gpucommons-gpu-panel"]').click()
    panel = page.locator("#gpucommons-gpu-panel")
    expect(panel).to_contain_text("Keine GPU in dieser Sitzung")
    expect(panel).not_to_contain_text("No GPU")
    page.keyboard.press("Control+,")
    page.locator(".jp-SettingsPanel, .jp-PluginList").first.wait_for()
    page.locator('.jp-PluginList [data-id="@gpucommons/lab:telemetry"]').click()
    expect(page.locator(".jp-SettingsPanel")).to_contain_text(
        "Die GPU in der Statusleiste anzeigen"
    )
