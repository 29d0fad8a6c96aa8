"""Teams and people as they see it themselves: several teams, leaving, and no way in."""

import re

from gpucommons_authenticator.provider.connection import PROBE_REUSE_S
from playwright.sync_api import Page, expect

from tests.platform import LocalPlatform
from tests.waiting import PAGE_PATIENCE_MS, until

from .steps import sign_in_at_the_page, start_session, wait_for_lab


def test_somebody_in_two_teams_chooses_where_the_session_counts(
    page: Page, platform: LocalPlatform, commands, keep_picture
) -> None:
    sign_in_at_the_page(page, commands.add_lin("students", "researchers"))
    page.get_by_role("heading", name="Start a session").wait_for()
    page.get_by_role("radio", name="Researchers").check()
    keep_picture(page, "teams")
    start_session(page, "SciPy", "CPU only")
    wait_for_lab(page)
    sessions = platform.kubectl("get", "pods", "-A", "-l", "component=singleuser-server")
    hers = [line.split() for line in sessions.splitlines() if "lin-example-org" in line]
    assert [namespace for namespace, *_ in hers] == ["team-researchers"]


def test_somebody_removed_during_a_session_is_told_can_save_and_is_out(
    page: Page, platform: LocalPlatform, commands, keep_picture
) -> None:
    lin = commands.add_lin("students")
    sign_in_at_the_page(page, lin)
    start_session(page, "SciPy", "CPU only")
    wait_for_lab(page)
    page.locator(".jp-LauncherCard", has_text="Text File").click()
    page.locator(".cm-content").click()
    page.keyboard.type("what I found")

    commands("user", "remove", lin.username, "--no-wait")

    notice = page.locator(".Toastify__toast", has_text="Your account was removed or changed")
    expect(notice).to_contain_text(re.compile("this session stops", re.IGNORECASE))
    expect(notice).to_be_in_viewport(ratio=1)  # it slides in
    keep_picture(page, "leaving")
    with page.expect_response(re.compile(r"/api/contents/untitled.*\.txt")) as saved:
        page.keyboard.press("Control+s")
        page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    assert saved.value.status == 200

    commands("user", "remove", lin.username, "--grace", "3s")
    page.goto(page.url)
    page.wait_for_url(re.compile("/hub/"))
    keep_picture(page, "left")
    page.goto("/hub/home")
    sign_in_at_the_page(page, lin)
    expect(page.get_by_role("alert")).to_contain_text("Wrong email address or password.")


def test_while_sign_in_is_down_a_page_says_so_and_work_goes_on(
    page: Page, platform: LocalPlatform, chromium, no_sessions, keep_picture
) -> None:
    sign_in_at_the_page(page, platform.accounts["student"])
    start_session(page, "SciPy", "CPU only")
    wait_for_lab(page)
    newcomer = chromium.new_context(base_url=platform.url).new_page()
    newcomer.set_default_timeout(PAGE_PATIENCE_MS)

    with platform.without("dex"):
        newcomer.goto("/")
        alert = newcomer.get_by_role("alert")

        def is_told() -> bool:
            if not alert.count():
                newcomer.reload()  # what was asked before may be shown
            return alert.count() > 0

        until(is_told, 2 * PROBE_REUSE_S + 60, pause=1)
        expect(alert).to_contain_text("Sign-in is down at the moment")
        keep_picture(newcomer, "sign-in-down")
        newcomer.get_by_role("link", name="Sign in").click()
        expect(newcomer.get_by_role("heading")).to_contain_text("Sign-in is down at the moment")
        page.reload()
        page.locator(".jp-LauncherCard").first.wait_for()
        page.goto("/hub/home")
        expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()

    newcomer.get_by_role("link", name="Back to sign-in").click()
    sign_in_at_the_page(newcomer, platform.accounts["researcher"])
    newcomer.get_by_role("heading", name="Start a session").wait_for()
    newcomer.context.close()
