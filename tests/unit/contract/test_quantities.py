"""Amounts as people write them: what cannot be meant is refused with what probably is."""

import re
from decimal import Decimal

import pytest
from gpucommons_contract import amount, cpus_as_written, memory_as_written
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize("written", ["1Mi", "512Mi", "8Gi", "1.5G", "8589934592", 2**33, "128Ti"])
def test_memory_is_kept_as_it_was_written(written):
    assert memory_as_written(written, "128Ti") == str(written)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("512m", "512m is less than a byte; did you mean 512Mi?"),
        (0.5, "0.5 is less than a byte; did you mean 0.5Gi?"),
        (8, "8 is 8 bytes; did you mean 8Gi?"),
        ("8", "8 is 8 bytes; did you mean 8Gi?"),
        (4096, "4096 is 4096 bytes; did you mean 4096Mi?"),
        ("1u", "1u is less than a byte; write one such as 512Mi or 8Gi"),
        ("8Ki", "8Ki is 8192 bytes; write one"),
        ("1e3", "1e3 is 1000 bytes; write one"),
        ("8GB", "'8GB' is not an amount; did you mean 8Gi?"),
        ("8 Gi", "'8 Gi' is not an amount; did you mean 8Gi?"),
        ("8g", "'8g' is not an amount; did you mean 8Gi?"),
        ("512mb", "'512mb' is not an amount; did you mean 512Mi?"),
        ("lots", "'lots' is not an amount; write one such as"),
        ("9Ei", "9Ei is more than there can be, 128Ti"),
        ("-8Gi", "is not an amount"),
        ("0", "must be more than 0"),
        (True, "must be an amount such as 8Gi or 512Mi"),
        (None, "must be an amount such as 8Gi or 512Mi"),
        ("\u0663Gi", "is not an amount"),
        ("1e999999999", "is not an amount"),
    ],
)
def test_memory_that_cannot_be_meant_is_refused_with_what_to_write(written, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        memory_as_written(written, "128Ti")


@pytest.mark.parametrize("written", ["500m", 0.1, "0.001", 1, "2", "1024"])
def test_cpus_are_kept_as_they_were_written(written):
    assert cpus_as_written(written, 1024) == str(written)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("2Gi", "2Gi is more CPUs than there can be, 1,024; did you mean 2?"),
        ("2000", "2000 is more CPUs than there can be, 1,024; did you mean 2000m?"),
        ("8k", "8k is more CPUs than there can be, 1,024; did you mean 8?"),
        ("1u", "1u is less than 1m, a thousandth of a CPU"),
        (0.0001, "0.0001 is less than 1m"),
        ("1e999", "1e999 is more CPUs than there can be"),
        (0, "must be more than 0"),
        (float("nan"), "is not an amount"),
        ([], "must be an amount such as 2 or 500m"),
    ],
)
def test_cpus_that_cannot_be_meant_are_refused_with_what_to_write(written, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        cpus_as_written(written, 1024)


@given(st.text() | st.integers() | st.floats() | st.booleans() | st.none())
def test_anything_is_an_amount_or_told(written):
    try:
        cpus, memory = cpus_as_written(written, 1024), memory_as_written(written, "1Ti")
    except ValueError as error:
        found = str(error)
    else:
        found = amount(cpus) == amount(memory)
    assert found


@given(st.integers(1, 1024), st.sampled_from(["Mi", "Gi"]))
def test_what_is_kept_is_the_amount_that_was_meant(number, unit):
    factor = 2**20 if unit == "Mi" else 2**30
    assert amount(memory_as_written(f"{number}{unit}", "128Ti")) == Decimal(number * factor)
