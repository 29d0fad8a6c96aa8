"""What nobody is refused: sessions of the hub, pods of one's own, what controllers do."""

import re

import pytest
import yaml
from gpucommons_local.machine.cache import checkout

from .every import LET_IN
from .objects import IMAGE, TEAM, pod
from .request import CORE, PODS, Request

_GUIDE = checkout() / "docs" / "how-to" / "guard-team-namespaces.md"


@pytest.mark.parametrize("request_", LET_IN, ids=lambda each: each.name)
def test_it_is_let_in(api, request_):
    assert not api.refusal(request_)


def test_the_pod_that_the_guide_shows_is_let_in(api):
    pods = r"```yaml\n(apiVersion: v1\nkind: Pod\n.*?)```"
    (shown,) = re.findall(pods, _GUIDE.read_text(), re.DOTALL)
    made = yaml.safe_load(shown)
    (container,) = made["spec"]["containers"]
    container["image"] = IMAGE
    assert not api.refusal(Request("the guide's", made))


def test_a_token_that_an_administrator_asked_for_is_filled_in(api):
    name = {"kubernetes.io/service-account.name": "builder"}
    metadata = {"name": "of-builder", "annotations": name}
    asked = {"metadata": metadata, "type": "kubernetes.io/service-account-token"}
    secret = api.post(f"{CORE}/secrets", asked)
    secret["data"] = {"token": "dG9rZW4="}
    path = f"{CORE}/secrets/of-builder"
    filled = Request("a token", secret, path, "PUT", "system:kube-controller-manager")
    assert not api.refusal(filled, dryRun="All")


def test_somebody_s_secret_cannot_become_one_with_a_token(api):
    made = {"metadata": {"name": "plain"}, "stringData": {"a": "b"}}
    assert not api.refusal(Request("made", made, f"{CORE}/secrets"))
    changed = {"type": "kubernetes.io/service-account-token"}
    said = api.refusal(Request("changed", changed, f"{CORE}/secrets/plain", "PATCH"))
    assert "field is immutable" in said


def test_elsewhere_nothing_is_refused(api):
    made = pod(container={"image": "docker.io/miner:1"}, hostNetwork=True)
    assert not api.refusal(
        Request("elsewhere", made, PODS.replace(TEAM, "elsewhere")), dryRun="All"
    )
