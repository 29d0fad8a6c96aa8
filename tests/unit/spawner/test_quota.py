"""The ledger against a model, its words, and its speed."""

from decimal import Decimal

import pytest
from gpucommons_spawner.catalogue import Allowance
from gpucommons_spawner.quota import Holding, Ledger, QuotaExceededError
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

ONE_GPU = Allowance(sessions=2, gpus=Decimal(1))
QUARTER = Decimal("0.25")


def _holding(server: str = "", units: str = "1") -> Holding:
    return Holding(server, Decimal(units), "SciPy 1 · Whole GPU")


def test_the_second_gpu_is_refused_and_says_who_holds_the_first():
    ledger = Ledger()
    ledger.reserve("ada", _holding(), ONE_GPU)
    ledger.confirm("ada", "")
    with pytest.raises(QuotaExceededError) as raised:
        ledger.reserve("ada", _holding("second"), ONE_GPU)
    assert str(raised.value) == (
        "This needs 1 GPU; you hold 1 of 1 GPU: SciPy 1 · Whole GPU (default server, running). "
        "Stop it or choose a smaller size."
    )


def test_four_quarters_are_one_gpu_and_a_fifth_is_too_much():
    ledger, allowance = Ledger(), Allowance(gpus=Decimal(1))
    for number in range(4):
        ledger.reserve("ada", _holding(f"s{number}", "0.25"), allowance)
    with pytest.raises(QuotaExceededError, match=r"This needs 0\.25 GPUs; you hold 1 of 1 GPU"):
        ledger.reserve("ada", _holding("s4", "0.25"), allowance)


def test_a_session_without_gpu_starts_when_all_gpus_are_used():
    ledger = Ledger()
    ledger.reserve("ada", _holding(), ONE_GPU)
    ledger.reserve("ada", _holding("second", "0"), ONE_GPU)


def test_somebody_with_nothing_who_may_have_nothing_is_sent_to_an_administrator():
    refusal = Ledger().refusal("ada", Decimal(1), Allowance(gpus=Decimal(0)))
    assert refusal == (
        "This needs 1 GPU; you hold 0 of 0 GPUs. "
        "Choose a smaller size, or ask an administrator for more."
    )


def test_one_persons_sessions_do_not_count_for_another():
    ledger = Ledger()
    ledger.reserve("ada", _holding(), ONE_GPU)
    ledger.reserve("bob", _holding(), ONE_GPU)


class LedgerMachine(RuleBasedStateMachine):
    """Starts, readiness, ends and restarts in any order."""

    people = st.sampled_from(["ada", "bob"])
    servers = st.sampled_from(["", "a", "b", "c"])
    sizes = st.sampled_from([Decimal(0), QUARTER, Decimal(1), Decimal(2)])

    def __init__(self):
        super().__init__()
        self.ledger = Ledger()
        self.model: dict[tuple[str, str], Decimal] = {}

    def _of(self, person, but=None):
        return [
            units
            for (name, server), units in self.model.items()
            if name == person and server != but
        ]

    @rule(person=people, server=servers, units=sizes)
    def start(self, person, server, units):
        others = self._of(person, but=server)
        fits = len(others) < 2 and (not units or sum(others) + units <= 1)
        try:
            self.ledger.reserve(person, Holding(server, units, "x"), ONE_GPU)
        except QuotaExceededError:
            assert not fits
        else:
            assert fits
            self.model[person, server] = units

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
        for person in ("ada", "bob"):
            for holding in found.held(person):
                self.ledger.restore(person, holding)

    @invariant()
    def ledger_and_model_agree(self):
        held = {
            (person, holding.server): holding.units
            for person in ("ada", "bob")
            for holding in self.ledger.held(person)
        }
        assert held == self.model

    @invariant()
    def nobody_has_more_than_allowed(self):
        for person in ("ada", "bob"):
            assert sum(self._of(person)) <= 1
            assert len(self._of(person)) <= 2


TestLedgerMachine = LedgerMachine.TestCase
