"""What each team of somebody in several opens."""

import pytest
from gpucommons_spawner.availability.cluster import Cluster
from gpucommons_spawner.availability.for_person import Availability
from gpucommons_spawner.availability.state import TeamState
from gpucommons_spawner.catalogue import Allowance, Catalogue
from gpucommons_spawner.quota.budgets import Budgets
from gpucommons_spawner.quota.grants import Grants
from gpucommons_spawner.quota.ledger import Ledger
from gpucommons_spawner.quota.ledger_entry import Holding
from gpucommons_spawner.quota.summary import quota_summary
from gpucommons_spawner.selection.person import Person

from .conftest import ASTRO, VISION

BOTH = Person("ada", frozenset({"astro", "vision"}), (ASTRO, VISION))


@pytest.fixture
def narrowed(catalogue) -> Catalogue:
    """SciPy and the whole GPU are for astro alone; vision may have one session."""
    data = catalogue.model_dump()
    data["environments"]["scipy"]["access"] = ["astro"]
    data["sizes"]["gpu"]["access"] = ["astro"]
    data["quotas"]["teams"] = {"vision": {"sessions": 1}}
    return Catalogue.model_validate(data)


def _teams(catalogue, ledger=None, person=BOTH) -> dict[str, TeamState]:
    state = Availability(catalogue, Cluster()).for_person(person, ledger or Ledger(), "")
    return {team.name: team for team in state.teams}


def _off(team: TeamState) -> dict[str, str | None]:
    return {size.name: size.reason for size in team.sizes if not size.available}


def test_each_team_has_the_sizes_that_it_opens(narrowed):
    teams = _teams(narrowed)
    closed = "For members of researchers. Ask an administrator for access."
    assert _off(teams["astro"]) == {"gpus": closed}
    assert _off(teams["vision"]) == {
        "gpu": "For members of astro. Ask an administrator for access.",
        "gpus": closed,
    }


def test_each_team_has_the_environments_that_it_opens(narrowed):
    teams = _teams(narrowed)
    assert teams["astro"].environments.keys() == {"pytorch", "tensorflow"}
    assert teams["vision"].environments["scipy"].startswith("For members of astro.")


def test_a_team_that_has_used_up_its_own_is_off_alone(narrowed):
    ledger = Ledger()
    holding = Holding("", narrowed.sizes["cpu"].units, "SciPy", "vision", "cpu")
    ledger.restore("bob", holding)
    teams = _teams(narrowed, ledger)
    assert _off(teams["vision"]).keys() == {size.name for size in teams["vision"].sizes}
    assert _off(teams["astro"]).keys() == {"gpus"}


def test_what_is_held_is_said_of_the_person_and_that_team(narrowed):
    teams = _teams(narrowed)
    assert [sentence.split(" holds ")[0] for sentence in teams["vision"].holding] == [
        "You hold 0 of 2 sessions and 0 of 1 GPU.",
        "The team Computer vision",
    ]
    assert len(teams["astro"].holding) == 1


def test_no_note_of_other_teams_is_left_in_one(narrowed):
    assert {size.note for team in _teams(narrowed).values() for size in team.sizes} == {""}


def test_somebody_in_one_team_is_told_nothing_twice(narrowed):
    assert _teams(narrowed, person=Person("ada", frozenset({"vision"}), (VISION,))) == {}


def test_of_what_nobody_may_have_it_is_not_said_how_much_is_held(catalogue):
    none = catalogue.quotas.model_copy(update={"default": Allowance(sessions=2, gpus=0)})
    closed = catalogue.model_copy(update={"quotas": none})
    eve = Person("eve", teams=(VISION,))
    summary = quota_summary(closed, eve, Ledger(), "", Grants(), budgets=Budgets())
    assert summary.person == ("You hold 0 of 2 sessions.", "You may have no GPUs now.")
