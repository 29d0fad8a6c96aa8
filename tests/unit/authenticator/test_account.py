"""Names and groups from claims."""

import re

import pytest
from gpucommons_authenticator.errors import UnusableClaimsError
from gpucommons_authenticator.identity.account import (
    MAX_GROUPS,
    groups_from,
    is_same_account,
    unusable_groups,
    username_from,
)
from hypothesis import given
from hypothesis import strategies as st


def name(email, **claims):
    claims = {"email": email, "email_verified": True} | claims
    return username_from(claims, "email", require_verified_email=True)


def test_the_user_name_is_the_lower_cased_address():
    assert name("Ada.O'Brien+gpu@Example.org") == "ada.o'brien+gpu@example.org"


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_address_that_is_not_verified_is_refused(verified):
    with pytest.raises(UnusableClaimsError, match="not verified"):
        name("ada@example.org", email_verified=verified)


def test_verification_can_be_waived_and_concerns_only_addresses():
    unverified = {"email": "ada@example.org", "preferred_username": "ada"}
    assert username_from(unverified, "email", require_verified_email=False)
    assert username_from(unverified, "preferred_username", require_verified_email=True) == "ada"


@pytest.mark.parametrize(
    "email",
    ["a/b@example.org", "../admin", "ada lovelace", "\u212aim@example.org", "\u0430da@example.org",
     "ada@example.org\n", "", ".hidden", "a" * 300, None, 7, ["ada"], {"ada": 1}],
)  # fmt: skip
def test_a_name_that_could_be_mistaken_for_another_is_refused(email):
    with pytest.raises(UnusableClaimsError):
        name(email)


@given(st.text() | st.emails())
def test_a_name_is_plain_or_refused(email):
    try:
        result = name(email)
    except UnusableClaimsError:
        return
    assert re.fullmatch(r"[a-z0-9._@+'-]+", result)
    assert result == email.lower()


def test_groups_are_taken_as_they_are():
    assert groups_from({"groups": ["vision", "Staff & Co"]}, "groups") == {"vision", "Staff & Co"}


@pytest.mark.parametrize("claims", [{}, {"groups": None}, {"groups": []}])
def test_no_groups_are_no_groups(claims):
    assert groups_from(claims, "groups") == set()


@pytest.mark.parametrize(
    ("groups", "reason"),
    [
        ("admins", "a text"),
        ({"admins": True}, "an object"),
        (True, "a boolean"),
        ([f"group-{number}" for number in range(MAX_GROUPS + 1)], "a list of 10001"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_groups_claim_of_another_shape_is_refused_and_described(groups, reason):
    with pytest.raises(UnusableClaimsError, match=reason) as refusal:
        groups_from({"groups": groups}, "groups")
    assert "Ask an administrator" in refusal.value.advice


@pytest.mark.parametrize(
    "odd", [7, ["admins"], {"name": "admins"}, None, "", "a\nb", "g" * 256], ids=str
)
def test_an_entry_that_can_be_no_group_is_left_out_and_keeps_nobody_out(odd):
    claims = {"groups": ["vision", odd, "g" * 255]}
    assert groups_from(claims, "groups") == {"vision", "g" * 255}
    assert unusable_groups(claims, "groups") == 1


def test_somebody_may_be_in_thousands_of_groups():
    groups = [f"group-{number}" for number in range(MAX_GROUPS)]
    assert groups_from({"groups": groups}, "groups") == set(groups)


_AT_HOME = {"iss": "https://old.example.org/dex", "sub": "CgVhZGEtMRIFbG9jYWw"}


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"iss": "https://new.example.org/dex"}, True),
        ({"sub": "another"}, False),
        ({"sub": None}, False),
        ({"iss": "https://new.example.org/dex", "sub": "another"}, False),
    ],
    ids=str,
)
def test_an_account_is_its_connector_and_user_whatever_the_address_of_dex(change, same):
    assert is_same_account(_AT_HOME, _AT_HOME | change) is same


def test_the_same_subject_of_another_connector_at_another_address_is_another_account():
    moved = _AT_HOME | {"iss": "https://new.example.org/dex"}
    old, new = ({"federated_claims": {"connector_id": name}} for name in ("ldap", "github"))
    assert not is_same_account(_AT_HOME | old, moved | new)
    assert is_same_account(_AT_HOME | old, moved | old)
