"""Each session in its team's namespace, through a real hub and a real API server."""

import json

from gpucommons_contract import Annotation

from tests.waiting import until

from .api_server import ASTRO, VISION
from .visitor import Visitor

GPU = "requests.nvidia.com/gpu"


def _places(api) -> set[str]:
    return {f"{pod['metadata']['namespace']}/{pod['metadata']['name']}" for pod in api.pods()}


def test_a_session_and_its_workspace_are_in_the_team_that_was_chosen(hub, api):
    assert hub.start_server("tia", {"team": "astro"}).status_code == 201
    assert _places(api) == {f"{ASTRO}/jupyter-tia"}
    claim = api.claims(ASTRO)["workspace-tia"]
    assert claim["spec"]["storageClassName"] == "fast"
    assert claim["metadata"]["labels"]["gpucommons.io/team"] == "astro"


def test_files_of_somebody_who_left_are_not_given_to_the_next_of_that_name(hub, api):
    hub.start_server("tia", {"team": "astro"})
    hub.stop_server("tia")
    claim = f"/api/v1/namespaces/{ASTRO}/persistentvolumeclaims/workspace-tia"
    day = "gpucommons.io/retain-until"
    api.patch(claim, {"metadata": {"annotations": {day: "2027-01-31"}}})
    try:
        answer = hub.start_server("tia", {"team": "astro"})
    finally:
        api.patch(claim, {"metadata": {"annotations": {day: None}}})
    assert answer.status_code == 409
    assert "kept until 2027-01-31" in answer.json()["message"]
    assert _places(api) == set()
    assert hub.start_server("tia", {"team": "astro"}).status_code == 201


def test_each_start_is_noted_on_the_workspace(hub, api):
    hub.start_server("tia", {"team": "astro"})
    first = _mounted_at(api)
    assert first <= _created(api)
    hub.stop_server("tia")
    claim = f"/api/v1/namespaces/{ASTRO}/persistentvolumeclaims/workspace-tia"
    api.patch(claim, {"metadata": {"annotations": {Annotation.MOUNTED_AT: None}}})
    hub.start_server("tia", {"team": "astro"})
    assert first <= _mounted_at(api) <= _created(api)


def test_a_start_that_cannot_be_noted_is_a_start_all_the_same(hub, api):
    hub.start_server("tia", {"team": "astro"})
    hub.stop_server("tia")
    policies = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["UPDATE"]}
    rule["resources"] = ["persistentvolumeclaims"]
    spec = {"matchConstraints": {"resourceRules": [rule]}, "validations": [{"expression": "false"}]}
    binding = {"policyName": "no-notes", "validationActions": ["Deny"]}
    api.post(policies, {"metadata": {"name": "no-notes"}, "spec": spec})
    api.post(f"{policies.removesuffix('policies')}policybindings", _named("no-notes", binding))
    claim = f"/api/v1/namespaces/{ASTRO}/persistentvolumeclaims/workspace-tia"
    try:
        until(lambda: not _takes_a_note(api, claim))
        assert hub.start_server("tia", {"team": "astro"}).status_code == 201
    finally:
        api.delete(f"{policies.removesuffix('policies')}policybindings/no-notes")
        api.delete(f"{policies}/no-notes")
    until(lambda: _takes_a_note(api, claim))
    assert "no start was noted on workspace-tia" in hub.text()


def _named(name: str, spec: dict) -> dict:
    return {"metadata": {"name": name}, "spec": spec}


def _takes_a_note(api, claim: str) -> bool:
    try:
        api.patch(claim, {"metadata": {"annotations": {"example.org/note": None}}})
        api.patch(claim, {"metadata": {"annotations": {"example.org/note": "1"}}})
    except AssertionError:
        return False
    return True


def _mounted_at(api) -> str:
    notes: dict[str, str] = api.claims(ASTRO)["workspace-tia"]["metadata"]["annotations"]
    return notes[Annotation.MOUNTED_AT]


