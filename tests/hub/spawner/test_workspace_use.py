"""What a session says of its home folder is on the pages where its person starts sessions."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from axe_playwright_python.sync_playwright import Axe
from gpucommons_contract import DiskUse
from gpucommons_lab.storage.disk_report import DiskReport
from playwright.sync_api import Page, expect
from tornado.httpclient import HTTPClientError

from ..pages import sign_in

GIB = 2**30
_MOMENT = r"(\w+ \d+, (\d+, )?)?\d+:\d\d\s[AP]M"
"""A moment as the page writes it: with the date unless it is today."""


def _environment(api, pod: str) -> dict[str, str]:
    """What the session in a pod knows of the hub."""
    (found,) = [each for each in api.pods() if each["metadata"]["name"] == pod]
    variables = found["spec"]["containers"][0]["env"]
    return {each["name"]: each.get("value", "") for each in variables}


def _report(environment: dict[str, str], disk: DiskUse) -> None:
    """Say it as the session's server does; on a thread, as Playwright has a loop on this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(DiskReport(lambda: disk, environment).look())).result()


def _line(page: Page):
    return page.locator("[data-files]")


def test_a_person_sees_how_full_their_workspace_is_and_was(scripted_page, hub, api, keep_picture):
    assert hub.start_server("ada", {"size": "cpu"}).status_code == 201
    sign_in(scripted_page, "ada", "/hub/home")
    expect(_line(scripted_page)).to_have_count(0)
    _report(_environment(api, "jupyter-ada"), DiskUse(12 * GIB, 50 * GIB))
    scripted_page.reload()
    expect(_line(scripted_page)).to_have_text("Your files take 12.0 of 50.0 GiB.")
    _report(_environment(api, "jupyter-ada"), DiskUse(45 * GIB, 50 * GIB))
    hub.stop_server("ada")
    scripted_page.reload()
    words = rf"^\s*Your files took 45\.0 of 50\.0 GiB at {_MOMENT}\. Little room is left"
    expect(_line(scripted_page)).to_have_text(re.compile(words))
    keep_picture(scripted_page, "sessions-little-room")
    hub.stop()
    hub.start()
    scripted_page.goto("/hub/spawn")
    expect(_line(scripted_page)).to_have_text(re.compile(words))
    assert Axe().run(scripted_page).violations_count == 0
    keep_picture(scripted_page, "little-room")


def test_of_several_teams_each_has_its_own(scripted_page, hub, api, open_picker, keep_picture):
    assert hub.start_server("tia", {"size": "cpu", "team": "astro"}).status_code == 201
    _report(_environment(api, "jupyter-tia"), DiskUse(12 * GIB, 50 * GIB))
    hub.stop_server("tia")
    open_picker(scripted_page, "tia")
    expect(_line(scripted_page)).to_have_count(1)
    astro = scripted_page.get_by_role("radio", name="astro", exact=False)
    expect(astro).to_have_accessible_description(re.compile(r"Your files took 12\.0 of 50\.0 GiB"))
    assert Axe().run(scripted_page).violations_count == 0
    keep_picture(scripted_page, "room-by-team")


def test_a_session_speaks_for_its_person_alone_and_only_while_it_runs(hub, api):
    for name in ("sam", "ada"):
        assert hub.start_server(name, {"size": "cpu"}).status_code == 201
    disk, own = DiskUse(12 * GIB, 50 * GIB), _environment(api, "jupyter-sam")
    _report(own, disk)
    with pytest.raises(HTTPClientError) as refused:
        _report({**own, "JUPYTERHUB_USER": "ada"}, disk)
    assert refused.value.code in (403, 404)
    with pytest.raises(HTTPClientError) as absent:
        _report({**own, "JUPYTERHUB_SERVER_NAME": "another"}, disk)
    assert absent.value.code == 404
    hub.stop_server("sam")
    with pytest.raises(HTTPClientError) as late:
        _report(own, disk)
    assert late.value.code == 403


@pytest.mark.parametrize("body", ["", "[]", '{"used": 2, "size": 1}', '{"used": 1}', "{", "null"])
def test_figures_that_cannot_be_are_refused(hub, body):
    assert hub.start_server("sam", {"size": "cpu"}).status_code == 201
    path = "gpucommons/users/sam/disk-use/"
    answer = hub.api("PUT", path, content=body)
    assert answer.status_code == 400, answer.text
