"""Links that preselect: nothing is started by following one."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import expect

from .visitor import Visitor


@pytest.fixture
def sam(hub):
    with Visitor(hub.url, "sam") as sam:
        sam.sign_in()
        yield sam


@pytest.mark.parametrize(
    "query",
    [
        {"opt-environment": "scipy", "opt-size": "share"},
        {"opt-size": "huge"},
        {"opt-": "x"},
        {"environment": "scipy", "size": "cpu"},
        {"_xsrf": "x"},
    ],
)
def test_nothing_is_started_by_a_link(hub, api, sam, query):
    answer = sam.get("/hub/spawn", params=query)
    assert answer.status_code == 200
    assert "Start a session" in answer.text
    assert hub.servers("sam") == {}
    assert api.pods() == []


def test_a_link_to_a_named_server_preselects_there(hub, sam):
    answer = sam.get("/hub/spawn/sam/second", params={"opt-size": "share"})
    assert 'value="share"' in answer.text
    assert hub.servers("sam") == {}


def test_what_cannot_be_had_is_told_on_the_page_with_what_is_allowed(sam):
    page = sam.get("/hub/spawn", params={"opt-size": "huge", "opt-environment": "pytorch"}).text
    assert "There is no size &#39;huge&#39;. Choose one of cpu, share, gpu, brief." in page
    assert "The environment pytorch is for other groups." in page


def test_the_page_forgets_a_link_that_was_followed_before(sam):
    sam.get("/hub/spawn", params={"opt-size": "huge"})
    assert "huge" not in sam.get("/hub/spawn/sam").text


def test_a_copied_link_makes_the_same_choice_for_somebody_else(hub, chromium, open_picker):
    hub.join("lia", "vision")
    context = chromium.new_context(base_url=hub.url)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    open_picker(page, "lia")
    page.get_by_label("Version of SciPy").select_option("2026.05")
    page.get_by_role("radio", name="Share of a GPU").check()
    page.get_by_role("radio", name="VS Code").check()
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    context.close()

    other = chromium.new_context(base_url=hub.url)
    page = other.new_page()
    open_picker(page, "ada", link.removeprefix(hub.url))
    expect(page.get_by_role("radio", name="Share of a GPU")).to_be_checked()
    expect(page.get_by_label("Version of SciPy")).to_have_value("2026.05")
    expect(page.get_by_role("radio", name="VS Code")).to_be_checked()
    assert hub.servers("ada") == {}
    other.close()


def test_where_there_is_no_clipboard_the_link_is_shown_to_be_copied(hub, chromium, open_picker):
    hub.join("lia", "vision")
    context = chromium.new_context(base_url=hub.url)
    page = context.new_page()
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    open_picker(page, "lia")
    page.get_by_role("button", name="Copy link").click()
    shown = page.get_by_label("Link to this choice")
    expect(shown).to_be_focused()
    choice = "opt-environment=scipy&opt-size=cpu&opt-opens=lab"
    assert shown.input_value().endswith(f"/hub/spawn?{choice}")
    context.close()


_AT_ONCE = 8
_ASKING = {"opt-team": "vision", "opt-environment": "scipy", "opt-size": "cpu"}


def _opened_at_once(sam, queries) -> list[str]:
    """What somebody reads whose browser opens the page several times at one moment."""

    def opened(query: dict[str, str]) -> str:
        return sam.get("/hub/spawn/sam", params=query).text

    with ThreadPoolExecutor(len(queries)) as tabs:
        return list(tabs.map(opened, queries))


def test_nothing_is_started_by_links_beside_other_pages_that_open_at_once(hub, api, sam):
    for _ in range(3):
        for page in _opened_at_once(sam, [{}, _ASKING] * _AT_ONCE):
            assert "Start a session" in page
    assert hub.servers("sam") == {}
    assert api.pods() == []


def test_each_of_the_pages_that_open_at_once_shows_what_its_own_link_asks_for(sam):
    asked = [f"nosuch{number}" for number in range(_AT_ONCE)]
    pages = _opened_at_once(sam, [{"opt-size": size} for size in asked])
    told = [[size for size in asked if f"no size &#39;{size}&#39;" in page] for page in pages]
    assert told == [[size] for size in asked]
