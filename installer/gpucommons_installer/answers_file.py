"""The one file of answers: read, and written with what each answer is to."""

from dataclasses import asdict
from pathlib import Path

from gpucommons_contract.formats.yaml_files import YAMLFileError, read_document

from gpucommons_installer.answers import Answers
from gpucommons_installer.errors import InstallerError
from gpucommons_installer.questions import QUESTIONS
from gpucommons_installer.scalars import as_yaml

_KEYS = [each.key for each in QUESTIONS]
_HEAD = """\
# The answers that this folder was written from. Change one, and run
#   gpucommons init FOLDER --update
"""


def read_answers(file: Path) -> dict[str, str]:
    """Return the answers in a file as texts, by the keys of their questions.

    Raises InstallerError that names the place of what cannot be read.
    """
    try:
        document = read_document(file)
    except OSError as error:
        raise InstallerError(f"{file} cannot be read: {error.strerror}.") from error
    except YAMLFileError as error:
        raise InstallerError("The answers cannot be read.", str(error).splitlines()) from error
    if document.value is None:
        return {}
    if not isinstance(document.value, dict):
        raise InstallerError(f"{file} must hold answers such as `hub: hub.example.org`.")
    found: dict[str, str] = {}
    problems = []
    for key, value in document.value.items():
        place = document.at([key])
        if key not in _KEYS:
            problems.append(f"{place}: {key} is not a question; there are {', '.join(_KEYS)}")
        elif (text := _text(value)) is None:
            problems.append(f"{place}: {key} must be one value, or a list of words")
        else:
            found[str(key)] = text
    if problems:
        raise InstallerError("The answers cannot be read.", problems)
    return found


def write_answers(answers: Answers) -> str:
    """Return the file of all answers, those that were not asked left out."""
    lines = [_HEAD]
    so_far = asdict(answers)
    for question in QUESTIONS:
        if question.applies(so_far):
            value = so_far[question.key]
            lines.append(f"# {question.text}\n{question.key}: {as_yaml(value)}\n")
    return "\n".join(lines)


def _text(value: object) -> str | None:
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ",".join(value) or "none"
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value)
