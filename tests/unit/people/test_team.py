"""The file of teams, and what of it is told when it is wrong."""

import json
import re

import pytest
from gpucommons_people.errors import InputError
from gpucommons_people.teams.team import Team, checked_team, read_teams
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture
def teams(tmp_path):
    def teams(text):
        file = tmp_path / "teams.yaml"
        file.write_text(text)
        return read_teams(file)

    return teams


@pytest.mark.parametrize(
    "text",
    [
        "- name: a\n- {name: b, gpus: 2}\n",
        "name: a\n---\nname: b\ngpus: 2\n",
        "---\n- name: a\n---\nname: b\ngpus: 2\n",
    ],
)
def test_a_file_is_a_list_or_documents(teams, text):
    assert teams(text) == (Team(name="a"), Team(name="b", gpus=2))


def test_amounts_may_be_numbers(teams):
    (team,) = teams("name: a\ncpu: 64\nmemory: 512Gi\nstorage: 1.5Ti\n")
    assert team.limits() == {"cpu": "64", "memory": "512Gi", "storage": "1.5Ti"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name: Vision", "name: 'Vision' is not a name for a team"),
        ("display_name: X", "name is missing"),
        ("{name: a, gpu: 4}", "gpu is not a key; allowed are name, display_name, gpus"),
        ("{name: a, gpus: -1}", "gpus is -1"),
        ("{name: a, gpus: 1.5}", "gpus is 1.5"),
        ("{name: a, gpus: true}", "gpus is True"),
        ("{name: a, storage: lots}", "'lots' is not an amount; write one such as 2, 500m, 8Gi"),
        ("{name: a, storage_class: 'a b'}", "storage_class is 'a b'"),
        ("{name: a, workspace: 100GB}", "workspace: '100GB' is not an amount; did you mean 100Gi?"),
        ("{name: a, workspace: 0}", "workspace: a workspace must have some room; write a size"),
        ("{name: a, storage: 1Ti, workspace: 2Ti}", "workspace: 2Ti is more than storage, 1Ti"),
        ("{name: a, workspaces: {a@b.c: 0}}", "workspaces.a@b.c: a workspace must have some room"),
        ("{name: a, workspaces: {'': 5Gi}}", "workspaces."),
        ("{name: a, storage: 1Ti, workspaces: {a@b.c: 2Ti}}", "workspaces: 2Ti is more than"),
        ("- name: a\n- name: a", "teams.yaml:2:3: a is in it twice, first in "),
        ("- name: a\n  gpus: 4\n  gpus: 40", "teams.yaml:3:3: not valid YAML: found duplicate key"),
        ("{name: a, gpus: 010}", "teams.yaml:1:17: 010 can be read in two ways"),
        ("{name: a, gpus: 1:30}", "gpus is '1:30': it must be a whole number"),
        ("{name: no}", 'no can be read in two ways; write false, or "no" in quotes'),
        ("{name: a, memory: 512m}", "memory: 512m is less than a byte; did you mean 512Mi?"),
        ("{name: a, storage: 8}", "storage: 8 is 8 bytes; did you mean 8Gi?"),
        ("{name: a, resources: {nvidia.com/gpu: 1}}", "nvidia.com/gpu belongs in gpus"),
        ("{name: a, resources: {mig: 1}}", "'mig' is not a resource of a node; write one such as"),
        ("{name: a, device_classes: {a b: 1}}", "'a b' is not a DeviceClass; write one such as"),
        ("{name: a, resources: {x.y/z: 1.5}}", "resources.x.y/z is 1.5"),
        ("{name: a, cpu: 2Ti}", "did you mean 2?"),
        ("{name: a, memory: 9000K}", "memory: 9000K has the unit K, which Kubernetes does not"),
        ("- name: a\n- name: b\n  gpu: 1", "teams.yaml:3:3: team 2 (b): gpu is not a key"),
        ("- vision", "team 1: is 'vision'"),
        ("- name: a\n- {name: b, gpus: x}", "team 2 (b): gpus is 'x'"),
        ("", "has no teams"),
        ("[", "not valid YAML"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_key(teams, text, says):
    with pytest.raises(InputError) as told:
        teams(text)
    assert says in str(told.value)


def test_all_mistakes_are_told_at_once(teams):
    with pytest.raises(InputError) as told:
        teams("- {name: A, gpus: -1}\n- {name: b, gpus: x}\n")
    assert len(told.value.problems) == 3


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_teams(tmp_path / "none.yaml")


def test_typed_fields_are_checked_alike():
    with pytest.raises(InputError, match="'much' is not an amount"):
        checked_team(name="a", memory="much")


def test_people_with_a_size_of_their_own_are_named_as_the_hub_does(teams):
    (team,) = teams("{name: a, workspace: 100Gi, workspaces: {Ada@Example.org: 1Ti}}")
    assert (team.workspace, team.workspaces) == ("100Gi", {"ada@example.org": "1Ti"})


def test_nothing_at_all_of_something_may_be_given(teams):
    assert teams("{name: a, cpu: 0, memory: 0, storage: '0'}")[0].limits()["memory"] == "0"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([*Team.model_fields, "other"]), inner, max_size=4)
        ),
        max_leaves=8,
    )
)
def test_any_file_is_teams_or_told_with_file_and_line(tmp_path_factory, value):
    file = tmp_path_factory.mktemp("teams") / "teams.yaml"
    file.write_text(json.dumps(value).replace("\x7f", "\\u007f"))
    try:
        read_teams(file)
    except InputError as error:
        told = error
    else:
        return
    assert all(re.match(rf"{file}:\d+:\d+: ", problem) for problem in told.problems)
    assert str(file) in str(told)
