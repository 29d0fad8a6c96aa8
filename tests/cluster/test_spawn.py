"""Sessions on the whole platform: real scheduler, kubelet, volumes and GPUs."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.people import SignedIn
from tests.waiting import until

from .waiting_start import in_session, pods_of


def _sizes(person: SignedIn) -> dict[str, dict]:
    answer = person.api.get("/gpucommons/availability")
    answer.raise_for_status()
    return {size["name"]: size for size in answer.json()["sizes"]}


def test_files_outlive_a_change_of_environment_and_size(platform, researcher) -> None:
    assert researcher.start({"size": "cpu", "version": "2026.05"})["ready"]
    in_session(platform, researcher, "sh -c 'echo kept > ~/note.txt'")
    researcher.stop()
    assert researcher.start({"size": "gpu", "version": "2026.11"})["ready"]
    assert in_session(platform, researcher, "cat /home/jovyan/note.txt").strip() == "kept"


def test_a_session_runs_as_an_ordinary_user_without_the_clusters_token(platform, student) -> None:
    student.start({"size": "cpu"})
    assert in_session(platform, student, "id -u").strip() == "1000"
    mounted = in_session(platform, student, "sh -c 'ls /var/run/secrets 2>&1 || true'")
    assert "kubernetes.io" not in mounted


def test_a_whole_gpu_leaves_one_of_two(platform, researcher) -> None:
    until(lambda: _sizes(researcher)["gpu"]["free"] == 2)
    researcher.start({"size": "gpu"})
    until(lambda: _sizes(researcher)["gpu"]["free"] == 1)
    (pod,) = pods_of(platform, researcher)
    assert pod["metadata"]["labels"]["gpucommons.io/gpu-units"] == "1"
    researcher.stop()
    until(lambda: _sizes(researcher)["gpu"]["free"] == 2)


def test_four_shares_are_a_students_whole_allowance(platform, student) -> None:
    student.start({"size": "gpu-share"})
    (pod,) = pods_of(platform, student)
    assert pod["metadata"]["labels"]["gpucommons.io/gpu-units"] == "0.25"
    assert _sizes(student)["gpu"]["reason"].startswith("For members of")


def test_a_session_that_no_node_can_take_fails_within_seconds(platform, researcher) -> None:
    node = platform.kubectl("get", "nodes", "-o", "name").strip()
    platform.kubectl("cordon", node)
    try:
        begin = time.monotonic()
        answer = researcher.request_start({"size": "cpu"})
        event = researcher.follow()[-1] if answer.is_success else answer.json()
        assert "closed" in event["message"]
        assert time.monotonic() - begin < 60
    finally:
        platform.kubectl("uncordon", node)
    until(lambda: not pods_of(platform, researcher))
    until(lambda: researcher.servers() == {})
    assert researcher.start({"size": "cpu"})["ready"]


def test_progress_is_told_in_words(platform, student) -> None:
    with ThreadPoolExecutor(1) as background:
        answer = background.submit(student.request_start, {"size": "cpu"})
        until(lambda: student.servers().get("", {}).get("pending") == "spawn")
        told = [event["message"] for event in student.follow()]
        assert answer.result().is_success
    assert "A node was found." in told


@pytest.mark.parametrize(
    "options",
    [
        {"image--unlisted-choice": "evil/x:1"},
        {"size": "cpu", "image": "evil/x:1"},
        {"size": "gpu"},
        {"size": {"a": 1}},
    ],
)
def test_nothing_outside_the_catalogue_is_started(platform, student, options) -> None:
    answer = student.request_start(options)
    assert answer.status_code in (400, 403)
    assert pods_of(platform, student) == []
    assert student.servers() == {}


def test_a_pod_deleted_behind_the_hubs_back_gives_its_gpu_back(platform, researcher) -> None:
    researcher.start({"size": "gpu"})
    (pod,) = pods_of(platform, researcher)
    name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
    platform.kubectl("delete", "pod", "-n", namespace, name, "--grace-period=1")
    until(lambda: researcher.servers() == {})
    until(lambda: researcher.api.get("/gpucommons/availability").json()["gpus"] == "0")
