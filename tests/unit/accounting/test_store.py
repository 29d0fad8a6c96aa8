"""The store on SQLite, and that the order of facts does not matter."""

from itertools import permutations

from gpucommons_accounting.database.store import Store
from gpucommons_accounting.records.deriving import derive

from .store_behaviour import EVER, LEARNT, StoreBehaviour, all_facts
from .totals_behaviour import TotalsBehaviour


class TestOnSQLite(StoreBehaviour, TotalsBehaviour):
    pass


def test_facts_may_come_in_any_order_one_by_one_and_again(tmp_path):
    for number, order in enumerate(list(permutations(all_facts()))[::120]):
        store = Store(f"sqlite:///{tmp_path / str(number)}.sqlite")
        store.open()
        for each in [*order, *order[:2]]:
            store.add([each], LEARNT)
        assert store.sessions(EVER) == [derive(all_facts())]
        store.close()
