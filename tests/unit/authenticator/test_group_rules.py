"""Groups of the sign-in service become groups of the hub."""

import pytest
from gpucommons_authenticator import DexOAuthenticator
from gpucommons_authenticator.group_rules import mapped_groups, parse_rules
from hypothesis import given
from hypothesis import strategies as st
from traitlets import TraitError

GROUPS = ("gpu-vision", "gpu-audio", "staff", "course-ml-2026")


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"exact": "staff"}, {"staff"}),
        ({"exact": "staff", "team": "admins"}, {"admins"}),
        ({"exact": "gpu"}, set()),
        ({"prefix": "gpu-"}, {"vision", "audio"}),
        ({"prefix": "gpu-", "team": r"lab-\1"}, {"lab-vision", "lab-audio"}),
        ({"pattern": "course-(.+)-2026", "team": r"\1"}, {"ml"}),
        ({"pattern": "gpu-.*"}, {"gpu-vision", "gpu-audio"}),
        ({"pattern": "gpu"}, set()),
        ({"connector": "ldap"}, set(GROUPS)),
        ({"connector": "github"}, set()),
        ({"connector": "ldap", "exact": "staff"}, {"staff"}),
    ],
)
def test_a_rule_takes_what_it_names(rule, expected):
    assert mapped_groups(parse_rules([rule]), GROUPS, "ldap") == expected


def test_rules_count_together_and_the_rest_is_dropped():
    rules = parse_rules([{"exact": "staff"}, {"prefix": "gpu-"}])
    assert mapped_groups(rules, GROUPS, None) == {"staff", "vision", "audio"}


def test_a_rule_for_a_connector_takes_nothing_when_dex_does_not_name_it():
    assert mapped_groups(parse_rules([{"connector": "ldap"}]), GROUPS, None) == set()


def test_a_prefix_alone_is_no_group():
    assert mapped_groups(parse_rules([{"prefix": "gpu-"}]), ["gpu-"], None) == set()


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("staff", "rule 1 is 'staff'"),
        ({"exakt": "staff"}, "'exakt' is not a key"),
        ({"exact": ""}, "exact is ''"),
        ({"exact": "a", "prefix": "b"}, "at most one"),
        ({"team": "a"}, "takes nothing"),
        ({"pattern": "("}, "no regular expression"),
        ({"pattern": "a", "team": r"\1"}, "team is"),
    ],
    ids=str,
)
def test_a_mistake_names_the_rule_and_the_key(rule, message):
    with pytest.raises(TraitError, match=r"DexOAuthenticator\.group_rules") as mistake:
        DexOAuthenticator(group_rules=[rule])
    assert message in str(mistake.value)


@given(st.lists(st.text(max_size=40), max_size=5))
def test_whatever_the_groups_only_proper_names_come_out(groups):
    for name in mapped_groups(parse_rules([{"prefix": "g"}, {"pattern": ".*x.*"}]), groups, None):
        assert name
        assert name.isprintable()
