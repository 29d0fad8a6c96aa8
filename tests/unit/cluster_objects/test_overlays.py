"""Each folder of cluster/ can be used by itself; overlays have all parts and say what differs."""

import re
from itertools import pairwise

import pytest
import yaml
from gpucommons_contract import amount
from reference_pages.project import ROOT

from .kustomize import (
    CLUSTER,
    COMPONENTS,
    ENVIRONMENTS,
    MESH,
    OPTIONAL,
    PARTS,
    identity,
    named,
    overlay,
    part,
)

_FOLDERS = sorted(each.parent for each in CLUSTER.rglob("kustomization.yaml"))


def _walk(value, keys=()):
    """What is no map and no list, and the keys and places that lead there."""
    if isinstance(value, dict | list) and value:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, each in items:
            yield from _walk(each, (*keys, key))
    else:
        yield keys, value


def _said(environment):
    """What the files of an overlay say, by file and keys."""
    folder = CLUSTER / "overlays" / environment
    return {
        (file.name, *keys): value
        for file in folder.glob("*.yaml")
        for keys, value in _walk(yaml.safe_load(file.read_text()))
    }


def test_every_folder_with_a_kustomization_is_a_part_or_an_overlay():
    names = {each.relative_to(CLUSTER).as_posix() for each in _FOLDERS}
    overlays = {f"overlays/{each}" for each in ENVIRONMENTS}
    assert names == {*PARTS, *OPTIONAL, *MESH, *COMPONENTS, *overlays}


@pytest.mark.parametrize("name", [*PARTS, *OPTIONAL, *MESH])
def test_each_part_can_be_made_by_itself(name):
    assert part(name)


@pytest.mark.parametrize("folder", _FOLDERS, ids=lambda each: each.relative_to(CLUSTER).as_posix())
def test_every_file_of_a_folder_is_used(folder):
    said = (folder / "kustomization.yaml").read_text()
    used = set(re.findall(r"[\w-]+\.yaml", re.sub(r"#.*", "", said)))
    assert used == {each.name for each in folder.glob("*.yaml")} - {"kustomization.yaml"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_overlay_has_the_objects_of_all_parts_and_no_others(environment):
    parts = {identity(each) for name in PARTS for each in part(name)}
    assert {identity(each) for each in overlay(environment)} == parts


def test_overlays_say_the_same_keys_so_that_they_can_be_compared():
    dev, staging, prod = (set(_said(each)) for each in ENVIRONMENTS)
    assert dev == staging == prod


def test_overlays_differ_in_count_budget_size_and_resources_alone():
    made = [
        {(*identity(each), *keys): value for each in overlay(name) for keys, value in _walk(each)}
        for name in ENVIRONMENTS
    ]
    dev, staging, prod = made
    assert set(dev) == set(staging) == set(prod)
    differing = {keys[-1] for keys in dev if not dev[keys] == staging[keys] == prod[keys]}
    assert differing <= {"replicas", "instances", "enablePDB", "size", "cpu", "memory"}


def _sizes(environment):
    made = overlay(environment)
    culler = named(made, "Deployment", "idle-culler")["spec"]
    database = named(made, "Cluster", "gpucommons-database")["spec"]
    return culler, database


def test_production_has_a_second_of_what_can_have_one():
    for environment in ("staging", "prod"):
        culler, database = _sizes(environment)
        assert culler["replicas"] == 2
        assert database["instances"] >= 2


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_budget_keeps_a_node_from_being_drained(environment):
    culler, database = _sizes(environment)
    budget = named(overlay(environment), "PodDisruptionBudget", "idle-culler")["spec"]
    assert budget["maxUnavailable"] == 1 <= culler["replicas"]
    assert budget["selector"] == culler["selector"]
    assert database["enablePDB"] is (database["instances"] > 1)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_container_asks_for_no_more_than_it_may_have(environment):
    culler, database = _sizes(environment)
    (container,) = culler["template"]["spec"]["containers"]
    for resources in (container["resources"], database["resources"]):
        for name, asked in resources["requests"].items():
            limit = resources["limits"].get(name)
            assert limit is None or amount(asked) <= amount(limit)


def test_no_environment_has_less_than_a_smaller_one():
    sizes = []
    for environment in ENVIRONMENTS:
        culler, database = _sizes(environment)
        (container,) = culler["template"]["spec"]["containers"]
        asked = [*container["resources"]["requests"].values()]
        asked += [*database["resources"]["requests"].values(), database["storage"]["size"]]
        counts = [culler["replicas"], database["instances"]]
        sizes.append([*map(amount, asked), *counts])
    for smaller, larger in pairwise(sizes):
        assert all(a <= b for a, b in zip(smaller, larger, strict=True))


def test_the_guide_says_what_overlays_differ_in():
    text = (ROOT / "docs" / "how-to" / "apply-our-objects.md").read_text()
    cells = [[] for _ in range(2)]
    for environment in ENVIRONMENTS:
        culler, database = _sizes(environment)
        cells[0].append(f"{culler['replicas']} replica{'s' * (culler['replicas'] > 1)}")
        size = database["storage"]["size"].replace("Gi", " GiB")
        count = database["instances"]
        cells[1].append(f"{count} instance{'s' * (count > 1)}, {size}")
    assert f"| idle culler | {' | '.join(cells[0])} |" in text
    assert f"| database | {' | '.join(cells[1])} |" in text
