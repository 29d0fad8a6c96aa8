"""What more GPUs would have changed, on the page, by the API and by command."""

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from gpucommons_accounting.database.store import Store
from gpucommons_accounting.reckoning.capacity.capacity import NodeFact, NodeState
from playwright.sync_api import expect

from tests.unit.accounting.sessions import at, fact

from .test_usage import _PICTURES

_MONTH = "2025-11"
_STARTS = (
    ("ada", "09:00", "09:00", "11:00"),
    ("ben", "09:30", "11:00", "12:00"),
    ("cleo", "10:00", None, "10:20"),
)


@pytest.fixture(scope="module", autouse=True)
def records(hub, folder) -> None:
    """One GPU, for which Ben waits an hour and a half, and Cleo does so in vain."""
    store = Store(f"sqlite:///{folder / 'accounting.sqlite'}", patience_seconds=60)
    since = at("2025-10-01T00:00")
    store.note_node(NodeFact("n9", since, NodeState.UP, "H100", Decimal(1)))
    for person, asked, had, ended in _STARTS:
        chosen = {"person": person, "team": "vision", "size": "gpu", "units": "1"}
        found = [fact("created", f"{_MONTH}-12T{asked}", **chosen)(person)]
        if had:
            found.append(fact("bound", f"{_MONTH}-12T{had}", node="n9", product="H100")(person))
        found.append(fact("ended", f"{_MONTH}-12T{ended}")(person))
        store.add(found, at("2025-11-13T00:00"))
    store.close()


@pytest.fixture(scope="module")
def root(hub) -> str:
    return hub.token_of("root", "access:services!service=gpu", "admin-ui")


def test_an_administrator_asks_for_more_and_more_gpus_without_scripts(open_page):
    page = open_page("root", f"waits?month={_MONTH}", java_script_enabled=False)
    page.get_by_role("link", name="Plan capacity").click()
    main = page.get_by_role("main")
    expect(main).to_contain_text("with 1 more, 1 of these 2 would not have waited")
    expect(main).to_contain_text("agrees with the record about 3 of 3 starts (100%)")
    form = page.get_by_role("form", name="More GPUs")
    form.get_by_label("With so many more GPUs").fill("2")
    form.get_by_role("button", name="Replay").click()
    expect(main).to_contain_text("with 2 more, 2 of these 2 would not have waited")
    row = page.get_by_role("row", name="Waited, or in vain")
    assert [each.inner_text() for each in row.get_by_role("cell").all()] == ["2", "2", "0"]
    expect(main).to_contain_text("1 start of size gpu never had a GPU. Assumed length: 1 hour 30")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_can_be_read_by_everybody_on_a_phone_too(open_page, scheme):
    path = f"plan-capacity?month={_MONTH}"
    page = open_page("root", path, width=360, color_scheme=scheme)
    found = Axe().run(page)
    assert not found.response["violations"], found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    _PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=_PICTURES / f"plan-capacity-{scheme}.png", full_page=True)


def test_programs_and_the_command_get_the_same(hub, root, tmp_path: Path):
    query = f"api/replay?month={_MONTH}&product=H100&more=2"
    said = hub.ask("GET", query, root).json()
    assert (said["explained"], said["spared"], said["with_more"]["waited"]) == (2, 2, 0)
    assert hub.ask("GET", query, hub.token_of("ada")).status_code == 403
    (tmp_path / "token").write_text(root)
    file = tmp_path / "people.yaml"
    api = f"{hub.url}/hub/api"
    file.write_text(f"address: {hub.url}\nhub: {{api_url: '{api}', token_file: token}}\n")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "gpucommons_config.command", "usage", "replay"]
        return subprocess.run(
            [*command, *words, "--month", _MONTH, "--config", str(file)],
            capture_output=True,
            text=True,
            check=False,
        )

    assert json.loads(run("--product", "H100", "--more", "2", "--json").stdout) == said
    lines = run("--product", "H100", "--more", "2").stdout.splitlines()
    waited = next(each for each in lines if each.startswith("Waited, or in vain"))
    assert waited.split()[-3:] == ["2", "2", "0"]
    assert "with 2 more, 2 of these would not have waited." in "\n".join(lines)
    assert f"- {said['assumptions'][0]}" in lines
    refused = run("--product", "T4")
    assert (refused.returncode, "Known are: H100." in refused.stderr) == (1, True)
