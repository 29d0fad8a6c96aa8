"""Budgets on pages: what is left to oneself, and forms of administrators that need no script."""

import subprocess
import sys

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from .test_usage import _PICTURES


@pytest.fixture(scope="module")
def root(hub) -> str:
    return hub.token_of("root", "access:services!service=gpu", "admin-ui")


@pytest.fixture(autouse=True)
def budget(hub, root) -> None:
    body = {"for": "person", "amount": "40", "at_limit": "deny", "valid_from": "2026-01-01"}
    assert hub.ask("POST", "api/budgets", root, body).status_code == 201


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("name", "path"), [("ben", ""), ("root", "budgets"), ("root", "budgets/history")]
)
def test_pages_of_budgets_can_be_read_by_everybody_on_a_phone_too(open_page, name, path, scheme):
    page = open_page(name, path, width=360, color_scheme=scheme)
    found = Axe().run(page)
    assert not found.response["violations"], found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    _PICTURES.mkdir(parents=True, exist_ok=True)
    title = path.replace("/", "-") or "own-budget"
    page.screenshot(path=_PICTURES / f"{title}-{scheme}.png", full_page=True)


def test_everybody_sees_what_is_left_and_until_when(open_page):
    budget = open_page("eve").get_by_role("region", name="Budget")
    expect(budget).to_contain_text("0 of 40 GPU-hours used")
    expect(budget).to_contain_text("It begins anew on 1 ")
    budget = open_page("eve", locale="de-DE").get_by_role("region", name="Budget")
    expect(budget).to_contain_text("0 von 40 GPU-Stunden verbraucht")


def test_a_budget_is_set_and_enlarged_without_scripts(open_page):
    page = open_page("root", "budgets", java_script_enabled=False)
    form = page.get_by_role("form", name="Set a budget")
    form.get_by_label("Name").fill("fay")
    form.get_by_label("Amount").fill("lots")
    form.get_by_role("button", name="Set").click()
    expect(page.get_by_role("alert")).to_contain_text("amount must be a number such as 40")
    expect(form.get_by_label("Name")).to_have_value("fay")
    form.get_by_label("Amount").fill("10")
    form.get_by_role("button", name="Set").click()
    expect(page.get_by_role("status")).to_contain_text("person fay: 10 GPU-hours a month")
    form = page.get_by_role("form", name="Grant more in one period")
    form.get_by_label("Name").fill("fay")
    form.get_by_label("Amount").fill("2.5")
    form.get_by_label("Reason").fill("Deadline.")
    form.get_by_role("button", name="Grant").click()
    expect(page.get_by_role("status")).to_contain_text("grant of 2.5 GPU-hours")
    expect(page.get_by_role("row", name="person fay")).to_contain_text("12.5 GPU-hours")
    page.get_by_role("link", name="Who changed what").click()
    expect(page.get_by_role("listitem").filter(has_text="Deadline.")).to_contain_text("by root")


def test_a_form_of_another_site_changes_nothing(open_page):
    page = open_page("root", "budgets")
    answer = page.request.post(
        "/services/gpu/budgets/set", form={"for": "person", "name": "gus", "amount": "1"}
    )
    assert answer.status == 403
    page.reload()
    expect(page.get_by_role("row", name="person gus")).to_have_count(0)


def test_the_page_of_budgets_is_for_administrators(open_page):
    page = open_page("ben")
    expect(page.get_by_role("link", name="Budgets")).to_have_count(0)
    page.goto("/services/gpu/budgets")
    expect(page.get_by_role("alert")).to_contain_text("This page is for administrators.")


def test_the_commands_set_grant_and_list_budgets(hub, root, tmp_path):
    (tmp_path / "token").write_text(root)
    file = tmp_path / "people.yaml"
    api = f"{hub.url}/hub/api"
    file.write_text(f"address: {hub.url}\nhub: {{api_url: '{api}', token_file: token}}\n")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "gpucommons_config.command", "budget", *words]
        return subprocess.run(
            [*command, "--config", str(file)], capture_output=True, text=True, check=False
        )

    whose = ("--person", "hal")
    dry = run("set", "3", *whose, "--dry-run").stdout
    assert dry.startswith("Would be: person hal: 3 gpu-hours a month, then warn")
    assert "person hal" not in run("list").stdout
    assert run("set", "3", *whose, "--at-limit", "deny").returncode == 0
    assert run("grant", "-1", *whose, "--reason", "Too much.").returncode == 0
    lines = run("list").stdout.splitlines()
    line = next(each for each in lines if each.startswith("person hal"))
    assert line.split()[2:6] == ["2.00", "2.00", "gpu-hours", "0"]
    assert run("history", *whose).stdout.splitlines()[0].endswith("by root: Too much.")
    refused = run("grant", "1", *whose)
    assert (refused.returncode, "reason is missing" in refused.stderr) == (1, True)
