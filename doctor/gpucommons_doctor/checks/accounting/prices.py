"""Whether all GPUs have a price, where some have one."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import ClassVar

from gpucommons_contract.formats.wording import joined
from gpucommons_people.clients.cluster import Cluster

from gpucommons_doctor.check import Check
from gpucommons_doctor.checks.accounting.service import (
    AccountingService,
    NotLetInError,
    NotServedError,
    not_asked,
    refused,
)
from gpucommons_doctor.finding import Finding, good, warning

_ONE_DAY = timedelta(days=1)
_ALL_OTHERS = ""
"""Product of the price of all that have none of their own."""
_NAMELESS = "GPUs without the label nvidia.com/gpu.product"


class Prices(Check):
    """Asks the service, with the account commands' token: prices are in its records alone."""

    name: ClassVar[str] = "prices"
    question: ClassVar[str] = "Has every GPU a price, if some have one?"

    def __init__(self, accounts: Path | None) -> None:
        """accounts: the account commands' file, None if none was given."""
        self._accounts = accounts

    async def run(self, cluster: Cluster) -> list[Finding]:
        """Ask for prices, and for the GPUs that there were this month."""
        if self._accounts is None:
            return await not_asked(cluster)
        service = AccountingService(self._accounts)
        try:
            prices, capacity = await service.ask("prices"), await service.ask("capacity")
        except (NotLetInError, NotServedError) as error:
            return [refused(error)]
        products = {
            str(each["product"])
            for each in capacity.said["products"]
            if float(each["reported_gpu_hours"])
        }
        return judge_prices(prices.said["prices"], products, prices.at.date())


def judge_prices(
    prices: Iterable[Mapping[str, str]], products: Iterable[str], today: date
) -> list[Finding]:
    """Judge by product. A price that begins tomorrow counts: there it may be that day already."""
    begun = {
        each["product"]
        for each in prices
        if date.fromisoformat(each["valid_from"]) <= today + _ONE_DAY
    }
    products = set(products)
    if not begun:
        return [good("No price is set.")]
    if _ALL_OTHERS in begun or products <= begun:
        return [good("All GPUs have a price.")]
    missing = sorted(products - begun)
    said = joined([each or _NAMELESS for each in missing])
    unknown = sorted(begun - products)
    advice = f"Set one with: gpucommons usage price RATE --product {missing[-1] or 'MODEL'}"
    if not missing[-1]:
        advice = "Set one for all others with: gpucommons usage price RATE"
    if unknown:
        advice += f". No node has {joined(unknown, 'or')}, which has a price: a slip, perhaps"
    return [warning(f"Not priced, while others are: {said}.", f"{advice}.")]
