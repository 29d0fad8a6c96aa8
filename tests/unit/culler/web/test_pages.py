"""Pages as they are drawn. How they look and sign in is tested in tests/hub/culler."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest
from gpucommons_culler.core.commitments import Lease
from gpucommons_culler.core.decision import decide
from gpucommons_culler.core.records import EventKind
from gpucommons_culler.web.rendering import lengths_to_keep
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.culler.samples import ADA, BEN, HOUR, MINUTE, NOW, an_event

from .conftest import PREFIX


async def text(client, path: str, status: int = 200) -> str:
    """A page's words."""
    answer = await client.get(path)
    assert answer.status_code == status, answer.text
    main = answer.text.partition("<main ")[2].partition(">")[2]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", main)).split())


async def test_a_person_reads_why_and_what_would_change_it(ada):
    page = await text(ada, "")
    assert "It has been idle since 2026-11-27 13:50 UTC: 0 % at most." in page
    assert "Using it or keeping it cancels this." in page
    assert "Ends at 2026-11-27 14:50 UTC" in page
    assert "ben" not in page


async def test_a_person_reads_why_their_session_was_stopped(ada, store):
    store.record(an_event(EventKind.STOPPED, reason="It is idle since 12:00 UTC: <b>0 %</b>."))
    store.record(an_event(EventKind.STOPPED, BEN))
    page = await text(ada, "")
    assert "Stopped" in page
    assert "It is idle since 12:00 UTC: <b>0 %</b>." in page
    assert page.count("by root") == 1


async def test_what_follows_is_said_with_its_moment(ada):
    page = await text(ada, "")
    assert "It will be stopped at 2026-11-27 14:50 UTC . Using it" in page.replace("UTC.", "UTC .")
    assert "Next at" not in page
    assert "Unless that happens" not in page


async def test_after_keep_the_page_says_until_when_and_not_that_it_ends(ada, judge):
    """The warning is taken back at the next look; what was stored counts at once."""
    warned = next(case for case in judge.all if case.session.key == ADA)
    facts = replace(warned.facts, lease=Lease(NOW + HOUR, "ada"))
    kept = replace(warned, facts=facts, decision=decide(facts, warned.rule, NOW))
    judge.all[judge.all.index(warned)] = kept
    page = await text(ada, "")
    assert "Ends at" not in page
    assert page.count("Kept until 2026-11-27 15:30 UTC") == 2, (
        "beside the name, and where the button was"
    )
    assert "It will be stopped" not in page
    said = (await ada.get("api/sessions/ada")).json()
    assert (said["state"], said["ends_at"]) == ("kept", None)


async def test_environments_and_sizes_have_the_names_that_people_know(address, root, ada):
    assert "PyTorch (CUDA) · Half a GPU · team" in await text(ada, "")
    assert "Half a GPU (gpu-half)" in await text(root, "sessions"), "by which they are filtered"


async def test_who_administers_reads_of_no_session_of_theirs(root):
    page = await text(root, "session/nobody", 404)
    assert "No session nobody is running, or the culler has not seen it yet." in page


async def test_nothing_that_happened_is_said(ada):
    page = await text(ada, "")
    assert "None of your sessions was warned or stopped for being idle." in page


async def test_what_happened_comes_in_pages(ada, store):
    for minute in range(25):
        store.record(an_event(at=NOW + minute * MINUTE, reason=f"Event {minute}."))
    first = await ada.get("")
    (older,) = re.findall(r'href="(\?before=\d+)">Older', first.text)
    assert "Event 5." in first.text
    assert "Event 4." not in first.text
    assert "Event 4." in (await ada.get(older)).text


async def test_all_sessions_are_listed_and_filtered(root):
    page = await text(root, "sessions")
    assert "4 sessions" in page
    assert page.index("ada") < page.index("ben/night-run")
    assert "1 session." in await text(root, "sessions?verdict=kept")


async def test_history_links_to_the_same_as_csv(root, store):
    store.record(an_event())
    page = await root.get("history?user=ada&kind=warned")
    (link,) = re.findall(r'href="([^"]*format=csv[^"]*)"', page.text)
    answer = await root.get(unescape(link).removeprefix(PREFIX))
    assert answer.text.count("\n") == 2


async def test_a_filter_that_is_wrong_is_told(root):
    assert "2026-11-27" in await text(root, "history?since=soon", 400)


async def test_a_session_is_kept_by_a_form(ada, judge):
    answer = await ada.post("session/ada", data={"hours": "4.0"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/services/idle/")
    assert judge.kept == [("ada", "ada", timedelta(hours=4))]
    assert "ada is kept until 2026-11-27 18:30 UTC." in await text(ada, "")
    assert "is kept until" not in await text(ada, "")


async def test_an_administrator_stays_at_the_session_that_they_kept(root):
    answer = await root.post("session/ada/night%20run", data={"hours": "1.0"})
    assert answer.headers["location"] == "/services/idle/session/ada/night%20run"


async def test_a_keep_that_is_refused_is_explained(ada):
    answer = await ada.post("session/ada", data={"hours": "13"})
    assert answer.status_code == 409
    assert "It can be kept for at most 6 hours more." in answer.text


async def test_an_exemption_goes_through_the_form(root, store):
    form = {"scope": "user", "name": "ada", "until": "2026-12-01", "reason": "Thesis"}
    answer = await root.post("exemptions", data=form)
    assert answer.status_code == 303
    page = await text(root, "exemptions")
    assert "ada is exempt until 2026-12-02 00:00 UTC." in page
    assert "ada (user) until" in page
    answer = await root.post("exemptions/1/end")
    assert answer.status_code == 303
    assert "Nobody is exempt." in await text(root, "exemptions")


async def test_a_form_with_a_mistake_comes_back_with_what_was_entered(root, store):
    form = {"scope": "session", "name": "ada/x", "until": "2020-01-01", "reason": "<Thesis>"}
    answer = await root.post("exemptions", data=form)
    assert answer.status_code == 400
    assert "within the next year" in answer.text
    assert 'value="&lt;Thesis&gt;"' in answer.text
    assert '<option value="session" selected>' in answer.text
    assert store.events() == []


async def test_leases_are_shown_to_administrators(root):
    assert "until 2026-11-27 15:30 UTC , by cleo" in await text(root, "exemptions")


@pytest.mark.parametrize("path", ["", "sessions", "session/ada", "history", "exemptions"])
async def test_pages_load_nothing_from_elsewhere(root, store, path):
    store.record(an_event())
    page = (await root.get(path)).text
    sources = re.findall(r'(?:src|href|action)="([^"]*)"', page)
    assert sources
    assert all(re.match(r"/(?!/)|\?", each) for each in sources)
    assert "<style" not in page
    assert "style=" not in page


@given(st.timedeltas(timedelta(), timedelta(days=3)))
def test_what_is_offered_may_be_kept(left):
    for hours, _ in lengths_to_keep(left):
        assert timedelta() < timedelta(hours=float(hours)) <= left
