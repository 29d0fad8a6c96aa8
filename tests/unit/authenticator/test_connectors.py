"""The ways in that the login page offers."""

import pytest
from gpucommons_authenticator import DexOAuthenticator
from gpucommons_authenticator.errors import UnknownConnectorError
from gpucommons_authenticator.identity.connectors import chosen, parse_connectors
from traitlets import TraitError

TWO = [{"id": "ldap", "label": "University"}, {"id": "github", "label": "GitHub"}]


def test_a_link_asks_for_one_of_those_listed():
    assert chosen(parse_connectors(TWO), "github").label == "GitHub"


def test_any_other_is_refused_with_those_there_are():
    with pytest.raises(UnknownConnectorError) as refusal:
        chosen(parse_connectors(TWO), "mock")
    assert "University, GitHub" in refusal.value.advice


def test_a_single_one_is_taken_without_being_asked_for():
    assert chosen(parse_connectors(TWO[:1]), "").id == "ldap"


@pytest.mark.parametrize("entries", [[], TWO], ids=["none", "two"])
def test_otherwise_the_choice_is_left_to_dex(entries):
    assert chosen(parse_connectors(entries), "") is None


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (["ldap"], "entry 1 is 'ldap'"),
        ([{"id": "ldap"}], "id and label"),
        ([{"id": "ldap", "label": ""}], "label is ''"),
        ([TWO[0], TWO[0]], "twice"),
    ],
    ids=str,
)
def test_a_mistake_names_the_entry(entries, message):
    with pytest.raises(TraitError, match=r"DexOAuthenticator\.connectors") as mistake:
        DexOAuthenticator(connectors=entries)
    assert message in str(mistake.value)
