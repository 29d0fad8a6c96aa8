"""Whatever is sent as options: no 500, and no pod that the catalogue does not describe."""

import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from .conftest import CATALOGUE

_CATALOGUE = yaml.safe_load(CATALOGUE.read_text())
_IMAGES = {
    version["image"]
    for environment in _CATALOGUE["environments"].values()
    for version in environment["versions"].values()
}
_ODD = st.sampled_from(
    [
        "<script>alert(1)</script>",
        "../../etc/passwd",
        "x" * 10_000,
        "\u202etxet",
        "{username}",
        "\x00",
        "example/own/mine:1\n",
        "example/own/mine:1",
        "evil/x:1",
    ]
)
_NEAR = st.sampled_from(
    ["scipy", "pytorch", "2026.11", "cpu", "share", "giant", "vision", "astro", ""]
)
_KEYS = st.sampled_from(
    [
        "team",
        "environment",
        "version",
        "image",
        "size",
        "profile",
        "image--unlisted-choice",
        "kubespawner_override",
        "user_options",
        "display_name",
        "node_selector",
    ]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text() | _ODD,
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | _KEYS, inner),
    max_leaves=4,
)
_OPTIONS = st.dictionaries(_KEYS | st.text(max_size=5), _NEAR | _ODD | _JSON, max_size=4)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(options=_OPTIONS | _JSON)
@example(options={"size": "cpu"})
@example(options={"size": "share", "image": "example/own/mine:1"})
@example(options={"image": "example/own/mine:1\n"})
@example(options={"environment": "x" * 10_000})
def test_nothing_that_is_sent_gives_a_500_or_a_pod_outside_the_catalogue(hub, api, options):
    answer = hub.start_server("tom", options)
    assert answer.status_code in {201, 202, 400, 403, 409}, (answer.status_code, answer.text)
    if answer.status_code >= 400:
        assert len(answer.text) < 3000
        assert api.pods() == []
        return
    (pod,) = hub.until(api.pods)
    _is_of_the_catalogue(pod)
    hub.stop_server("tom")
    hub.until(lambda: api.pods() == [])


def _is_of_the_catalogue(pod: dict) -> None:
    (container,) = pod["spec"]["containers"]
    size = _CATALOGUE["sizes"][pod["metadata"]["labels"]["gpucommons.io/size"]]
    assert container["image"] in {*_IMAGES, "example/own/mine:1"}
    assert container["resources"]["limits"]["cpu"] == str(size["cpu"])
    assert pod["spec"].get("nodeSelector", {}).keys() <= {"nvidia.com/gpu.sharing-strategy"}
    assert not pod["spec"].get("hostNetwork")
    assert {each["mountPath"] for each in container["volumeMounts"]} <= {
        "/home/jovyan",
        "/dev/shm",
    }
