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
        "root exempted the team vision until 2026-12-05 00:00 UTC: A paper is due."
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
    assert "Only administrators" in answer.json()["message"]
    assert store.events() == []


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("scope", "everybody", "user, team, session"),
        ("scope", None, "user, team, session"),
        ("scope", ["team"], "scope must be a text"),
        ("name", " ", "name of a person or a team"),
        ("name", "n" * 256, "name of a person or a team"),
        ("name", "Vision Lab", "No team can be called"),
        ("until", "2026-11-26", "within the next year"),
        ("until", "2028-01-01", "within the next year"),
        ("until", None, "within the next year"),
        ("until", "soon", "2026-11-27"),
        ("until", 2026, "until must be a text"),
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


@pytest.mark.parametrize(
    ("scope", "written", "name"),
    [
        ("user", " Ada@Example.org ", "ada@example.org"),
        ("session", "ADA/Night run", "ada/Night run"),
        ("session", "ada/", "ada"),
        ("team", "Vision", "vision"),
    ],
)
async def test_a_name_is_kept_as_it_matches_somebody(root, scope, written, name):
    answer = await root.post("api/exemptions", json={**WANTED, "scope": scope, "name": written})
    assert answer.json()["name"] == name
    assert "warning" not in answer.json()


@pytest.mark.parametrize(
    ("scope", "name", "says"),
    [
        ("user", "adda", "The hub knows nobody called adda."),
        ("session", "adda/night", "The hub knows nobody called adda."),
        ("user", "_ada", "begins with"),
        ("user", "ada lovelace", "it contains ' '"),
    ],
)
async def test_the_name_of_nobody_is_refused(root, store, scope, name, says):
    answer = await root.post("api/exemptions", json={**WANTED, "scope": scope, "name": name})
    assert answer.status_code == 400
    assert says in answer.json()["message"]
    assert store.events() == []


async def test_a_team_of_which_nobody_has_a_session_is_warned_about(root):
    answer = await root.post("api/exemptions", json={**WANTED, "name": "visoin"})
    assert answer.status_code == 201
    assert "No session of the team visoin is running now." in answer.json()["warning"]
    form = {**WANTED, "name": "visoin"}
    await root.post("exemptions", data=form)
    assert "No session of the team visoin is running now." in (await root.get("exemptions")).text


async def test_where_the_hub_does_not_answer_nobody_is_taken_for_known(root, store, known_people):
    known_people.away = True
    answer = await root.post("api/exemptions", json={**WANTED, "scope": "user", "name": "ada"})
    assert answer.status_code == 503
    assert "cannot be checked now" in answer.json()["message"]
    assert store.events() == []
