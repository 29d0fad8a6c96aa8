"""The sizes of workspaces, as a team's namespace has them."""

import pytest
from gpucommons_contract import WorkspaceSizes, own_sizes_written, read_workspace_sizes

_OF_TEAM, _OF_PEOPLE = "gpucommons.io/workspace-size", "gpucommons.io/workspace-sizes"
ADA, BOB = "ada@example.org", "bob@example.org"


def test_an_own_size_comes_before_the_team_s_and_that_before_none():
    sizes = read_workspace_sizes({_OF_TEAM: "100Gi", _OF_PEOPLE: f'{{"{ADA}": "1Ti"}}'})
    assert (sizes.of(ADA), sizes.of(BOB)) == ("1Ti", "100Gi")
    own = read_workspace_sizes({_OF_PEOPLE: f'{{"{ADA}": "1Ti"}}'})
    assert (own.of(ADA), own.of(BOB)) == ("1Ti", "")
    assert read_workspace_sizes({}) == WorkspaceSizes()


def test_what_is_written_is_read_back():
    people = {BOB: "2Ti", ADA: "100Gi"}
    assert read_workspace_sizes({_OF_PEOPLE: own_sizes_written(people)}).people == people
    assert own_sizes_written({}) is None


@pytest.mark.parametrize(
    ("annotations", "says"),
    [
        ({_OF_TEAM: "much"}, f"{_OF_TEAM}: 'much' is not an amount"),
        ({_OF_TEAM: "0"}, f"{_OF_TEAM}: a workspace cannot have 0"),
        ({_OF_PEOPLE: "{"}, f"{_OF_PEOPLE} is not JSON"),
        ({_OF_PEOPLE: "[]"}, "does not have a size for each user name"),
        ({_OF_PEOPLE: '{"a": 5}'}, "does not have a size for each user name"),
        ({_OF_PEOPLE: '{"a": "5GB"}'}, f"{_OF_PEOPLE}: '5GB' is not an amount"),
    ],
)
def test_what_cannot_be_read_is_told_with_the_annotation(annotations, says):
    with pytest.raises(ValueError, match=r"gpucommons\.io/") as told:
        read_workspace_sizes(annotations)
    assert says in str(told.value)
