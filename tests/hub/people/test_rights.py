"""All that hub and account commands may do, namespace by namespace: this and nothing else.

What ``kubectl auth can-i --list`` says, less what any account may. That the commands' rights on
namespaces and RoleBindings end at those of teams is a policy's doing: test_teams_in_cluster.py.
"""

import re
from collections import defaultdict

import pytest
from gpucommons_people.teams.team import Team

from .cluster import HUB, NOBODY, PEOPLE, TUNNEL

_FOLLOW = "list watch"
_APPLY = "create get list patch"
_HUB_EVERYWHERE = {
    "nodes": _FOLLOW,
    "pods": _FOLLOW,
    "namespaces": _FOLLOW,
    "events": _FOLLOW,
    "workloadpriorityclasses.kueue.x-k8s.io": "get",
}
_HUB_IN_A_TEAM = {
    "pods": f"create delete get {_FOLLOW}",
    "persistentvolumeclaims": "create get list patch",
    "localqueues.visibility.kueue.x-k8s.io/pendingworkloads": "get",
    "workloads.kueue.x-k8s.io": "list",
}
_ROLES = "clusterroles.rbac.authorization.k8s.io"
_PEOPLE_EVERYWHERE = {
    "namespaces": "create delete get list patch",
    "rolebindings.rbac.authorization.k8s.io": "create get patch",
    "storageclasses.storage.k8s.io": "get",
    f"{_ROLES}/gpucommons-sessions": "bind",
    f"{_ROLES}/gpucommons-team-administration": "bind",
}
_PEOPLE_IN_A_TEAM = {
    "resourcequotas": _APPLY,
    "limitranges": _APPLY,
    "networkpolicies.networking.k8s.io": "create delete get list patch",
    "localqueues.kueue.x-k8s.io": _APPLY,
    "persistentvolumeclaims": "create delete get list patch",
    "pods": "list",
}
_PEOPLE_IN_DEX = {
    "passwords.dex.coreos.com": "create delete get list patch",
    "refreshtokens.dex.coreos.com": "delete list",
    "offlinesessionses.dex.coreos.com": "delete list",
}
_QUOTA, _NOTICES = "gpucommons-quota", "gpucommons-notices"
_HUB_ON_CONFIG_MAPS = {
    _QUOTA: {"configmaps": "create list watch"},
    _NOTICES: {"configmaps": "create delete list update watch"},
}
_PEERS = "gpucommons-peers"
_PEOPLE_ON_CONFIG_MAPS = {"configmaps": "create delete list patch"}
_OTHERS = ("gpucommons", "kube-system", "default")


@pytest.fixture(scope="module", autouse=True)
def _cluster(api, dex):
    """With Dex's kinds, and namespaces of nothing beside those of an installation."""


@pytest.fixture
def _vision(do):
    do(lambda people: people.apply_teams([Team(name="vision")]))


def _rights(api, account: str, namespace: str) -> dict[str, set[str]]:
    """Verbs by resource, or by path; a rule for one object alone has its name behind a slash."""
    found: dict[str, set[str]] = defaultdict(set)
    list_ = ("auth", "can-i", "--list", "--no-headers", "-n", namespace)
    listed = api.kubectl(*list_, "--as", account, "--as-group", "system:authenticated")
    for line in listed.splitlines():
        row = re.fullmatch(r"(\S*) +\[(.*)\] +\[(.*)\] +\[(.*)\]", line.rstrip())
        assert row, line
        resource, path, name, verbs = row.groups()
        found["/".join(filter(None, (resource, path, name)))] |= set(verbs.split())
    return found


def own_rights(api, account: str, namespace: str) -> dict[str, str]:
    """What an account may do, and not any other."""
    anybody = _rights(api, NOBODY, namespace)
    found = {
        what: verbs - anybody.get(what, set())
        for what, verbs in _rights(api, account, namespace).items()
    }
    return {what: " ".join(sorted(verbs)) for what, verbs in found.items() if verbs}


@pytest.mark.usefixtures("_vision")
def test_the_hub_starts_and_stops_sessions_in_a_team_s_namespace(api):
    assert own_rights(api, HUB, "team-vision") == _HUB_EVERYWHERE | _HUB_IN_A_TEAM


@pytest.mark.parametrize("namespace", [*_OTHERS, "dex"])
def test_the_hub_only_looks_at_what_is_free_anywhere_else(api, namespace):
    assert own_rights(api, HUB, namespace) == _HUB_EVERYWHERE


@pytest.mark.parametrize("namespace", [_QUOTA, _NOTICES])
def test_the_hub_makes_exceptions_and_ends_none_and_keeps_the_message_of_the_day(api, namespace):
    assert own_rights(api, HUB, namespace) == _HUB_EVERYWHERE | _HUB_ON_CONFIG_MAPS[namespace]


@pytest.mark.parametrize("namespace", [_QUOTA, _NOTICES])
def test_the_commands_make_exceptions_and_notices_and_no_other_config_maps(api, namespace):
    assert own_rights(api, PEOPLE, namespace) == _PEOPLE_EVERYWHERE | _PEOPLE_ON_CONFIG_MAPS


def test_the_commands_make_and_end_peers_and_the_tunnel_lists_them(api):
    on_peers = {"configmaps": "create get list patch"}
    assert own_rights(api, PEOPLE, _PEERS) == _PEOPLE_EVERYWHERE | on_peers
    assert own_rights(api, TUNNEL, _PEERS) == {"configmaps": "list"}
    where = {"configmaps/private-access": "get"}
    assert own_rights(api, PEOPLE, "gpucommons-private-access") == _PEOPLE_EVERYWHERE | where
    assert own_rights(api, TUNNEL, "gpucommons-private-access") == {}


@pytest.mark.usefixtures("_vision")
def test_the_commands_keep_a_team_s_objects_and_workspaces_in_its_namespace(api):
    assert own_rights(api, PEOPLE, "team-vision") == _PEOPLE_EVERYWHERE | _PEOPLE_IN_A_TEAM


def test_the_commands_keep_accounts_and_logins_in_the_namespace_of_dex(api):
    assert own_rights(api, PEOPLE, "dex") == _PEOPLE_EVERYWHERE | _PEOPLE_IN_DEX


@pytest.mark.parametrize("namespace", _OTHERS)
def test_the_commands_make_teams_and_nothing_else_anywhere_else(api, namespace):
    assert own_rights(api, PEOPLE, namespace) == _PEOPLE_EVERYWHERE


def test_a_right_too_many_is_seen(api):
    """That these tests can fail: a right that somebody adds by hand shows at once."""
    api.kubectl("create", "role", "extra", "-n", "default", "--verb=get", "--resource=secrets")
    grant = ("--role=extra", "--serviceaccount=gpucommons:hub")
    api.kubectl("create", "rolebinding", "extra", "-n", "default", *grant)
    try:
        assert own_rights(api, HUB, "default") == _HUB_EVERYWHERE | {"secrets": "get"}
    finally:
        api.kubectl("delete", "role,rolebinding", "extra", "-n", "default")
