"""What the controller may do by RBAC and by policy: its own work, and nothing beside it."""

import copy
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from gpucommons_backup.controller.pod import pod_manifest, secret_manifest
from gpucommons_backup.controller.settings import Settings
from gpucommons_backup.controller.watching.claims import Workspace
from gpucommons_backup.controller.watching.due import Due
from gpucommons_backup.controller.watching.pods import RESTORE
from gpucommons_contract import Annotation, RestoreRequest

from .played_cluster import BACKUP, HUB, IMAGE, TEAM, yaml_of

NOW = datetime(2026, 11, 30, tzinfo=UTC)
PEOPLE = "system:serviceaccount:gpucommons:people"
WORKSPACE = Workspace((TEAM, "workspace-ada"), "1", "vision", "ada", NOW)
SETTINGS = Settings(store="rest:http://store/", image=IMAGE)


ASKED = replace(WORKSPACE, asked=RestoreRequest("1").to_json())


def _pod() -> dict:
    return pod_manifest(Due(WORKSPACE, "ended", NOW), SETTINGS)


def _restoring_pod() -> dict:
    return pod_manifest(Due(ASKED, RESTORE, NOW), SETTINGS)


def _refused(cluster, *arguments: str, given: str | None = None) -> str:
    done = cluster.try_kubectl(*arguments, user=BACKUP, given=given)
    assert done.returncode != 0, f"{done.stdout} was done"
    return done.stderr


def _changed_pod(path: str, value: object, pod: dict | None = None) -> dict:
    """A pod of ours with one field set, named by keys and numbers with dots between."""
    pod = copy.deepcopy(pod or _pod())
    *keys, last = (each.replace("\n", ".") for each in path.split("."))
    at = pod
    for key in keys:
        at = at[int(key)] if key.isdigit() else at[key]
    if isinstance(at, list):
        at.insert(int(last), value)
    else:
        at[last] = value
    return pod


@pytest.fixture
def _claim(cluster):
    cluster.add_claim("workspace-ada")


def test_a_pod_and_a_secret_as_it_makes_them_are_taken(cluster):
    for manifest in (_restoring_pod(), secret_manifest(WORKSPACE, {"RESTIC_PASSWORD": "p"})):
        cluster.kubectl("create", "-f", "-", user=BACKUP, given=yaml_of(manifest))
    cluster.delete(f"/api/v1/namespaces/{TEAM}/pods/snapshot-workspace-ada")
    cluster.kubectl("create", "-f", "-", user=BACKUP, given=yaml_of(_pod()))


_SECRET_VOLUME = {"name": "more", "secret": {"secretName": "of-the-team"}}
_OTHER_CLAIM = {
    "name": "more",
    "persistentVolumeClaim": {"claimName": "workspace-bob", "readOnly": True},
}
_WRITABLE = {"name": "more", "persistentVolumeClaim": {"claimName": "workspace-ada"}}
_OTHER_VARIABLE = {
    "name": "X",
    "valueFrom": {"secretKeyRef": {"name": "of-the-team", "key": "token"}},
}
_SECOND = {**_pod()["spec"]["containers"][0], "name": "second"}


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("metadata.namespace", "gpucommons", "namespaces of teams"),
        ("metadata.namespace", "kube-system", "namespaces of teams"),
        ("metadata.name", "jupyter-ada", "not a pod of a snapshot"),
        ("metadata.labels.component", "singleuser-server", "not a pod of a snapshot"),
        ("spec.containers.0.image", "example.org/other:1", "image"),
        ("spec.containers.0.command", ["sh", "-c", "cat", "/workspace/x"], "gpucommons_backup"),
        ("spec.containers.0.args", ["more"], "gpucommons_backup"),
        ("spec.containers.1", _SECOND, "image"),
        ("spec.initContainers", [_SECOND], "image"),
        ("spec.volumes.0", _SECRET_VOLUME, "no other volume"),
        ("spec.volumes.0", _OTHER_CLAIM, "no other volume"),
        ("spec.volumes.0", _WRITABLE, "no other volume"),
        ("spec.containers.0.env.0", _OTHER_VARIABLE, "no other"),
        ("spec.containers.0.envFrom.0", {"secretRef": {"name": "of-the-team"}}, "no other"),
        ("spec.containers.0.envFrom.0", {"configMapRef": {"name": "x"}}, "no other"),
        ("spec.nodeName", "one", "placed by the scheduler"),
        ("spec.serviceAccountName", "other", "has no account"),
        ("spec.automountServiceAccountToken", True, "has no account"),
    ],
)
def test_another_pod_than_its_own_is_refused(cluster, path, value, message):
    given = yaml_of(_changed_pod(path, value))
    assert message in _refused(cluster, "create", "-f", "-", given=given)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("spec.containers.0.command.3", "snapshot", "unless it restores"),
        ("metadata.annotations.gpucommons\nio/snapshot-occasion", "ended", "unless it restores"),
        ("spec.volumes.0", _OTHER_CLAIM, "no other volume"),
        (
            "spec.volumes.0",
            {"name": "more", "persistentVolumeClaim": {"claimName": "workspace-bob"}},
            "no other volume",
        ),
        ("spec.containers.1", _SECOND, "image"),
    ],
)
def test_a_workspace_is_written_to_by_those_alone_that_restore_into_it(
    cluster, path, value, message
):
    given = yaml_of(_changed_pod(path, value, _restoring_pod()))
    assert message in _refused(cluster, "create", "-f", "-", given=given)


