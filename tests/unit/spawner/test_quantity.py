"""Amounts as Kubernetes writes them."""

from decimal import Decimal

import pytest
from gpucommons_contract import amount
from gpucommons_spawner.catalogue.base import plainly


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("2", "2"),
        (2, "2"),
        (0.5, "0.5"),
        ("500m", "0.5"),
        ("1k", "1000"),
        ("1.5G", "1500000000"),
        ("8Gi", "8589934592"),
        ("65862728Ki", "67443433472"),
        ("1e3", "1000"),
        ("100n", "0.0000001"),
    ],
)
def test_an_amount_is_read(written, number):
    assert amount(written) == Decimal(number)


@pytest.mark.parametrize("written", ["", "lots", "-1", "1Gib", "1 Gi", "1mi", "1ki", "nan"])
def test_what_is_no_amount_is_refused(written):
    with pytest.raises(ValueError, match=r"amount|unit"):
        amount(written)


@pytest.mark.parametrize(("number", "text"), [("1.000", "1"), ("0.250", "0.25"), ("10", "10")])
def test_a_decimal_is_written_plainly(number, text):
    assert plainly(Decimal(number)) == text
