"""What may be a lab's name and colour."""

import pytest
from gpucommons_contract.brand import (
    ACCENT,
    LAB_NAME,
    accent_problem,
    contrast_with_white,
    lab_name_problem,
)


def test_the_usual_name_and_colour_are_good():
    assert lab_name_problem(LAB_NAME) == ""
    assert accent_problem(ACCENT) == ""


@pytest.mark.parametrize(
    ("colour", "contrast"), [("#ffffff", 1), ("#000000", 21), ("#767676", 4.54), ("#ff0000", 4.0)]
)
def test_contrast_is_that_of_wcag(colour, contrast):
    assert contrast_with_white(colour) == pytest.approx(contrast, abs=0.005)


@pytest.mark.parametrize(
    ("colour", "words"),
    [
        ("#f37524", "has a contrast of 2.85"),
        ("#ff0000", "Choose a darker colour"),
        ("blue", "six hexadecimal digits"),
        ("#12345", "six hexadecimal digits"),
        ("#123456; }", "six hexadecimal digits"),
        ("#123456\n", "six hexadecimal digits"),
        ("", "six hexadecimal digits"),
    ],
)
def test_a_colour_that_cannot_be_read_or_is_none_is_explained(colour, words):
    assert words in accent_problem(colour)


@pytest.mark.parametrize(
    ("name", "words"),
    [(" ", "it is empty"), ("x" * 41, "has 41 characters"), ("Vision\nLab", "invisible")],
)
def test_a_name_that_pages_cannot_show_is_explained(name, words):
    assert words in lab_name_problem(name)
