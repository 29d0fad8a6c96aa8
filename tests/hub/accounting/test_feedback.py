"""People say how it goes on a plain form; administrators read what they said, and not who."""

import subprocess
import sys
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.loopback import request
from tests.waiting import until

from .session_pods import make_session
from .test_usage import _PICTURES

_SERVICE = "access:services!service=gpu"
_RATERS = [f"rater{number}" for number in range(5)]
_TEXT = "The queue is long\non Mondays."


@pytest.fixture(scope="module")
def root(hub) -> str:
    return hub.token_of("root", _SERVICE, "admin-ui")


@pytest.fixture(scope="module", autouse=True)
def sessions(hub, api, root) -> None:
    """Three sessions of each that are over, and two of Dan."""
    hub.add("dan")
    for person, count in (("ada", 3), ("ben", 3), ("dan", 2)):
        for number in range(count):
            name = f"{person}-{number}"
            make_session(api, person, name, timedelta(hours=1), since=hub.since_of(person))

    def over() -> bool:
        listed = hub.ask("GET", "api/sessions?since=2026-01-01", root).json()["sessions"]
        return sum(bool(each["gone"] and each["ready"]) for each in listed) == 8

    until(over)


@pytest.fixture(scope="module")
def answers(hub) -> None:
    """Answers of five people, with a rating of files each, and a text of one."""
    for number, name in enumerate(_RATERS):
        hub.add(name)
        form = {"files": str(number + 1), "text": _TEXT if number == 0 else ""}
        headers = {"Authorization": f"token {hub.token_of(name, _SERVICE)}"}
        url = f"{hub.url}/services/gpu/feedback"
        assert request("POST", url, headers=headers, data=form).status_code == 303


def _asked(page: Page):
    return page.get_by_role("link", name="Say how it goes")


def test_one_is_asked_after_three_sessions_answers_and_may_change_that(open_page):
    page = open_page("ada", java_script_enabled=False)
    _asked(page).click()
    form = page.get_by_role("form", name="How it goes")
    form.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("answer at least one question")
    responds = form.get_by_role("group", name="How sessions with a GPU respond")
    responds.get_by_label("4").check()
    form.get_by_role("group", name="Files").get_by_label("not used").check()
    form.get_by_label("What should be better").fill("Ada's words.")
    form.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_contain_text("Thank you.")
    responds.get_by_label("2").check()
    form.get_by_role("button", name="Change").click()
    expect(responds.get_by_label("2")).to_be_checked()
    expect(form.get_by_label("What should be better")).to_have_value("Ada's words.")
    page.goto("/services/gpu/")
    expect(_asked(page)).to_have_count(0)
    page.get_by_role("link", name="How it goes: what I answered").click()
    expect(form.get_by_role("group", name="Files").get_by_label("not used")).to_be_checked()


def test_who_has_had_two_sessions_is_not_asked(open_page):
    page = open_page("dan")
    expect(page.get_by_role("heading", name="What I used")).to_be_visible()
    expect(_asked(page)).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("name", "path"), [("ben", ""), ("ben", "feedback"), ("rater0", "feedback"), ("root", "pilot")]
)
def test_form_and_checklist_can_be_read_by_everybody_on_a_phone_too(
    open_page, answers, name, path, scheme
):
    page = open_page(name, path, width=360, color_scheme=scheme)
    found = Axe().run(page)
    assert not found.response["violations"], found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    _PICTURES.mkdir(parents=True, exist_ok=True)
    title = f"{path or 'asked'}-{name}-{scheme}"
    page.screenshot(path=_PICTURES / f"{title}.png", full_page=True)


def test_the_form_is_in_the_language_of_its_reader(open_page):
    page = open_page("ben", "feedback", locale="de-DE")
    expect(page.get_by_role("heading", name="Wie es läuft")).to_be_visible()
    expect(page.get_by_role("group", name="Dateien")).to_be_visible()


def test_a_form_of_another_site_keeps_nothing(hub, open_page, root):
    page = open_page("ben")
    for path, form in (("feedback", {"files": "1", "text": "Forged."}), ("feedback/not-now", {})):
        assert page.request.post(f"/services/gpu/{path}", form=form).status == 403
    page.reload()
    expect(_asked(page)).to_be_visible()
    assert "Forged." not in hub.ask("GET", "api/pilot", root).json()["texts"]


def test_who_does_not_want_to_is_not_asked_again_and_may_still_answer(open_page):
    page = open_page("ben")
    page.get_by_role("button", name="Not now").click()
    expect(page.get_by_role("status")).to_contain_text("not be asked again in this quarter")
    expect(_asked(page)).to_have_count(0)
    page.get_by_role("link", name="How it goes").click()
    expect(page.get_by_role("button", name="Send")).to_be_visible()


def test_administrators_see_what_was_measured_beside_what_was_answered(open_page, answers):
    page = open_page("root", "pilot")
    files = page.get_by_role("row", name="Files, and getting them back")
    expect(files).to_contain_text("Not measured: restores")
    expect(files).to_contain_text("Median 3")
    expect(files).to_contain_text("1: 1, 2: 1, 3: 1, 4: 1, 5: 1")
    environments = page.get_by_role("row", name="Changing to another environment")
    expect(environments).to_contain_text("with two sessions or more 0 changed the environment")
    expect(page.get_by_role("listitem").filter(has_text="on Mondays.")).to_be_visible()
    for name in _RATERS:
        expect(page.get_by_role("main")).not_to_contain_text(name)
    page.screenshot(path=_PICTURES / "pilot-wide.png", full_page=True)


def test_the_checklist_is_for_administrators(open_page):
    page = open_page("dan")
    page.goto("/services/gpu/pilot")
    expect(page.get_by_role("alert")).to_contain_text("This page is for administrators.")


def test_the_command_prints_the_checklist(hub, root, answers, tmp_path):
    (tmp_path / "token").write_text(root)
    file = tmp_path / "people.yaml"
    api = f"{hub.url}/hub/api"
    file.write_text(f"address: {hub.url}\nhub: {{api_url: '{api}', token_file: token}}\n")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "gpucommons_config.command", "usage", "pilot", *words]
        return subprocess.run(
            [*command, "--config", str(file)], capture_output=True, text=True, check=False
        )

    lines = run().stdout.splitlines()
    assert "  Not measured: restores, and how long they take" in lines
    assert lines[lines.index("> The queue is long") + 1] == "> on Mondays."
    wrong = run("--quarter", "2026")
    assert (wrong.returncode, "a quarter such as 2026-Q4" in wrong.stderr) == (1, True)
