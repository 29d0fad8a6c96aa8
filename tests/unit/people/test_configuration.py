"""The installation's settings: where they are found, and what is told of mistakes."""

import pytest
from gpucommons_people.errors import InputError
from gpucommons_people.files import configuration
from gpucommons_people.files.configuration import find_configuration, read_configuration


@pytest.fixture
def read(tmp_path):
    def read(text):
        (tmp_path / "people.yaml").write_text(text)
        return read_configuration(tmp_path / "people.yaml")

    return read


def test_paths_are_relative_to_the_file(read, tmp_path):
    found = read(
        "address: https://x.org\nhub: {api_url: https://x.org/hub/api, token_file: token}\n"
        "handouts: out\nkubeconfig: /etc/kubeconfig\nteam_additions: policies.yaml\n"
    )
    (tmp_path / "token").write_text("abc\n")
    assert found.hub.token() == "abc"
    assert found.handouts == tmp_path / "out"
    assert str(found.kubeconfig) == "/etc/kubeconfig"
    assert found.team_additions == tmp_path / "policies.yaml"
    assert found.retention_days == 90


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{}", "address: Field required"),
        ("[]", "must hold keys and values: address, hub"),
        ("adress: x\naddress: https://x.org", "adress: Extra inputs are not permitted"),
        ("address: x.org", "address: String should match"),
        ("address: https://x\nhub: {api_url: 'https://x'}", "hub.token_file: Field required"),
        ("address: https://x\nretention_days: -1", "retention_days: "),
        (":", "not valid YAML|must hold"),
    ],
)
def test_a_mistake_is_told_with_its_key(read, text, says):
    with pytest.raises(InputError, match=says):
        read(text)


def test_without_a_file_of_authorities_the_usual_ones_count(read):
    found = read("address: https://x\nhub: {api_url: 'https://x', token_file: token}")
    assert found.hub.trusted() is None


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_file_of_authorities_that_cannot_be_used_is_told(read, tmp_path, content):
    hub = "{api_url: 'https://x', token_file: token, ca_file: ca.crt}"
    found = read(f"address: https://x\nhub: {hub}")
    if content is not None:
        (tmp_path / "ca.crt").write_text(content)
    with pytest.raises(InputError, match=rf"hub\.ca_file, {tmp_path}/ca\.crt, cannot be used: \w"):
        found.hub.trusted()


@pytest.mark.parametrize("content", [None, "", "t\u00f6ken"])
def test_a_token_that_cannot_be_used_is_told(read, tmp_path, content):
    found = read("address: https://x\nhub: {api_url: 'https://x', token_file: token}")
    if content is not None:
        (tmp_path / "token").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="token"):
        found.hub.token()


def test_the_nearest_of_the_places_counts(tmp_path, monkeypatch):
    given, named, usual, fallback = (tmp_path / name for name in "abcd")
    monkeypatch.setattr(configuration, "USUAL_PLACE", usual)
    variable = {"GPUCOMMONS_PEOPLE": str(named)}
    assert find_configuration(given, fallback, variable) == given
    assert find_configuration(None, fallback, variable) == named
    assert find_configuration(None, fallback, {}) == fallback
    usual.touch()
    assert find_configuration(None, fallback, {}) == usual


def test_without_any_it_is_told_where_to_write_one(tmp_path, monkeypatch):
    monkeypatch.setattr(configuration, "USUAL_PLACE", tmp_path / "none.yaml")
    with pytest.raises(InputError, match="GPUCOMMONS_PEOPLE"):
        find_configuration(None, None, {})