def _created(api) -> str:
    """When the pod was made. Both moments are to the second, and so can be compared as texts."""
    (pod,) = api.pods()
    created: str = pod["metadata"]["creationTimestamp"]
    return created


def test_a_later_start_in_another_team_has_a_workspace_of_its_own(hub, api):
    hub.start_server("tia", {"team": "astro"})
    before = api.claims(ASTRO)["workspace-tia"]["metadata"]["uid"]
    hub.stop_server("tia")
    assert hub.start_server("tia", {"team": "vision"}).status_code == 201
    assert _places(api) == {f"{VISION}/jupyter-tia"}
    assert api.claims(VISION)["workspace-tia"]["spec"]["storageClassName"] == "usual"
    assert api.claims(ASTRO)["workspace-tia"]["metadata"]["uid"] == before


def test_two_sessions_in_two_teams_are_stopped_one_by_one(hub, api):
    hub.start_server("tia", {"team": "astro"})
    hub.start_server("tia", {"team": "vision"}, server="second")
    assert _places(api) == {f"{ASTRO}/jupyter-tia", f"{VISION}/jupyter-tia--second"}
    hub.stop_server("tia")
    assert _places(api) == {f"{VISION}/jupyter-tia--second"}


def test_somebody_in_two_teams_is_asked_which_and_then_remembered(hub):
    answer = hub.start_server("tia", {"size": "cpu"})
    assert answer.status_code == 400
    assert answer.json()["message"] == "Which team? Choose one of astro, vision."
    hub.start_server("tia", {"team": "vision", "size": "cpu"})
    hub.stop_server("tia")
    assert hub.start_server("tia").status_code == 201
    assert hub.servers("tia")[""]["user_options"]["team"] == "vision"


def test_a_choice_that_was_stored_before_there_were_teams_is_repeated(hub, api):
    assert hub.start_server("sam", {"size": "cpu", "profile": "SciPy"}).status_code == 201
    assert _places(api) == {f"{VISION}/jupyter-sam"}


def test_somebody_who_changed_teams_is_refused_and_finds_the_way_on_the_page(hub, api):
    hub.join("mia", "vision")
    hub.join("mia", "astro")
    hub.start_server("mia", {"team": "vision", "size": "cpu"})
    hub.stop_server("mia")
    hub.leave("mia", "vision")
    answer = hub.start_server("mia")
    assert answer.status_code == 403
    assert answer.json()["message"] == (
        "You are not in a team 'vision'. Choose one of astro, or ask an administrator to add you."
    )
    with Visitor(hub.url, "mia") as mia:
        mia.sign_in()
        assert "In the team astro" in mia.picker()
        refused = mia.press_start({"team": "vision", "environment": "scipy", "size": "cpu"})
        assert refused.status_code == 403
        assert "You are not in a team" in refused.text
        mia.press_start({"environment": "scipy", "size": "cpu"})
    hub.until(lambda: hub.servers("mia").get("", {}).get("ready"))
    assert _places(api) == {f"{ASTRO}/jupyter-mia"}


def test_somebody_in_no_team_reads_so_and_cannot_start(hub, api):
    answer = hub.start_server("nil", {"size": "cpu"})
    assert answer.status_code == 403
    assert "You are not in any team" in answer.json()["message"]
    with Visitor(hub.url, "nil") as nil:
        nil.sign_in()
        words = nil.picker()
    assert "You are not in any team" in words
    assert "Size" not in words
    assert api.pods() == []


def test_a_team_counts_from_when_its_namespace_is_there_until_it_is_deleted(hub, api):
    hub.join("kim", "early")
    assert hub.start_server("kim", {"size": "cpu"}).status_code == 403
    namespace = api.add_team("early")
    hub.until(lambda: hub.start_server("kim", {"size": "cpu"}).status_code == 201)
    assert _places(api) == {f"{namespace}/jupyter-kim"}
    hub.stop_server("kim")
    api.delete(f"/api/v1/namespaces/{namespace}")
    hub.until(lambda: hub.start_server("kim", {"size": "cpu"}).status_code == 403)
    assert api.pods() == []


