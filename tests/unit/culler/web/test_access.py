"""Who gets in, what they are told who do not, and what machines ask."""

import pytest
from gpucommons_upkeep import Heartbeat
from gpucommons_web.health import trouble_of
from jupyterhub.services.auth import HubOAuth


@pytest.mark.parametrize("name", ["", "stranger"])
async def test_the_api_without_a_good_token_says_how_to_get_one(visitor, name):
    answer = await visitor(name).get("api/sessions")
    assert answer.status_code == 401
    assert "Authorization" in answer.json()["message"]


@pytest.mark.parametrize("path", ["", "sessions", "history", "exemptions", "session/ada"])
async def test_a_page_leads_who_is_not_known_to_the_hub(visitor, path):
    answer = await visitor().get(path)
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("/hub/api/oauth2/authorize?client_id=service-idle")


async def test_a_person_without_access_is_told(visitor):
    answer = await visitor("outsider").get("")
    assert answer.status_code == 403
    assert "Ask an administrator" in answer.text


@pytest.mark.parametrize("path", ["sessions", "history", "exemptions"])
async def test_pages_of_administrators_are_for_them(ada, root, path):
    assert "This page is for administrators" in (await ada.get(path)).text
    assert (await root.get(path)).status_code == 200


async def test_a_form_from_elsewhere_changes_nothing(visitor, address, judge):
    client = visitor()
    client.cookies.set("service-idle", "forged")
    answer = await client.post("session/ada", data={"hours": "1"})
    assert answer.status_code == 403
    assert "Nothing was changed" in answer.text
    assert judge.kept == []


async def test_a_hub_that_is_away_is_told_without_its_address(ada, monkeypatch):
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("http://10.0.0.1:8081 refused")

    monkeypatch.setattr(HubOAuth, "user_for_token", broken)
    for path in ("", "api/sessions"):
        answer = await ada.get(path)
        assert answer.status_code == 500
        assert "Try again in a minute" in answer.text
        assert "10.0.0.1" not in answer.text


async def test_an_address_that_is_none_is_told(visitor):
    answer = await visitor().get("nothing")
    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.text


@pytest.mark.parametrize("path", ["", "api/sessions", "api/events?format=csv"])
async def test_answers_are_kept_out_of_caches_and_frames(ada, path):
    headers = (await ada.get(path)).headers
    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


async def test_health_says_what_is_wrong(visitor, address, health):
    client, within = visitor(), f"{address}/health"
    assert (await client.get("health")).text == (await client.get(within)).text == "ok\n"
    health.problem = "http://10.0.0.1:8081 does not answer."
    answer = await client.get(within)
    assert (answer.status_code, answer.text) == (503, f"{health.problem}\n")
    answer = await client.get("health")
    assert answer.status_code == 503
    assert "10.0.0.1" not in answer.text


async def test_health_tells_the_age_of_each_loop_and_of_one_that_ended(metrics, judge, store):
    now = [0.0]
    looks = Heartbeat("Looking at the sessions", within=100, clock=lambda: now[0])
    mails = Heartbeat("Taking out mail messages", within=60, clock=lambda: now[0])
    now[0] = 90.0
    looks.succeeded()
    assert trouble_of([looks, mails]) == (
        "Taking out mail messages has not succeeded since it began 90 s ago"
    )
    mails.succeeded()
    assert trouble_of([looks, mails]) is None


async def test_what_oauth_sends_is_not_logged(visitor, caplog):
    caplog.set_level("DEBUG")
    answer = await visitor().get("oauth_callback?code=SECRET&state=SECRET")
    assert answer.status_code == 403
    assert "Back to my sessions" in answer.text
    assert "/services/idle/oauth_callback" in caplog.text
    ours = [r.getMessage() for r in caplog.records if not r.name.startswith("httpx")]
    assert not any("code=SECRET" in each for each in ours)


async def test_metrics_are_open_beside_the_proxy_only(visitor, address, metrics):
    metrics.source_failed("DCGM")
    assert "DCGM" in (await visitor().get(f"{address}/metrics")).text
    assert "DCGM" in (await visitor("prometheus").get("metrics")).text
    for name in ("", "ada", "stranger"):
        answer = await visitor(name).get("metrics")
        assert answer.status_code == 403
        assert "read:metrics" in answer.text


async def test_machines_get_no_page_beside_the_proxy(visitor, address):
    assert (await visitor("root").get(f"{address}/api/sessions")).status_code == 404
