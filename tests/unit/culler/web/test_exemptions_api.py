"""Exemptions in the API: for administrators, with an end and a reason."""

import pytest

WANTED = {"scope": "team", "name": "vision", "until": "2026-12-04", "reason": "A paper is due."}


async def test_an_exemption_is_added_listed_and_ended(root, store):
    made = await root.post("api/exemptions", json=WANTED)
    assert made.status_code == 201
    kept = made.json()
    assert kept["until"] == "2026-12-05T00:00:00+00:00"
    assert (await root.get("api/exemptions")).json() == {"exemptions": [kept]}
    assert (await root.delete(f"api/exemptions/{kept['number']}")).status_code == 204
    assert (await root.get("api/exemptions")).json() == {"exemptions": []}
    again = await root.delete(f"api/exemptions/{kept['number']}")
    assert again.status_code == 404
    ended, exempted = (line.event for line in store.events())
    assert (ended.kind, ended.by, ended.team) == ("exemption-ended", "root", "vision")
    assert exempted.reason == (
        "root exempted the team vision until 00:00 UTC on 5 December: A paper is due."
    )


async def test_a_person_finds_the_exemption_in_their_own_history(root, ada):
    wanted = {**WANTED, "scope": "session", "name": "ada/night run"}
    await root.post("api/exemptions", json=wanted)
    (event,) = (await ada.get("api/events")).json()["events"]
    assert (event["kind"], event["server"]) == ("exempted", "night run")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "api/exemptions"), ("POST", "api/exemptions"), ("DELETE", "api/exemptions/1")],
)
async def test_exemptions_are_for_administrators(ada, store, method, path):
    answer = await ada.request(method, path, json=WANTED if method == "POST" else None)
    assert answer.status_code == 403
    assert "for administrators" in answer.json()["message"]
    assert store.events() == []


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("scope", "everybody", "user, team, session"),
        ("scope", None, "user, team, session"),
        ("scope", ["team"], "scope is to be a text"),
        ("name", " ", "name of a person or a team"),
        ("name", "n" * 256, "name of a person or a team"),
        ("until", "2026-11-26", "within a year"),
        ("until", "2028-01-01", "within a year"),
        ("until", None, "within a year"),
        ("until", "soon", "2026-11-27"),
        ("until", 2026, "until is to be a text"),
        ("reason", "", "why"),
        ("reason", "r" * 501, "500 characters"),
    ],
)
async def test_what_is_wrong_is_answered_with_what_is_allowed(root, store, field, value, allowed):
    answer = await root.post("api/exemptions", json={**WANTED, field: value})
    assert answer.status_code == 400, answer.text
    assert allowed in answer.json()["message"]
    assert store.events() == []


async def test_today_is_a_day_until_which_somebody_may_be_exempt(root):
    answer = await root.post("api/exemptions", json={**WANTED, "until": "2026-11-27"})
    assert answer.status_code == 201
