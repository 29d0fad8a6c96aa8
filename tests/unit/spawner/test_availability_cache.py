"""What viewers are told is counted once for each change and person."""

import json

import pytest
from gpucommons_spawner.availability.cluster import Cluster
from gpucommons_spawner.availability.for_person import Availability, AvailabilityCache
from gpucommons_spawner.quota.ledger import Ledger
from gpucommons_spawner.selection.person import Person

from .conftest import VISION

ADA = Person("ada", teams=(VISION,))


@pytest.fixture
def counted():
    return []


@pytest.fixture
def tell(catalogue, counted):
    told, availability = AvailabilityCache(), Availability(catalogue, Cluster())

    def tell(stamp: int, person: Person = ADA, server: str = "") -> str:
        def state():
            counted.append(person.name)
            return availability.for_person(person, Ledger(), server)

        return told.text(stamp, person, server, state)

    return tell


def test_the_same_person_is_counted_once_until_something_changes(tell, counted):
    assert tell(1) is tell(1)
    assert counted == ["ada"]
    tell(2)
    assert counted == ["ada", "ada"]


def test_people_servers_and_groups_are_counted_apart(tell, counted):
    tell(1)
    tell(1, Person("bob", teams=(VISION,)))
    tell(1, server="second")
    tell(1, Person("ada", frozenset({"researchers"}), (VISION,)))
    assert counted == ["ada", "bob", "ada", "ada"]


def test_it_is_told_as_json(tell):
    assert json.loads(tell(1))["sizes"][0]["name"] == "cpu"
