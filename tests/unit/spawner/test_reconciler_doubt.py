"""A hub that knows next to no session ends none for it."""

import logging
from types import SimpleNamespace

import pytest
from gpucommons_contract import Annotation
from gpucommons_spawner.availability.cluster import Cluster
from gpucommons_spawner.availability.drains import Drains
from gpucommons_spawner.pod_state.pod import START
from gpucommons_spawner.quota.ledger import Ledger
from gpucommons_spawner.reconcile import reconciler as module
from gpucommons_spawner.reconcile.reconciler import Reconciler

from .answers import Answer

HUB = "http://hub:8081/hub/api"


def _pod(number):
    return {
        "metadata": {
            "namespace": "team-vision",
            "name": f"jupyter-{number}",
            "uid": str(number),
            "labels": {},
            "annotations": {str(Annotation.USER): f"person-{number}", START: "now"},
        },
        "spec": {
            "containers": [
                {"name": "notebook", "env": [{"name": "JUPYTERHUB_API_URL", "value": HUB}]}
            ]
        },
        "status": {"phase": "Running", "podIP": "10.0.0.1"},
    }


class _Nobody(dict):
    db = None


class _Hub(SimpleNamespace):
    """What the reconciler reaches of a hub that knows nobody."""

    def __init__(self, pods):
        found = {f"team-vision/{pod['metadata']['name']}": pod for pod in pods}
        super().__init__(
            api=self,
            deleted=[],
            delete_grace_period=1,
            forgotten_grace=1800,
            hub_api_url=HUB,
            hub_state=SimpleNamespace(ledger=Ledger(), drains=Drains(Cluster(), lambda: self)),
            log=logging.getLogger("reconciler"),
            pod_reflector=None,
            view=SimpleNamespace(fresh=True, pods=found),
        )

    async def _start_watching_pods(self):
        return self.view

    async def delete_namespaced_pod(self, name, _namespace, **_options):
        self.deleted.append(name)
        return Answer(200, {"kind": "Pod"})


@pytest.mark.parametrize(("pods", "deleted"), [(4, 4), (5, 0), (300, 0)])
async def test_sessions_of_an_empty_database_are_ended_only_if_they_are_few(
    monkeypatch, caplog, pods, deleted
):
    now = [0.0]
    monkeypatch.setattr(module, "_now", lambda: now[0])
    hub = _Hub([_pod(number) for number in range(pods)])
    reconciler = Reconciler()
    reconciler._hub, reconciler._users, reconciler._proxy = hub, _Nobody(), None
    for now[0] in (0.0, 1801.0, 3 * 86400.0):
        if not hub.deleted:
            await reconciler.step()
    assert len(hub.deleted) == deleted
    doubts = [each.message for each in caplog.records if "the right database" in each.message]
    assert len(doubts) == (not deleted), "it is said, and once"
