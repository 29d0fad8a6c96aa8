"""A newcomer's whole way, in a real browser on the real platform."""

import json
import re

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.cluster.waiting_start import pods_of
from tests.platform import Account, LocalPlatform
from tests.waiting import until

from .steps import make_text_file, sign_in_at_the_page, start_session, stop_session, wait_for_lab


def test_a_newcomer_signs_in_picks_a_gpu_works_and_finds_the_files_again(
    page: Page, platform: LocalPlatform, no_sessions, keep_picture
) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="GPU Commons")).to_be_visible()
    keep_picture(page, "login")
    sign_in_at_the_page(page, platform.accounts["researcher"])

    page.get_by_role("heading", name="Start a session").wait_for()
    keep_picture(page, "picker")
    start_session(page, "SciPy", "Whole GPU")
    page.wait_for_url(re.compile("spawn-pending|/lab"))
    keep_picture(page, "progress")
    wait_for_lab(page)

    _look_at_panel(page, platform, keep_picture)
    _open_vs_code(page, keep_picture)
    name = make_text_file(page)

    page.goto("/hub/home")
    expect(
        page.get_by_role("heading", name="SciPy 2026.11 · Whole GPU", exact=True)
    ).to_be_visible()
    page.get_by_text("Another size").click()
    keep_picture(page, "sessions")
    stop_session(page)
    page.goto("/hub/spawn")
    expect(page.get_by_role("radio", name="Whole GPU")).to_be_checked()
    start_session(page, "SciPy", "CPU only", version="2026.05")
    wait_for_lab(page)
    expect(page.locator(".jp-DirListing-item", has_text=name)).to_be_visible()
    keep_picture(page, "files-again")


@pytest.mark.parametrize("by", ["Kubernetes", "the hub"])
def test_what_was_typed_is_kept_whoever_ends_the_session(
    page: Page, platform: LocalPlatform, no_sessions, sign_in, by: str
) -> None:
    student = sign_in("student")
    sign_in_at_the_page(page, platform.accounts["student"])
    start_session(page, "SciPy", "CPU only")
    wait_for_lab(page)
    name = make_text_file(page)
    page.locator(".jp-FileEditor .cm-content").click()
    page.keyboard.type("not saved yet")

    if by == "Kubernetes":
        [pod] = pods_of(platform, student)
        name_of, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
        platform.kubectl("delete", "pod", name_of, "-n", namespace)
    student.stop_all()
    student.start({"size": "cpu"})
    file = f"{platform.url}/user/{student.username}/api/contents/{name}"
    assert (
        httpx.get(file, headers=student.api.headers, timeout=60).json()["content"]
        == "not saved yet"
    )


def test_a_notice_that_stands_is_shown_in_a_session_that_starts_until_it_is_taken_back(
    page: Page, platform: LocalPlatform, no_sessions, commands
) -> None:
    commands("notice", "send", "Home folders are slow today.", "--id", "storage", "--for", "8h")
    try:
        sign_in_at_the_page(page, platform.accounts["student"])
        start_session(page, "SciPy", "CPU only")
        wait_for_lab(page)
        shown = page.get_by_text("Home folders are slow today.")
        expect(shown).to_be_visible()
    finally:
        commands("notice", "withdraw", "--id", "storage")
    expect(shown).to_have_count(0)


def _look_at_panel(page: Page, platform: LocalPlatform, keep_picture) -> None:
    """The panel follows the very GPU that the session got."""
    panel = page.get_by_role("region", name="GPU", exact=True)
    if not panel.is_visible():
        page.get_by_role("tab", name="GPU", exact=True).click()
    panel.wait_for()
    expect(panel).to_contain_text("H200 Simulated")
    for gpu in range(4):
        platform.gpucommons("sim", "set", str(gpu), "--utilization", str(60 + gpu))
    expect(panel).to_contain_text(re.compile(r"6[01]\s*%"))
    keep_picture(page, "panel")
    platform.gpucommons("sim", "reset")


def _open_vs_code(page: Page, keep_picture) -> None:
    with page.context.expect_page() as opened:
        page.locator(".jp-LauncherCard", has_text="VS Code").click()
    code = opened.value
    code.locator(".monaco-workbench").wait_for()
    code.locator(".statusbar-item", has_text="GPU").first.wait_for()
    keep_picture(code, "vs-code")
    code.close()


def test_an_administrator_sees_sessions_with_their_profile_and_stops_one(
    page: Page, platform: LocalPlatform, no_sessions, sign_in, keep_picture
) -> None:
    student = sign_in("student")
    student.start({"environment": "scipy", "version": "2026.11", "size": "gpu-share"})

    sign_in_at_the_page(page, platform.accounts["admin"])
    page.wait_for_url(re.compile("/hub/"))
    page.goto("/hub/gpucommons/sessions")
    expect(page.get_by_role("main")).to_contain_text(student.username)
    keep_picture(page, "admin")
    page.goto("/hub/admin")
    row = page.locator("tr", has_text=student.username).first
    row.wait_for()
    expect(row).to_contain_text("SciPy 2026.11 · Share of a GPU")
    row.get_by_role("button", name="Stop Server").click()
    expect(row.get_by_role("button", name="Stop Server")).to_have_count(0)
    until(lambda: student.servers() == {})  # a stop that takes long goes on in the background


def test_somebody_in_no_allowed_group_reads_why_and_gets_no_session(
    page: Page, platform: LocalPlatform, keep_picture
) -> None:
    sign_in_at_the_page(page, platform.accounts["visitor"])
    page.wait_for_url(re.compile("/hub/"))
    expect(page.locator("body")).to_contain_text("visitor@example.org")
    expect(page.locator("body")).to_contain_text(re.compile("group|team"))
    keep_picture(page, "refused")


def test_a_wrong_password_is_refused_with_a_page_that_says_so(
    page: Page, platform: LocalPlatform
) -> None:
    account = platform.accounts["student"]
    sign_in_at_the_page(page, Account(account.username, "wrong", [], False))
    expect(page.get_by_role("alert")).to_contain_text("Wrong email address or password.")


def test_the_hub_serves_nothing_from_other_hosts(
    page: Page, platform: LocalPlatform, no_sessions
) -> None:
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(httpx.URL(request.url).host))
    sign_in_at_the_page(page, platform.accounts["student"])
    page.get_by_role("heading", name="Start a session").wait_for()
    assert hosts == {"127.0.0.1"}, json.dumps(sorted(hosts))
