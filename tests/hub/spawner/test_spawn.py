"""Sessions through a real hub and a real API server, on every way in."""

import pytest

WHOLE = {"team": "vision", "environment": "scipy", "version": "2026.11", "size": "gpu"}
FOREIGN = {"image--unlisted-choice": "evil/x:1"}


def _pod(api):
    (pod,) = api.pods()
    return pod


def test_a_start_over_the_api_makes_the_pod_that_the_catalogue_describes(hub, api):
    answer = hub.start_server("sam", WHOLE)
    assert answer.status_code == 201, answer.text
    container = _pod(api)["spec"]["containers"][0]
    assert container["image"] == "example/scipy:2026.11"
    assert container["resources"]["limits"]["nvidia.com/gpu"] == "1"


def test_the_choice_is_stored_in_full_and_shown_as_profile(hub):
    hub.start_server("sam", {"size": "gpu"})
    assert hub.servers("sam")[""]["user_options"] == WHOLE | {
        "profile": "SciPy 2026.11 · Whole GPU"
    }


def test_a_slow_start_stores_the_choice_too(hub, node):
    node.runs_pods = False
    try:
        assert hub.start_server("sam", {"size": "gpu"}, answer_after=3).status_code == 202
    finally:
        node.runs_pods = True
    hub.until(lambda: hub.servers("sam").get("", {}).get("ready"))
    hub.stop_server("sam")
    stopped = hub.api("GET", "users/sam", params={"include_stopped_servers": "1"}).json()
    stored = stopped["servers"][""]["user_options"]
    assert stored["profile"] == "SciPy 2026.11 · Whole GPU"


@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        (FOREIGN, 400, "image--unlisted-choice"),
        (WHOLE | FOREIGN, 400, "image--unlisted-choice"),
        ({"size": "huge"}, 400, "There is no size 'huge'"),
        ({"size": ["gpu"]}, 400, "must be one text"),
        ({"environment": "pytorch"}, 403, "for other groups"),
        ({"environment": "tensorflow"}, 400, "Its image is not built here."),
        ({"version": "2025.11"}, 400, "Too old."),
        ({"profile": "anything"}, 400, "A profile alone chooses nothing"),
    ],
)
def test_options_outside_the_catalogue_are_refused_over_the_api(hub, api, options, status, says):
    answer = hub.start_server("sam", options)
    assert answer.status_code == status, answer.text
    assert says in answer.json()["message"]
    assert hub.servers("sam") == {}
    assert api.pods() == []


def test_a_refusal_leaves_the_last_choice_as_it_was(hub, api):
    hub.start_server("ada", WHOLE)
    hub.stop_server("ada")
    assert hub.start_server("ada", FOREIGN).status_code == 400
    assert hub.start_server("ada").status_code == 201
    assert hub.servers("ada")[""]["user_options"]["size"] == "gpu"


def test_a_named_server_goes_the_same_way(hub, api):
    assert hub.start_server("sam", FOREIGN, server="second").status_code == 400
    assert hub.start_server("sam", {"size": "cpu"}, server="second").status_code == 201
    annotations = _pod(api)["metadata"]["annotations"]
    assert annotations["gpucommons.io/server"] == "second"


def test_a_third_session_is_refused_with_what_is_held(hub):
    hub.start_server("sam", {"size": "cpu"})
    hub.start_server("sam", {"size": "cpu"}, server="second")
    answer = hub.start_server("sam", {"size": "cpu"}, server="third")
    assert answer.status_code == 409
    assert "You have 2 of 2 sessions" in answer.json()["message"]
    assert "SciPy 2026.11 · CPU only (server second, running)" in answer.json()["message"]


def test_a_stopped_session_gives_its_gpu_back(hub):
    hub.start_server("sam", WHOLE)
    assert hub.start_server("sam", WHOLE, server="second").status_code == 409
    hub.stop_server("sam")
    assert hub.start_server("sam", WHOLE, server="second").status_code == 201


def test_a_session_that_no_node_can_take_says_why_and_leaves_nothing(hub, api):
    answer = hub.start_server("rosa", {"size": "giant"})
    assert answer.status_code == 503, answer.text
    assert answer.json()["message"] == (
        "No node can take this session: 1 of 1 has too few free GPUs. "
        "4 GPUs asked, the node with most free has 2."
    )
    assert api.pods() == []
    assert hub.availability("rosa")["gpus"] == "0"


def test_a_cancelled_start_gives_quota_and_pod_back(hub, api, node):
    node.runs_pods = False
    try:
        assert hub.start_server("rosa", {"size": "gpu"}, answer_after=1).status_code in (201, 202)
        hub.until(lambda: hub.availability("rosa", "other")["gpus"] == "1")
        hub.stop_server("rosa")
    finally:
        node.runs_pods = True
    hub.until(lambda: api.pods() == [])
    hub.until(lambda: hub.availability("rosa", "other")["gpus"] == "0")


def test_a_killed_hub_finds_sessions_and_quota_again(hub, api):
    hub.start_server("sam", WHOLE)
    before = _pod(api)["metadata"]["uid"]
    hub.kill()
    hub.start()
    hub.until(lambda: hub.servers("sam").get("", {}).get("ready"))
    assert _pod(api)["metadata"]["uid"] == before
    answer = hub.start_server("sam", WHOLE, server="second")
    assert answer.status_code == 409
    assert "Whole GPU (default server, running)" in answer.json()["message"]


def test_availability_follows_what_runs(hub):
    def free(name):
        sizes = {size["name"]: size for size in hub.availability("ruth")["sizes"]}
        return sizes[name]["free"]

    hub.until(lambda: free("gpu") == 2)
    hub.start_server("rosa", WHOLE)
    hub.until(lambda: free("gpu") == 1)
    assert free("share") == 4
    hub.stop_server("rosa")
    hub.until(lambda: free("gpu") == 2)


def test_a_person_reads_why_a_size_is_off(hub):
    sizes = {size["name"]: size for size in hub.availability("sam")["sizes"]}
    assert sizes["gpus"]["reason"] == (
        "For members of researchers. Ask an administrator for access."
    )
    hub.start_server("sam", WHOLE)
    sizes = {size["name"]: size for size in hub.availability("sam", "second")["sizes"]}
    assert "This needs 1 GPU; you hold 1 of 1 GPU" in sizes["gpu"]["reason"]
    assert sizes["cpu"]["available"]
