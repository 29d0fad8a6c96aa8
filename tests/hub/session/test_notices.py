"""Notices in a real Jupyter server: who may send them, and who learns of them."""

import asyncio
import json
import time
from collections.abc import Iterator

import httpx
import pytest
from gpucommons_contract import NOTICES_CHANGED, Endpoint, Notice, NoticeChoice, NoticeLevel

from tests.kernel import connected

from .conftest import TOKEN

PATH = f"/{Endpoint.SESSION_NOTICE}"
ANSWER = f"/{Endpoint.SESSION_NOTICE_ANSWER}"
PATIENCE = 120  # seconds
REMOVED = Notice(
    id="account",
    text="Your account was removed. This session stops soon; save your work.",
    level=NoticeLevel.WARNING,
    ends_at=time.time() + 24 * 3600,
)
HELLO = Notice(id="hello", text="Lunch is at noon.")
IDLE = Notice(
    id="idle",
    text="This session is idle.",
    choices=(NoticeChoice("keep", "Keep for 2 hours"), NoticeChoice("stop", "Stop now")),
)


@pytest.fixture
def session(plain_session) -> Iterator[object]:
    """The session, with no notice in it before and after."""
    assert listed(plain_session) == []
    yield plain_session
    for notice in listed(plain_session):
        withdraw(plain_session, notice["id"])


def send(session, notice: Notice) -> None:
    session.client.post(PATH, content=notice.to_json()).raise_for_status()


def withdraw(session, notice_id: str) -> None:
    session.client.delete(PATH, params={"id": notice_id}).raise_for_status()


def listed(session) -> list[dict]:
    return session.client.get(PATH).raise_for_status().json()


def texts(session) -> list[str]:
    return [notice["text"] for notice in listed(session)]


def open_page(session):
    """The socket on which an open page of JupyterLab waits for events."""
    return connected(str(session.client.base_url), TOKEN, "api/events/subscribe")


async def is_told(page) -> bool:
    async with asyncio.timeout(PATIENCE):
        event = json.loads(await page.read_message())
    return event["schema_id"] == NOTICES_CHANGED


def test_a_notice_is_listed_as_it_was_sent(session):
    send(session, REMOVED)
    send(session, HELLO)
    unsaid = {"choices": [], "answer": None}
    assert listed(session) == [
        {**json.loads(REMOVED.to_json()), **unsaid},
        {**json.loads(HELLO.to_json()), **unsaid},
    ]


def test_a_sender_needs_nothing_but_its_token(session):
    url = session.client.base_url.join(PATH)
    token = {"Authorization": session.client.headers["Authorization"]}
    assert httpx.post(url, headers=token, content=HELLO.to_json(), timeout=60).status_code == 204
    assert httpx.delete(url, headers=token, params={"id": HELLO.id}, timeout=60).status_code == 204
    assert listed(session) == []


async def test_all_open_pages_are_told_of_each_change(session):
    async with open_page(session) as first, open_page(session) as second:
        send(session, REMOVED)
        assert [await is_told(page) for page in (first, second)] == [True, True]
        withdraw(session, REMOVED.id)
        assert [await is_told(page) for page in (first, second)] == [True, True]


async def test_an_event_says_nothing_of_what_a_notice_says(session):
    async with open_page(session) as page:
        send(session, REMOVED)
        async with asyncio.timeout(PATIENCE):
            assert "account" not in await page.read_message()


def answer(session, notice_id: str, choice: str) -> httpx.Response:
    return session.client.post(ANSWER, json={"id": notice_id, "choice": choice})


async def test_an_answer_is_listed_and_all_pages_are_told(session):
    send(session, IDLE)
    async with open_page(session) as page:
        assert answer(session, "idle", "keep").status_code == 204
        assert await is_told(page)
    [notice] = listed(session)
    assert (notice["answer"], notice["choices"][0]["label"]) == ("keep", "Keep for 2 hours")


def test_the_first_answer_counts_and_may_be_given_again(session):
    send(session, IDLE)
    assert answer(session, "idle", "keep").status_code == 204
    assert answer(session, "idle", "keep").status_code == 204
    late = answer(session, "idle", "stop")
    assert late.status_code == 409
    assert late.json()["message"] == "The notice has already been answered, with 'keep'."
    assert listed(session)[0]["answer"] == "keep"


