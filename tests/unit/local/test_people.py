"""The demo people of a local platform: imported once, their passwords read on their handouts."""

from dataclasses import replace

import pytest
from gpucommons_local.errors import PlatformError
from gpucommons_local.hub import people
from gpucommons_local.hub.people_file import handouts_folder, people_file, write_people_file
from gpucommons_local.machine.instance import Instance
from gpucommons_local.machine.secrets import load_secrets
from gpucommons_people.files.configuration import Configuration
from gpucommons_people.files.handout import TEMPLATE, Handouts, handout

ADA = "ada@example.org"


@pytest.fixture
def instance(tmp_path, monkeypatch) -> Instance:
    monkeypatch.setenv("GPUCOMMONS_STATE", str(tmp_path))
    instance = Instance("unit", 18390)
    instance.state.mkdir()
    return instance


def _hand_out(instance: Instance, password: str) -> None:
    password_hash = password.encode()
    configuration = Configuration(address=instance.url)
    handouts = Handouts(handouts_folder(instance))
    text = handout(
        TEMPLATE, configuration, user_name=ADA, name="Ada", groups=("vision",), password=password
    )
    handouts.prepare(ADA, text, password_hash)
    handouts.publish(ADA, password_hash)


def test_the_password_is_the_one_on_the_last_handout(instance):
    for password in ("k7wd-p2mx-9tfa-hqe4", "a-`strange`|one"):
        _hand_out(instance, password)
        assert people.first_password(instance, ADA) == password


def test_a_platform_at_another_address_has_it_on_its_handouts(instance):
    secrets = load_secrets(instance)
    write_people_file(instance, secrets)
    _hand_out(instance, "k7wd-p2mx-9tfa-hqe4")
    file = handouts_folder(instance) / f"{ADA}.md"
    before = file.read_text()
    write_people_file(instance, secrets)
    assert file.read_text() == before
    for now in (
        replace(instance, port=18400),
        replace(instance, port=18400, https=True),
        instance,
    ):
        write_people_file(now, secrets)
        assert file.read_text() == before.replace(instance.url, now.url)
        assert people.first_password(now, ADA) == "k7wd-p2mx-9tfa-hqe4"
    assert [each.name for each in file.parent.iterdir()] == [file.name]
    assert file.stat().st_mode & 0o777 == 0o600


def test_somebody_without_a_handout_has_no_password_to_show(instance):
    assert people.first_password(instance, ADA) is None


@pytest.fixture
def demo(tmp_path, monkeypatch):
    """The demo's files, to be changed: ``demo("people.csv", text)``."""

    def write(name, text):
        (tmp_path / name).write_text(text)

    write("teams.yaml", "- name: vision\n")
    write("people.csv", "email,name,teams\n")
    monkeypatch.setattr(people, "teams_file", lambda: tmp_path / "teams.yaml")
    monkeypatch.setattr(people, "people_csv", lambda: tmp_path / "people.csv")
    return write


def test_the_demo_is_made_once_and_again_what_changed_of_it(instance, demo, monkeypatch):
    given = []
    monkeypatch.setattr(people, "_gpucommons", lambda _instance, words: given.append(words[:2]))
    assert not people.demo_made(instance)
    people.make_demo(instance)
    assert given == [("team", "apply"), ("user", "import")]
    assert people.demo_made(instance)
    people.make_demo(instance)
    demo("people.csv", "email,name,teams\nada@example.org,,vision\n")
    assert not people.demo_made(instance)
    people.make_demo(instance)
    assert given[2:] == [("user", "import")]


def test_a_command_that_failed_is_told_in_its_own_words_and_given_again(instance, demo):
    people_file(instance).write_text("address: nowhere\n")
    with pytest.raises(PlatformError, match=r"team apply .*people\.yaml(.|\n)*has mistakes"):
        people.make_demo(instance)
    assert not people.demo_made(instance)
