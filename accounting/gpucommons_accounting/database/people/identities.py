"""People and teams as they are known, and what became of them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gpucommons_upkeep.database import Database
from sqlalchemy import Connection, Update, exists, insert, select, update

from gpucommons_accounting.database.people.feedback import forget_who_left
from gpucommons_accounting.database.people.identity_tables import PEOPLE, TEAM_NAMES, TEAMS
from gpucommons_accounting.database.statements import unless_there
from gpucommons_accounting.database.tables import SESSIONS
from gpucommons_accounting.records.identity import Identities, Person, PersonId, Team

_BACK = select(PEOPLE.c.name, PEOPLE.c.since).where(
    PEOPLE.c.pseudonym.is_(None),
    exists().where(
        SESSIONS.c.person == PEOPLE.c.name,
        SESSIONS.c.person_since == PEOPLE.c.since,
        SESSIONS.c.person_since != "",
        SESSIONS.c.requested > PEOPLE.c.left_at,
    ),
)
"""Who had a session after they had left, as it seemed."""


@dataclass(frozen=True, slots=True)
class SeenTeam:
    """A team as its namespace says it."""

    uid: str
    name: str
    display_name: str
    since: datetime
    leads: Mapping[str, str] = field(default_factory=dict)


class IdentityStore:
    """People and teams. It blocks: call it in a thread. Raises StoreUnavailableError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def identities(self, name: str | None = None) -> Identities:
        """Return all that are known; name: of people those alone who have or had it."""
        with self._database.transaction(reads=True) as connection:
            return identities_in(connection, name)

    def meet(self, people: Iterable[PersonId]) -> None:
        """Keep people, those who are known already as they are."""
        rows = [{"name": name, "since": since} for name, since in people]
        if rows:
            with self._database.transaction() as connection:
                connection.execute(unless_there(connection, PEOPLE), rows)

    def meet_people_of_sessions(self, since: datetime | None) -> None:
        """Keep the people whose sessions were asked for since a moment; of all ever for None.

        Who asked for one after they had left, as it seemed, is here: the hub's database may have
        been another one for a while.
        """
        found = select(SESSIONS.c.person, SESSIONS.c.person_since).distinct()
        found = found.where(SESSIONS.c.person_since != "")
        if since is not None:
            found = found.where(SESSIONS.c.requested >= since)
        with self._database.transaction(reads=True) as connection:
            people = [PersonId(*row) for row in connection.execute(found)]
            back = [PersonId(*row) for row in connection.execute(_BACK)]
        self.meet(people)
        self.are_back(back)

    def are_back(self, people: Iterable[PersonId]) -> None:
        """Note that people have their accounts after all."""
        for person in people:
            with self._database.transaction() as connection:
                connection.execute(_of(person).values(left_at=None))

    def people_who_are_here(self) -> list[PersonId]:
        """Return all of whom nothing says that they have left."""
        found = select(PEOPLE.c.name, PEOPLE.c.since).where(PEOPLE.c.left_at.is_(None))
        with self._database.transaction(reads=True) as connection:
            return [PersonId(*row) for row in connection.execute(found)]

    def left(self, person: PersonId, at: datetime) -> None:
        """Note that somebody who is known has no account any more; what they used stays theirs.

        What they answered when asked how it goes stays, and says no more whose it is.
        """
        with self._database.transaction() as connection:
            connection.execute(_of(person).where(PEOPLE.c.left_at.is_(None)).values(left_at=at))
            forget_who_left(connection)

    def see_teams(self, seen: Collection[SeenTeam], now: datetime) -> None:
        """Note all teams that there are: new ones, other names and leads, and those that are gone.

        One whose namespace comes back with its uid, as in a list that lacked it, is there again.
        """
        there = {team.uid: team for team in seen}
        with self._database.transaction() as connection:
            known = {team.uid: team for team in _teams(connection)}
            for uid, team in there.items():
                before = known.get(uid)
                if before is None:
                    row = {"uid": uid, "name": team.name, "since": team.since}
                    connection.execute(insert(TEAMS).values(**row, leads=dict(team.leads)))
                elif (before.leads, before.left_at) != (team.leads, None):
                    changed = update(TEAMS).where(TEAMS.c.uid == uid)
                    connection.execute(changed.values(leads=dict(team.leads), left_at=None))
                if before is None or before.display_name != team.display_name:
                    at = now if before else team.since
                    row = {"uid": uid, "since": at, "display_name": team.display_name}
                    connection.execute(insert(TEAM_NAMES).values(**row))
            for uid in known.keys() - there.keys():
                gone = update(TEAMS).where(TEAMS.c.uid == uid, TEAMS.c.left_at.is_(None))
                connection.execute(gone.values(left_at=now, leads={}))


def identities_in(connection: Connection, name: str | None = None) -> Identities:
    """Return what `IdentityStore.identities` does, in a transaction that there is."""
    found = select(PEOPLE)
    if name is not None:
        found = found.where(PEOPLE.c.name == name)
    people = [Person(row.name, row.since, row.left_at) for row in connection.execute(found)]
    return Identities(people, _teams(connection))


def _of(person: PersonId) -> Update:
    return update(PEOPLE).where(PEOPLE.c.name == person.name, PEOPLE.c.since == person.since)


def _teams(connection: Connection) -> list[Team]:
    names: dict[str, list[str]] = {}
    for row in connection.execute(select(TEAM_NAMES).order_by(TEAM_NAMES.c.since)):
        names.setdefault(row.uid, []).append(row.display_name)
    return [
        Team(
            name=row.name,
            uid=row.uid,
            since=row.since,
            display_name=names[row.uid][-1],
            earlier_names=frozenset(names[row.uid][:-1]),
            left_at=row.left_at,
            leads=row.leads,
        )
        for row in connection.execute(select(TEAMS))
    ]
