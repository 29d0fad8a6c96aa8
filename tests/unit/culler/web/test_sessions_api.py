"""Sessions in the API: seen, explained, kept."""

from datetime import timedelta

import pytest

from tests.unit.culler.samples import ADA, HOUR, NOW


async def names(client, query: str = "") -> list[str]:
    answer = await client.get(f"api/sessions{query}")
    assert answer.status_code == 200, answer.text
    return ["/".join((each["user"], each["server"])) for each in answer.json()["sessions"]]


async def test_a_person_sees_their_own_and_the_warned_one_first(ada):
    assert await names(ada) == ["ada/", "ada/night run"]


async def test_a_person_does_not_see_those_of_others(ada):
    assert await names(ada, "?user=ben") == []


async def test_a_service_with_the_name_of_a_person_sees_nothing(visitor):
    assert await names(visitor("script")) == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["ada/", "ada/night run", "ben/night-run", "cleo/"]),
        ("?user=ada", ["ada/", "ada/night run"]),
        ("?team=astro", ["ben/night-run"]),
        ("?size=cpu", ["ada/night run"]),
        ("?verdict=kept", ["cleo/"]),
        ("?state=kept", ["cleo/"]),  # as it was called
        ("?user=ada&size=gpu-half", ["ada/"]),
    ],
)
async def test_an_administrator_sees_all_and_filters(root, query, found):
    assert sorted(await names(root, query)) == found


async def test_a_session_is_shown_with_all_that_decides(ada):
    shown = (await ada.get("api/sessions")).json()["sessions"][0]
    assert shown["verdict"] == shown["state"] == "idle-held"
    assert shown["reason"] == "It has been idle since 2026-11-27 13:50 UTC: 0 % at most."
    assert shown["ends_at"] == "2026-11-27T14:50:00.123456+00:00"
    assert shown["rule"]["stop_after_minutes"] == 60
    assert shown["signals"][0]["source"] == "DCGM"
    assert shown["gpus"] == "0.5"
    assert shown["keep_left_hours"] == pytest.approx(6.208)


async def test_a_session_is_explained_anew(ada, judge):
    shown = (await ada.get("api/sessions/ada")).json()
    assert shown["silence"] == "It did not answer."
    assert judge.explained == [ADA]


async def test_a_named_server_is_found_by_its_quoted_name(ada):
    assert (await ada.get("api/sessions/ada/night%20run")).json()["server"] == "night run"


@pytest.mark.parametrize("path", ["ben/night-run", "nobody", "ada/missing", "ben%2Fnight-run"])
async def test_a_session_of_others_looks_like_none(ada, path):
    answer = await ada.get(f"api/sessions/{path}")
    assert answer.status_code == 404
    assert "of yours is running" in answer.json()["message"]


@pytest.mark.parametrize(("hours", "length"), [(2, 2 * HOUR), (0.5, HOUR / 2), ("1.5", HOUR * 1.5)])
async def test_a_session_is_kept_for_some_hours(ada, judge, hours, length):
    answer = await ada.post("api/sessions/ada/keep", json={"hours": hours})
    assert answer.json() == {"until": (NOW + length).isoformat()}
    assert judge.kept == [("ada", "ada", length)]


async def test_an_administrator_keeps_the_session_of_another(root, judge):
    await root.post("api/sessions/ben/night-run/keep", json={"hours": 1})
    assert judge.kept == [("ben/night-run", "root", timedelta(hours=1))]


async def test_nobody_keeps_the_session_of_another(ada, judge):
    answer = await ada.post("api/sessions/ben/night-run/keep", json={"hours": 1})
    assert answer.status_code == 404
    assert judge.kept == []


async def test_too_long_is_refused_with_the_reason(ada):
    answer = await ada.post("api/sessions/ada/keep", json={"hours": 13})
    assert answer.status_code == 409
    assert answer.json()["message"] == "It can be kept for at most 6 hours more."


@pytest.mark.parametrize(
    "hours", [0, -1, "two", None, True, [1], {}, "nan", "inf", "1e400", 10**400, 1e9, ""]
)
async def test_hours_that_are_none_are_refused(ada, judge, hours):
    answer = await ada.post("api/sessions/ada/keep", json={"hours": hours})
    assert answer.status_code == 400, answer.text
    assert "positive number of hours" in answer.json()["message"]
    assert judge.kept == []


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"\xff", b"[" * 100_000])
async def test_what_is_no_object_is_refused(ada, body):
    answer = await ada.post("api/sessions/ada/keep", content=body)
    assert answer.status_code == 400
    assert answer.json()["message"]


async def test_a_verdict_that_does_not_exist_is_answered_with_those_that_do(root):
    answer = await root.get("api/sessions?verdict=asleep")
    assert answer.status_code == 400
    assert "idle-held" in answer.json()["message"]


async def test_what_the_culler_lacks_is_for_administrators(root, ada):
    answer = await root.get("api/troubles")
    assert answer.json() == {"troubles": ["Prometheus does not measure all: it knows nobody."]}
    assert (await ada.get("api/troubles")).status_code == 403
