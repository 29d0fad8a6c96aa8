"""Handouts: what is on them, and who may read them."""

import stat

import pytest
from gpucommons_contract import LONGEST_USER_NAME
from gpucommons_people.errors import InputError, PeopleError
from gpucommons_people.files.configuration import Configuration
from gpucommons_people.files.handout import Handouts, handout, template

ADA = "ada@example.org"


def _configuration(**fields):
    return Configuration(address="https://hub.example.org", **fields)


def _written(**fields):
    configuration = _configuration(**fields)
    return handout(
        template(configuration),
        configuration,
        user_name=ADA,
        name="Ada",
        groups=("vision", "admins"),
        password="abcd-efgh",
    )


def test_a_handout_has_all_that_a_first_sign_in_takes():
    text = _written(access_note="Use the VPN.")
    for part in ("https://hub.example.org", "ada@example.org", "`abcd-efgh`", "Use the VPN."):
        assert part in text
    assert "| Team | vision |" in text


@pytest.mark.parametrize("note", ["Costs {5} $5 {name} {{x}}", "${HOME} %s", "{"])
def test_braces_and_dollars_in_the_note_stay_as_they_are(note):
    assert note in _written(access_note=note)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Dear {nam}", "asks for 'nam'; allowed are name, user_name"),
        ("{name.__class__}", "asks for 'name.__class__'"),
        ("{}", "asks for ''"),
        ("Dear {name", "has a single brace"),
        ("50 } {name}", "has a single brace"),
    ],
)
def test_a_template_with_a_mistake_is_told(tmp_path, text, says):
    file = tmp_path / "handout.md"
    file.write_text(text)
    with pytest.raises(InputError) as told:
        template(_configuration(handout_template=file))
    assert says in str(told.value)


def test_a_site_s_own_template_is_used(tmp_path):
    file = tmp_path / "handout.md"
    file.write_text("{{ {user_name} }}")
    assert _written(handout_template=file) == "{ ada@example.org }"


def test_a_missing_template_is_told(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        template(_configuration(handout_template=tmp_path / "none.md"))


def test_a_handout_is_its_owner_s_alone(tmp_path):
    handouts = Handouts(tmp_path / "handouts")
    handouts.prepare(ADA, "secret", b"hash")
    file = handouts.publish(ADA, b"hash")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert file.read_text() == "secret"


def test_only_the_handout_of_the_password_in_force_is_published(tmp_path):
    handouts = Handouts(tmp_path)
    handouts.prepare(ADA, "old", b"old")
    assert handouts.publish(ADA, b"old")
    handouts.prepare(ADA, "never in force", b"new")
    assert handouts.publish(ADA, b"old") is None
    assert handouts.file(ADA).read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["ada@example.org.md"]


def test_people_whose_names_begin_alike_keep_their_handouts(tmp_path):
    handouts = Handouts(tmp_path)
    handouts.prepare("ada@example.org.uk", "hers", b"hash")
    handouts.prepare(ADA, "his", b"hash")
    assert handouts.remove(ADA)
    assert handouts.publish("ada@example.org.uk", b"hash").read_text() == "hers"


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(PeopleError, match="Nothing was changed"):
        Handouts(tmp_path / "file" / "handouts").prepare(ADA, "x", b"hash")


def test_somebody_with_the_longest_name_of_all_has_no_handout_to_remove(tmp_path):
    assert not Handouts(tmp_path).remove("a" * LONGEST_USER_NAME)


def test_a_device_s_handout_is_its_owner_s_alone_and_goes_with_the_person_s(tmp_path):
    handouts = Handouts(tmp_path / "handouts")
    for text in ("first", "second"):
        handouts.write_device(ADA, "phone", text)
    file = handouts.device_file(ADA, "phone")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [each.read_text() for each in file.parent.iterdir()] == ["second"]
    handouts.write_device("ada@example.org.md", "phone", "of somebody else")
    handouts.remove(ADA)
    assert not file.exists()
    assert handouts.device_file("ada@example.org.md", "phone").exists()
