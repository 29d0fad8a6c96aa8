"""The last session started again, with the same choice and the same image."""

import pytest
from playwright.sync_api import expect

from .conftest import CATALOGUE
from .visitor import Visitor

SAME = {"resume": "same"}


def _image(api) -> str:
    (pod,) = api.pods()
    return pod["spec"]["containers"][0]["image"]


def _pin(node, image: str) -> str:
    return node.image_id(image).removeprefix("docker.io/")


@pytest.fixture
def gus(hub):
    """Somebody who had a session with a share of a GPU, and then a failed start."""
    hub.join("gus", "vision")
    hub.start_server("gus", {"size": "share", "version": "2026.05"})
    hub.stop_server("gus")
    assert hub.start_server("gus", {"size": "huge"}).status_code == 400
    with Visitor(hub.url, "gus") as gus:
        gus.sign_in()
        yield gus


@pytest.fixture
def change(write_catalogue):
    """Put other words in the place of some of the catalogue's, until the test ends."""
    return lambda old, new: write_catalogue(CATALOGUE.read_text().replace(old, new))


def test_one_press_starts_the_same_choice_with_the_same_image(hub, api, node, gus):
    ran = _pin(node, "example/scipy:2026.05")
    node.renewed += 1  # the tag stands for something else now
    assert "Last session SciPy 2026.05 · Share of a GPU" in gus.picker()
    gus.press_start(SAME)
    hub.until(lambda: hub.servers("gus").get("", {}).get("ready"))
    assert _image(api) == ran
    assert hub.servers("gus")[""]["user_options"]["size"] == "share"


def test_what_a_session_opened_with_is_chosen_kept_and_started_again(page, hub, api, open_picker):
    def leads_to() -> str:
        hub.until(lambda: hub.servers("sam").get("", {}).get("ready"))
        (pod,) = api.pods()
        variables = pod["spec"]["containers"][0]["env"]
        return next(each["value"] for each in variables if each["name"].endswith("_DEFAULT_URL"))

    open_picker(page, "sam")
    page.get_by_role("radio", name="JupyterLab").check()
    page.get_by_role("radio", name="VS Code").check()
    page.get_by_role("button", name="Start", exact=True).click()
    assert leads_to() == "/vscode/"
    page.goto("/hub/home")
    links = page.locator('[data-server=""] [data-actions] a')
    expect(links).to_have_text(["Open VS Code", "Open JupyterLab"])
    paths = [link.get_attribute("href") for link in links.all()]
    assert paths == ["/user/sam/", "/user/sam/lab"]
    hub.stop_server("sam")
    page.goto("/hub/spawn")
    expect(page.get_by_role("radio", name="VS Code")).to_be_checked()
    page.get_by_role("button", name="Start again").click()
    assert leads_to() == "/vscode/"


def test_my_sessions_starts_it_again_in_one_press_or_says_on_the_picker_why_not(hub):
    hub.start_server("ada", {"size": "gpu"})
    hub.stop_server("ada")
    for server in ("", "second"):
        hub.start_server("rosa", {"size": "gpu"}, server)
    with Visitor(hub.url, "ada") as ada:
        ada.sign_in()
        refused = ada.send_form(ada.get("/hub/home"), SAME)
        assert "Start a session" in refused.text
        assert "All 2 places for this size are taken." in refused.text
        hub.stop_server("rosa", "second")
        ada.send_form(ada.get("/hub/home"), SAME)
        hub.until(lambda: hub.servers("ada").get("", {}).get("ready"))
        assert hub.servers("ada")[""]["user_options"]["size"] == "gpu"


def test_a_press_on_a_page_from_before_the_start_leads_to_what_runs(hub, gus):
    stale_sessions, stale_picker = gus.get("/hub/home"), gus.get("/hub/spawn")
    hub.start_server("gus", {"size": "share", "version": "2026.05"})
    again = gus.send_form(stale_sessions, SAME)
    assert again.history[0].headers["location"] == "/user/gus/"
    other = gus.send_form(stale_picker, {"size": "gpu"})
    assert (other.status_code, other.url.path) == (200, "/hub/home")
    assert hub.servers("gus")[""]["user_options"]["size"] == "share"


