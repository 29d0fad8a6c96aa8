"""Pages call sizes and environments as the catalogue does."""

from ..sessions import at, facts
from .conftest import SINCE


async def test_a_person_reads_what_they_chose_from_the_catalogue(berlin_store, ada):
    begin, end = "2026-11-20T09:00", "2026-11-20T10:00"
    said = {"person_since": SINCE, "environment": "torch", "version": "2.9", "size": "gpu"}
    berlin_store.add(facts(begin, end, **said), at(end))
    page = " ".join((await ada.get("?month=2026-11")).text.split())
    assert "PyTorch 2.9 · One GPU" in page