@pytest.mark.usefixtures("_claim")
def test_a_request_to_restore_is_its_to_take_away_and_not_to_make_or_change(cluster):
    path = f"/api/v1/namespaces/{TEAM}/persistentvolumeclaims/workspace-ada"

    def refused(value: str | None) -> str:
        note = {"gpucommons.io/restore-request": value}
        return cluster.patch_as(BACKUP, path, {"metadata": {"annotations": note}})

    assert "makes none" in refused("{}")
    cluster.annotate("workspace-ada", Annotation.RESTORE_REQUEST, "{}")
    assert "makes none" in refused("[]")
    assert refused(None) == ""
    answer = {"gpucommons.io/restore-result": "{}"}
    assert cluster.patch_as(BACKUP, path, {"metadata": {"annotations": answer}}) == ""


def test_a_session_is_not_its_to_end(cluster):
    name = cluster.start_session("workspace-ada")
    assert "not a pod of a snapshot" in _refused(cluster, "delete", "pod", name, "-n", TEAM)


@pytest.mark.parametrize(
    ("namespace", "name"),
    [(TEAM, "of-the-team"), ("gpucommons", "of-the-hub"), ("gpucommons", "snapshot-x")],
)
def test_secrets_of_others_are_not_its_to_make_or_delete(cluster, namespace, name):
    metadata = {"name": name, "namespace": namespace}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata}
    given = yaml_of(secret)
    assert "not a Secret of a snapshot" in _refused(cluster, "create", "-f", "-", given=given)
    cluster.post(f"/api/v1/namespaces/{namespace}/secrets", secret)
    try:
        refused = _refused(cluster, "delete", "secret", name, "-n", namespace)
    finally:
        cluster.delete(f"/api/v1/namespaces/{namespace}/secrets/{name}")
    assert "not a Secret of a snapshot" in refused


def test_the_records_are_not_its_to_delete(cluster):
    path = "/api/v1/namespaces/gpucommons/secrets"
    cluster.post(path, {"metadata": {"name": "workspace-repositories"}})
    refused = _refused(cluster, "delete", "secret", "workspace-repositories", "-n", "gpucommons")
    assert "not a Secret of a snapshot" in refused


def test_a_secret_that_kubernetes_would_fill_with_a_token_is_refused(cluster):
    secret = secret_manifest(WORKSPACE, {}) | {"type": "kubernetes.io/service-account-token"}
    secret["metadata"]["annotations"] = {"kubernetes.io/service-account.name": "default"}
    assert "Opaque" in _refused(cluster, "create", "-f", "-", given=yaml_of(secret))


@pytest.mark.parametrize(
    ("verb", "resource"),
    [
        *(("get", each) for each in ("secrets", "configmaps", "pods")),
        *(("list", each) for each in ("secrets", "configmaps")),
        *(
            ("create", each)
            for each in ("pods --subresource=exec", "persistentvolumeclaims", "jobs")
        ),
        *(("deletecollection", each) for each in ("secrets", "pods")),
        *(("delete", each) for each in ("persistentvolumeclaims", "namespaces")),
    ],
)
def test_it_reads_no_secret_of_a_team_and_enters_no_pod(cluster, verb, resource):
    done = cluster.try_kubectl("auth", "can-i", verb, *resource.split(), "-n", TEAM, user=BACKUP)
    assert done.stdout.strip() == "no"


_OWN = {"annotations": {"gpucommons.io/snapshot-id": "1"}}


@pytest.mark.usefixtures("_claim")
@pytest.mark.parametrize(
    ("patch", "message"),
    [
        (
            {"metadata": {"annotations": {"gpucommons.io/retain-until": "2027-01-01"}}},
            "its own annotations alone",
        ),
        (
            {"metadata": {"annotations": {"hub.jupyter.org/username": None}}},
            "its own annotations alone",
        ),
        (
            {"metadata": {"annotations": {"hub.jupyter.org/username": "bob"}}},
            "its own annotations alone",
        ),
        ({"metadata": {"labels": {"component": "other"}}}, "nothing of a workspace but"),
        ({"metadata": {"finalizers": ["example.org/held"]}}, "nothing of a workspace but"),
        ({"spec": {"resources": {"requests": {"storage": "9Gi"}}}}, ""),
    ],
)
def test_it_changes_nothing_of_a_workspace_but_its_own_notes(cluster, patch, message):
    path = f"/api/v1/namespaces/{TEAM}/persistentvolumeclaims/workspace-ada"
    refused = cluster.patch_as(BACKUP, path, patch)
    assert refused
    assert message in refused
    assert cluster.patch_as(BACKUP, path, {"metadata": _OWN}) == ""
    assert cluster.notes("workspace-ada")["snapshot-id"] == "1"


def test_it_changes_no_claim_outside_the_namespaces_of_teams(cluster):
    claim = {
        "metadata": {"name": "database"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    path = "/api/v1/namespaces/gpucommons/persistentvolumeclaims"
    cluster.post(path, claim)
    try:
        refused = cluster.patch_as(BACKUP, f"{path}/database", {"metadata": _OWN})
        assert "namespaces of teams" in refused
    finally:
        cluster.patch(f"{path}/database", {"metadata": {"finalizers": None}})
        cluster.delete(f"{path}/database")


@pytest.mark.parametrize(
    ("account", "what", "may"),
    [
        (BACKUP, "configmaps/snapshot-erasures", "yes"),
        (PEOPLE, "configmaps/snapshot-erasures", "yes"),
        (HUB, "configmaps/snapshot-erasures", "no"),
        (BACKUP, "configmaps/backup", "no"),
        (PEOPLE, "configmaps/backup", "no"),
        (PEOPLE, "secrets/workspace-repositories", "no"),
    ],
)
def test_who_may_ask_for_snapshots_to_be_erased_and_read_no_more_by_that(
    cluster, account, what, may
):
    asked = ("auth", "can-i", "patch", what, "-n", "gpucommons", "--as", account)
    assert cluster.try_kubectl(*asked).stdout.strip() == may
