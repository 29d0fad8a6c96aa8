"""Asks at a terminal, one question at a time."""

from typing import TextIO

from gpucommons_installer.errors import InstallerError
from gpucommons_installer.questions import Question


class Terminal:
    """Writes questions to one stream and reads answers, a line each, from another."""

    def __init__(self, answers: TextIO, questions: TextIO) -> None:
        self._answers = answers
        self._questions = questions

    def ask(self, question: Question, usual: str | None) -> str:
        """Ask; an empty answer means what is usual. Raises InstallerError at the end."""
        hint = "" if usual is None else f" [{usual or 'nothing'}]"
        self._questions.write(f"\n{question.text}\n  {question.allowed}\n{question.key}{hint}: ")
        self._questions.flush()
        line = self._answers.readline()
        if not line:
            self._questions.write("\n")
            raise InstallerError("Nothing was written: the answers ended before the questions.")
        return line

    def refuse(self, question: Question, why: str) -> None:
        """Say why an answer cannot be."""
        self._questions.write(f"  {question.key}: {why}\n")
