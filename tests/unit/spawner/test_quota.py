"""The ledger against a model, and its words."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from gpucommons_spawner.catalogue import Allowance
from gpucommons_spawner.quota.ledger import Ledger, Limits, QuotaExceededError
from gpucommons_spawner.quota.ledger_entry import Holding
from gpucommons_spawner.quota.shortage import QuotaRequest, free_from
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

ONE_GPU = Limits(Allowance(sessions=2, gpus=Decimal(1)))
QUARTER = Decimal("0.25")


def _request(
    server: str = "", units: str = "1", person: str = "ada", size: str = "gpu"
) -> QuotaRequest:
    holding = Holding(server, Decimal(units), "SciPy 1 · Whole GPU", "vision", size)
    return QuotaRequest(person, holding, "Whole GPU")


def _refused(ledger: Ledger, request: QuotaRequest, limits: Limits) -> str:
    with pytest.raises(QuotaExceededError) as raised:
        ledger.reserve(request, limits)
    return str(raised.value)


def test_the_second_gpu_is_refused_and_says_who_holds_the_first():
    ledger = Ledger()
    ledger.reserve(_request(), ONE_GPU)
    ledger.confirm("ada", "")
    assert _refused(ledger, _request("second"), ONE_GPU) == (
        "This needs 1 GPU; you hold 1 of 1 GPU: SciPy 1 · Whole GPU (default server, running). "
        "Stop it or choose a smaller size."
    )


def test_four_quarters_are_one_gpu_and_a_fifth_is_too_much():
    ledger, limits = Ledger(), Limits(Allowance(gpus=Decimal(1)))
    for number in range(4):
        ledger.reserve(_request(f"s{number}", "0.25"), limits)
    told = _refused(ledger, _request("s4", "0.25"), limits)
    assert told.startswith("This needs 0.25 GPUs; you hold 1 of 1 GPU")


def test_a_session_without_gpu_starts_when_all_gpus_are_used():
    ledger = Ledger()
    ledger.reserve(_request(), ONE_GPU)
    ledger.reserve(_request("second", "0"), ONE_GPU)


def test_somebody_with_nothing_who_may_have_nothing_is_sent_to_an_administrator():
    assert Ledger().refusal(_request(), Limits(Allowance(gpus=Decimal(0)))) == (
        "This needs 1 GPU; you may have none now. "
        "Choose a smaller size, or ask an administrator for more."
    )


def test_one_persons_sessions_do_not_count_for_another():
    ledger = Ledger()
    ledger.reserve(_request(), ONE_GPU)
    ledger.reserve(_request(person="bob"), ONE_GPU)


def test_a_size_that_one_may_have_once_is_refused_a_second_time_and_others_are_not():
    ledger, limits = Ledger(), Limits(Allowance(sizes={"gpu": 1}))
    ledger.reserve(_request(), limits)
    assert _refused(ledger, _request("second"), limits) == (
        "You have 1 of 1 session of the size Whole GPU: "
        "SciPy 1 · Whole GPU (default server, starting). Stop it or choose another size."
    )
    ledger.reserve(_request("second", size="share"), limits)


def test_what_a_team_has_used_up_is_refused_with_whose_sessions_they_are():
    ledger, limits = Ledger(), Limits(Allowance(), Allowance(gpus=Decimal(2)), "Computer vision")
    ledger.reserve(_request(person="ada"), limits)
    ledger.reserve(_request(person="bob"), limits)
    ledger.confirm("bob", "")
    assert _refused(ledger, _request(person="eve"), limits) == (
        "This needs 1 GPU; the team Computer vision holds 2 of 2 GPUs: "
        "ada: SciPy 1 · Whole GPU (default server, starting), "
        "bob: SciPy 1 · Whole GPU (default server, running). "
        "Wait until one of them is stopped, or ask an administrator for more."
    )


def test_a_refusal_names_a_few_of_many():
    ledger = Ledger()
    for number in range(50):
        ledger.reserve(_request(person=f"p{number}"), Limits(Allowance()))
    told = _refused(ledger, _request(), Limits(Allowance(), Allowance(sessions=50)))
    assert told.startswith("The team vision has 50 of 50 sessions: p0: ")
    assert "p4: " in told
    assert "p5: " not in told
    assert " and others." in told


def test_a_session_that_changes_team_counts_in_the_new_one_only():
    ledger = Ledger()
    ledger.reserve(_request(), Limits(Allowance()))
    moved = QuotaRequest("ada", Holding("", Decimal(1), "x", "astro", "gpu"))
    ledger.reserve(moved, Limits(Allowance(sessions=1), Allowance(sessions=1)))
    assert (len(ledger.of_team("vision")), len(ledger.of_team("astro"))) == (0, 1)


TOMORROW = datetime.now(UTC).replace(hour=14, minute=29, second=40) + timedelta(days=1)
ON_THAT_DAY = f" Yours would be free by {TOMORROW:%Y-%m-%d} 14:30 UTC."


def _running(ledger: Ledger, *ends: datetime | None, units: str = "1") -> None:
    """Let Ada run one session for each end."""
    for number, end in enumerate(ends):
        ledger.reserve(_request(f"s{number}", units), Limits(Allowance()))
        ledger.confirm("ada", f"s{number}", end)


def test_a_refusal_says_by_when_there_is_room_because_sessions_end():
    ledger = Ledger()
    _running(ledger, TOMORROW)
    assert _refused(ledger, _request("x"), ONE_GPU).endswith(ON_THAT_DAY)


def test_the_time_never_lies_behind():
    ledger = Ledger()
    _running(ledger, datetime.now(UTC) - timedelta(minutes=5))
    before = datetime.now(UTC)
    told = _refused(ledger, _request("x"), ONE_GPU)
    after = datetime.now(UTC)  # the minute may have changed
    said = {f"{each + timedelta(minutes=1):%Y-%m-%d %H:%M} UTC" for each in (before, after)}
    assert told.partition(" Yours would be free by ")[2].removesuffix(".") in said


def test_nothing_is_said_if_what_is_in_the_way_has_no_end():
    ledger = Ledger()
    _running(ledger, None)
    assert "free by" not in _refused(ledger, _request("x"), ONE_GPU)


def test_as_many_ends_are_waited_for_as_it_takes():
    ledger, limits = Ledger(), Limits(Allowance(gpus=Decimal(1)))
    _running(ledger, TOMORROW - timedelta(hours=3), None, TOMORROW, None, units="0.25")
    wanted = _request("x", "0.5")
    assert _refused(ledger, wanted, limits).endswith(ON_THAT_DAY)
    assert "free by" not in _refused(ledger, _request("x", "0.75"), limits)


def test_person_and_team_must_both_have_room():
    ledger = Ledger()
    _running(ledger, TOMORROW - timedelta(hours=1))
    ledger.reserve(_request(person="bob"), Limits(Allowance()))
    limits = Limits(Allowance(sessions=1), Allowance(gpus=Decimal(1)))
    assert "free by" not in _refused(ledger, _request("x"), limits)
    ledger.confirm("bob", "", TOMORROW)
    assert _refused(ledger, _request("x"), limits).endswith(ON_THAT_DAY)


def test_the_later_of_two_moments_is_said():
    ledger = Ledger()
    _running(ledger, TOMORROW)
    ledger.reserve(_request(person="bob"), Limits(Allowance()))
    ledger.confirm("bob", "", TOMORROW - timedelta(hours=1))
    limits = Limits(Allowance(sessions=1), Allowance(sessions=2, gpus=Decimal(2)))
    assert _refused(ledger, _request("x"), limits).endswith(ON_THAT_DAY)


def test_a_limit_that_is_too_small_for_the_size_is_not_waited_for():
    ledger, limits = Ledger(), Limits(Allowance(gpus=Decimal(1)))
    _running(ledger, TOMORROW)
    assert "free by" not in _refused(ledger, _request("x", "2"), limits)


_ends = st.none() | st.integers(0, 5).map(lambda hours: TOMORROW + timedelta(hours=hours))
_held = st.tuples(st.sampled_from(["ada", "bob"]), st.sampled_from("abc"), _ends)


@given(st.lists(_held, max_size=12), st.sampled_from("abcx"), st.integers(0, 4))
def test_room_is_free_once_so_many_have_ended_that_it_fits(changes, server, most):
    ledger, latest = Ledger(), {}
    for person, name, ends in changes:
        ledger.restore(person, Holding(name, Decimal(1), "SciPy", "vision", "gpu"))
        ledger.confirm(person, name, ends)
        latest[person, name] = ends
    limit = (ledger.of_team("vision"), Allowance(gpus=Decimal(most)))
    found = free_from([limit], _request(server))
    latest.pop(("ada", server), None)  # it is to be replaced
    ends = sorted(end for end in latest.values() if end)
    excess = len(latest) + 1 - most
    assert found == (ends[excess - 1] if 0 < excess <= len(ends) else None)


@dataclass(frozen=True)
class _Entry:
    team: str
    size: str
    units: Decimal


_PEOPLE, _TEAMS = ("ada", "bob"), ("vision", "astro")
_SIZES = {"cpu": Decimal(0), "share": QUARTER, "gpu": Decimal(1), "gpus": Decimal(2)}
_PERSON = Allowance(sessions=3, gpus=Decimal("1.25"), sizes={"share": 2})
_TEAM = Allowance(sessions=4, gpus=Decimal(2), sizes={"gpu": 1})


def _within(entries: list[_Entry], allowance: Allowance) -> bool:
    counted = all(
        most is None or sum(each.size == size for each in entries) <= most
        for size, most in allowance.sizes.items()
    )
    assert allowance.sessions is not None
    assert allowance.gpus is not None
    gpus = sum((each.units for each in entries), Decimal(0))
    return counted and len(entries) <= allowance.sessions and gpus <= allowance.gpus


class LedgerMachine(RuleBasedStateMachine):
    """Starts, readiness, ends and restarts in any order, of two people in two teams."""

    people = st.sampled_from(_PEOPLE)
    servers = st.sampled_from(["", "a", "b", "c"])

    def __init__(self):
        super().__init__()
        self.ledger = Ledger()
        self.model: dict[tuple[str, str], _Entry] = {}

    @rule(
        person=people, server=servers, size=st.sampled_from([*_SIZES]), team=st.sampled_from(_TEAMS)
    )
    def start(self, person, server, size, team):
        entry = _Entry(team, size, _SIZES[size])
        after = self.model | {(person, server): entry}
        own = [each for (who, _), each in after.items() if who == person]
        fits = _within(own, _PERSON) and _within(self._of_team(after, team), _TEAM)
        request = QuotaRequest(person, Holding(server, entry.units, "x", team, size))
        try:
            self.ledger.reserve(request, Limits(_PERSON, _TEAM))
        except QuotaExceededError:
            assert not fits
        else:
            assert fits
            self.model = after

    @rule(person=people, server=servers)
    def ready(self, person, server):
        self.ledger.confirm(person, server)

    @rule(person=people, server=servers)
    def end(self, person, server):
        self.ledger.release(person, server)
        self.model.pop((person, server), None)

    @rule()
    def restart_of_the_hub(self):
        found = self.ledger
        self.ledger = Ledger()
        for person in _PEOPLE:
            for holding in found.held(person):
                self.ledger.restore(person, holding)

    @invariant()
    def ledger_and_model_agree(self):
        held = {
            (person, holding.server): _Entry(holding.team, holding.size, holding.units)
            for person in _PEOPLE
            for holding in self.ledger.held(person)
        }
        assert held == self.model

    @invariant()
    def kept_sums_are_what_there_is(self):
        for team in _TEAMS:
            account, entries = self.ledger.of_team(team), self._of_team(self.model, team)
            assert len(account) == len(entries)
            assert account.units == sum((each.units for each in entries), Decimal(0))
            for size in _SIZES:
                assert account.of_size(size) == sum(each.size == size for each in entries)

    def _of_team(self, model, team):
        return [each for each in model.values() if each.team == team]


TestLedgerMachine = LedgerMachine.TestCase


@pytest.mark.parametrize(
    ("allowance", "words"),
    [
        (Allowance(sessions=0), "You may have no sessions now. Ask an administrator."),
        (
            Allowance(sizes={"gpu": 0}),
            "You may have no session of the size Whole GPU now. "
            "Choose another size, or ask an administrator.",
        ),
        (
            Allowance(gpus=Decimal("0.5")),
            "This needs 1 GPU; you may have 0.5 GPUs at most. "
            "Choose a smaller size, or ask an administrator for more.",
        ),
    ],
)
def test_where_stopping_something_cannot_help_it_is_not_advised(allowance, words):
    assert Ledger().refusal(_request(), Limits(allowance)) == words


def test_a_team_that_may_have_less_than_a_size_needs_waits_for_nobody():
    told = Ledger().refusal(
        _request(), Limits(Allowance(), Allowance(gpus=Decimal("0.5")), "vision")
    )
    assert told.endswith("Choose a smaller size, or ask an administrator for more.")
    assert "may have 0.5 GPUs at most" in told
