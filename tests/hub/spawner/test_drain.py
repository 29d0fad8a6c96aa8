"""A node is drained by command: a real hub, an API server, and sessions that say what they hear."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from gpucommons_config.administration import node_operations
from gpucommons_config.command import main
from gpucommons_contract import Annotation
from gpucommons_contract.drains import Drain, read_drained_sessions
from gpucommons_local.machine.programs import program

from tests.unit.docs.shell_commands import DOCS, commands

from .api_server import VISION
from .node import NAME
from .spawn_hub import ADMIN_TOKEN
from .visitor import Visitor

CPU = {"size": "cpu"}
_NODE = f"/api/v1/nodes/{NAME}"
_NODES = "gpucommons/administration/nodes"


@pytest.fixture
def command(hub, tmp_path, monkeypatch, capsys) -> Callable[..., tuple[int, str, str]]:
    """Give a command as grace; returns its exit code, and what it said and how far it was."""
    monkeypatch.setenv("SUDO_USER", "grace")
    monkeypatch.setattr(node_operations, "_LOOK_SECONDS", 0.2)
    (tmp_path / "token").write_text(ADMIN_TOKEN)
    file = tmp_path / "people.yaml"
    file.write_text(f"address: {hub.url}\nhub: {{api_url: {hub.url}/hub/api, token_file: token}}\n")

    def give(*words: str) -> tuple[int, str, str]:
        code = main([*words, "--config", str(file)])
        return code, *capsys.readouterr()

    return give


@pytest.fixture(autouse=True)
def _node_in_service(hub, node, notices, until) -> Iterator[None]:
    yield
    node.runs_pods = True
    node.cannot_save.clear()
    hub.api("POST", f"{_NODES}/{NAME}/give-back", json={})
    until(lambda: _listed(hub)["state"] == "ready")


def _listed(hub, name: str = NAME) -> dict:
    """What the hub says of a node; nothing yet where it does not know the nodes."""
    answer = hub.api("GET", _NODES)
    nodes = answer.json()["nodes"] if answer.status_code == 200 else []
    nothing = {"state": "", "other_pods": []}
    return next((each for each in nodes if each["node"] == name), nothing)


def _drained(hub) -> dict[str, dict]:
    return {each["session"]: each for each in _listed(hub)["drained_sessions"]}


def _on_node(api) -> dict:
    notes = api.get(_NODE)["metadata"].get("annotations", {})
    return read_drained_sessions(notes.get(Annotation.DRAIN_SESSIONS, ""))


def _wait_for_pods(hub, api, count: int) -> list[dict]:
    hub.until(lambda: len(api.pods()) == count)
    return api.pods()


def _have_it_looked_at(api) -> None:
    """Change the only session's pod: the hub looks at what changes, and else every half minute."""
    path = f"/api/v1/namespaces/{VISION}/pods"
    (pod,) = api.get(path)["items"]
    at = datetime.now(UTC).isoformat()
    metadata = {"annotations": {"example.org/changed": at}}
    api.patch(f"{path}/{pod['metadata']['name']}", {"metadata": metadata})


@pytest.fixture
def has_told(notices, until) -> Callable[[str], None]:
    """Wait until some session has shown a text."""
    return lambda text: until(lambda: any(text in each["text"] for each in notices))


def test_a_drain_tells_waits_saves_stops_and_reports(hub, node, api, command, notices):
    for person, server in (("ada", ""), ("tom", "training"), ("sam", "")):
        assert hub.start_server(person, CPU, server).status_code == 201
    node.cannot_save.add("tom")
    code, out, _ = command("node", "drain", NAME, "--notice", "30m", "--dry-run")
    assert (code, "3 sessions would be told" in out) == (0, True)
    assert "unschedulable" not in api.get(_NODE)["spec"]

    reason = ("--reason", "A fan fails.")
    assert command("node", "drain", NAME, "--notice", "30m", *reason, "--no-wait")[0] == 0
    hub.until(lambda: len([each for each in _on_node(api).values() if each.told]) == 3)
    assert {each["text"] for each in notices if "out of service" in each["text"]} == {
        f"Save your work: grace takes the node {NAME} out of service, and this session will be "
        "stopped. A fan fails."
    }
    hub.stop_server("sam")  # its person does so before
    assert hub.start_server("ruth", CPU, answer_after=0.1).status_code == 202
    assert ["nodeName" in each["spec"] for each in _wait_for_pods(hub, api, 3)].count(False) == 1
    hub.stop_server("ruth")

    hub.kill()
    hub.start()
    hub.until(lambda: set(_on_node(api)) == {"ada/", "sam/", "tom/training"})
    code, out, err = command("node", "drain", NAME, "--notice", "0m", *reason)
    assert code == 0, err
    assert f"The node {NAME} is drained: 3 sessions, 3 told, none is left." in out
    assert "ada/ ended: stopped at" in err
    assert not api.pods()
    assert "drained" in command("node", "list")[1]
    code, out, _ = command("node", "report", NAME, "--json")
    said = json.loads(out)
    assert (code, said["state"], said["sessions_left"]) == (0, "drained", [])
    became = {each["session"]: (each["saved"], each["how"]) for each in said["sessions"]}
    assert became == {
        "ada/": (True, "stopped"),
        "sam/": (True, "before"),
        "tom/training": (False, "stopped"),
    }
    with Visitor(hub.url, "ada") as ada:
        ada.sign_in()
        assert f"grace takes the node {NAME} out of service. A fan fails." in ada.get("/hub/").text
    hub.until(lambda: all(each.ended for each in _on_node(api).values()))
    assert command("node", "give-back", NAME)[0] == 0
    notes = api.get(_NODE)["metadata"].get("annotations", {})
    assert not {Annotation.DRAIN, Annotation.DRAIN_SESSIONS} & notes.keys()


