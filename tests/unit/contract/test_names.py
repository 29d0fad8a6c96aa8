"""What a person is called: the same everywhere, and told when it cannot be."""

import re

import pytest
from gpucommons_contract import LONGEST_USER_NAME, UserNameError, is_user_name, user_name
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("given_name", "name"),
    [
        ("Ada@Example.ORG", "ada@example.org"),
        ("ada@example_org", "ada@example_org"),
        ("O'Neill+gpu@cs.example.org", "o'neill+gpu@cs.example.org"),
        ("7", "7"),
        ("a" * LONGEST_USER_NAME, "a" * LONGEST_USER_NAME),
    ],
)
def test_a_name_is_taken_in_lower_case(given_name, name):
    assert user_name(given_name) == name
    assert is_user_name(name)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "it is empty"),
        ("_ada@example.org", "it begins with '_'"),
        ("+ada", "it begins with '+'"),
        ("ada lovelace", "it contains ' '"),
        ("../admin", "it contains '/'"),
        ("ada\n", r"it contains '\n'"),
        ("\u212aim", r"it contains '\u212a'"),
        ("a" * 255, "it has 255 characters"),
    ],
)
def test_what_is_no_name_is_told_with_why_and_what_is_allowed(name, why):
    with pytest.raises(UserNameError, match=f"cannot be used: {re.escape(why)}. A user"):
        user_name(name)


def test_a_name_in_capitals_is_nobodys_until_it_is_lowered():
    assert not is_user_name("Ada@example.org")


@given(st.text() | st.emails())
def test_a_name_stays_as_it_is_once_it_was_taken(text):
    try:
        name = user_name(text)
    except UserNameError:
        assert not is_user_name(text)
        return
    assert name == user_name(name) == text.lower()
    assert is_user_name(name)
