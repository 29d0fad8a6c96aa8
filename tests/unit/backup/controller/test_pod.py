"""The pod that takes a snapshot fits where it must run, and has what it needs and no more."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from gpucommons_backup.__main__ import _parser
from gpucommons_backup.controller.pod import pod_manifest, pod_name, secret_manifest
from gpucommons_backup.controller.settings import Settings
from gpucommons_backup.controller.watching.claims import Workspace
from gpucommons_backup.controller.watching.due import Due
from gpucommons_backup.controller.watching.pods import (
    RESTORE,
    TIDY,
    Session,
    session_of,
    snapshot_pod_of,
)
from gpucommons_contract import RestoreRequest

from tests.unit.cluster_objects.pod_security import lacks_for_restricted
from tests.unit.kubernetes_fields import unknown_fields

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
WORKSPACE = Workspace(("team-vision", "workspace-ada"), "uid-1", "vision", "ada", NOW)
SETTINGS = Settings(store="rest:http://store:8000/", image="example.org/backup:1")


def _made(occasion="ended", near=None, **more):
    settings = Settings(**SETTINGS.model_dump() | more)
    return pod_manifest(Due(WORKSPACE, occasion, NOW, near), settings)


@pytest.mark.parametrize("occasion", ["ended", "live", RESTORE, TIDY])
def test_it_is_a_pod_that_the_namespace_of_a_team_takes(occasion):
    pod = _made(occasion)
    assert lacks_for_restricted(pod["spec"]) == []
    assert unknown_fields(pod, "Pod") == []
    assert pod["metadata"]["namespace"] == "team-vision"


def test_it_can_read_the_workspace_and_nothing_else():
    spec = _made()["spec"]
    (container,) = spec["containers"]
    volumes = {each["name"]: each for each in spec["volumes"]}
    assert volumes["workspace"]["persistentVolumeClaim"] == {
        "claimName": "workspace-ada",
        "readOnly": True,
    }
    assert "sizeLimit" in volumes["scratch"]["emptyDir"]
    assert set(volumes) == {"workspace", "scratch"}
    mounts = {each["name"]: each for each in container["volumeMounts"]}
    assert mounts["workspace"] == {"name": "workspace", "mountPath": "/workspace", "readOnly": True}
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert spec["automountServiceAccountToken"] is False
    assert (spec["securityContext"]["runAsUser"], spec["securityContext"]["runAsGroup"]) == (
        1000,
        100,
    )


def test_only_one_that_restores_can_write_to_the_workspace():
    spec = _made(RESTORE)["spec"]
    assert spec["volumes"][0]["persistentVolumeClaim"] == {"claimName": "workspace-ada"}
    mount = {"name": "workspace", "mountPath": "/workspace"}
    assert spec["containers"][0]["volumeMounts"][0] == mount


def test_it_has_limits_and_an_end():
    spec = _made(longest_minutes=30)["spec"]
    assert spec["activeDeadlineSeconds"] == 1800
    assert spec["restartPolicy"] == "Never"
    assert spec["containers"][0]["resources"] == {
        "requests": {"cpu": "100m", "memory": "256Mi"},
        "limits": {"memory": "512Mi"},
    }


def test_where_there_was_a_snapshot_its_program_makes_no_new_repository():
    kept = replace(WORKSPACE, has_snapshot=True)
    command = pod_manifest(Due(kept, "ended", NOW), SETTINGS)["spec"]["containers"][0]["command"]
    assert _parser().parse_args(command[3:]).expected
    command = _made()["spec"]["containers"][0]["command"]
    assert not _parser().parse_args(command[3:]).expected


@pytest.mark.parametrize("occasion", ["ended", "live", TIDY])
def test_its_program_takes_its_arguments(occasion):
    command = _made(occasion)["spec"]["containers"][0]["command"]
    assert command[:3] == ["python3", "-m", "gpucommons_backup"]
    options = _parser().parse_args(command[3:])
    if occasion == TIDY:
        assert (options.daily, options.person, options.keep_tag) == (30, 5, ["final"])
    else:
        assert (str(options.workspace), options.occasion) == ("/workspace", occasion)


def test_its_program_leaves_out_what_the_settings_say_besides():
    usual = _made()["spec"]["containers"][0]["command"]
    assert not any("leave-out" in each or "largest" in each for each in usual)
    command = _made(excludes={"names": ["wandb", "--*.ckpt"], "largest_gb": 50})["spec"][
        "containers"
    ][0]["command"]
    options = _parser().parse_args(command[3:])
    assert (options.leave_out, options.largest) == (["wandb", "--*.ckpt"], 50 * 2**30)


def test_tidying_has_no_volume_of_anybody():
    spec = _made(TIDY)["spec"]
    assert [each["name"] for each in spec["volumes"]] == ["scratch"]


def test_beside_a_session_the_scheduler_puts_it_on_the_same_node_past_its_taints():
    taint = {"key": "course", "operator": "Exists"}
    near = Session(frozenset(), NOW, node="seven", runs=True, tolerations=(taint,))
    spec = _made("live", near)["spec"]
    assert "nodeName" not in spec
    required = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    (term,) = required["nodeSelectorTerms"]
    assert term == {
        "matchFields": [{"key": "metadata.name", "operator": "In", "values": ["seven"]}]
    }
    assert taint in spec["tolerations"]
    assert {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"} in spec[
        "tolerations"
    ]
    assert "affinity" not in _made()["spec"]


def test_a_priority_is_set_where_there_is_one():
    assert "priorityClassName" not in _made()["spec"]
    assert _made(priority_class="low")["spec"]["priorityClassName"] == "low"


def test_its_secret_goes_with_the_claim_and_is_of_its_name():
    pod, secret = _made(), secret_manifest(WORKSPACE, {"RESTIC_PASSWORD": "p"})
    assert unknown_fields(secret, "Secret") == []
    name = pod["metadata"]["name"]
    assert secret["metadata"]["name"] == name
    assert pod["spec"]["containers"][0]["envFrom"] == [{"secretRef": {"name": name}}]
    (owner,) = secret["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"]) == ("PersistentVolumeClaim", "uid-1")
    assert "RESTIC_PASSWORD" not in json.dumps(pod)


@pytest.mark.parametrize("length", [10, 53, 54, 55, 253])
def test_names_are_short_enough_and_each_claim_s_own(length):
    first, second = ("a" * (length - 1) + last for last in "xy")
    assert pod_name(first) == pod_name(first)
    assert pod_name(first) != pod_name(second)
    assert len(pod_name(first)) <= 63
    assert pod_name(first).startswith("snapshot-a")


def test_a_pod_is_read_back_as_it_was_made():
    pod = _made("live")
    pod["metadata"] |= {"uid": "7", "creationTimestamp": "2026-11-30T12:00:00Z"}
    found = snapshot_pod_of(pod)
    assert (found.claim, found.occasion, found.created) == (WORKSPACE.key, "live", NOW)
    assert not found.over
    assert not found.began


@pytest.mark.parametrize(
    ("spec", "phase", "counts"),
    [
        ({}, "Pending", True),
        ({"nodeName": "one"}, "Running", True),
        ({"schedulingGates": [{"name": "kueue.x-k8s.io/admission"}]}, "Pending", False),
        ({"nodeName": "one"}, "Failed", False),
        ({"nodeName": "one"}, "Succeeded", False),
    ],
)
def test_a_session_has_its_workspace_from_its_turn_in_the_queue_to_its_end(spec, phase, counts):
    volume = {"name": "home", "persistentVolumeClaim": {"claimName": "workspace-ada"}}
    pod = {
        "metadata": {"namespace": "team-vision", "creationTimestamp": "2026-11-30T12:00:00Z"},
        "spec": {"volumes": [volume, {"name": "tmp", "emptyDir": {}}], **spec},
        "status": {"phase": phase},
    }
    found = session_of(pod)
    assert (found is not None) is counts
    if found:
        assert found.claims == {WORKSPACE.key}
        assert found.runs is (phase == "Running")


def test_a_program_that_restores_takes_the_moment_of_a_request():
    asked = RestoreRequest("1", at="2026-11-30T04:00:00+01:00").to_json()
    due = Due(replace(WORKSPACE, asked=asked), RESTORE, NOW)
    pod = pod_manifest(due, SETTINGS)
    options = _parser().parse_args(pod["spec"]["containers"][0]["command"][3:])
    assert (str(options.workspace), options.snapshot) == ("/workspace", "")
    assert options.at == datetime(2026, 11, 30, 3, tzinfo=UTC)
    assert pod["metadata"]["annotations"]["gpucommons.io/restore-request"] == asked


def test_an_id_that_looks_like_an_option_is_none():
    asked = RestoreRequest("1", snapshot="--report").to_json()
    pod = pod_manifest(Due(replace(WORKSPACE, asked=asked), RESTORE, NOW), SETTINGS)
    options = _parser().parse_args(pod["spec"]["containers"][0]["command"][3:])
    assert options.snapshot == "--report"
