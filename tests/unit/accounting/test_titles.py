"""Sizes and environments are called as people call them; names stay what lines are found by."""

import pytest
from gpucommons_accounting.reckoning.periods.calendar import Calendar
from gpucommons_accounting.reckoning.use.prices import PriceList
from gpucommons_accounting.reckoning.use.report import By, report
from gpucommons_accounting.web.titled import titled

from .sessions import at, session


class _Titles:
    def environment(self, name: str) -> str:
        return {"torch": "PyTorch"}.get(name, name)

    def size(self, name: str) -> str:
        return {"gpu": "One GPU"}.get(name, name)


@pytest.mark.parametrize(
    ("by", "lines"),
    [
        (By.SIZE, [("gone", "gone"), ("gpu", "One GPU")]),
        (By.ENVIRONMENT, [("torch", "PyTorch")]),
        (By.PERSON, [("gpu", "gpu")]),
    ],
)
def test_a_report_has_the_catalogue_s_titles_beside_the_names(by, lines):
    calendar = Calendar("UTC")
    sessions = [
        session(
            "2026-11-30T09:00",
            "2026-11-30T10:00",
            size,
            person="gpu",
            size=size,
            environment="torch",
        )
        for size in ("gpu", "gone")
    ]
    said = report(
        sessions,
        calendar.month(2026, 11),
        at("2026-12-01"),
        by,
        calendar=calendar,
        prices=PriceList([]),
    )
    assert [line.about[:2] for line in titled(said, by, _Titles()).lines] == lines