def test_a_notice_that_is_sent_again_asks_again(session):
    send(session, IDLE)
    answer(session, "idle", "keep")
    send(session, IDLE)
    assert listed(session)[0]["answer"] is None


@pytest.mark.parametrize(
    ("notice_id", "choice", "words"),
    [
        ("idle", "ask", "The notice does not offer 'ask'. It offers: keep, stop."),
        ("hello", "keep", "The notice does not offer 'keep'. It offers no choice."),
        ("gone", "keep", "That notice is no longer there."),
    ],
)
def test_what_cannot_be_answered_so_is_explained(session, notice_id, choice, words):
    send(session, IDLE)
    send(session, HELLO)
    response = answer(session, notice_id, choice)
    assert (response.status_code, response.json()["message"]) == (409, words)
    assert [notice["answer"] for notice in listed(session)] == [None, None]


def test_an_answer_that_is_none_is_refused(session):
    response = session.client.post(ANSWER, json={"id": "idle"})
    assert response.status_code == 400
    assert response.json()["message"] == "'choice' must be a text of 1 to 64 characters."


def test_a_stranger_does_not_answer(session):
    send(session, IDLE)
    url = session.client.base_url.join(ANSWER)
    assert httpx.post(url, json={"id": "idle", "choice": "keep"}, timeout=60).status_code == 403
    assert listed(session)[0]["answer"] is None


def test_a_later_notice_with_the_same_id_replaces_the_first(session):
    send(session, REMOVED)
    send(session, HELLO)
    send(session, Notice(id=REMOVED.id, text="Five minutes more."))
    assert texts(session) == [HELLO.text, "Five minutes more."]


def test_a_withdrawn_notice_is_gone_and_the_others_stay(session):
    send(session, REMOVED)
    send(session, HELLO)
    withdraw(session, REMOVED.id)
    assert texts(session) == [HELLO.text]


def test_withdrawing_what_is_not_there_is_no_error(session):
    withdraw(session, "never-sent")


def test_withdrawing_asks_which(session):
    response = session.client.delete(PATH)
    assert response.status_code == 400
    assert "?id=" in response.json()["message"]


def test_a_refused_notice_is_explained_and_not_kept(session):
    response = session.client.post(PATH, json={"id": "x", "text": "x", "level": "loud"})
    assert response.status_code == 400
    assert response.json()["message"] == (
        "'level' must be one of: info, warning, error. Left out, it is info."
    )
    assert listed(session) == []


def test_a_stranger_neither_sends_nor_reads_nor_withdraws(session):
    send(session, REMOVED)
    url = session.client.base_url.join(f"{PATH}?id={REMOVED.id}")
    for headers in ({}, {"Authorization": "token wrong"}):
        for method in ("GET", "POST", "DELETE"):
            response = httpx.request(
                method, url, headers=headers, content=HELLO.to_json(), timeout=60
            )
            assert response.status_code == 403
            assert REMOVED.text not in response.text
    assert texts(session) == [REMOVED.text]


def test_a_page_of_another_site_cannot_send_with_the_cookie_of_the_person(session):
    token = session.client.headers["Authorization"].removeprefix("token ")
    with httpx.Client(base_url=session.client.base_url, timeout=60) as browser:
        browser.get("/login")  # gives the page's XSRF cookie
        browser.get("/login", params={"token": token})
        assert browser.get("/api/status").status_code == 200
        forged = browser.post(PATH, content=HELLO.to_json())
        assert forged.status_code == 403
        assert listed(session) == []
        own = {"X-XSRFToken": browser.cookies["_xsrf"]}
        assert browser.post(PATH, content=HELLO.to_json(), headers=own).status_code == 204


async def test_notices_are_not_activity(session):
    def last_activity() -> str:
        return session.client.get("/api/status").json()["last_activity"]

    before = last_activity()
    async with open_page(session) as page:
        send(session, REMOVED)
        assert await is_told(page)
        listed(session)
        withdraw(session, REMOVED.id)
        assert await is_told(page)
    assert last_activity() == before
    session.client.get("/api/contents")
    assert last_activity() != before
