"""The cluster with the policies of cluster/policies, for all tests of the folder."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from ..kubernetes import KubernetesProgram
from .cluster import GuardedCluster
from .every import REFUSED

_CONTROLLERS = (
    "clusterrole-aggregation-controller,deployment-controller,replicaset-controller,"
    "validatingadmissionpolicy-status-controller"
)


@pytest.fixture(scope="package")
def api(tmp_path_factory) -> Iterator[GuardedCluster]:
    folder = tmp_path_factory.mktemp("guarded")
    with ExitStack() as running:
        api = GuardedCluster(folder)
        running.callback(api.stop)
        api.start()
        # Controllers act as accounts of their own, as on every cluster that kubeadm makes.
        options = (f"--controllers={_CONTROLLERS}", "--use-service-account-credentials")
        controllers = KubernetesProgram("kube-controller-manager", folder, api.kubeconfig, *options)
        running.callback(controllers.stop)
        controllers.start()
        api.fill()
        api.guard(folder)
        api.until_guarded(REFUSED)
        yield api
