"""Who is forgotten and when, on SQLite; and what a name in a sentence is."""

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from gpucommons_accounting.database.store import Store
from gpucommons_accounting.recording.forgetting import Forgetting
from gpucommons_accounting.recording.identities import IdentityKeeper
from gpucommons_accounting.records.identity import PersonId
from gpucommons_accounting.records.pseudonym import Hidden, is_pseudonym, new_pseudonym
from gpucommons_contract.formats.names import is_user_name
from sqlalchemy import event

from .forgetting_behaviour import (
    ADA,
    LEFT,
    NAME,
    SECOND,
    ForgettingBehaviour,
    by_person,
    fill,
    of_ada,
)
from .sessions import facts

_DAYS = 400


class TestOnSQLite(ForgettingBehaviour):
    pass


class PlayedHub:
    """Answers since when there is an account."""

    def __init__(self) -> None:
        self.accounts: dict[str, str] = {NAME: SECOND}
        self.is_away = False

    async def since_of(self, name: str) -> str | None:
        if self.is_away:
            raise OSError("no hub")
        return self.accounts.get(name)


@pytest.fixture
def played_hub() -> PlayedHub:
    return PlayedHub()


def _forgetting(
    store: Store, hub: PlayedHub, after: timedelta, days: int | None = _DAYS
) -> Forgetting:
    def now() -> datetime:
        return LEFT + after

    return Forgetting(store, hub.since_of, days, now)


async def test_a_name_is_kept_until_the_limit_is_over(store, played_hub):
    fill(store)
    await _forgetting(store, played_hub, timedelta(days=_DAYS)).step()
    assert f"{NAME} (left)" in by_person(store)
    await _forgetting(store, played_hub, timedelta(days=_DAYS, seconds=1)).step()
    assert f"{NAME} (left)" not in by_person(store)


@pytest.mark.parametrize("days", [0, None])
async def test_without_a_limit_names_are_kept_and_who_asks_is_forgotten(store, played_hub, days):
    fill(store)
    forgetting = _forgetting(store, played_hub, timedelta(days=100_000), days)
    await forgetting.step()
    assert f"{NAME} (left)" in by_person(store)
    store.pseudonyms.begin([ADA], LEFT)
    await forgetting.step()
    assert f"{NAME} (left)" not in by_person(store)


async def test_nobody_is_forgotten_of_whom_the_hub_says_nothing_or_that_they_are_here(
    store, played_hub
):
    fill(store)
    played_hub.is_away = True
    forgetting = _forgetting(store, played_hub, timedelta(days=_DAYS + 1))
    with pytest.raises(OSError, match="no hub"):
        await forgetting.step()
    assert f"{NAME} (left)" in by_person(store)
    played_hub.is_away, played_hub.accounts[NAME] = False, ADA.since
    await forgetting.step()
    assert store.pseudonyms.pending() == []
    assert ADA in store.people_and_teams.people_who_are_here()


async def test_who_only_seemed_to_have_left_is_kept_from_when_they_really_did(store, played_hub):
    """As where the hub had another database for an hour."""
    fill(store)
    later = LEFT + timedelta(days=_DAYS - 1)
    store.add(of_ada("a3", f"{later:%Y-%m-%dT%H:%M}"), later)
    keeper = IdentityKeeper(store.people_and_teams, played_hub.since_of, lambda: later)
    await keeper.step()
    assert ADA in store.people_and_teams.people_who_are_here()
    store.people_and_teams.left(ADA, later + timedelta(hours=9))
    await keeper.step()
    assert ADA not in store.people_and_teams.people_who_are_here()
    await _forgetting(store, played_hub, timedelta(days=_DAYS + 1)).step()
    assert store.pseudonyms.pending() == []
    assert f"{NAME} (left)" in by_person(store)


@pytest.mark.parametrize(
    ("since", "is_kept"),
    [(None, False), ("2026-12-01T00:00:00Z", False), ("2026-01-01T00:00:00Z", True)],
)
async def test_of_whom_no_account_was_ever_known_the_hub_says_whether_they_are_here(
    store, played_hub, since, is_kept
):
    store.add(facts("2026-11-14T08:00", "2026-11-14T09:00", "u1", person="eve"), LEFT)
    played_hub.accounts |= {"eve": since} if since else {}
    await _forgetting(store, played_hub, timedelta(days=_DAYS + 1)).step()
    (name,) = by_person(store)
    assert (name == "eve") is is_kept


def test_others_write_while_the_many_sessions_of_somebody_are_written_anew(store, store_url):
    """Their names are read as soon as another one has written: some are still there."""
    first = LEFT - timedelta(days=200)
    days = (first + timedelta(hours=12 * number) for number in range(350))
    sessions = [of_ada(f"a{number}", f"{day:%Y-%m-%dT%H:%M}") for number, day in enumerate(days)]
    store.add([fact for each in sessions for fact in each], LEFT)
    store.people_and_teams.meet([ADA])
    store.pseudonyms.begin([ADA], LEFT)

    other = Store(store_url, patience_seconds=60)

    def write() -> int:
        other.beat(LEFT)
        return other.pseudonyms.count(ADA).get("sessions", 0)

    with ThreadPoolExecutor(1) as threads:
        begun: list[Future[int]] = []

        def meanwhile(*statement: object) -> None:
            if not begun and str(statement[2]).startswith("DELETE FROM events"):
                begun.append(threads.submit(write))

        with store.database.transaction(reads=True) as connection:
            event.listen(connection.engine, "before_cursor_execute", meanwhile)
        assert store.pseudonyms.replace(ADA)
        assert begun[0].result() > 0
    other.close()


async def test_who_left_is_looked_for_once_a_day(store, played_hub):
    moments = [LEFT + timedelta(days=_DAYS, hours=hour) for hour in (0, 1, 25)]
    fill(store)
    clock = iter(moments)
    forgetting = Forgetting(store, played_hub.since_of, _DAYS, lambda: next(clock))
    kept = []
    for _ in moments:
        await forgetting.step()
        kept.append(f"{NAME} (left)" in by_person(store))
    assert kept == [True, True, False]


def test_a_pseudonym_is_no_user_name_and_follows_from_nothing():
    found = {new_pseudonym() for _ in range(100)}
    assert len(found) == 100
    assert all(map(is_pseudonym, found))
    assert not any(map(is_user_name, found))


@pytest.mark.parametrize(
    ("said", "hidden"),
    [
        ("Stopped by ada.", "Stopped by X."),
        ("Ada, an administrator, stops it.", "X, an administrator, stops it."),
        ("ada@example.org and ada-2 and bada", "ada@example.org and ada-2 and bada"),
        ("ada.b or b.ada", "ada.b or b.ada"),
        ("", ""),
    ],
)
def test_a_name_is_replaced_in_a_sentence_where_it_is_a_word_of_its_own(said, hidden):
    assert Hidden("ada", "X").text(said) == hidden


def test_of_nobody_nothing_is_replaced():
    assert Hidden("", "X").text("Stopped.") == "Stopped."


def test_an_account_that_is_made_later_is_somebody_else(store):
    fill(store)
    store.pseudonyms.begin([ADA], LEFT)
    assert store.pseudonyms.replace(ADA)
    known = store.people_and_teams.identities(NAME)
    assert known.people_called(NAME) == [PersonId(NAME, SECOND)]
