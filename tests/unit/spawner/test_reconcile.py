"""What is done about a session pod that no server goes with."""

from dataclasses import replace
from decimal import Decimal

import pytest
from gpucommons_contract import Annotation, Label
from gpucommons_spawner.pod_state.pod import START
from gpucommons_spawner.pod_state.session_pod import SessionPod, session_pod
from gpucommons_spawner.reconcile.decision import SETTLE_SECONDS, Server, Step, decide, is_doubtful

GRACE = 1800.0
POD = SessionPod(
    namespace="team-vision",
    name="jupyter-ada",
    uid="1",
    person="ada",
    server="",
    start="now",
    hub="http://hub:8081/hub/api",
    units=Decimal(1),
    team="vision",
    size="gpu",
    running=True,
    over=False,
    leaving=False,
)
IDLE = Server(active=False, pending=False, pod=POD.key, over="earlier")
AWAY = replace(IDLE, active=True, pod="team-astro/jupyter-ada")


@pytest.mark.parametrize(
    ("pod", "server", "seconds", "step"),
    [
        (POD, replace(IDLE, active=True), 9999, Step.NONE),
        (POD, replace(IDLE, active=True, pending=True), 9999, Step.NONE),
        (POD, IDLE, 0, Step.WAIT),
        (POD, IDLE, SETTLE_SECONDS, Step.ADOPT),
        (POD, IDLE, GRACE, Step.END),
        (POD, replace(IDLE, over="now"), 0, Step.WAIT),
        (POD, replace(IDLE, over="now"), SETTLE_SECONDS, Step.END),
        (POD, replace(IDLE, over="now", pending=True), 9999, Step.WAIT),
        (POD, replace(AWAY, pending=True), 9999, Step.WAIT),
        (POD, AWAY, SETTLE_SECONDS, Step.WAIT),
        (POD, AWAY, GRACE, Step.END),
        (POD, None, SETTLE_SECONDS, Step.WAIT),
        (POD, None, GRACE, Step.END),
        (replace(POD, running=False), IDLE, SETTLE_SECONDS, Step.WAIT),
        (replace(POD, running=False), IDLE, GRACE, Step.END),
        (replace(POD, running=False, over=True), None, SETTLE_SECONDS, Step.END),
        (replace(POD, running=False, leaving=True), None, 9999, Step.WAIT),
    ],
)
def test_a_pod_without_a_server_is_waited_for_adopted_or_ended(pod, server, seconds, step):
    assert decide(pod, server, seconds, GRACE).step is step


@pytest.mark.parametrize(
    ("lost", "pods", "doubtful"),
    [(0, 0, False), (1, 1, False), (4, 4, False), (5, 5, True), (5, 10, False), (300, 301, True)],
)
def test_a_hub_that_knows_next_to_no_session_doubts_itself(lost, pods, doubtful):
    assert is_doubtful(lost, pods) is doubtful


def test_every_end_and_every_wait_has_a_reason():
    for server in (None, IDLE, AWAY, replace(IDLE, over="now")):
        for seconds in (0, SETTLE_SECONDS, GRACE):
            assert decide(POD, server, seconds, GRACE).why


def _manifest(**annotations):
    env = [{"name": "JUPYTERHUB_API_URL", "value": POD.hub}]
    return {
        "metadata": {
            "namespace": "team-vision",
            "name": "jupyter-ada",
            "uid": "1",
            "labels": {Label.GPU_UNITS: "1", Label.TEAM: "vision", Label.SIZE: "gpu"},
            "annotations": {str(key): value for key, value in annotations.items()},
        },
        "spec": {"containers": [{"name": "beside"}, {"name": "notebook", "env": env}]},
        "status": {"phase": "Running", "podIP": "10.0.0.1"},
    }


WHOSE = {Annotation.USER: "ada", Annotation.SERVER: "", START: "now"}


def test_what_a_pod_says_of_itself_is_read():
    assert session_pod(_manifest(**WHOSE)) == POD


@pytest.mark.parametrize("missing", [Annotation.USER, START])
def test_a_pod_of_somebody_elses_making_is_none_of_a_session(missing):
    assert session_pod(_manifest(**{k: v for k, v in WHOSE.items() if k != missing})) is None


@pytest.mark.parametrize("units", ["", "many", "NaN", None])
def test_an_amount_that_is_none_does_not_hinder_the_rest(units):
    pod = _manifest(**WHOSE)
    pod["metadata"]["labels"][Label.GPU_UNITS] = units
    assert session_pod(pod).units == 0
