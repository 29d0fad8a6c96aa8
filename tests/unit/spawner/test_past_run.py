"""Which image ran, as far as the node's word can be used again."""

import pytest
from gpucommons_spawner.selection.past_run import PastRun, pinned, repository

DIGEST = "sha256:" + "a" * 64


def _digest(image: str, image_id: str) -> str:
    pod = {"status": {"containerStatuses": [{"imageID": image_id}]}}
    return PastRun.of_pod({}, image, pod).digest


@pytest.mark.parametrize(
    ("image", "image_id"),
    [
        ("example/scipy:1", f"docker.io/example/scipy@{DIGEST}"),
        ("example/scipy", f"docker-pullable://example/scipy@{DIGEST}"),
        ("scipy:1", f"docker.io/library/scipy@{DIGEST}"),
        ("registry.example.org:5000/a/scipy:1", f"registry.example.org:5000/a/scipy@{DIGEST}"),
        ("localhost/scipy:1", f"localhost/scipy@{DIGEST}"),
    ],
)
def test_the_digest_is_known_where_the_node_names_it_of_the_same_repository(image, image_id):
    assert _digest(image, image_id) == DIGEST


@pytest.mark.parametrize(
    "image_id",
    [
        DIGEST,  # the image's own ID: no registry knows it
        f"docker.io/other/scipy@{DIGEST}",
        f"docker.io/example/scipy@{DIGEST}0",
        "docker.io/example/scipy@sha256:short",
        "",
    ],
)
def test_what_no_node_could_fetch_again_is_not_taken_for_one(image_id):
    assert _digest("example/scipy:1", image_id) == ""


def test_the_digest_is_the_sessions_whatever_runs_beside_it():
    mesh = {"name": "istio-proxy", "imageID": f"docker.io/istio/proxyv2@{DIGEST}"}
    ours = {"name": "notebook", "imageID": f"docker.io/example/scipy@sha256:{'b' * 64}"}
    for statuses in ([mesh, ours], [ours, mesh]):
        pod = {"status": {"containerStatuses": statuses}}
        assert PastRun.of_pod({}, "example/scipy:1", pod).digest == f"sha256:{'b' * 64}"
    alone = {"status": {"containerStatuses": [mesh, {**mesh, "name": "other"}]}}
    assert PastRun.of_pod({}, "istio/proxyv2:1", alone).digest == ""


def test_an_image_that_is_pinned_needs_no_digest():
    image = f"example/scipy@{DIGEST}"
    assert _digest(image, f"docker.io/example/scipy@{DIGEST}") == ""


def test_a_pod_without_a_status_has_none():
    assert PastRun.of_pod({}, "example/scipy:1", None).digest == ""
    assert PastRun.of_pod({}, "example/scipy:1", {"status": {}}).digest == ""


def test_a_pinned_name_has_no_tag():
    assert pinned("example/scipy:1", DIGEST) == f"example/scipy@{DIGEST}"
    assert repository("registry.example.org:5000/scipy") == "registry.example.org:5000/scipy"


def test_it_is_found_again_in_what_is_kept_with_a_server():
    run = PastRun({"size": "cpu"}, "example/scipy:1", DIGEST, "2026-11-24T10:00:00+00:00")
    assert PastRun.of_state({"past_run": run.as_state()}) == run
    assert PastRun.of_state({}) is None
    assert PastRun.of_state(None) is None
