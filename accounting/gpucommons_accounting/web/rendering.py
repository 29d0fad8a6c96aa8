"""Pages from templates, and how they write amounts."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from babel.numbers import format_currency, format_decimal, format_percent
from gpucommons_contract.formats.wording import rough_span
from gpucommons_contract.words import ENGLISH, language, phrase, set_language
from gpucommons_web.rendering import pages_of

from gpucommons_accounting.reckoning.use.usage import hours
from gpucommons_accounting.records.reason import ReasonCode
from gpucommons_accounting.web.budgets.words import amount_of, clock, quantity

_HERE = Path(__file__).parent
STATIC = _HERE / "static"
_ENGLISH_PAGES = {
    *("budget_history.html", "budgets.html", "capacity_plan.html", "everybody.html"),
    *("free_hours.html", "pilot.html", "report.html", "waits.html"),
}
"""Those for administrators, which are not translated."""
REASONS = {
    ReasonCode.PERSON: phrase("stopped"),
    ReasonCode.ADMINISTRATOR: phrase("stopped by an administrator"),
    ReasonCode.IDLE: phrase("stopped for being idle"),
    ReasonCode.MAX_DURATION: phrase("its longest duration was over"),
    ReasonCode.PREEMPTED: phrase("preempted"),
    ReasonCode.OUT_OF_MEMORY: phrase("out of memory"),
    ReasonCode.REMOVED: phrase("stopped with the account"),
    ReasonCode.START_FAILED: phrase("did not start"),
    ReasonCode.EVICTED: phrase("evicted by its node"),
    ReasonCode.NODE_LOST: phrase("its node was lost"),
    ReasonCode.FAILED: phrase("its server ended"),
    ReasonCode.DELETED: phrase("stopped"),
    ReasonCode.UNKNOWN: phrase("not known"),
}
"""How pages call a reason."""


def gpu_hours(amount: Decimal) -> str:
    """Write GPU-microseconds as GPU-hours: ``1,234.50``."""
    return str(format_decimal(hours(amount), "#,##0.00", locale=language()))


def gpus(amount: Decimal) -> str:
    """Write how many GPUs there were, on average: ``3.5``."""
    return str(format_decimal(amount, "#,##0.0", locale=language()))


def money(amount: Decimal, currency: str) -> str:
    """Write an amount in the site's currency."""
    return str(format_currency(amount, currency, locale=language()))


def percent(part: Decimal) -> str:
    """Write a part of one: ``62 %``."""
    return str(format_percent(part, locale=language()))


def span(given: timedelta) -> str:
    """Write how long something was."""
    return rough_span(given.total_seconds())


_pages = pages_of(_HERE / "templates")
_pages.filters.update(gpu_hours=gpu_hours, gpus=gpus, hours=hours, percent=percent, span=span)
_pages.globals.update(money=money, reasons=REASONS)
_pages.globals.update(amount_of=amount_of, quantity=quantity, clock=clock)


def render(template: str, values: Mapping[str, object]) -> str:
    """Write a page, in the language of the request if there is a translation."""
    if template in _ENGLISH_PAGES:
        set_language(ENGLISH)
    return _pages.get_template(template).render(values)
