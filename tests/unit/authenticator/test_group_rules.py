"""Groups of the sign-in service become groups of the hub."""

import pytest
from gpucommons_authenticator import DexOAuthenticator
from gpucommons_authenticator.identity.group_rules import mapped_groups, parse_rules
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


_WILDCARDS = [
    {"connector": "ldap"},
    {"prefix": "gpu-"},
    {"pattern": "lab:(.+)", "team": r"\1"},
    {"pattern": "admins"},
    {"pattern": ".*", "team": "admins"},
]


@pytest.mark.parametrize("rule", _WILDCARDS, ids=str)
def test_a_wildcard_gives_no_group_that_hands_out_rights(rule):
    groups = ["admins", "gpu-admins", "lab:admins"]
    rules = parse_rules([rule])
    assert "admins" in mapped_groups(rules, groups, "ldap")
    assert "admins" not in mapped_groups(rules, groups, "ldap", {"admins"})


def test_an_exact_rule_gives_it_and_takes_no_other_group():
    rules = parse_rules([{"exact": "it-staff", "team": "admins"}, *_WILDCARDS])
    assert "admins" in mapped_groups(rules, ["it-staff"], "ldap", {"admins"})
    assert "admins" not in mapped_groups(rules, ["it-staff2", "gpu-admins"], "ldap", {"admins"})


@pytest.mark.parametrize("rule", _WILDCARDS, ids=str)
async def test_who_may_name_a_group_administers_nothing(authenticator, issuer, ada, rule):
    authenticator.admin_groups, authenticator.allowed_groups = {"admins"}, set()
    authenticator.group_rules = [rule]
    connector = {"federated_claims": {"connector_id": "ldap"}}
    issuer.claims |= {"groups": ["admins", "gpu-admins", "lab:admins"], **connector}
    model = await authenticator.refresh_user(ada)
    assert model["admin"] is False
    assert "admins" not in model["groups"]


@pytest.mark.parametrize("reserved", [{"big-users"}, lambda: {"big-users"}], ids=["set", "call"])
async def test_other_rights_come_from_exact_rules_too(authenticator, issuer, ada, reserved):
    authenticator.allowed_groups = set()
    authenticator.reserved_groups = reserved
    authenticator.group_rules = [{"prefix": "gpu-"}]
    issuer.claims["groups"] = ["gpu-big-users"]
    assert (await authenticator.refresh_user(ada))["groups"] == []  # and may stay
    authenticator.group_rules = [{"exact": "gpu-big-users", "team": "big-users"}]
    authenticator.__dict__.pop("rules")
    ada.auth_state["refresh_token"] = "next"
    assert (await authenticator.refresh_user(ada))["groups"] == ["big-users"]


def test_an_administrators_group_that_no_rule_gives_is_told_at_the_start(caplog):
    settings = {"issuer": "https://d.example.org", "client_id": "x", "client_secret": "s"}
    rules = [{"connector": "local"}]
    DexOAuthenticator(**settings, admin_groups={"admins"}, group_rules=rules).check_allow_config()
    assert '{"connector": "local", "exact": "admins"}' in caplog.text
    caplog.clear()
    rules = [{"connector": "local", "exact": "admins"}]
    DexOAuthenticator(**settings, admin_groups={"admins"}, group_rules=rules).check_allow_config()
    assert "Nobody can be in" not in caplog.text


def test_rules_without_managed_groups_stop_the_hub_at_the_start():
    settings = {"issuer": "https://d.example.org", "client_id": "x", "client_secret": "s"}
    hub = DexOAuthenticator(**settings, manage_groups=False, group_rules=[{"prefix": "gpu-"}])
    with pytest.raises(ValueError, match=r"set manage_groups to True"):
        hub.check_allow_config()


def test_a_prefix_alone_is_no_group():
    assert mapped_groups(parse_rules([{"prefix": "gpu-"}]), ["gpu-"], None) == set()


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("staff", "rule 1 is 'staff'"),
        ({"exakt": "staff"}, "'exakt' is not a key"),
        ({"exact": ""}, "exact is ''"),
        ({"exact": "a", "prefix": "b"}, "at most one"),
        ({"team": "a"}, "matches nothing"),
        ({"pattern": "("}, "is not a Python regular expression"),
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
