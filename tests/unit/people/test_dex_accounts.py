"""Names of Dex's objects, and whose a login is."""

import pytest
from gpucommons_people.clients.dex_accounts import (
    Account,
    account_from,
    manifest,
    object_name,
)
from hypothesis import given
from hypothesis import strategies as st

ADA = "ada@example.org"


@pytest.mark.parametrize(
    ("email", "name"),
    [
        # What idToName of Dex's storage/kubernetes/client.go gave, run with its own Go.
        ("foo", "mzxw7s7sttsiiirdeu"),
        (ADA, "mfsgcqdfpbqw24dmmuxg64thzpzjzzeeeirsk"),
    ],
)
def test_objects_are_named_as_dex_names_them(email, name):
    assert object_name(email) == name


@given(
    st.builds(
        Account,
        email=st.emails().map(str.lower),
        name=st.text(min_size=1),
        user_id=st.uuids().map(str),
        groups=st.lists(st.text(min_size=1)).map(tuple),
        hash=st.binary(min_size=1),
    )
)
def test_an_account_is_read_back_from_its_object(account):
    assert account_from(manifest(account, "dex")) == account


async def test_logins_are_found_by_address_in_any_spelling_and_connector(world):
    world.add_login("Ada@Example.org", "17", connector="ldap")
    world.add_login(ADA, "ada-id")
    world.add_login("grace@example.org", "18", connector="ldap")
    found = await world.it.dex.logins(ADA, "ada-id")
    assert sorted(each.name for each in found) == [
        "session-17-ldap",
        "session-ada-id-local",
        "token-Ada@Example.org-ldap",
        "token-ada@example.org-local",
    ]


async def test_the_same_number_in_another_connector_is_another_person(world):
    world.add_login(ADA, "17", connector="ldap")
    world.add_login("grace@example.org", "17", connector="github")
    found = await world.it.dex.logins(ADA, None)
    assert [each.name for each in found] == ["session-17-ldap", f"token-{ADA}-ldap"]


async def test_a_login_of_an_account_whose_address_changed_is_found_by_its_id(world):
    world.add_login("maiden@example.org", "ada-id")
    found = await world.it.dex.logins(ADA, "ada-id")
    assert len(found) == 2


async def test_nobody_is_not_everybody(world):
    world.add_login("", "")
    assert await world.it.dex.logins(ADA, None) == []
    assert await world.it.dex.logins(ADA, "") == []
