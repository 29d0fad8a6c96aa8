"""The file of teams, and what of it is told when it is wrong."""

import pytest
from gpucommons_people.errors import InputError
from gpucommons_people.team import Team, checked_team, read_teams


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
        ("name: Vision", "name: 'Vision' is no name for a team"),
        ("display_name: X", "name is missing"),
        ("{name: a, gpu: 4}", "gpu is not a key; allowed are name, display_name, gpus"),
        ("{name: a, gpus: -1}", "gpus is -1"),
        ("{name: a, gpus: 1.5}", "gpus is 1.5"),
        ("{name: a, gpus: true}", "gpus is True"),
        ("{name: a, storage: lots}", "'lots' is no amount; write one such as 8"),
        ("{name: a, storage_class: 'a b'}", "storage_class is 'a b'"),
        ("- name: a\n- name: a", "a is in it twice"),
        ("- vision", "team 1: is 'vision'"),
        ("- name: a\n- {name: b, gpus: x}", "team 2 (b): gpus is 'x'"),
        ("", "holds no team"),
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
    with pytest.raises(InputError, match="'much' is no amount"):
        checked_team(name="a", memory="much")
