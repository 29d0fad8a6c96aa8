"""Pages in another language: which one, all of a page, refusals too; APIs stay English."""

import json

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.waiting import PAGE_PATIENCE_MS

from ..pages import sign_in
from .visitor import Visitor, preselected

GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}
WRONG = {"team": "vision", "environment": "scipy", "size": "brief", "version.scipy": "2025.11"}


@pytest.fixture
def sam(hub):
    with Visitor(hub.url, "sam") as sam:
        sam.headers.update(GERMAN)
        sam.sign_in()
        yield sam


def test_a_page_is_in_the_language_of_the_browser_until_another_is_chosen(sam):
    home = sam.get("/hub/home")
    assert '<html lang="de">' in home.text
    assert "Meine Sitzungen" in home.text
    assert 'href="/hub/gpucommons/language?language=ko"' in home.text
    address = "/hub/gpucommons/language?language=ko"
    chosen = sam.get(address, headers={"Referer": str(home.url)})
    assert chosen.url.path == "/hub/home"
    assert "내 세션" in chosen.text
    elsewhere = sam.get(address, headers={"Referer": "https://elsewhere.example.org/hub/x"})
    assert elsewhere.url.path == "/hub/home"
    assert sam.get("/hub/gpucommons/language?language=xx").status_code == 400


def test_a_refused_start_says_why_in_the_language_and_to_a_program_in_english(sam, hub):
    page = sam.press_start(WRONG)
    assert page.status_code == 400
    assert "Version 2025.11 von scipy ist abgeschaltet:" in page.text
    assert preselected(page)["size"] == "brief"
    answer = hub.start_server(
        "sam", {"environment": "scipy", "size": "brief", "version": "2025.11"}
    )
    assert "Version 2025.11 of scipy is off:" in answer.json()["message"]
    assert "ist abgeschaltet" not in hub.tail()


def test_what_is_free_is_told_in_the_language_that_an_address_asks_for(sam, hub):
    query = {"user": "sam", "server": ""}
    said = sam.get("/hub/api/gpucommons/availability", params=query)
    assert said.status_code in (200, 403)
    english, german = (
        json.dumps(
            hub.api("GET", "gpucommons/availability", params={**query, **more}).json(),
            ensure_ascii=False,
        )
        for more in ({}, {"language": "de"})
    )
    assert " free" in english
    assert " frei" in german
    assert " free" not in german


def test_the_picker_is_in_the_language_also_after_it_was_told_what_is_free(chromium, hub):
    context = chromium.new_context(base_url=hub.url, locale="de")
    context.set_default_timeout(PAGE_PATIENCE_MS)
    page = context.new_page()
    try:
        with page.expect_response(lambda answer: "language=de" in answer.url):
            sign_in(page, "sam", "/hub/spawn")
        gpu = page.locator('[data-size="gpu"]')
        expect(gpu.locator("[data-room]")).to_contain_text(" frei")
        expect(page.locator("[data-holding]")).to_contain_text("Sie belegen 0 von")
        expect(page.get_by_role("group", name="Umgebung")).to_be_visible()
        for english in ("Environment", " free", "Unavailable", "Copy link", "hold", "If unused"):
            expect(page.locator("main")).not_to_contain_text(english)
    finally:
        context.close()


def test_an_error_and_pages_of_jupyterhub_say_which_language_they_are_in(hub, sam):
    nowhere = sam.get("/hub/nosuch")
    assert "Diese Seite gibt es nicht" in nowhere.text
    with Visitor(hub.url, "boss") as boss:
        boss.headers.update(GERMAN)
        boss.sign_in()
        page = boss.get("/hub/admin")
    assert '<html lang="en">' in page.text
    assert "My sessions" in page.text


def test_a_token_is_made_for_a_program_and_revoked_in_the_language(chromium, hub, keep_picture):
    context = chromium.new_context(base_url=hub.url, locale="de")
    context.set_default_timeout(PAGE_PATIENCE_MS)
    page = context.new_page()
    try:
        sign_in(page, "sam", "/hub/token")
        make = page.get_by_role("button", name="Token erstellen")
        page.get_by_label("Wofür er ist").fill("nightly")
        page.get_by_label("Rechte", exact=True).fill("no:such")
        make.click()
        expect(page.get_by_role("alert")).to_contain_text("no:such")

        page.get_by_label("Gültig für").select_option("1 Stunde")
        page.get_by_label("Rechte", exact=True).fill("read:users!user")
        make.click()
        expect(page.get_by_role("status")).to_contain_text("Kopieren Sie ihn jetzt")
        keep_picture(page, "token-made")
        token = page.get_by_role("status").locator("[data-token]").inner_text()
        as_program = {"Authorization": f"token {token}"}
        user = f"{hub.url}/hub/api/user"
        assert httpx.get(user, headers=as_program, timeout=60).json()["name"] == "sam"

        page.reload()
        keep_picture(page, "tokens")
        assert Axe().run(page).response["violations"] == []
        page.get_by_role("button", name="Widerrufen nightly").click()
        expect(page.get_by_text("nightly")).to_have_count(0)
        assert httpx.get(user, headers=as_program, timeout=60).status_code == 403
    finally:
        context.close()


@pytest.mark.parametrize("language", ["de", "ko"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_in_other_languages_are_accessible_and_fit_a_phone(
    chromium, hub, language, scheme, keep_picture
):
    context = chromium.new_context(
        base_url=hub.url,
        locale=language,
        viewport={"width": 360, "height": 800},
        color_scheme=scheme,
    )
    context.set_default_timeout(PAGE_PATIENCE_MS)
    page = context.new_page()
    try:
        sign_in(page, "sam", "/hub/home")
        for path in ("home", "spawn", "nosuch", "user/sam/tree"):
            page.goto(f"/hub/{path}")
            expect(page.locator("html")).to_have_attribute("lang", language)
            keep_picture(page, f"{language}-{scheme}-{path.replace('/', '-')}")
            assert page.evaluate("document.documentElement.scrollWidth") <= 360
            assert Axe().run(page).response["violations"] == []
    finally:
        context.close()
