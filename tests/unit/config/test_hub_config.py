"""What stops the hub at start, and what it says."""

import json
from pathlib import Path

import pytest
from gpucommons_config.installation import installation
from gpucommons_sessions.client import show_notice
from gpucommons_spawner import GPUSpawner
from gpucommons_spawner.selection.person import Teams
from hypothesis import given
from hypothesis import strategies as st
from traitlets.config import Config, PyFileConfigLoader

_ROOT = Path(__file__).parents[3]
_CONFIG = _ROOT / "hub_config" / "jupyterhub_config.py"
_CATALOGUE = _ROOT / "hub_config" / "gpucommons_config" / "catalogue.yaml"


@pytest.fixture
def read_config(tmp_path, monkeypatch):
    """Read the hub's configuration with an installation's values, as JupyterHub does."""

    def read(values: str) -> Config:
        file = tmp_path / "values.yaml"
        file.write_text(values)
        monkeypatch.setenv("GPUCOMMONS_VALUES", str(file))
        return PyFileConfigLoader(str(_CONFIG)).load_config()

    return read


def test_the_default_catalogue_is_accepted(read_config) -> None:
    config = read_config(f"GPUSpawner: {{catalogue_file: {_CATALOGUE}}}")
    assert config.GPUSpawner.catalogue_file == str(_CATALOGUE)


def test_sessions_that_end_soon_are_told_as_the_authenticator_tells_them(read_config) -> None:
    config = read_config(f"GPUSpawner: {{catalogue_file: {_CATALOGUE}}}")
    assert config.GPUSpawner.show_notice is show_notice


def test_a_session_may_end_itself_and_nothing_else_that_it_could_not_before(read_config) -> None:
    config = read_config(f"GPUSpawner: {{catalogue_file: {_CATALOGUE}}}")
    assert set(config.Spawner.server_token_scopes) == {
        "users:activity!user",
        "access:servers!server",
        "delete:servers!server",
    }


def test_a_typo_in_the_catalogue_stops_the_hub_with_file_line_and_key(
    read_config, tmp_path
) -> None:
    broken = tmp_path / "catalogue.yaml"
    text = _CATALOGUE.read_text().replace("    memory: 2Gi", "    memroy: 2Gi", 1)
    broken.write_text(text)
    line = text.splitlines().index("    memroy: 2Gi") + 1
    with pytest.raises(SystemExit) as stopped:
        read_config(f"GPUSpawner: {{catalogue_file: {broken}}}")
    assert f"{broken}:{line}: sizes.cpu.memroy" in str(stopped.value.code)


def test_a_hub_without_a_catalogue_says_what_to_set(read_config) -> None:
    with pytest.raises(SystemExit, match=r"GPUSpawner\.catalogue_file"):
        read_config("JupyterHub: {}")


@pytest.mark.parametrize("values", ["- a list", "JupyterHub: 7", "{"])
def test_values_of_another_shape_stop_the_hub_and_name_the_file(read_config, values: str) -> None:
    with pytest.raises(SystemExit, match=r"values\.yaml"):
        read_config(values)


def test_a_class_without_traits_is_named_with_its_place(read_config) -> None:
    with pytest.raises(SystemExit, match=r"values\.yaml:2:1: GPUSpawner must hold traits"):
        read_config("JupyterHub: {}\nGPUSpawner: 7\n")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=6,
    )
)
def test_any_values_are_a_configuration_or_stop_with_the_file(tmp_path_factory, values) -> None:
    file = tmp_path_factory.mktemp("values") / "values.yaml"
    file.write_text(json.dumps(values).replace("\x7f", "\\u007f"))
    try:
        found = installation({"GPUCOMMONS_VALUES": str(file)})
    except SystemExit as stopped:
        assert str(file) in str(stopped.code)  # noqa: PT017 -- either is right
    else:
        assert set(found) == set(values or {})


