"""An administrator renames somebody while a session runs: what it holds goes along."""

import pytest

GPU = {"size": "gpu"}


@pytest.fixture
async def spawner(make_spawner):
    spawner = make_spawner(GPU)
    await spawner.load_user_options()
    spawner.user.name = "adele"
    return spawner


def _held(spawner, name):
    return [holding.server for holding in spawner.hub_state.ledger.held(name)]


async def test_what_was_held_under_the_old_name_is_given_back_in_the_end(spawner):
    spawner.clear_state()
    assert (_held(spawner, "ada"), _held(spawner, "adele")) == ([], [])
    assert not spawner.hub_state.ledger.of_team("vision")


async def test_it_counts_under_the_new_name_from_the_next_look(spawner):
    spawner.quota.follow_name()
    assert (_held(spawner, "ada"), _held(spawner, "adele")) == ([], [""])
    spawner.clear_state()
    assert not spawner.hub_state.ledger.of_team("vision")


async def test_somebody_new_of_the_old_name_has_holdings_of_their_own(spawner, make_spawner):
    other = make_spawner(GPU)
    await other.load_user_options()
    assert (_held(spawner, "ada"), _held(spawner, "adele")) == ([""], [""])
    spawner.clear_state()
    assert (_held(spawner, "ada"), _held(spawner, "adele")) == ([""], [])
    other.clear_state()
    assert not spawner.hub_state.ledger.of_team("vision")
