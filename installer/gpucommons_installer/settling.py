"""From what was given to a full set of answers: asks for the rest, or names all that is missing."""

from collections.abc import Collection, Mapping
from typing import Any, Protocol, cast

from gpucommons_installer.answers import Answers, Value
from gpucommons_installer.errors import InstallerError
from gpucommons_installer.questions import QUESTIONS, Question


class Asker(Protocol):
    """Somebody at a terminal."""

    def ask(self, question: Question, usual: str | None) -> str:
        """Ask; an empty answer means what is usual."""

    def refuse(self, question: Question, why: str) -> None:
        """Say why an answer cannot be, before the question is asked again."""


def settle(
    given: Mapping[str, str], asker: Asker | None = None, pointless: Collection[str] = ()
) -> Answers:
    """Return all answers; given ones are texts by the keys of their questions.

    Where there is an asker, it is asked for what is not given. pointless are keys that may be
    given although they are not asked.
    Raises InstallerError with a line for each answer that is missing or cannot be, and for each
    that was given and is not asked.
    """
    so_far: dict[str, Value] = {}
    problems: list[str] = []
    beside: list[str] = []
    for question in QUESTIONS:
        if asker and (problems or beside):
            break  # nobody should answer the rest in vain
        if not question.applies(so_far):
            if question.when and question.key in given.keys() - set(pointless):
                beside.append(f"{question.flag}: it is for where {question.when.words}")
            continue
        try:
            so_far[question.key] = _answer(question, given, so_far, asker)
        except ValueError as error:
            problems.append(f"{question.flag}: {error}")
    # What hangs on a wrong answer is not known.
    if problems or beside:
        raise InstallerError("Nothing was written. Correct these answers:", problems or beside)
    return Answers(**cast("dict[str, Any]", so_far))  # each is checked by its question


def as_given(answers: Answers) -> dict[str, str]:
    """Return answers as texts, such as `settle` takes: those that were asked for."""
    so_far: dict[str, Value] = {}
    for question in QUESTIONS:
        if question.applies(so_far):
            so_far[question.key] = getattr(answers, question.key)
    return {key: _written(value) for key, value in so_far.items()}


def _written(value: Value) -> str:
    return (",".join(value) or "none") if isinstance(value, tuple) else str(value)


def _answer(
    question: Question, given: Mapping[str, str], so_far: Mapping[str, Value], asker: Asker | None
) -> Value:
    usual = question.usual(so_far)
    if question.key in given:
        return question.read(given[question.key], so_far)
    if asker is None:
        if usual is None:
            raise ValueError(f"it is missing; write {question.allowed}")
        return question.read(usual, so_far)
    while True:
        said = asker.ask(question, usual).strip()
        try:
            return question.read(said or usual or "", so_far)
        except ValueError as error:
            asker.refuse(question, str(error))