def test_a_block_that_is_there_twice_is_named_with_both_places(read_config) -> None:
    twice = "GPUSpawner:\n  catalogue_file: a\nJupyterHub: {}\nGPUSpawner:\n  uid: 1000\n"
    with pytest.raises(SystemExit) as stopped:
        read_config(twice)
    assert 'values.yaml:4:1: not valid YAML: found duplicate key "GPUSpawner"' in stopped.value.code
    assert "line 1, column 1" in stopped.value.code


@pytest.mark.parametrize("trait", ["debug: no", "port: 010", "port: 12_000", "active: on"])
def test_a_value_that_can_be_read_in_two_ways_stops_the_hub(read_config, trait) -> None:
    with pytest.raises(SystemExit, match=r"values\.yaml:2:\d+: .* can be read in two ways; write"):
        read_config(f"JupyterHub:\n  {trait}\n")


def test_an_installation_s_services_stand_beside_ours(read_config) -> None:
    services = "[{name: gpucommons-people, api_token: abc}, {name: culler, command: [x]}]"
    config = read_config(
        f"{{JupyterHub: {{services: {services}}}, GPUSpawner: {{catalogue_file: {_CATALOGUE}}}}}"
    )
    assert config.JupyterHub.services == [
        {"name": "gpucommons-people", "api_token": "abc"},
        {"name": "culler", "command": ["x"]},
        {"name": "gpucommons-notices"},
        {"name": "idle"},
        {"name": "gpu"},
        {"name": "files"},
    ]
    roles = {role["name"]: role for role in config.JupyterHub.load_roles}
    assert roles["gpucommons-notices"]["scopes"] == [
        "access:servers", "delete:servers", "read:services:name!service=gpucommons-notices",
        "admin-ui", "access:services!service=idle",
        "access:services!service=gpu", "custom:gpucommons:read:balances",
        "custom:gpucommons:tell:accounting",
    ]  # fmt: skip
    assert roles["gpucommons-people"]["services"] == ["gpucommons-people"]


def test_everybody_may_open_our_services_pages_beside_what_an_installation_lets_them(
    read_config,
) -> None:
    own = "[{name: user, scopes: [self, 'access:services!service=x']}, {name: b, scopes: []}]"
    values = f"load_roles: {own}, extra_user_scopes: [shares]"
    config = read_config(
        f"{{JupyterHub: {{{values}}}, GPUSpawner: {{catalogue_file: {_CATALOGUE}}}}}"
    )
    pages = ["access:services!service=idle", "access:services!service=gpu"]
    assert config.JupyterHub.extra_user_scopes == {"shares", *pages}
    roles = {role["name"]: role["scopes"] for role in config.JupyterHub.load_roles}
    assert roles["user"] == ["self", "access:services!service=x", *pages]
    assert roles["b"] == []


def test_groups_that_hand_out_rights_and_are_no_teams_come_from_exact_rules_alone(
    read_config, tmp_path, monkeypatch
) -> None:
    file = tmp_path / "catalogue.yaml"
    text = _CATALOGUE.read_text().replace("[researchers, admins]", "[vision, big-users]")
    assert "big-users" in text
    file.write_text(text)
    monkeypatch.setattr(GPUSpawner.hub_state, "teams", Teams())
    role = "{name: readers, scopes: [list:users], groups: [auditors, vision]}"
    values = f"GPUSpawner: {{catalogue_file: {file}}}\nJupyterHub: {{load_roles: [{role}]}}"
    config = read_config(values)
    reserved = config.DexOAuthenticator.reserved_groups
    assert reserved() == set()  # which are teams is not known yet
    metadata = {"name": "team-vision", "labels": {"gpucommons.io/team": "vision"}}
    GPUSpawner.hub_state.teams.replace([{"metadata": metadata}])
    assert reserved() >= {"big-users", "auditors"}
    assert "vision" not in reserved()


def test_an_installation_may_say_itself_which_groups_hand_out_rights(read_config) -> None:
    values = (
        f"GPUSpawner: {{catalogue_file: {_CATALOGUE}}}\nDexOAuthenticator: {{reserved_groups: [x]}}"
    )
    assert read_config(values).DexOAuthenticator.reserved_groups == ["x"]
