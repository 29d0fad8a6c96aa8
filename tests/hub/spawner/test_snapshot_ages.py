"""The page with the age of everybody's last snapshot: a real hub, an API server, a browser."""

from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from gpucommons_contract import written_moment
from playwright.sync_api import expect

from ..pages import narrow_page, sign_in
from .api_server import ASTRO, VISION
from .visitor import Visitor

PAGE = "/hub/gpucommons/snapshots"
_HOUR = timedelta(hours=1)


def _claim(owner: str, **notes: str) -> dict[str, object]:
    return {
        "metadata": {
            "name": f"workspace-{owner}",
            "labels": {"component": "singleuser-storage"},
            "annotations": {
                "hub.jupyter.org/username": owner,
                **{f"gpucommons.io/{key.replace('_', '-')}": value for key, value in notes.items()},
            },
        },
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "5Gi"}},
        },
    }


@pytest.fixture
def claims(api):
    """Ada's snapshot is late and failing, tom's of another team good; lea's lacks something."""
    now = datetime.now(UTC)

    def ago(hours: float) -> str:
        return written_moment(now - hours * _HOUR)

    made = [
        (
            VISION,
            _claim(
                "late-ada",
                snapshot_last_good=ago(5),
                mounted_at=ago(0),
                snapshot_error="The store has no room <b>left</b>.",
            ),
        ),
        (
            VISION,
            _claim("lea", snapshot_last_good=ago(9), snapshot_incomplete="2", mounted_at=ago(10)),
        ),
        (
            ASTRO,
            _claim(
                "good-tom", snapshot_last_good=ago(1), snapshot_tidied=ago(1), mounted_at=ago(0)
            ),
        ),
    ]
    for namespace, claim in made:
        api.post(f"/api/v1/namespaces/{namespace}/persistentvolumeclaims", claim)
    yield
    for namespace, claim in made:
        path = f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/{claim['metadata']['name']}"
        api.patch(path, {"metadata": {"finalizers": None}})
        api.delete(path)


@pytest.mark.usefixtures("claims")
def test_administrators_see_the_late_first_and_teams_summed_up(page, hub, keep_picture):
    sign_in(page, "boss", PAGE)
    whose = page.get_by_role("table").nth(1).get_by_role("rowheader")
    expect(whose.first).to_contain_text("late-ada")
    row = page.get_by_role("row").filter(has_text="late-ada")
    expect(row).to_contain_text("5 hours ago")
    expect(row).to_contain_text("Late")
    expect(row).to_contain_text("The store has no room <b>left</b>.")
    expect(page.get_by_role("row").filter(has_text="lea").last).to_contain_text("2 entries")
    expect(page.get_by_role("row").filter(has_text="good-tom")).to_contain_text("Good")
    expect(page.get_by_role("row").filter(has_text="Computer vision")).to_contain_text(
        "5 hours ago"
    )
    keep_picture(page, "snapshot-ages")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.get_by_label("Team").select_option("astro")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("No snapshot is late.")).to_be_visible()
    expect(page.get_by_text("late-ada")).to_have_count(0)
    page.get_by_label("Team").select_option("")
    page.get_by_label("Late after hours").fill("6")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("No snapshot is late.")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="late-ada")).to_contain_text("Failing")


@pytest.mark.usefixtures("claims")
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_a_phone_and_a_screen_reader_can_read_it(chromium, hub, color_scheme):
    with narrow_page(chromium, hub.url, color_scheme) as page:
        sign_in(page, "boss", PAGE)
        expect(page.get_by_role("row").filter(has_text="late-ada")).to_be_visible()
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


def test_nobody_else_sees_it_and_odd_hours_are_refused(hub):
    with Visitor(hub.url, "sam") as sam:
        sam.sign_in()
        assert sam.get(PAGE).status_code == 403
    with Visitor(hub.url, "boss") as boss:
        boss.sign_in()
        for hours in ("0", "x", "-1", "1e3", "99999"):
            assert boss.get(f"{PAGE}?hours={hours}").status_code == 400
        assert boss.get(f"{PAGE}?team=none").status_code == 200
