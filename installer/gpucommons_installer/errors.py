"""What the command tells its user when it cannot do what was asked."""

from collections.abc import Sequence


class InstallerError(Exception):
    """Nothing was written. The text is a sentence; problems are more, one for each answer."""

    def __init__(self, sentence: str, problems: Sequence[str] = ()) -> None:
        super().__init__("\n".join((sentence, *(f"  {each}" for each in problems))))
        self.sentence = sentence
        self.problems = tuple(problems)