def test_it_is_the_same_again_after_that_and_a_restart_of_the_hub(hub, api, node, gus):
    ran = _pin(node, "example/scipy:2026.05")
    gus.press_start(SAME)
    hub.until(lambda: hub.servers("gus").get("", {}).get("ready"))
    hub.stop_server("gus")
    node.renewed += 1
    hub.stop()
    hub.start()
    gus.press_start(SAME)
    hub.until(lambda: hub.servers("gus").get("", {}).get("ready"))
    assert _image(api) == ran


def test_a_session_of_another_server_can_be_started_again_here(hub, api, gus):
    assert "SciPy 2026.05 · Share of a GPU" in gus.get("/hub/spawn/gus/second").text
    page = gus.get("/hub/spawn/gus/second")
    gus.send_form(page, SAME)
    hub.until(lambda: hub.servers("gus").get("second", {}).get("ready"))


def test_a_digest_that_never_ran_is_refused_also_where_it_is_stored(hub, api, node, gus):
    evil = {"size": "cpu", "version": "2026.05", "digest": "sha256:" + "e" * 64}
    assert hub.start_server("gus", evil).status_code == 403
    stored = {"user_options": evil}
    assert hub.api("PATCH", "users/gus/server", json=stored).status_code == 200
    assert hub.start_server("gus").status_code == 403
    assert api.pods() == []


def test_a_version_with_another_image_is_told_and_starts_with_the_new_one(hub, api, gus, change):
    change("example/scipy:2026.05", "example/scipy:2026.05.1")
    words = gus.picker()
    assert "SciPy 2026.05 is another image now." in words
    assert "The previous image is no longer offered." in words
    assert gus.press_start(SAME).status_code == 409
    assert api.pods() == []
    gus.press_start({"resume": "now"})
    hub.until(lambda: hub.servers("gus").get("", {}).get("ready"))
    assert _image(api) == "example/scipy:2026.05.1"


def test_the_old_image_is_offered_where_people_may_bring_it(hub, api, node, gus, change):
    ran = _pin(node, "example/scipy:2026.05")
    text = CATALOGUE.read_text().replace("example/scipy:2026.05", "example/scipy:2026.05.1")
    change(CATALOGUE.read_text(), text.replace("example/own/[a-z]+:[0-9]", "example/scipy@.*"))
    assert "Start as last time Start with the new image" in gus.picker()
    gus.press_start(SAME)
    hub.until(lambda: hub.servers("gus").get("", {}).get("ready"))
    assert _image(api) == ran


def test_a_size_that_is_gone_is_off_and_says_so(hub, api, gus, change):
    change("  share:\n", "  other:\n")
    assert "There is no size 'share'." in gus.picker()
    assert gus.press_start(SAME).status_code == 409
    assert api.pods() == []


@pytest.mark.usefixtures("gus")
def test_a_session_is_started_again_by_one_press_with_and_without_scripts(page, hub, open_picker):
    open_picker(page, "gus")
    page.get_by_role("button", name="Start again").click()
    hub.until(lambda: hub.servers("gus").get("", {}).get("ready"))
    assert hub.servers("gus")[""]["user_options"]["size"] == "share"


def test_while_its_size_is_taken_the_button_is_off_until_one_is_free(
    scripted_page, hub, open_picker
):
    hub.start_server("ada", {"size": "gpu"})
    hub.stop_server("ada")
    for server in ("", "second"):
        hub.start_server("rosa", {"size": "gpu"}, server)
    open_picker(scripted_page, "ada")
    button = scripted_page.get_by_role("button", name="Start again")
    card = scripted_page.get_by_role("region", name="Last session")
    expect(card).to_contain_text("All 2 places for this size are taken.")
    expect(button).to_be_disabled()
    hub.stop_server("rosa", "second")
    expect(button).to_be_enabled()
    expect(card).not_to_contain_text("taken")
