"""What the hub's list says of sessions that our spawner has started."""


def _listed(hub) -> dict[str, dict]:
    answer = hub.api("GET", "gpucommons/sessions")
    assert answer.status_code == 200, answer.text
    return {each["server"]: each for each in answer.json()["sessions"] if each["user"] == "rosa"}


def test_a_session_is_listed_with_what_was_resolved_and_is_charged(hub):
    hub.start_server("rosa", {"size": "share"})
    hub.start_server("rosa", {"size": "cpu"}, server="second")
    listed = _listed(hub)
    assert listed[""]["options"] == {
        "team": "vision",
        "environment": "scipy",
        "version": "2026.11",
        "size": "share",
    }
    assert {name: each["gpus"] for name, each in listed.items()} == {"": "0.25", "second": "0"}


def test_what_a_session_is_charged_stays_when_the_catalogue_changes_and_the_hub_restarts(
    hub, mounted_catalogue, write_catalogue
):
    hub.start_server("rosa", {"size": "share"})
    text = mounted_catalogue.path.read_text()
    write_catalogue(text.replace("shares: 4", "shares: 2"))
    assert _listed(hub)[""]["gpus"] == "0.25"
    hub.kill()
    hub.start()
    hub.until(lambda: hub.servers("rosa").get("", {}).get("ready"))
    assert _listed(hub)[""]["gpus"] == "0.25"


def test_a_start_that_waits_for_its_pod_is_not_listed(hub, node):
    node.runs_pods = False
    try:
        assert hub.start_server("rosa", {"size": "gpu"}, answer_after=3).status_code == 202
        assert _listed(hub) == {}
    finally:
        node.runs_pods = True
    hub.until(lambda: _listed(hub))
