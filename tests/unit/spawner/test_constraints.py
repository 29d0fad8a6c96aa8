"""What the admission policy of the catalogue allows. That the API server refuses the rest is tested
in tests/hub/guarded_teams.
"""

import json

import pytest
from gpucommons_spawner.catalogue import Catalogue
from gpucommons_spawner.catalogue.constraints import constraints
from gpucommons_spawner.catalogue.gpu_modes import MODES

from .conftest import TODAY


def _allowed(catalogue: Catalogue, *images: str, today=TODAY) -> dict[str, list[str]]:
    policy, _ = constraints(catalogue, today, images)
    variables = {each["name"]: each["expression"] for each in policy["spec"]["variables"]}
    return json.loads(variables["allowed"])


def test_images_are_allowed_where_they_can_be_started(catalogue):
    found = _allowed(catalogue, "example/sidecar:1")
    # 2025.11 and TensorFlow are switched off.
    assert found["images"] == [
        "example/sidecar:1",
        "example/scipy:2026.11",
        "example/scipy:2026.05",
    ]
    assert found["images.team.researchers"] == ["example/pytorch:2.9"]
    assert not [key for key in found if key.startswith("image-patterns")]


def test_a_version_that_has_retired_is_not_allowed(full):
    last_day = full.environments["lab"].versions["old"].retires
    assert len(_allowed(full, today=last_day)["images"]) == 2
    assert len(_allowed(full, today=last_day.replace(month=2, day=1))["images"]) == 1


def test_images_that_people_bring_match_as_a_whole_and_have_a_digest_if_all_must(full, catalogue):
    found = _allowed(full)
    (pattern,) = found["image-patterns"]
    assert pattern == r"\A(?:registry\.example\.org/own/[a-z-]+@sha256:[0-9a-f]{64})\z"
    assert found["digests-only"] == ["true"]
    assert "digests-only" not in _allowed(catalogue)


def test_each_mode_says_its_devices_labels_and_nodes(full, catalogue):
    sizes = {k: v for each in (catalogue, full) for k, v in _allowed(each).items() if "size." in k}
    modes = {line.removeprefix("gpu-mode=") for each in sizes.values() for line in each[:2]}
    assert modes >= set(MODES)
    assert sizes["size.hami"] == [
        "team=*",
        "gpu-mode=hami",
        "gpu-units=0.25",
        "device=nvidia.com/gpu=1",
        "device=nvidia.com/gpumem=8192",
        "device=nvidia.com/gpucores=25",
        "toleration=nvidia.com/gpu:Exists::NoSchedule",
    ]
    assert "claim=whole-gpu" in sizes["size.dra"]
    assert sizes["size.cpu"][3:] == [
        "node=pool=borrowed",
        "toleration=borrowed:Exists::",
        "toleration=lab:Equal:vision:NoSchedule",
        "priority=low",
    ]


@pytest.mark.parametrize(
    ("size", "teams"), [("gpu", ["team=*"]), ("gpus", ["team=researchers"]), ("share", [])]
)
def test_a_size_is_for_its_teams_and_shares_that_keep_teams_apart_for_none(catalogue, size, teams):
    lines = _allowed(catalogue)[f"size.{size}"]
    assert [line for line in lines if line.startswith("team=")] == teams


def test_a_size_that_is_off_is_not_there(catalogue):
    off = catalogue.sizes["gpu"].model_copy(update={"disabled": "Back on Monday."})
    changed = catalogue.model_copy(update={"sizes": {**catalogue.sizes, "gpu": off}})
    assert "size.gpu" not in _allowed(changed)


def test_teams_have_their_own_priorities_and_data_is_named(full):
    found = _allowed(full)
    assert found["priority.team.astro"] == ["urgent"]
    assert found["data-claims"] == ["data-imagenet", "data-sky", "shared-models"]


def test_what_the_cluster_gives_to_pods_without_a_priority_is_not_the_teams_own(full):
    policy, _ = constraints(full, TODAY, default_priority="usual")
    variables = {each["name"]: each["expression"] for each in policy["spec"]["variables"]}
    found = json.loads(variables["allowed"])
    assert found.pop("default-priority") == ["usual"]
    assert found == _allowed(full)


def test_a_trial_warns_and_refuses_nothing(catalogue):
    for trial, actions in ((True, ["Warn", "Audit"]), (False, ["Deny"])):
        policy, binding = constraints(catalogue, TODAY, trial=trial)
        assert binding["spec"]["policyName"] == policy["metadata"]["name"]
        assert binding["spec"]["validationActions"] == actions
