"""Quota grants on a real API server, with no more than the rights in cluster/base."""

from datetime import UTC, datetime, timedelta

import pytest
from gpucommons_people.errors import MissingRightError
from gpucommons_people.grants import wanted
from gpucommons_people.teams.team import Team

from tests.hub.operations import operations

from .cluster import HUB


def _wanted(**more):
    fields = {"user": "ada@example.org", "team": None, "reason": "A deadline", "sessions": 4}
    return wanted(**fields | {"until": _soon()} | more)


def _soon() -> str:
    return f"{datetime.now(UTC) + timedelta(days=7):%Y-%m-%d}"


def test_an_exception_is_made_listed_revoked_and_kept_as_a_record(do):
    do(lambda people: people.apply_teams([Team(name="vision")]))
    made = do(lambda people: people.grant_quota(_wanted(user=None, team="vision", gpus="8")))
    name = made.data["name"]
    (found,) = do(lambda people: people.list_grants())
    assert (found.name, found.team, found.by, found.reason) == (
        name,
        "vision",
        "tester",
        "A deadline",
    )
    do(lambda people: people.revoke_grant(name))
    assert do(lambda people: people.list_grants()) == ()
    (record,) = do(lambda people: people.list_grants(ended=True))
    assert record.revoked_by == "tester"
    assert not do(lambda people: people.prune_grants()).changed


def test_the_hub_s_own_account_cannot_revoke_anything(do, api, configuration):
    do(lambda people: people.apply_teams([Team(name="vision")]))
    made = do(lambda people: people.grant_quota(_wanted(user=None, team="vision", gpus="8")))
    as_hub = configuration.model_copy(update={"kubeconfig": api.kubeconfig_of(HUB)})

    with pytest.raises(MissingRightError, match="configmaps"):
        operations(as_hub)(lambda people: people.revoke_grant(made.data["name"]))
    do(lambda people: people.revoke_grant(made.data["name"]))
