"""Credentials, as docker, podman and buildah leave them."""

import base64
import json
from pathlib import Path

import pytest
from gpucommons_config.pinning.auth_files import AuthFiles, auth_files
from gpucommons_config.pinning.errors import LookupFailedError, PinningError


def _pair(user: str, password: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.fixture
def file(tmp_path):
    def file(**content: object) -> AuthFiles:
        path = tmp_path / "auth.json"
        path.write_text(json.dumps(content))
        return AuthFiles([path], named=True)

    return file


def test_the_longest_folder_counts(file):
    files = file(
        auths={
            "registry.example.org": _pair("all", "1"),
            "registry.example.org/lab": _pair("lab", "2"),
            "registry.example.org/lab/scipy": _pair("scipy", "3:4"),
        }
    )
    found = files.credentials("registry.example.org", "lab/scipy")
    assert (found.user, found.password) == ("scipy", "3:4")
    assert files.credentials("registry.example.org", "lab/torch").user == "lab"
    assert files.credentials("registry.example.org", "labs/torch").user == "all"
    assert files.credentials("other.example.org", "lab/scipy") is None
    assert files.credentials("registry.example.org:5000", "lab/scipy") is None


@pytest.mark.parametrize("key", ["docker.io", "https://index.docker.io/v1/", "index.docker.io"])
def test_docker_io_has_several_names(file, key):
    files = file(auths={key: _pair("ada", "secret")})
    assert files.credentials("docker.io", "library/debian").user == "ada"


def test_an_address_is_a_key_as_well_as_its_host(file):
    files = file(auths={"https://registry.example.org:5000/v2/": _pair("ada", "secret")})
    assert files.credentials("registry.example.org:5000", "scipy").user == "ada"


def test_user_and_password_may_stand_apart_and_a_token_for_both(file):
    files = file(
        auths={
            "a.example": {"username": "ada", "password": "secret"},
            "b.example": {**_pair("00000000", ""), "identitytoken": "refresh"},
        }
    )
    assert files.credentials("a.example", "x").password == "secret"
    assert files.credentials("b.example", "x").identity_token == "refresh"


def test_no_password_is_shown_by_mistake(file):
    found = file(auths={"a.example": _pair("ada", "hidden")}).credentials("a.example", "x")
    assert "hidden" not in repr(found)


def test_a_program_that_keeps_credentials_is_named(file, tmp_path):
    files = file(
        auths={"a.example": {}},
        credsStore="desktop",
        credHelpers={"b.example": "ecr-login"},
    )
    path = tmp_path / "auth.json"
    assert files.credentials("a.example", "x") is None
    assert files.helper("a.example") == ("docker-credential-desktop", path)
    assert files.helper("b.example") == ("docker-credential-ecr-login", path)
    assert files.helper("c.example") is None


@pytest.mark.parametrize("auth", ["!!", "YWRh", "/////w==", 7])
def test_credentials_that_cannot_be_read_are_told_without_showing_them(file, auth):
    with pytest.raises(LookupFailedError, match="Base64") as error:
        file(auths={"a.example": {"auth": auth}}).credentials("a.example", "x")
    assert "YWRh" not in str(error.value)
    assert "/////" not in str(error.value)


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff", b'{"auths": {"a": {"auth": "c2VjcmV0'])
def test_a_file_that_is_not_json_is_told_without_showing_it(tmp_path, content):
    path = tmp_path / "auth.json"
    path.write_bytes(content)
    with pytest.raises(PinningError, match="JSON") as error:
        AuthFiles([path], named=False)
    assert "c2Vj" not in str(error.value)


def test_only_a_file_that_somebody_named_has_to_be_there(tmp_path):
    AuthFiles([tmp_path / "none.json"], named=False)
    with pytest.raises(PinningError, match=r"there is no such file.*REGISTRY_AUTH_FILE"):
        AuthFiles([tmp_path / "none.json"], named=True)


def test_files_are_looked_into_one_after_another(tmp_path):
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    first.write_text(json.dumps({"auths": {"a.example": _pair("ada", "1")}}))
    second.write_text(
        json.dumps({"auths": {"a.example": _pair("bob", "2"), "b.example": _pair("bob", "2")}})
    )
    files = AuthFiles([first, second], named=False)
    assert files.credentials("a.example", "x").user == "ada"
    assert files.credentials("b.example", "x").user == "bob"


def test_the_usual_files_are_those_of_podman_and_docker():
    assert auth_files(None, {"HOME": "/home/ada"}, 7) == (
        (
            Path("/run/containers/7/auth.json"),
            Path("/home/ada/.config/containers/auth.json"),
            Path("/home/ada/.docker/config.json"),
        ),
        False,
    )
    environment = {
        "HOME": "/home/ada",
        "XDG_RUNTIME_DIR": "/run/user/7",
        "XDG_CONFIG_HOME": "/config",
        "DOCKER_CONFIG": "/etc/docker-ci",
    }
    assert auth_files(None, environment, 7)[0] == (
        Path("/run/user/7/containers/auth.json"),
        Path("/config/containers/auth.json"),
        Path("/etc/docker-ci/config.json"),
    )


def test_a_file_that_is_named_is_the_only_one():
    environment = {"REGISTRY_AUTH_FILE": "/etc/auth.json"}
    assert auth_files(None, environment, 7) == ((Path("/etc/auth.json"),), True)
    assert auth_files(Path("/mine"), environment, 7) == ((Path("/mine"),), True)
