"""What stops the hub at start, and what it says."""

from pathlib import Path

import pytest
from gpucommons_authenticator.session_calls import show_notice
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
    ]
    roles = {role["name"]: role for role in config.JupyterHub.load_roles}
    assert roles["gpucommons-notices"]["scopes"] == [
        "access:servers", "delete:servers", "read:services:name!service=gpucommons-notices",
    ]  # fmt: skip
    assert roles["gpucommons-people"]["services"] == ["gpucommons-people"]


def test_everybody_may_open_the_culler_s_page_beside_what_an_installation_lets_them(
    read_config,
) -> None:
    own = "[{name: user, scopes: [self, 'access:services!service=x']}, {name: b, scopes: []}]"
    values = f"load_roles: {own}, extra_user_scopes: [shares]"
    config = read_config(
        f"{{JupyterHub: {{{values}}}, GPUSpawner: {{catalogue_file: {_CATALOGUE}}}}}"
    )
    page = "access:services!service=idle"
    assert config.JupyterHub.extra_user_scopes == {"shares", page}
    roles = {role["name"]: role["scopes"] for role in config.JupyterHub.load_roles}
    assert roles["user"] == ["self", "access:services!service=x", page]
    assert roles["b"] == []
