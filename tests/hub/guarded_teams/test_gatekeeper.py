"""The real Gatekeeper in the place of the policies whose rules it has."""

from collections.abc import Iterator

import pytest
import yaml

from tests.waiting import until

from ..dashboards.others import other_series
from .every import LET_IN, REFUSED
from .gatekeeper import Gatekeeper, rules
from .objects import Body, pod, volume
from .request import EDITOR, ISOLATED, PODS, Request

_CONSTRAINTS = "/apis/constraints.gatekeeper.sh/v1beta1"
_FROM_BEFORE = Request(
    "a folder of the node", pod("from-before", **volume(hostPath={"path": "/"})), user=EDITOR
)
_RULES = (
    "gpucommons-pods-isolated",
    "gpucommons-pods-of-catalogue",
    "gpucommons-pods-as-made",
    "gpucommons-team-services",
    "gpucommons-team-ingresses",
    "gpucommons-team-claims",
    "gpucommons-team-devices",
)
_BY_GATEKEEPER = tuple(
    each for each in REFUSED if each.policy in _RULES and not each.path.endswith("/resize")
)


@pytest.fixture(scope="module")
def gatekeeper(api, tmp_path_factory) -> Iterator[Gatekeeper]:
    """Gatekeeper, and a pod from a time when nobody refused it."""
    folder = tmp_path_factory.mktemp("gatekeeper")
    made = rules(folder)
    assert made.keys() == set(_RULES)
    api.kubectl("delete", "validatingadmissionpolicybindings", *_RULES)
    until(lambda: not api.refusal(_FROM_BEFORE))
    gatekeeper = Gatekeeper(folder, api)
    gatekeeper.start()
    try:
        templates, constraints = (
            yaml.safe_dump_all(each) for each in zip(*made.values(), strict=True)
        )
        api.kubectl("apply", "--server-side", "-f", "-", given=templates)
        kinds = [f"crd/{t['metadata']['name']}.constraints.gatekeeper.sh" for t, _ in made.values()]
        until(lambda: _are_there(api, len(kinds)))
        api.kubectl("wait", "--for=condition=Established", *kinds, "--timeout=60s")
        api.kubectl("apply", "--server-side", "-f", "-", given=constraints)
        gatekeeper.asked_by_the_api_server()
        api.until_guarded(_BY_GATEKEEPER)
        yield gatekeeper
    finally:
        api.delete(gatekeeper.WEBHOOK)
        gatekeeper.stop()
    api.guard(folder)
    api.until_guarded(REFUSED)


def _are_there(api, count: int) -> bool:
    listed = api.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions")["items"]
    return sum(each["spec"]["group"] == "constraints.gatekeeper.sh" for each in listed) == count


@pytest.mark.parametrize("attack", _BY_GATEKEEPER, ids=lambda each: each.name)
def test_gatekeeper_refuses_what_the_policies_refuse(api, gatekeeper, attack):
    said = api.refusal(attack)
    assert 'admission webhook "validation.gatekeeper.sh" denied the request' in said
    assert f"[{attack.policy}]" in said
    assert attack.message in said


@pytest.mark.parametrize("request_", LET_IN, ids=lambda each: each.name)
def test_gatekeeper_lets_in_what_they_let_in(api, gatekeeper, request_):
    assert not api.refusal(request_, dryRun="All")


def test_the_audit_finds_what_was_there_before_and_passes_over_sessions(api, gatekeeper):
    path = f"{_CONSTRAINTS}/gpucommonspodsisolated/{ISOLATED}"

    def found() -> list[Body]:
        return api.get(path).get("status", {}).get("violations", [])

    violations = until(found)
    assert {each["name"] for each in violations} == {"from-before"}
    assert any("not hostPath or others: more." in each["message"] for each in violations)
    names = {each["metadata"]["name"] for each in api.get(PODS)["items"]}
    assert "jupyter-carol" in names


def test_gatekeeper_finds_no_mistake_in_templates_and_constraints(api, gatekeeper):
    templates = api.get("/apis/templates.gatekeeper.sh/v1/constrainttemplates")["items"]
    kinds = [each["metadata"]["name"] for each in templates]
    made = [each for kind in kinds for each in api.get(f"{_CONSTRAINTS}/{kind}")["items"]]
    assert len(templates) == len(made) == len(_RULES)
    for each in (*templates, *made):
        (seen,) = each["status"]["byPod"]
        assert not seen.get("errors"), each["metadata"]["name"]
        if each in made:
            assert seen["enforced"]


def test_the_dashboard_asks_for_metrics_that_gatekeeper_has(gatekeeper):
    asked = {each.name for each in other_series() if each.name.startswith("gatekeeper_")}
    assert asked

    def missing() -> set[str]:
        return asked - gatekeeper.metrics()

    until(lambda: not missing(), instead=lambda: str(missing()))
