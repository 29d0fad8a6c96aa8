"""What an installation is called, and its colour: the same on the pages of every part."""

import re
from dataclasses import dataclass

LAB_NAME = "GPU Commons"
"""What pages call an installation that gave itself no name."""
ACCENT = "#2c7bb6"
"""The colour of buttons where none was chosen: JupyterHub's."""
LONGEST_LAB_NAME = 40
"""Characters: a bar of 360 pixels has room for them in two lines."""
LEAST_CONTRAST = 4.5
"""Of white text with what is behind it: WCAG 2, level AA."""
LOGO_TYPES = (".svg", ".png", ".jpg", ".jpeg", ".gif", ".webp")
"""Endings of files that browsers show as an image."""


@dataclass(frozen=True, slots=True)
class Appearance:
    """A lab's name and colour, both checked.

    accent: ``#rrggbb``.
    """

    lab_name: str = LAB_NAME
    accent: str = ACCENT


_COLOUR = re.compile(r"#[0-9a-fA-F]{6}", re.ASCII)


def lab_name_problem(name: str) -> str:
    """Return what is wrong with a name for pages; empty if nothing is."""
    if not name.strip():
        return f"it is empty. Write a name, such as {LAB_NAME}"
    if len(name) > LONGEST_LAB_NAME:
        return f"it has {len(name)} characters, and pages have room for {LONGEST_LAB_NAME}"
    if not name.isprintable():
        return "it has invisible characters, such as a line break. Remove them"
    return ""


def accent_problem(colour: str) -> str:
    """Return what is wrong with a colour for buttons, whose text is white; empty if nothing is."""
    if not _COLOUR.fullmatch(colour):
        return f"it must be # and six hexadecimal digits, such as {ACCENT}"
    if (contrast := contrast_with_white(colour)) < LEAST_CONTRAST:
        return (
            f"white text on it has a contrast of {contrast:.2f}, and {LEAST_CONTRAST} is the least "
            "that people can read well. Choose a darker colour"
        )
    return ""


def contrast_with_white(colour: str) -> float:
    """Return the contrast of ``#rrggbb`` with white, from 1 to 21, as WCAG 2 defines it.

    https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
    """
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
