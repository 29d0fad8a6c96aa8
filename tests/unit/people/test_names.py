"""Names and durations as they are typed."""

from datetime import timedelta

import pytest
from gpucommons_people.clients.dex_accounts import object_name
from gpucommons_people.errors import InputError
from gpucommons_people.names import account_name, duration, team_name, user_name
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("email", "name"),
    [
        ("Ada@Example.ORG", "ada@example.org"),
        (" ada@example.org ", "ada@example.org"),
        ("o'neill+gpu@cs.example.org", "o'neill+gpu@cs.example.org"),
        ("a_b-.c@localhost", "a_b-.c@localhost"),
        ("ada@example_org", "ada@example_org"),
    ],
)
def test_an_address_in_lower_case_is_the_user_name(email, name):
    assert account_name(email) == user_name(email) == name


def test_a_name_that_is_no_address_is_that_of_somebody_who_signs_in_otherwise():
    assert user_name("Ada") == "ada"
    with pytest.raises(InputError, match="not an e-mail address, as Dex's own accounts need"):
        account_name("Ada")


@pytest.mark.parametrize("name", ["_ada@example.org", "+ada@example.org", "'ada@example.org"])
def test_nobody_gets_an_account_who_could_not_sign_in(name):
    with pytest.raises(InputError, match=f"it begins with .{name[0]}"):
        account_name(name)


@pytest.mark.parametrize(
    "email",
    [
        *("", "ada", "@example.org", "ada@", "a@b@c", "ada@example.org\nx", "ada example@x.org"),
        *(".ada@example.org", "-ada@example.org", "ada@-example.org", "ada@example."),
        *("ädä@example.org", "ada@exämple.org", "\u212a@example.org", "../ada@example.org"),
        "a" * 140 + "@example.org",
    ],
)
def test_what_cannot_be_an_account_is_refused(email):
    with pytest.raises(InputError):
        account_name(email)


@given(st.text())
def test_a_user_name_is_safe_as_file_object_and_user(text):
    try:
        name = account_name(text)
    except InputError:
        return
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789._+'-@")
    assert name == account_name(name) == user_name(name)
    assert name[0].isalnum()
    assert len(object_name(name)) <= 253


@pytest.mark.parametrize("name", ["Vision", "1st", "a-", "", "a" * 41, "a_b", "v\n"])
def test_what_cannot_be_a_team_is_refused(name):
    with pytest.raises(InputError, match="not a name for a team"):
        team_name(name)


def test_durations_have_units():
    assert duration("90") == duration("90s") == timedelta(seconds=90)
    assert duration("10m") == timedelta(minutes=10)
    assert duration("2h") == timedelta(hours=2)
    assert duration("1d") == timedelta(days=1)


@pytest.mark.parametrize("text", ["", "m", "-1m", "1.5h", "10 minutes", "9999999d"])
def test_other_durations_are_refused(text):
    with pytest.raises(InputError, match="90s, 10m, 2h or 1d"):
        duration(text)
