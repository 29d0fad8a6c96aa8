"""What the catalogue says, through a real hub: images, last days, data, changes of the file."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from .conftest import CATALOGUE
from .visitor import Visitor

PAGE = "/hub/gpucommons/catalogue"


def _pod(api):
    (pod,) = api.pods()
    return pod


def test_an_image_of_ones_own_is_started_stored_and_started_again(hub, api):
    assert hub.start_server("sam", {"image": "example/own/mine:1"}).status_code == 201
    hub.stop_server("sam")
    assert hub.start_server("sam").status_code == 201
    assert _pod(api)["spec"]["containers"][0]["image"] == "example/own/mine:1"
    assert _pod(api)["metadata"]["labels"]["gpucommons.io/version"] == "custom"


def test_an_image_that_does_not_match_is_refused_on_every_way_in(hub, api):
    evil = "example/own/mine:1@evil"
    answers = [
        hub.start_server("sam", {"image": evil}),
        hub.start_server("sam", {"image": evil}, server="second"),
        hub.start_server("sam", {"user_options": {"image": evil}, "display_name": "x"}),
    ]
    assert [answer.status_code for answer in answers] == [403] * 3
    with Visitor(hub.url, "sam") as sam:
        sam.sign_in()
        form = {"environment": "scipy", "size": "cpu"}
        assert sam.press_start({**form, "image.scipy": evil}).status_code == 403
        assert sam.press_start({**form, "image": evil}).status_code == 403
        link = sam.get("/hub/spawn", params={"opt-image": evil, "opt-size": "cpu"})
        assert link.status_code == 200
        assert "does not take the image" in link.text
    assert api.pods() == []


def test_stored_options_are_checked_like_any_others(hub, api):
    hub.start_server("sam", {"size": "cpu"})
    hub.stop_server("sam")
    stored = {"user_options": {"image": "evil/x:1", "size": "cpu"}}
    assert hub.api("PATCH", "users/sam/server", json=stored).status_code == 200
    assert hub.start_server("sam").status_code == 403
    assert api.pods() == []


def test_the_form_starts_an_image_of_ones_own(hub, api):
    with Visitor(hub.url, "sam") as sam:
        sam.sign_in()
        form = {"environment": "scipy", "version.scipy": "2026.11", "size": "cpu"}
        sam.press_start({**form, "image.scipy": "example/own/mine:2"})
    hub.until(lambda: hub.servers("sam").get("", {}).get("ready"))
    assert _pod(api)["spec"]["containers"][0]["image"] == "example/own/mine:2"


def test_a_version_past_its_last_day_is_refused_with_others_to_use(hub):
    answer = hub.start_server("sam", {"version": "2024.11"})
    assert answer.status_code == 400
    assert answer.json()["message"] == (
        "Version 2024.11 of scipy can no longer be started. Retired since 2025-01-31. "
        "Choose one of 2026.11, 2026.05, 2026.08."
    )


def test_the_page_shows_last_days_and_the_data_of_ones_teams(hub):
    with Visitor(hub.url, "tia") as tia:
        tia.sign_in()
        words = tia.picker()
    assert "2026.08 – until 2099-12-31" in words  # noqa: RUF001 -- typography
    assert "Stars /data/stars Pictures of the sky · In the team astro only." in words


def test_data_are_mounted_in_the_team_that_has_them(hub, api):
    assert hub.start_server("tia", {"team": "astro"}).status_code == 201
    pod = _pod(api)
    mounts = {each["name"]: each for each in pod["spec"]["containers"][0]["volumeMounts"]}
    assert mounts["data-stars"]["mountPath"] == "/data/stars"
    assert mounts["data-stars"]["readOnly"]
    hub.stop_server("tia")
    hub.start_server("tia", {"team": "vision"})
    assert "data-stars" not in str(_pod(api)["spec"])


def test_what_a_team_may_have_together_is_refused_with_who_has_it(hub, api):
    for name in ("kit", "kay"):
        hub.join(name, "crowd")
    namespace = api.add_team("crowd")
    hub.until(lambda: hub.start_server("kit", {"size": "cpu"}).status_code == 201)
    answer = hub.start_server("kay", {"size": "cpu"})
    assert answer.status_code == 409
    assert answer.json()["message"].startswith(
        "The team crowd has 1 of 1 session: kit: SciPy 2026.11 · CPU only (default server"
    )
    hub.kill()
    hub.start()
    hub.until(lambda: hub.servers("kit").get("", {}).get("ready"))
    assert hub.start_server("kay", {"size": "cpu"}).status_code == 409
    hub.stop_server("kit")
    hub.until(lambda: hub.start_server("kay", {"size": "cpu"}).status_code == 201)
    hub.stop_server("kay")
    api.delete(f"/api/v1/namespaces/{namespace}")


@contextmanager
def _changed(hub, mounted_catalogue, old: str, new: str) -> Iterator[None]:
    text = CATALOGUE.read_text()
    assert old in text
    mounted_catalogue.write(text.replace(old, new, 1))
    try:
        yield
    finally:
        mounted_catalogue.write(text)
        hub.until(lambda: "Tiny" not in str(_sizes(hub)) and not _state(hub)["problems"])
        hub.until(lambda: "tiny" not in _sizes(hub))


def _sizes(hub) -> set[str]:
    hub.api("POST", "users/ada")
    return {size["name"] for size in hub.availability("ada")["sizes"]}


def _state(hub) -> dict:
    answer = hub.api("GET", "gpucommons/catalogue")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_changed_file_is_taken_up_without_a_restart(hub, mounted_catalogue):
    hub.api("POST", "users/ada")
    tiny = "sizes:\n  tiny: {display_name: Tiny, cpu: 1, memory: 64Mi}\n"
    with _changed(hub, mounted_catalogue, "sizes:\n", tiny):
        hub.until(lambda: "tiny" in _sizes(hub))
        assert hub.start_server("ada", {"size": "tiny"}).status_code == 201
    hub.stop_server("ada")
    assert hub.start_server("ada", {"size": "tiny"}).status_code == 400


def test_a_broken_file_changes_nothing_and_administrators_see_where_it_is_broken(
    hub, mounted_catalogue
):
    since = _state(hub)["in_force_since"]
    broken = "    memroy: 1Gi\n    memory: 1Gi\n    gpu: {mode: mps, shares: 4}"
    with _changed(hub, mounted_catalogue, broken.partition("\n")[2], broken):
        (problem,) = hub.until(lambda: _state(hub)["problems"])
        assert problem["key"] == "sizes.share.memroy"
        assert problem["column"] == 5
        told = f"catalogue.yaml:{problem['line']}: sizes.share.memroy: unknown key"
        assert told in hub.text()
        assert _state(hub)["in_force_since"] == since
        assert hub.start_server("ada", {"size": "cpu"}).status_code == 201
        metrics = hub.api("GET", "../metrics").text
        assert "gpucommons_catalogue_problems 1.0" in metrics
        with Visitor(hub.url, "boss") as boss:
            boss.sign_in()
            assert "See the mistakes" in boss.picker()
            page = boss.get(PAGE)
            assert "sizes.share.memroy" in page.text
            assert f"Line {problem['line']}, column 5" in page.text
        with Visitor(hub.url, "sam") as sam:
            sam.sign_in()
            assert "mistakes" not in sam.picker()


def test_the_state_of_the_file_is_for_administrators_only(hub):
    with Visitor(hub.url, "sam") as sam:
        sam.sign_in()
        assert sam.get(PAGE).status_code == 403
        assert sam.get("/hub/api/gpucommons/catalogue").status_code == 403
    assert httpx.get(hub.url + "/hub/api/gpucommons/catalogue", timeout=60).status_code == 403