def test_a_session_that_gets_the_node_in_the_last_moment_is_told_too(
    hub, node, api, command, has_told
):
    node.runs_pods = False
    assert hub.start_server("ada", CPU, answer_after=0.1).status_code == 202
    (pod,) = _wait_for_pods(hub, api, 1)
    assert command("node", "drain", NAME, "--no-wait")[0] == 0
    node.place(pod, [])
    has_told("out of service")
    hub.until(lambda: _drained(hub)["ada/"]["told"])
    (line,) = hub.api("GET", "gpucommons/administration/sessions").json()["sessions"]
    assert line["stop"]["node"] == NAME


def test_what_is_written_on_the_node_is_done_by_a_hub_that_comes_later(hub, api, command, has_told):
    assert hub.start_server("ada", CPU).status_code == 201
    hub.kill()  # after it wrote on the node, and before it told anybody
    drain = Drain("grace", datetime.now(UTC) + timedelta(hours=1), "A fan fails.")
    notes = {Annotation.DRAIN: drain.to_text()}
    api.patch(_NODE, {"metadata": {"annotations": notes}, "spec": {"unschedulable": True}})
    hub.start()
    hub.until(lambda: _listed(hub)["state"] == "draining")
    _have_it_looked_at(api)
    has_told("A fan fails.")
    hub.until(lambda: _drained(hub)["ada/"]["told"])
    assert hub.servers("ada")[""]["ready"]

    api.patch(_NODE, {"spec": {"unschedulable": None}})  # as kubectl uncordon does
    hub.until(lambda: _listed(hub)["state"] == "ready")
    _have_it_looked_at(api)
    has_told("in service again")
    code, _, err = command("node", "report", NAME)
    assert (code, "is not drained" in err) == (1, True)


_RUNBOOKS = DOCS / "runbooks" / "operations"


@pytest.fixture
def kubectl(api, tmp_path) -> Callable[[str], None]:
    """Run a line of a page in a shell, with a kubectl that knows the cluster."""
    file = tmp_path / "kubectl"
    file.write_text(f'#!/bin/sh\nexec {program("kubectl")} --kubeconfig {api.kubeconfig} "$@"\n')
    file.chmod(0o755)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin", "HOME": str(tmp_path)}

    def run(line: str) -> None:
        subprocess.run(["bash", "-euc", line], env=env, check=True)

    return run


def _on_page(name: str, pattern: str) -> list[str]:
    shown = [each.text for each in commands(_RUNBOOKS / f"{name}.md") if not each.not_run]
    return [text for text in shown if re.match(pattern, text)]


def test_what_the_runbooks_do_with_nodes_is_what_kubernetes_does(hub, api, kubectl):
    """On a node beside the one of the sessions, with a pod that is none of a session."""
    there = "/api/v1/nodes/gpu-09"
    api.post("/api/v1/nodes", {"metadata": {"name": "gpu-09"}})
    api.patch(f"{there}/status", {"status": {"allocatable": {"nvidia.com/gpu": "1"}}})
    *prepare, remove = _on_page("add-and-remove-gpu-nodes", "kubectl ")
    for line in prepare:
        kubectl(line)
    node = api.get(there)
    assert "unschedulable" not in node["spec"]
    assert [each["key"] for each in node["spec"]["taints"]] == ["nvidia.com/gpu"]
    assert node["metadata"]["labels"]["nvidia.com/device-plugin.config"] == "shares"

    api.add_namespace("web")
    pod = {"nodeName": "gpu-09", "containers": [{"name": "shop", "image": "example/shop"}]}
    api.post("/api/v1/namespaces/web/pods", {"metadata": {"name": "shop"}, "spec": pod})
    hub.until(lambda: _listed(hub, "gpu-09")["other_pods"] == ["web/shop"])
    (drain,) = _on_page("drain-a-gpu-node", "kubectl drain")
    kubectl(drain.replace("gpu-01", "gpu-09"))
    hub.until(lambda: not _listed(hub, "gpu-09")["other_pods"])
    kubectl(remove)
    with pytest.raises(LookupError):
        api.get(there)
