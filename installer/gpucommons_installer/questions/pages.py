"""What pages call the installation, and their colour."""

from gpucommons_contract.brand import (
    ACCENT,
    LAB_NAME,
    LONGEST_LAB_NAME,
    accent_problem,
    lab_name_problem,
)

from gpucommons_installer import formats
from gpucommons_installer.questions.question import Question


def _lab_name(text: str) -> str:
    if problem := lab_name_problem(text):
        raise ValueError(problem)
    return formats.free_text(text)


def _accent(text: str) -> str:
    if problem := accent_problem(text):
        raise ValueError(problem)
    return text


PAGES = (
    Question(
        "lab_name",
        "What pages call the installation",
        f"a few words, {LONGEST_LAB_NAME} characters at most",
        _lab_name,
        default=LAB_NAME,
    ),
    Question(
        "accent",
        "Colour of the main buttons, whose text is white",
        f"# and six hexadecimal digits, such as {ACCENT}",
        _accent,
        default=ACCENT,
    ),
)
