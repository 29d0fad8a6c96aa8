"""Who is meant by a name. Names are given anew; identities are not. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple

from gpucommons_contract.words import phrase

from gpucommons_accounting.records.pseudonym import is_pseudonym
from gpucommons_accounting.records.session import Session


class PersonId(NamedTuple):
    """Somebody with an account, or who had one."""

    name: str
    since: str
    """When the account was made, as the hub writes it; empty where nobody knows it."""


class TeamId(NamedTuple):
    """A team that is there, or was."""

    name: str
    uid: str
    """Of its namespace; empty where nobody knows it."""


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of somebody."""

    name: str
    since: str
    left_at: datetime | None = None

    @property
    def id(self) -> PersonId:
        """What makes them this person, and nobody of the same name."""
        return PersonId(self.name, self.since)


@dataclass(frozen=True, slots=True)
class Team:
    """What is known of a team."""

    name: str
    uid: str
    since: datetime
    display_name: str
    earlier_names: frozenset[str] = frozenset()
    """Display names that it had before."""
    left_at: datetime | None = None
    leads: Mapping[str, str] = field(default_factory=dict)
    """Who may see what it used: user names, and since when each has the account if it is known."""

    @property
    def id(self) -> TeamId:
        """What makes it this team, and none of the same name."""
        return TeamId(self.name, self.uid)

    def is_led_by(self, person: PersonId) -> bool:
        """Whether somebody may see what it used."""
        return self.left_at is None and self.leads.get(person.name) in ("", person.since)

    def is_called(self, given: str) -> bool:
        """Whether somebody may mean it by that: its name, or how people call or called it."""
        wanted = given.casefold()
        known = (self.name, self.display_name, *self.earlier_names)
        return wanted in (each.casefold() for each in known)


class Identities:
    """All people and teams that are known."""

    def __init__(self, people: Iterable[Person] = (), teams: Iterable[Team] = ()) -> None:
        """Take all; somebody whose name another account has had since has left."""
        self._people: dict[str, list[Person]] = {}
        for person in sorted(people, key=lambda each: each.since):
            self._people.setdefault(person.name, []).append(person)
        for name, known in self._people.items():
            self._people[name] = [*_succeeded(known), known[-1]]
        self._teams: dict[str, list[Team]] = {}
        for team in sorted(teams, key=lambda each: each.since):
            self._teams.setdefault(team.name, []).append(team)

    def has(self, person: PersonId) -> bool:
        """Whether somebody is known."""
        return any(known.id == person for known in self._people.get(person.name, ()))

    def has_name(self, name: str, *, of_team: bool) -> bool:
        """Whether a person, or a team, is known that has or had a name."""
        return name in (self._teams if of_team else self._people)

    def people_called(self, name: str) -> list[PersonId]:
        """Return all who have or had a name; where nobody knows them, whoever that is."""
        return [each.id for each in self._people.get(name, ())] or [PersonId(name, "")]

    def newest_people(self) -> list[Person]:
        """Return who had each name last."""
        return [known[-1] for known in self._people.values()]

    def newest_teams(self) -> list[Team]:
        """Return the team of each name that was made last."""
        return [known[-1] for known in self._teams.values()]

    def person(self, name: str, since: str, when: datetime) -> PersonId:
        """Return who was meant by a name at a moment. since: of the record, if it says so."""
        if not since:
            for known in reversed(self._people.get(name, ())):
                begun = moment_of(known.since)
                if begun and begun <= when:
                    return known.id
        return PersonId(name, since)

    def team(self, name: str, uid: str, when: datetime) -> TeamId:
        """Return which team was meant by a name at a moment. uid: of the record, if it has one."""
        if not uid:
            for known in reversed(self._teams.get(name, ())):
                if known.since <= when:
                    return known.id
        return TeamId(name, uid)

    def person_of(self, session: Session) -> PersonId:
        """Return whose session it is."""
        choice = session.choice
        return self.person(choice.person, choice.person_since, session.requested)

    def team_of(self, session: Session) -> TeamId:
        """Return the team that a session is charged to."""
        return self.team(session.choice.team, session.choice.team_uid, session.requested)

    def known_team(self, wanted: TeamId) -> Team | None:
        """Return what is known of a team."""
        return next((each for each in self._teams.get(wanted.name, ()) if each.id == wanted), None)

    def teams_called(self, given: str) -> list[Team]:
        """Return those that somebody may mean, the one that is there before those that are not."""
        found = [team for known in self._teams.values() for team in known if team.is_called(given)]
        return sorted(found, key=lambda team: (team.left_at is not None, -team.since.timestamp()))

    def teams_led_by(self, person: PersonId) -> list[Team]:
        """Return the teams that somebody leads, by their titles."""
        found = [team for known in self._teams.values() for team in known]
        return sorted(
            (team for team in found if team.is_led_by(person)),
            key=lambda team: team.display_name,
        )

    def person_title(self, given: PersonId) -> str:
        """Return how pages call somebody: ``ada``, ``ada (left)``, or by their pseudonym."""
        if not given.name or is_pseudonym(given.name):
            return given.name
        known = self._people.get(given.name, ())
        found = next((each for each in known if each.id == given), None)
        left = found.left_at if found else bool(known)
        if left:
            return phrase("%(name)s (left)", name=given.name)
        return given.name

    def team_title(self, given: TeamId) -> str:
        """Return how people call a team: by its display name, and until when it was there."""
        found = self.known_team(given)
        if found is None:
            return given.name
        if found.left_at is None:
            return found.display_name
        day = f"{found.left_at:%Y-%m-%d}"
        return phrase("%(team)s (until %(day)s)", team=found.display_name, day=day)


def moment_of(since: str) -> datetime | None:
    """Read when an account was made; None where that is not said, or in no way that is known."""
    try:
        found = datetime.fromisoformat(since)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _succeeded(known: list[Person]) -> Iterable[Person]:
    for person, following in pairwise(known):
        yield person if person.left_at else replace(person, left_at=moment_of(following.since))