def test_a_namespace_that_claims_a_team_by_its_label_is_none(hub, api):
    hub.join("eve", "eve")
    labels = {"gpucommons.io/team": "eve"}
    api.post("/api/v1/namespaces", {"metadata": {"name": "elsewhere", "labels": labels}})
    hub.until(lambda: "namespace elsewhere is ignored" in hub.text())
    assert hub.start_server("eve", {"size": "cpu"}).status_code == 403


def test_a_restarted_hub_finds_a_session_in_its_namespace_and_stops_it_there(hub, api):
    hub.start_server("tia", {"team": "astro"})
    hub.start_server("tia", {"team": "vision"}, server="second")
    hub.kill()
    hub.start()
    hub.until(lambda: all(server["ready"] for server in hub.servers("tia").values()))
    assert hub.servers("tia").keys() == {"", "second"}
    hub.stop_server("tia")
    assert _places(api) == {f"{VISION}/jupyter-tia--second"}


def test_a_hub_that_is_killed_during_a_start_finds_the_session_in_its_namespace(hub, api, node):
    hub.start_server("tia", {"team": "vision"})
    hub.stop_server("tia")
    node.runs_pods = False
    try:
        options = {"team": "astro", "size": "gpu"}
        assert hub.start_server("tia", options, answer_after=1).status_code in (201, 202)
        hub.until(lambda: _places(api) == {f"{ASTRO}/jupyter-tia"})
        hub.kill()
    finally:
        node.runs_pods = True
    hub.until(lambda: api.pods()[0]["status"]["phase"] == "Running")
    hub.start()
    hub.until(lambda: hub.servers("tia").get("", {}).get("ready"))
    assert hub.availability("tia", "other")["gpus"] == "1"


def test_what_the_team_may_have_is_said_in_words_and_ones_own_quota_given_back(hub, api):
    namespace = api.add_team("small", {"gpucommons.io/display-name": "Small group"})
    hub.join("lea", "small")
    quotas = f"/api/v1/namespaces/{namespace}/resourcequotas"
    api.post(quotas, {"metadata": {"name": "team"}, "spec": {"hard": {GPU: "1"}}})
    status = {"hard": {GPU: "1"}, "used": {GPU: "1"}}  # as the quota controller would write it
    api.patch(f"{quotas}/team/status", {"status": status})

    def refused():
        hub.stop_server("lea")
        answer = hub.start_server("lea", {"size": "gpu"})
        return answer if answer.status_code == 409 else None

    answer = hub.until(refused)  # the API server reads new quotas with a delay
    assert answer.json()["message"].startswith(
        "The team Small group has used up its share of GPUs: 1 of 1 in use, 1 more needed."
    )
    hub.until(lambda: hub.availability("lea", "other")["gpus"] == "0")
    assert api.pods() == []


def test_progress_tells_of_the_pod_in_its_own_namespace_only(hub, api, node):
    node.runs_pods = False
    try:
        assert hub.start_server("tia", {"team": "astro"}, answer_after=3).status_code == 202
        for number, namespace in enumerate((VISION, "default", ASTRO)):
            api.post(f"/api/v1/namespaces/{namespace}/events", _event(namespace, number))
        with hub.progress("tia") as lines:
            told = next(line for line in lines if "Something new" in line)
    finally:
        node.runs_pods = True
    assert f"Something new in {ASTRO}" in json.loads(told.removeprefix("data:"))["message"]
    hub.until(lambda: hub.servers("tia").get("", {}).get("ready"))


def _event(namespace: str, number: int) -> dict:
    pod = {"kind": "Pod", "namespace": namespace, "name": "jupyter-tia"}
    return {
        "metadata": {"name": f"event-{number}", "namespace": namespace},
        "involvedObject": pod,
        "reason": "New",
        "message": f"Something new in {namespace}",
        "type": "Normal",
        "lastTimestamp": f"2026-11-24T00:00:0{number}Z",
    }
